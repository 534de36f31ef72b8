"""Files of other tools made an inventory, or merged into one that is there."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from qplan.api.inventories import PathName
from qplan.errors import QplanError, WrongUsage

if TYPE_CHECKING:
    from qplan.interchange.imports.importing import Outcome
    from qplan.interchange.imports.summary import Summary
    from qplan.outputs.verbs.documents import ImportDocument

STDOUT = "-"
ImportStyle = Literal["text", "json"]


def import_formats() -> Mapping[str, str]:
    """The formats that can be imported, by name, with what is read of each."""
    from qplan.interchange.imports.formats import ADDITIONS, FORMATS

    return {name: form.words for name, form in FORMATS.items()} | ADDITIONS


def answers_requests(form: str) -> bool:
    """Whether files of a format answer requests for quotation, which were made of an inventory."""
    from qplan.interchange.imports.formats import OFFERS

    return form == OFFERS


def import_files(
    form: str,
    files: Sequence[PathName],
    *,
    map_file: PathName | None = None,
    into: PathName | None = None,
    asked_of: PathName | None = None,
) -> Outcome:
    """The files as an inventory, or merged into the one at `into`; nothing is written.

    Offers answer a request that was made of the inventory `asked_of`, by default `into`. Raises QplanError where a file
    cannot be read, InvalidInput with every finding where nothing can be made of them.
    """
    from qplan.interchange.imports.importing import imported
    from qplan.interchange.imports.mapping import ImportMap, read_map

    _known(form)
    if answers_requests(form) and map_file is not None:
        raise WrongUsage("offers are read by the headings of the request: they take no mapping file")
    mapping = ImportMap() if map_file is None else read_map(Path(map_file))
    places = (None if path is None else Path(path) for path in (into, asked_of))
    return imported(form, [Path(file) for file in files], mapping, *places)


def write_import(out: PathName, outcome: Outcome) -> Summary:
    """Write what an import made and say what the file still lacks. Raises QplanError, also where a file is there that
    the outcome does not begin with."""
    from qplan.interchange.imports.importing import to_fill_in
    from qplan.interchange.imports.summary import Summary

    path = Path(out)
    if outcome.before is None:
        _create(path, outcome.text)
    elif outcome.text != outcome.before:
        _replace(path, outcome.text)
    errors = () if outcome.is_fragment else to_fill_in(path)
    return Summary(outcome, _name(path), written=True, errors=errors)


def summarise_import(outcome: Outcome, out: PathName) -> Summary:
    """What an import would write to a file."""
    from qplan.interchange.imports.summary import Summary

    return Summary(outcome, _name(Path(out)), written=False)


def render_import(summary: Summary, style: ImportStyle = "text") -> str:
    """What was read and made, what to look at, what is still to fill in, and the next command."""
    from qplan.interchange.imports.summary import as_text

    return _document(summary).text() if style == "json" else as_text(summary)


def _document(summary: Summary) -> ImportDocument:
    """What programs read of it; its schema is among the others, which what imports does not know."""
    from qplan.outputs.verbs.documents import ImportDocument, ImportFinding, ImportUpdate

    draft, update = summary.outcome.draft, summary.outcome.update
    return ImportDocument(
        file=summary.file,
        written=summary.written,
        read=tuple(draft.read),
        made={".".join(path): len(entries) for path, entries in draft.sections.items()},
        update=None if update is None else ImportUpdate(added=tuple(update.added), changed=tuple(update.changed)),
        findings=tuple(
            ImportFinding(
                code=item.code,
                severity=item.severity,
                file=item.file,
                line=item.line or None,
                address=item.address,
                message=item.message,
                hint=item.hint,
            )
            for item in summary.outcome.findings
        ),
        to_fill_in=tuple(summary.needed),
        worth_stating=tuple(summary.worth_stating),
        next=tuple(summary.next_commands),
    )


def begin_map(form: str, files: Sequence[PathName], out: PathName | None = None) -> str:
    """Write a mapping file that is to be completed; its name. Raises WrongUsage where a format has no columns."""
    from qplan.interchange.imports.formats import FORMATS
    from qplan.interchange.imports.importing import map_to_complete

    _known(form)
    if form not in FORMATS or not FORMATS[form].has_columns:
        columns = ", ".join(name for name, known in FORMATS.items() if known.has_columns)
        raise WrongUsage(f"{form} has no columns that a mapping file could name; formats that have: {columns}")
    paths = [Path(file) for file in files]
    path = paths[0].with_name(f"{paths[0].name}.map.yaml") if out is None else Path(out)
    _create(path, map_to_complete(form, paths))
    return _name(path)


def _known(form: str) -> None:
    if form not in import_formats():
        raise WrongUsage(f"there is no format {form!r}; there are {', '.join(import_formats())}")


def _create(path: Path, text: str) -> None:
    """A new file, whole or not at all; never over another. Raises QplanError."""
    if os.path.lexists(path):
        raise QplanError(f"{_name(path)} is there already and is not overwritten: name another")
    _replace(path, text)


def _replace(path: Path, text: str) -> None:
    from qplan.files import write_where_named

    try:
        write_where_named(path, text.encode())
    except (OSError, ValueError) as error:
        raise QplanError(f"cannot write {_name(path)}: {getattr(error, 'strerror', None) or error}") from error


def _name(path: Path) -> str:
    from qplan.inventory.rules import printable

    return printable(os.fsencode(path).decode("utf-8", "replace"))
