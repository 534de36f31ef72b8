"""Settings of a project: options of verbs in `qplan.toml`, or in `pyproject.toml` under `tool.qplan`.

    [optimize]
    gap = 0.01

The file nearest to the current folder counts, not above the git repository that the folder is in. An option on the
command line goes before one in the environment (`QPLAN_OPTIMIZE_GAP`), and that before a setting. With
`QPLAN_SETTINGS=off` no file is read: for pipelines, where it would be one of the change under review.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

import click

from qplan.errors import WrongUsage

OWN, SHARED, TABLE = "qplan.toml", "pyproject.toml", "qplan"


@dataclass(frozen=True)
class Settings:
    """Tables of options by verb, and the file that they stand in."""

    file: str = ""
    tables: dict[str, object] = field(default_factory=dict)

    def check(self, verbs: Sequence[str]) -> None:
        """Every table is one of a verb. Raises WrongUsage."""
        for name in self.tables:
            if name not in verbs:
                raise WrongUsage(f"{self.file}: there is no verb '{name}'{hint(name, verbs)}")

    def defaults(self, verb: str, params: Sequence[click.Parameter]) -> dict[str, object]:
        """The values of the verb's options, by the names of its parameters. Raises WrongUsage."""
        table = self.tables.get(verb, {})
        if not isinstance(table, dict):
            raise WrongUsage(f"{self.file}: '{verb}' is {table!r}; expected a table of options")
        options = {name.lstrip("-"): each for each in params if isinstance(each, click.Option) for name in each.opts}
        defaults = {}
        for key, value in table.items():
            if key not in options:
                raise WrongUsage(f"{self.file}: '{verb}' has no option '{key}'{hint(key, options)}")
            defaults[str(options[key].name)] = self._value(f"{verb}.{key}", options[key], value)
        return defaults

    def _value(self, name: str, option: click.Option, value: object) -> object:
        """As it would be written on the command line."""
        if option.is_flag:
            if not isinstance(value, bool):
                raise WrongUsage(f"{self.file}: {name} is {value!r}; expected true or false")
            return value
        values = value if isinstance(value, list) and option.multiple else [value]
        if not all(isinstance(each, str | int | float) and not isinstance(each, bool) for each in values):
            raise WrongUsage(f"{self.file}: {name} is {value!r}; expected a text or a number")
        texts = [str(each) for each in values]
        return texts if option.multiple else texts[0]


def read_settings() -> Settings:
    """The settings that count in the current folder. Raises WrongUsage where their file cannot be read."""
    if os.environ.get("QPLAN_SETTINGS") == "off":
        return Settings()
    for path in _places():
        if not path.is_file():
            continue
        try:
            data = path.read_bytes()
        except OSError as error:
            raise WrongUsage(f"cannot read {path.name}: {error.strerror}") from error
        tables = _tables(path, data)
        if tables is not None:
            return Settings(path.name, tables)
    return Settings()


def _places() -> Iterator[Path]:
    try:
        here = Path.cwd()
    except OSError:  # the folder has been removed
        return
    folders = [here, *here.parents]
    top = next((folder for folder in folders if (folder / ".git").exists()), here)
    for folder in folders[: folders.index(top) + 1]:
        yield from (folder / OWN, folder / SHARED)


def _tables(path: Path, data: bytes) -> dict[str, object] | None:
    """What stands in the file for qplan; None where a `pyproject.toml` has nothing."""
    import tomllib

    if path.name == SHARED and TABLE.encode() not in data:
        return None
    try:
        content: object = tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:  # of TOML or UTF-8
        raise WrongUsage(f"{path.name} is no TOML: {error}") from error
    for name in ("tool", TABLE) if path.name == SHARED else ():
        content = content.get(name) if isinstance(content, dict) else None
    if content is not None and not isinstance(content, dict):
        raise WrongUsage(f"{path.name}: tool.{TABLE} is {content!r}; expected tables of options by verb")
    return content


def hint(word: str, known: Sequence[str] | dict[str, click.Option]) -> str:
    """What may have been meant."""
    close = get_close_matches(word, known, n=1)
    return f"; did you mean '{close[0]}'?" if close else ""
