"""Fibres on which a plan leaves strands free: what more could be built on, or handed back."""

from __future__ import annotations

from dataclasses import dataclass

from qplan.inventory.model import Inventory
from qplan.inventory.plant import length_km, loss_db, strands_taken
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
    taken = strands_taken(inventory, plan.links)
    return tuple(
        SpareFibre(
            f,
            fibre.ends,
            length_km(inventory, fibre),
            loss_db(inventory, fibre, Band.C),
            loss_db(inventory, fibre, Band.O),
            fibre.strands - taken.get(f, 0),
            taken.get(f, 0),
        )
        for f, fibre in sorted(inventory.fibres.items())
        if fibre.strands > taken.get(f, 0) and not fibre.amplified
    )
