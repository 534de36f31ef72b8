"""Figures about failure that a limit of the inventory's `checks` can be set on.

`where` says of what: `corridor` (else the worst of all), `drill` (else every drill of the inventory), `loss_of` (site,
fibre, duct or link; else each of them). Names are taken to be known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

from qplan.assessment.drills.disturbances import Disturbance
from qplan.assessment.drills.engine import play
from qplan.assessment.drills.playing import Field
from qplan.assessment.drills.results import CorridorResult
from qplan.assessment.losses import survives
from qplan.inventory.drills import DrillPolicy

Where = Mapping[str, str]
LOST = ("site", "fibre", "duct", "link")
LONG_S = 1e12  # no store lasts so long


def availability(field: Field, where: Where) -> float:
    """Share of the year, over the planned paths."""
    return min(
        (item.availability for item in field.availability.corridors if where.get("corridor", item.id) == item.id),
        default=1.0,
    )


def max_gap_s(field: Field, where: Where) -> float:
    """The longest time without fresh keys."""
    return max((corridor.longest_gap_s for corridor in _drilled(field, where)), default=0.0)


def autonomy_h(field: Field, where: Where) -> float:
    """How long keys last: in a drill from the first event that touches the corridor (to its end where none is missed);
    without one from the moment when no link makes any key. Infinite where nothing is asked for."""
    if "drill" in where:
        lasts = (_lasts_s(field, where["drill"], corridor) for corridor in _drilled(field, where))
        return min(lasts, default=math.inf) / 3600
    dark = Disturbance(0.0, "fail", "links", down=tuple(range(len(field.network.links))))
    outcome = play(field.network, DrillPolicy(), (dark,), LONG_S)
    first = (s.first_loss_s for s in outcome.services if where.get("corridor", s.corridor.id) == s.corridor.id)
    return min((math.inf if loss is None else loss for loss in first), default=math.inf) / 3600


def least_survivors(field: Field, where: Where) -> float:
    """Over all single losses, the least share of corridors that keep what they need."""
    kinds = [where["loss_of"]] if "loss_of" in where else LOST
    return survives(field, tuple(f"{kind}s" for kind in kinds))


METRICS: dict[str, Callable[[Field, Where], float]] = {
    "availability": availability,
    "max_gap_s": max_gap_s,
    "autonomy_h": autonomy_h,
    "survives": least_survivors,
}


def _drilled(field: Field, where: Where) -> Iterable[CorridorResult]:
    drills = field.inventory.drills
    for name in [where["drill"]] if "drill" in where else drills:
        for corridor in field.drilled(name).corridors:
            if where.get("corridor", corridor.id) == corridor.id:
                yield corridor


def _lasts_s(field: Field, name: str, corridor: CorridorResult) -> float:
    drill = field.inventory.drills[name]
    if corridor.time_to_exhaustion_s is not None:
        return corridor.time_to_exhaustion_s
    return drill.duration_s - min((event.at_s for event in drill.events), default=0.0)
