"""The arc-flow relaxation: the corridors' paths as fractional flows over the design, with the rates that they share.

Where rates bind and corridors ask for several paths it is far stronger than rows over the design alone, and too large
for the simplex method: an interior-point method solves it, and the bound is worked out again from its duals.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from qplan.optimizer.cuts.row import Row, translate
from qplan.optimizer.model.path_rows import add_key_rate, add_paths
from qplan.optimizer.model.stage import Task
from qplan.optimizer.solvers.relaxation import interior_point

MOST_COLUMNS = 60_000


@dataclass(frozen=True)
class ArcFlow:
    """A valid bound, and what the relaxation gives to links and relays."""

    bound: float
    links: dict[str, float]
    sites: dict[str, float]


def arc_flow(task: Task, names: Sequence[str], rows: Iterable[Row]) -> ArcFlow | None:
    """The relaxation with cuts over the columns `names` of another model; None if too large or a limit came first."""
    model = task.design_model()
    arcs = 2 * sum(len(network.bundles) for network in model.networks)
    if arcs > MOST_COLUMNS:
        return None
    paths = {q: corridor.paths for q, corridor in task.inventory.corridors.items()}
    model.networks = tuple(
        replace(network, flows=1, units=paths[network.corridor], shared={}) for network in model.networks
    )
    for network in model.networks:
        add_paths(model, network)
    add_key_rate(model)
    index = model.index_of_all()
    kept = [row for row in rows if all(names[c] in index for c in row.columns)]  # cuts over lifts stay behind
    solved = interior_point(model, task.stage.goal(model), [translate(row, names, index) for row in kept], task.clock)
    if solved is None:
        return None
    bound, point = solved

    def value(name: str) -> float:
        return float(np.clip(point[index[name]], 0, 1))

    links = {link: value(v.name) for link, v in model.link.items()}
    return ArcFlow(bound, links, {s: value(v.name) for s, v in model.relay.items()})
