"""Fibres on which a plan leaves strands free: what more could be built on, or handed back."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from qplan.inventory.model import Inventory
from qplan.inventory.plant import length_km, loss_db
from qplan.physics.bands import Band
from qplan.plan.model import Plan


@dataclass(frozen=True)
class SpareFibre:
    id: str
    ends: tuple[str, str]
    length_km: float | None
    loss_db: float | None
    """In the C band; None where that is not known, as in the O band."""
    loss_1310_db: float | None
    free_strands: int
    taken_strands: int


def list_spare_fibres(inventory: Inventory, plan: Plan) -> tuple[SpareFibre, ...]:
    """In id order, without those that are amplified: no QKD link could use them."""
    taken: Counter[str] = Counter()
    for link in plan.links:
        for f in link.fibres:
            taken[f] += link.count * inventory.equipment.qkd_systems[link.system].strands
    return tuple(
        SpareFibre(
            f,
            fibre.ends,
            length_km(inventory, fibre),
            loss_db(inventory, fibre, Band.C),
            loss_db(inventory, fibre, Band.O),
            fibre.strands - taken[f],
            taken[f],
        )
        for f, fibre in sorted(inventory.fibres.items())
        if fibre.strands > taken[f] and not fibre.amplified
    )
