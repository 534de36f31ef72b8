"""Who learns keys: the sites where a plan relays them in clear."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from qplan.assessment.corridors import CorridorFacts
from qplan.inventory.model import Inventory, Site
from qplan.inventory.plant import is_existing_relay


@dataclass(frozen=True)
class RelayFacts:
    """A site where keys are in clear beyond those of its own corridors."""

    id: str
    site: Site
    whole_keys: tuple[str, ...]
    """Corridors whose keys the site sees by itself."""
    shares: tuple[str, ...]
    """Corridors of which it sees one share that gives no key alone."""

    @property
    def existing(self) -> bool:
        return is_existing_relay(self.site)


def relay_facts(inventory: Inventory, site_id: str, corridors: Iterable[CorridorFacts]) -> RelayFacts:
    relayed = [facts for facts in corridors if site_id in facts.relays]
    alone = tuple(facts.id for facts in relayed if facts.relay_sees_key)
    shares = tuple(facts.id for facts in relayed if not facts.relay_sees_key)
    return RelayFacts(site_id, inventory.sites[site_id], alone, shares)
