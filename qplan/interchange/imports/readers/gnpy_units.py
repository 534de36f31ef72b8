"""What GNPy's figures are in an inventory."""

from __future__ import annotations

from qplan.physics.loss import CONNECTOR_LOSS_DB


def connector_pairs(loss_db: float) -> int:
    """Mated pairs that lose as much."""
    return round(loss_db / CONNECTOR_LOSS_DB)
