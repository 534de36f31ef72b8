"""How large key stores must be for a wanted autonomy, and whether the plan's spare rate fills them again in time."""

from __future__ import annotations

import math
from dataclasses import dataclass

from qplan.assessment.availability.components import Components
from qplan.assessment.drills.playing import Field

MUCH_SOONER = 10.0  # a store is full again in time when that takes a tenth of the mean time between outages at most


@dataclass(frozen=True)
class StoreSize:
    """What one link's store must hold."""

    link: str
    drain_bps: float
    """Net, in the outage: what the corridors take less what the link still makes."""
    needed_bits: float
    """Capacity for the autonomy, the floor included."""
    capacity_bits: float
    """As stated now."""
    lasts_h: float
    """How long the store of that capacity lasts when it is full."""
    refill_h: float
    """From the outage's end: the link's restart, then from the floor to the bits needed with what the plan leaves
    unreserved."""
    mtbf_h: float
    """Mean time between two outages of the link, all its components together."""

    @property
    def enough(self) -> bool:
        return self.capacity_bits >= self.needed_bits * (1 - 1e-12)

    @property
    def in_time(self) -> bool:
        return self.refill_h * MUCH_SOONER <= self.mtbf_h


def size_stores(field: Field, autonomy_h: float, without: str | None = None) -> tuple[StoreSize, ...]:
    """For every link with a load: the capacity with which its corridors go on for so many hours.

    Without the thing at an address, the links that it takes must live on their stores alone while every corridor keeps
    to its paths; with `without` None, each link in turn makes no key. Stores out of reach (a site, a key manager) help
    nobody: those links are left out. Raises `NotPlayable` where there is nothing at the address.
    """
    if without is not None:
        field.effects.check(without)
    components = Components(field.inventory, field.plan)
    gone = None if without is None else field.effects.loss(without)
    found = []
    for number, link in enumerate(field.network.links):
        load = components.links[link.id].load_bps
        if load <= 0 or (gone is not None and (number not in gone.down or number in gone.hidden)):
            continue
        needed = link.floor_bits + load * autonomy_h * 3600
        spare = link.rate_bps - load
        refill_s = link.restart_s + (needed - link.floor_bits) / spare if spare > 0 else math.inf
        found.append(
            StoreSize(
                link.id,
                load,
                needed,
                link.capacity_bits,
                link.usable_bits / load / 3600,
                refill_s / 3600,
                _mtbf_h(components, link.id),
            )
        )
    return tuple(found)


def _mtbf_h(components: Components, link_id: str) -> float:
    """Of components in series: the rates of their outages add up."""
    per_h = math.fsum(1 / components[address].mtbf_h for address in sorted(components.of_link(link_id)))
    return 1 / per_h if per_h else math.inf
