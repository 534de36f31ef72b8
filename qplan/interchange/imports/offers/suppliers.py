"""Whom an inventory knows, and whom of them an answer may be from although it spells the name another way."""

from __future__ import annotations

from collections.abc import Iterable

from qplan.interchange.imports.headings import plain
from qplan.interchange.imports.update import Inventory
from qplan.inventory.answer_form import PREFIXES
from qplan.inventory.source.messages import closest


def sellers(inventory: Inventory) -> frozenset[str]:
    """Suppliers of offers."""
    return _names(inventory, [(("offers",), "supplier")])


def known_suppliers(inventory: Inventory) -> frozenset[str]:
    """These, makers of equipment, and operators of fibres."""
    makers = [(("equipment", kind), "manufacturer") for kind in PREFIXES]
    return sellers(inventory) | _names(inventory, [*makers, (("fibres",), "operator")])


def _names(inventory: Inventory, places: Iterable[tuple[tuple[str, ...], str]]) -> frozenset[str]:
    entries = [(entry, key) for path, key in places for entry in inventory.everywhere(path).values()]
    return frozenset(
        name for entry, key in entries if isinstance(entry, dict) and isinstance(name := entry.get(key), str) and name
    )


def meant(supplier: str, known: Iterable[str]) -> str | None:
    """The known name of which this one is likely another spelling: `Alpenglow` for `Alpenglow GmbH`."""
    by_words = {plain(name): name for name in sorted(known)}
    words = plain(supplier)
    if not words or words in by_words:
        return None
    longer = [other for other in by_words if other and f"{words} ".startswith(f"{other} ")]
    shorter = [other for other in by_words if f"{other} ".startswith(f"{words} ")]
    return by_words.get(next(iter([*longer[-1:], *shorter[:1]]), None) or closest(words, by_words) or "")
