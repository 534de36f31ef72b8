"""What a project has besides plans: its first files, schemas, catalogues, and the machine it runs on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from qplan.api.inventories import PathName, Plain
from qplan.errors import QplanError, WrongUsage

if TYPE_CHECKING:
    from qplan.outputs.verbs.doctor import Examination

Forge = Literal["github", "gitlab"]


@dataclass(frozen=True)
class Started:
    """The files of a new project: written, and kept as they were."""

    written: tuple[Path, ...]
    kept: tuple[Path, ...]


def init(folder: PathName = ".", *, ci: Forge | None = None, pre_commit: bool = False) -> Started:
    """Write the first files of a project into a folder: an inventory that plans at once, its schema, git's files.

    Nothing that is there is overwritten. Raises QplanError where the folder cannot be written to.
    """
    from qplan.files import create_file
    from qplan.inventory.rules import printable
    from qplan.outputs.starter.starter import starter_files

    paths: dict[bool, list[Path]] = {True: [], False: []}
    for place, data in starter_files(ci, pre_commit).items():
        path = Path(folder, place)
        try:
            paths[create_file(path, data)].append(path)
        except OSError as error:
            raise QplanError(f"cannot write {printable(str(path))}: {error.strerror}") from error
    return Started(tuple(paths[True]), tuple(paths[False]))


def schema(name: str) -> str:
    """The JSON Schema of an inventory, of a plan, or of what a verb prints. Raises WrongUsage."""
    from qplan.inventory.source.messages import did_you_mean
    from qplan.outputs.schemas import SCHEMAS, schema_text

    if name not in SCHEMAS:
        hint = did_you_mean(name, SCHEMAS) or f"there are {', '.join(SCHEMAS)}"
        raise WrongUsage(f"there is no schema '{name}'; {hint}")
    return schema_text(SCHEMAS[name]())


def schema_names() -> tuple[str, ...]:
    """What `schema` knows."""
    from qplan.outputs.schemas import SCHEMAS

    return tuple(SCHEMAS)


def catalogues(style: Plain = "text") -> str:
    """The catalogues that come with qplan, and what they offer."""
    from qplan.outputs.verbs.catalogue import catalogues_json, catalogues_text

    return catalogues_json() if style == "json" else catalogues_text()


def catalogue_names() -> tuple[str, ...]:
    """What `catalogue` knows."""
    from qplan.inventory.shipped import shipped_catalogues

    return tuple(shipped_catalogues())


def catalogue(name: str) -> str:
    """A catalogue as its file stands. Raises WrongUsage."""
    from qplan.inventory.shipped import shipped_catalogues, shipped_equipment
    from qplan.inventory.source.messages import did_you_mean

    known = shipped_catalogues()
    name = name.removeprefix("catalogue:")
    if name not in known:
        holders = (each for each, equipment in shipped_equipment().items() if any(name in ids for _, ids in equipment))
        shown = [f"'{name}' stands in `qplan catalogue show {each}`" for each in holders]
        hint = " and ".join(shown) or did_you_mean(name, known) or f"there are {', '.join(known)}"
        raise WrongUsage(f"there is no catalogue '{name}'; {hint}")
    return known[name].decode()


def examine() -> Examination:
    """Whether solvers and drawing program are there and work, and which versions they are."""
    from qplan.outputs.verbs import doctor

    return doctor.examine()


def render_examination(found: Examination, style: Plain = "text") -> str:
    """What was found."""
    from qplan.outputs.verbs.doctor import examination_json, examination_text

    return examination_json(found) if style == "json" else examination_text(found)
