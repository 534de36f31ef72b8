"""Short hands for tests of drills: networks from a few figures, disturbances in a word."""

from __future__ import annotations

import math

from qplan.assessment.drills.disturbances import Disturbance
from qplan.assessment.drills.engine import Outcome, play
from qplan.assessment.drills.service import Service
from qplan.assessment.drills.store import Store
from qplan.assessment.network import CorridorInPlay, LinkInPlay, Network
from qplan.inventory.drills import DrillPolicy

AT_ONCE = DrillPolicy(wait_to_restore_s=0.0)


def link(
    name: str,
    rate: float,
    capacity: float,
    store: float | None = None,
    floor: float = 0.0,
    resume: float = 1.0,
    restart_s: float = 0.0,
    ends: tuple[str, str] | None = None,
    **more: object,
) -> LinkInPlay:
    return LinkInPlay(
        name,
        ends or (f"{name}-", f"-{name}"),
        rate,
        capacity,
        floor,
        resume,
        capacity if store is None else store,
        restart_s,
        **more,
    )


def corridor(name: str, demand: float, *paths: tuple[int, ...], **more: object) -> CorridorInPlay:
    return CorridorInPlay(name, more.pop("ends", ("x", "y")), demand, paths, **more)


def network(links: list[LinkInPlay], *corridors: CorridorInPlay) -> Network:
    return Network(tuple(links), corridors)


def down(number: int, at: float = 0.0, until: float = math.inf) -> Disturbance:
    return Disturbance(at, "fail", f"links.{number}", until, down=(number,))


def hidden(number: int, at: float, until: float = math.inf) -> Disturbance:
    return Disturbance(at, "alarm", f"links.{number}", until, hidden=(number,))


class Seen:
    """An outcome by names."""

    def __init__(self, outcome: Outcome):
        self.outcome = outcome
        self.corridors: dict[str, Service] = {service.corridor.id: service for service in outcome.services}
        self.stores: dict[str, Store] = {store.link.id: store for store in outcome.stores}

    def log(self, *events: str) -> list[tuple[float, str, str]]:
        """The entries of these kinds, times to the millionth."""
        return [
            (round(entry.t, 6), entry.event, entry.address.partition(".")[2])
            for entry in self.outcome.log
            if entry.event in events or not events
        ]

    def gaps(self, name: str) -> list[tuple[float, float]]:
        """Without fresh keys, the one that is open at the end too."""
        service = self.corridors[name]
        gaps = [*service.gaps]
        if service.state != "fresh":
            gaps.append((service.lost_at_s, self.outcome.duration_s))
        return [(round(begin, 6), round(end, 6)) for begin, end in gaps]


def seen(net: Network, duration_s: float, *disturbances: Disturbance, policy: DrillPolicy = AT_ONCE) -> Seen:
    return Seen(play(net, policy, disturbances, duration_s))
