"""How far losses and lengths of the fibres that a plan uses are known."""

from __future__ import annotations

from dataclasses import dataclass

from qplan.inventory.model import Inventory
from qplan.inventory.plant import band_of, great_circle_km, stated_loss_db
from qplan.plan.model import Plan


@dataclass(frozen=True)
class FibreKnowledge:
    """The fibres used, by id; each is either measured or computed."""

    measured: tuple[str, ...]
    computed: tuple[str, ...]
    """Loss from length × attenuation, connectors and splices."""
    derived_length: tuple[str, ...]
    """Length from the ends' coordinates."""
    unknown_length: tuple[str, ...]

    @property
    def used(self) -> tuple[str, ...]:
        return tuple(sorted((*self.measured, *self.computed)))


def fibre_knowledge(inventory: Inventory, plan: Plan) -> FibreKnowledge:
    """A fibre counts as computed when any system on it works in a band without a stated loss."""
    measured: dict[str, bool] = {}
    for link in plan.links:
        band = band_of(inventory.equipment.qkd_systems[link.system])
        for fibre_id in link.fibres:
            fibre = inventory.fibres[fibre_id]
            stated = stated_loss_db(fibre, band)
            measured[fibre_id] = measured.get(fibre_id, True) and stated is not None
    lengthless = [key for key in sorted(measured) if inventory.fibres[key].length_km is None]
    placed = {key: great_circle_km(inventory, inventory.fibres[key]) is not None for key in lengthless}
    return FibreKnowledge(
        measured=tuple(key for key in sorted(measured) if measured[key]),
        computed=tuple(key for key in sorted(measured) if not measured[key]),
        derived_length=tuple(key for key in lengthless if placed[key]),
        unknown_length=tuple(key for key in lengthless if not placed[key]),
    )
