"""What the loss of a route is made of."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import astuple, dataclass

from qplan.inventory.model import Inventory
from qplan.inventory.plant import bypass_loss_db, loss_db, stated_loss_db
from qplan.physics.bands import Band
from qplan.physics.loss import CONNECTOR_LOSS_DB, SPLICE_LOSS_DB


@dataclass(frozen=True)
class LossBudget:
    """Parts of a route's loss in dB; they sum to it."""

    fibre: float
    """Length × attenuation; of a fibre with a measured loss the whole of that, connectors and splices included."""
    connectors: float
    splices: float
    patching: float
    """At the sites that the channel is patched through."""
    margin: float
    """For ageing and repair, once."""

    @property
    def total(self) -> float:
        return math.fsum(astuple(self))


def loss_budget(
    inventory: Inventory, fibre_ids: Iterable[str], bypass_sites: Iterable[str], band: Band
) -> LossBudget | None:
    """The loss budget of a route in a band; None where a fibre cannot carry the band."""
    fibre = connectors = splices = 0.0
    for fibre_id in fibre_ids:
        entry = inventory.fibres[fibre_id]
        loss = loss_db(inventory, entry, band)
        if loss is None:
            return None
        computed = stated_loss_db(entry, band) is None
        in_connectors = entry.connectors * CONNECTOR_LOSS_DB if computed else 0.0
        in_splices = entry.splices * SPLICE_LOSS_DB if computed else 0.0
        fibre += loss - in_connectors - in_splices
        connectors += in_connectors
        splices += in_splices
    patching = math.fsum(bypass_loss_db(inventory, site) for site in bypass_sites)
    parts = (fibre, connectors, splices, patching, inventory.policy.loss_margin_db)
    return LossBudget(*(round(part, 9) for part in parts))
