"""What each QKD link has left: in dB up to its limit, in bit/s up to its capacity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from qplan.inventory.loss_budget import LossBudget, loss_budget
from qplan.inventory.model import Inventory
from qplan.inventory.plant import band_of, length_km, max_loss_db
from qplan.physics.key_rate import loss_for_rate_db
from qplan.plan.model import Link

LinkState = Literal["new", "extended", "used", "kept"]


@dataclass(frozen=True)
class LinkFacts:
    link: Link
    limit_db: float
    """Of the system."""
    rate_limit_db: float
    """Loss up to which the link still gives what is reserved on it."""
    needed_bps: float
    """Secret bit/s that each of its systems must give for what is reserved, with the policy's reserve on top."""
    budget: LossBudget | None
    """Of its route, as the inventory states it; None where a fibre cannot carry the system's band."""
    length_km: float | None
    """None where a fibre of the route has neither a stated length nor ends with coordinates."""
    carries: bool
    """A path of some corridor uses it."""

    @property
    def state(self) -> LinkState:
        """New, there and extended by more systems, there and used, or there and kept without load."""
        if not self.link.existing:
            return "new"
        if self.link.bought:
            return "extended"
        return "used" if self.carries else "kept"

    @property
    def headroom_db(self) -> float:
        """What may still be lost before the system's limit, or before what is reserved no longer fits."""
        return max(0.0, min(self.limit_db, self.rate_limit_db) - self.link.loss_db)

    @property
    def rate_binds_first(self) -> bool:
        """The reserved rate would no longer fit before the system's loss limit is reached."""
        return self.rate_limit_db < self.limit_db

    @property
    def spare_bps(self) -> float:
        return max(0.0, self.link.capacity_bps - self.link.load_bps)

    @property
    def utilisation(self) -> float:
        return self.link.load_bps / self.link.capacity_bps if self.link.capacity_bps else 0.0

    @property
    def sites(self) -> tuple[str, ...]:
        return (self.link.ends[0], *self.link.bypass_sites, self.link.ends[1])


def link_facts(inventory: Inventory, link: Link, carries: bool = True) -> LinkFacts:
    known = all(length_km(inventory, inventory.fibres[fibre]) is not None for fibre in link.fibres)
    system = inventory.equipment.qkd_systems[link.system]
    kept = 1 - inventory.policy.key_rate_reserve
    needed_bps = link.load_bps / (link.count * kept) if kept else 0.0
    rate_limit_db = loss_for_rate_db(system.key_rate_curve, link.loss_db, needed_bps)
    budget = loss_budget(inventory, link.fibres, link.bypass_sites, band_of(system))
    return LinkFacts(
        link, max_loss_db(system), rate_limit_db, needed_bps, budget, link.length_km if known else None, carries
    )
