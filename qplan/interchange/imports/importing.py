"""One import from files to the text of an inventory; nothing is written here."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qplan.errors import Diagnostic, InvalidInput, WrongUsage
from qplan.interchange.imports.document import new_file, offers_file
from qplan.interchange.imports.draft import Draft, drafted
from qplan.interchange.imports.formats import FORMATS, OFFERS, OTDR
from qplan.interchange.imports.mapping import ImportMap, starting_map
from qplan.interchange.imports.measurements import measured
from qplan.interchange.imports.offers.answers import read_form
from qplan.interchange.imports.offers.offers import quoted
from qplan.interchange.imports.readers.otdr import traces
from qplan.interchange.imports.rows import Origin, doubt
from qplan.interchange.imports.sources import Refused, SourceFile, read_sources
from qplan.interchange.imports.tables import heading_row, headings_of
from qplan.interchange.imports.update import Inventory, Update, read_existing, updated


@dataclass(frozen=True)
class Outcome:
    """What an import makes: the draft, the file's text before (None: there is none) and after, and what changes.

    `asked` is the inventory that offers answer to, where they go into another file than that.
    """

    draft: Draft
    before: str | None
    text: str
    update: Update | None = None
    asked: Inventory | None = None

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        return self.draft.findings + (self.update.findings if self.update else ())

    @property
    def is_fragment(self) -> bool:
        """A file that stands for nothing until an inventory includes it."""
        return self.asked is not None

    def diff(self, name: str) -> str:
        """The changes as a unified diff; empty where there are none."""
        before = (self.before or "").splitlines(keepends=True)
        old = "/dev/null" if self.before is None else f"a/{name}"
        return "".join(
            _whole_lines(difflib.unified_diff(before, self.text.splitlines(keepends=True), old, f"b/{name}"))
        )


def _whole_lines(lines: Iterable[str]) -> list[str]:
    return [line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines]


def imported(
    form: str, paths: Sequence[Path], mapping: ImportMap, existing: Path | None, asked_of: Path | None = None
) -> Outcome:
    """Read the files and make an inventory of them, merged into the one at `existing` if any.

    Offers answer a request that was made of an inventory: `asked_of`, else `existing`. Raises `QplanError` where a file
    cannot be read, `WrongUsage` where traces or offers come without an inventory, `InvalidInput` with every finding
    where nothing can be made of them.
    """
    inventory = read_existing(existing) if existing else None
    asked = None if asked_of is None or form != OFFERS else read_existing(asked_of)
    if asked and inventory and asked.loaded.files[0].real == inventory.loaded.files[0].real:
        asked = None
    try:
        sources = read_sources(paths)
        if form == OFFERS:
            draft = _offered(sources, asked or inventory, existing is None)
        else:
            draft = (
                _measured(sources, mapping, inventory) if form == OTDR else _drafted(form, sources, mapping, inventory)
            )
    except Refused as error:
        raise InvalidInput(tuple(sorted(error.findings))) from None
    if inventory is None:
        return Outcome(draft, None, offers_file(draft) if form == OFFERS else new_file(draft, form), asked=asked)
    update = updated(inventory, draft, form)
    return Outcome(draft, inventory.mark + inventory.parsed.text, update.text, update, asked)


def _drafted(form: str, sources: Sequence[SourceFile], mapping: ImportMap, inventory: Inventory | None) -> Draft:
    if inventory is not None:
        mapping = mapping.going_into(inventory.target(form))
    rows = FORMATS[form].read(sources, mapping)
    if inventory is not None:
        rows = replace(rows, sites=rows.sites + inventory.sites_there(rows, form))
    draft = drafted(rows, mapping.assume, form, inventory.known(form) if inventory else None)
    if not any(draft.sections.values()):
        names = Origin(", ".join(source.name for source in sources))
        raise Refused(*draft.findings, doubt("QP605", names, "", "no site, no fibre, nothing to import"))
    return draft


def _measured(sources: Sequence[SourceFile], mapping: ImportMap, inventory: Inventory | None) -> Draft:
    if inventory is None:
        raise WrongUsage("traces put losses on the fibres of an inventory: name it with --out, and give --update")
    found, findings = traces(sources)
    return measured(found, findings, inventory, mapping)


def _offered(sources: Sequence[SourceFile], inventory: Inventory | None, alone: bool) -> Draft:
    if inventory is None:
        raise WrongUsage("answers are to a request that was made of an inventory: name it with --for")
    forms, refusals = [], list[Diagnostic]()
    for source in sources:
        try:
            forms.append(read_form(source, inventory.currencies))
        except Refused as error:
            refusals += error.findings
    if refusals:
        raise Refused(*refusals)
    return quoted(forms, inventory, alone=alone)


def map_to_complete(form: str, paths: Sequence[Path]) -> str:
    """A mapping file that names every table and heading of the files, to be completed. Raises as `imported` does."""
    try:
        tables = [table for source in read_sources(paths) for table in FORMATS[form].tables(source)]
    except Refused as error:
        raise InvalidInput(tuple(sorted(error.findings))) from None
    found = []
    for table in tables:
        at = heading_row(table)
        below = table.rows[at + 1] if at + 1 < len(table.rows) else ()
        found.append((table.origin.table, at + 1, headings_of(table.rows[at]) if table.rows else [], below))
    return starting_map(found)


def to_fill_in(path: Path) -> tuple[Diagnostic, ...]:
    """The errors that the inventory at a path still has."""
    from qplan.inventory.validation import validate

    return tuple(item for item in validate(path).findings if item.severity == "error")
