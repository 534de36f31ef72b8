"""What GNPy's figures are in an inventory."""

from __future__ import annotations

from qplan.physics.loss import CONNECTOR_LOSS_DB

KM_PER_UNIT = {"km": 1.0, "m": 0.001}


def connector_pairs(loss_db: float) -> int:
    """Mated pairs that lose as much."""
    return round(loss_db / CONNECTOR_LOSS_DB)
