"""Where a first-order method stands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qplan.optimizer.cuts.row import Point


@dataclass(frozen=True)
class Iterate:
    """A point, a multiplier per row, and the weight of the point in the step sizes."""

    point: Point
    dual: np.ndarray
    weight: float
