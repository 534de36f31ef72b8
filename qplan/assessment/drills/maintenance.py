"""When an announced outage would cost nobody a key: tried by playing it at other times."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

from qplan.assessment.drills.disturbances import Disturbance
from qplan.assessment.drills.engine import Outcome, play
from qplan.assessment.drills.results import Maintenance
from qplan.assessment.drills.service import FRESH, Service
from qplan.assessment.network import Network
from qplan.inventory.drills import DrillPolicy

HALVINGS = 40
NO_LONGER_S = 1e-6


def maintenance_results(
    network: Network, policy: DrillPolicy, events: tuple[Disturbance, ...], duration_s: float, outcome: Outcome
) -> Iterator[Maintenance]:
    """For every announced outage of a drill that was played to this outcome."""
    for place, event in enumerate(events):
        if event.action == "maintain" and event.at_s < duration_s:
            others = (*events[:place], *events[place + 1 :])
            without = play(network, policy, others, duration_s)
            lost = tuple(
                now.corridor.id
                for now, before in zip(outcome.services, without.services, strict=True)
                if without_keys_s(now) > without_keys_s(before) + NO_LONGER_S
            )
            lasts = event.until_s - event.at_s
            safe = _safe_from_s(network, policy, others, event, duration_s, without) if lasts < math.inf else None
            yield Maintenance(event.address, event.at_s, lasts if lasts < math.inf else None, lost, safe)


def without_keys_s(service: Service) -> float:
    return math.fsum(seconds for state, seconds in service.seconds.items() if state != FRESH)


def _safe_from_s(
    network: Network,
    policy: DrillPolicy,
    others: tuple[Disturbance, ...],
    event: Disturbance,
    duration_s: float,
    without: Outcome,
) -> float | None:
    """The earliest start from which the outage costs no corridor a key that does not end at the thing itself.

    Tried at the beginning and wherever something changes without it; between an unsafe time and the safe one after it
    the turn is found by halving. Each trial goes on until the outage and the restart are over.
    """
    lasts = event.until_s - event.at_s
    restart = max((network.links[link].restart_s for link in event.down), default=0.0)
    whole = duration_s + lasts + restart
    calm = play(network, policy, others, whole)

    def safe(start: float) -> bool:
        moved = replace(event, at_s=start, until_s=start + lasts)
        tried = play(network, policy, (*others, moved), whole)
        return all(
            number in event.stopped or without_keys_s(now) <= without_keys_s(before) + NO_LONGER_S
            for number, (now, before) in enumerate(zip(tried.services, calm.services, strict=True))
        )

    unsafe = None
    for start in sorted({0.0, *(entry.t for entry in without.log), duration_s}):
        if safe(start):
            return start if unsafe is None else _turn(safe, unsafe, start)
        unsafe = start
    return None


def _turn(safe: Callable[[float], bool], unsafe: float, start: float) -> float:
    for _ in range(HALVINGS):
        middle = (unsafe + start) / 2
        if safe(middle):
            start = middle
        else:
            unsafe = middle
    return start
