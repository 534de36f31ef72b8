"""Which sites may be nodes at all, and for which corridors."""

from __future__ import annotations

from qplan.candidates.model import Usability
from qplan.inventory.model import Corridor, Inventory
from qplan.inventory.relay_rules import relay_refusals


def find_usable_sites(inventory: Inventory) -> Usability:
    """For each corridor: its ends and every site that its rules allow as a relay."""

    def permitted(corridor: Corridor) -> frozenset[str]:
        relays = {s for s, site in inventory.sites.items() if not relay_refusals(corridor, s, site)}
        if corridor.max_relays == 0:
            relays = set()
        return frozenset(relays.union(corridor.ends))

    return Usability({q: permitted(corridor) for q, corridor in sorted(inventory.corridors.items())})
