"""What each QKD link has left: in dB up to its limit, in bit/s up to its capacity."""

from __future__ import annotations

from dataclasses import dataclass

from qplan.inventory.model import Inventory
from qplan.inventory.plant import length_km, max_loss_db
from qplan.plan.model import Link


@dataclass(frozen=True)
class LinkFacts:
    link: Link
    limit_db: float
    length_km: float | None
    """None where a fibre of the route has neither a stated length nor ends with coordinates."""

    @property
    def headroom_db(self) -> float:
        return self.limit_db - self.link.loss_db

    @property
    def spare_bps(self) -> float:
        return max(0.0, self.link.capacity_bps - self.link.load_bps)

    @property
    def utilisation(self) -> float:
        return self.link.load_bps / self.link.capacity_bps if self.link.capacity_bps else 0.0

    @property
    def sites(self) -> tuple[str, ...]:
        return (self.link.ends[0], *self.link.bypass_sites, self.link.ends[1])


def link_facts(inventory: Inventory, link: Link) -> LinkFacts:
    known = all(length_km(inventory, inventory.fibres[fibre]) is not None for fibre in link.fibres)
    limit = max_loss_db(inventory.equipment.qkd_systems[link.system])
    return LinkFacts(link, limit, link.length_km if known else None)
