"""Which sites may be nodes at all, and for which corridors."""

from __future__ import annotations

from qplan.candidates.model import Usability
from qplan.inventory.model import Corridor, Inventory
from qplan.inventory.relay_rules import relay_refusals

NO_RULES = {"ends", "key_rate_bps", "rekey", "otp_bps", "labels"}
"""Keys of a corridor that say nothing of its relays, and differ the most from one to the next."""


def find_usable_sites(inventory: Inventory) -> Usability:
    """For each corridor: its ends and every site that its rules allow as a relay."""
    by_rules: dict[str, frozenset[str]] = {}

    def permitted(corridor: Corridor) -> frozenset[str]:
        rules = corridor.model_dump_json(exclude=NO_RULES)
        if rules not in by_rules:
            relays = (s for s, site in inventory.sites.items() if not relay_refusals(corridor, s, site))
            by_rules[rules] = frozenset() if corridor.max_relays == 0 else frozenset(relays)
        return by_rules[rules].union(corridor.ends)

    return Usability({q: permitted(corridor) for q, corridor in sorted(inventory.corridors.items())})
