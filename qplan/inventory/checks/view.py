"""What a check sees: the inventory as far as it is valid, every declared id, and the place of everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from qplan.errors import Diagnostic
from qplan.inventory.admissible import permitted_systems
from qplan.inventory.model import Corridor, Fibre, Inventory, QkdSystem
from qplan.inventory.rules import finding
from qplan.inventory.source.source_map import Path, SourceMap, dotted

Check = Callable[["View"], Iterator[Diagnostic]]


@dataclass(frozen=True)
class View:
    """`inventory` holds the valid entries, `ids` all declared ones by section, so that a reference to an entry that
    has findings of its own is not called unknown."""

    inventory: Inventory
    source: SourceMap
    ids: Mapping[str, frozenset[str]]
    as_of: date | None = None
    """The day by which quotes are judged; None: nothing runs out."""

    def finding(self, code: str, path: Path, message: str, *, hint: str = "", key: bool = False) -> Diagnostic:
        """A finding at a value, or at its key."""
        spot = self.source.at_key(path) if key else self.source.at_value(path)
        return finding(code, spot, dotted(path), message, hint=hint)

    def fibres(self) -> Iterator[tuple[str, Fibre]]:
        """The fibres whose two ends are valid and different sites."""
        sites = self.inventory.sites
        for name, fibre in self.inventory.fibres.items():
            if fibre.ends[0] in sites and fibre.ends[1] in sites and fibre.ends[0] != fibre.ends[1]:
                yield name, fibre

    def systems(self) -> Iterator[tuple[str, QkdSystem]]:
        """The systems that the policy lets the planner buy."""
        yield from permitted_systems(self.inventory).items()

    def corridors(self) -> Iterator[tuple[str, Corridor]]:
        """All valid corridors, by id."""
        yield from self.inventory.corridors.items()
