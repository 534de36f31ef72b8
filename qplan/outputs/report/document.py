"""The report as a neutral document: headline, key figures and sections of plain text and tables.

Both report formats and the Markdown summary print this one document, so that they state the same facts. Every text is
plain and unescaped; names are the user's and may hold anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from qplan.inventory.model import Inventory


@dataclass(frozen=True)
class Table:
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[str, ...] = ()
    """Columns of figures, aligned to the right."""


@dataclass(frozen=True)
class Section:
    id: str
    title: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    points: tuple[str, ...] = ()


@dataclass(frozen=True)
class Document:
    title: str
    subtitle: str
    headline: str
    proven: bool
    warnings: tuple[str, ...]
    """What a reader must not miss: limits hit, corridors not served, checks exceeded, money not known."""
    figures: tuple[tuple[str, str], ...]
    corridors: Table
    """Every corridor in one short row."""
    sections: tuple[Section, ...]


class SiteNames:
    """What readers call a site: its name, with the id where two sites would be called the same."""

    def __init__(self, inventory: Inventory):
        names = {key: site.name or key for key, site in inventory.sites.items()}
        uses = Counter(names.values())
        self._names = {key: name if uses[name] == 1 else f"{name} ({key})" for key, name in names.items()}

    def __getitem__(self, site_id: str) -> str:
        return self._names[site_id]

    def piece(self, address: str) -> str:
        """The thing at an address (`sites.x`, `fibres.f`, `ducts.d`) in words."""
        kind, _, name = address.partition(".")
        return self[name] if kind == "sites" else f"{kind.removesuffix('s')} {name}"

    def join(self, site_ids: Iterable[str], joiner: str = ", ") -> str:
        return joiner.join(self._names[site_id] for site_id in site_ids)
