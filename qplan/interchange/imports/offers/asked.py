"""What a form asks beside the cells for the answer, to be held against what stands there when it comes back."""

from __future__ import annotations

from collections.abc import Sequence

from qplan.interchange.imports.fields import as_text
from qplan.interchange.imports.headings import plain
from qplan.interchange.imports.tables import Table
from qplan.inventory.answer_form import LINE, SPECIFIED

UNIT_WORDS = {
    **dict.fromkeys(("pc", "pcs", "ea", "each", "stueck", "stk", "st"), "piece"),
    **dict.fromkeys(("paar", "paare"), "pair"),
}
"""Other words for units of the form."""


def specified(tables: Sequence[Table]) -> dict[str, dict[str, str]]:
    """What is asked, by line and heading, from the sheet that says it in full; empty without such a sheet."""
    found: dict[str, dict[str, str]] = {}
    for table in tables:
        if table.rows and tuple(map(as_text, table.rows[0][: len(SPECIFIED)])) == SPECIFIED:
            rows = (dict(zip(SPECIFIED, map(as_text, row), strict=False)) for row in table.rows[1:])
            found |= {row[LINE]: row for row in rows if row[LINE]}
    return found


def is_unit(said: str, unit: str) -> bool:
    """Whether a word is that unit of the form, however it is spelt."""
    word = plain(said)
    return plain(UNIT_WORDS.get(word, word)) in (plain(unit), plain(f"{unit}s"))
