"""What flows ask of designs, as one row over the design alone: the shadow of their relaxation."""

from __future__ import annotations

import numpy as np

from qplan.optimizer.cuts.row import Row
from qplan.optimizer.model.families import row_family
from qplan.optimizer.solvers.linear_program import LinearProgram, weak_projection

LEAST_WEIGHT = 1e-7  # of the greatest weight of a row; what is less is set against its least value


@row_family("arc_flow")
def flow_shadow(program: LinearProgram, dual: np.ndarray, rows: int, columns: int) -> Row | None:
    """Σ w · (link, count, relay, served) ≥ what multipliers of the rows of flows prove that these ask of a design.

    The projection of the arc-flow relaxation (Benders 1962; for rates alone a metric inequality, Iri 1971): with it a
    relaxation of the design has a bound no worse than theirs. The first rows and columns of the programme, so many,
    are the design's own. None where nothing is proven.
    """
    weights, least = weak_projection(program, dual, rows, columns)
    size = float(np.abs(weights).max(initial=0.0))
    if not size:
        return None
    small = np.abs(weights) < LEAST_WEIGHT * size
    least -= float(np.maximum(weights * program.upper[:columns], 0.0)[small].sum())
    kept = np.flatnonzero(~small)
    room = LEAST_WEIGHT * abs(least) / size
    return Row("arc_flow", tuple(kept.tolist()), tuple((weights[kept] / size).tolist()), least / size - room)
