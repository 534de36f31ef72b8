"""Drills that nobody has to write: every single loss, every pair, maintenance, a surge, outages of mean length."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

from qplan.assessment.availability.components import Components
from qplan.assessment.drills.disturbances import Disturbance
from qplan.assessment.drills.engine import Outcome, play
from qplan.assessment.drills.playing import Field, Named
from qplan.assessment.drills.service import OPEN, Service
from qplan.inventory.drills import Drill, DrillEvent, DrillPolicy, target

DAY_S = 86_400.0
WINDOW_S = 14_400.0  # of maintenance: four hours
MAINTAINED = ("sites", "fibres", "key_managers")


def single_losses(field: Field, policy: DrillPolicy, duration_s: float) -> Iterator[Named]:
    """Each thing that the plan stands on is lost at the beginning and stays lost."""
    for address in field.effects.addresses():
        yield f"fail {address}", _drill(policy, duration_s, DrillEvent(at_s=0.0, fail=address))


def repaired_losses(field: Field, policy: DrillPolicy) -> Iterator[Named]:
    """Each thing is out for the mean time of its repair, and the drill goes on for as long again and a day."""
    components = Components(field.inventory, field.plan)
    stated = field.inventory.reliability.operators
    for address in field.effects.addresses():
        kind, name = target(address)
        if kind != "operators" or name in stated:
            lasts = 3600 * components[address].mttr_h
            if lasts > 0:
                event = DrillEvent(at_s=0.0, fail=address, repair_after_s=lasts)
                yield f"mttr {address}", _drill(policy, 2 * lasts + DAY_S, event)


def maintenances(field: Field, policy: DrillPolicy, window_s: float) -> Iterator[Named]:
    """Each site, fibre and key manager stands still for the window."""
    for address in field.effects.addresses(MAINTAINED):
        event = DrillEvent(at_s=0.0, maintain=address, for_s=window_s)
        yield f"maintain {address}", _drill(policy, window_s + DAY_S, event)


def surge(field: Field, policy: DrillPolicy, factor: float, duration_s: float) -> Named:
    """Every corridor asks for so many times as much."""
    events = tuple(
        DrillEvent(at_s=0.0, surge=f"corridors.{corridor.id}", factor=factor) for corridor in field.network.corridors
    )
    return f"surge {factor:g}", _drill(policy, duration_s, *events)


def _drill(policy: DrillPolicy, duration_s: float, *events: DrillEvent) -> Drill:
    return Drill(duration_s=duration_s, policy=policy, events=events)


@dataclass(frozen=True)
class DoubleLoss:
    """Two things that together take corridors that neither takes alone, with the time of each first loss."""

    addresses: tuple[str, str]
    corridors: tuple[tuple[str, float], ...]
    open: int
    """How many of these corridors fail open."""
    alike: int
    """Pairs with the same effect, this one included."""

    def drill(self, policy: DrillPolicy, duration_s: float) -> Named:
        events = [DrillEvent(at_s=0.0, fail=address) for address in self.addresses]
        return " + ".join(f"fail {address}" for address in self.addresses), _drill(policy, duration_s, *events)


@dataclass(frozen=True)
class Pairs:
    """All double losses: how many there are, how many were looked at until the run ended, and what came of it."""

    count: int
    looked_at: int
    worse: tuple[DoubleLoss, ...]
    """The worst first."""


def double_losses(
    field: Field, policy: DrillPolicy, duration_s: float, progress: Callable[[int, int], bool] = lambda done, of: True
) -> Pairs:
    """Every pair of things, lost at the beginning. `progress` is told how far it is, and ends it by False.

    Things with the same effect are played once. A pair is not played where one loss contains the other, or where in
    neither of them any corridor moves: every store then gives at least as long as it does in one of the two.
    """
    alike: dict[tuple[object, ...], list[str]] = {}
    for address in field.effects.addresses():
        effect = field.effects.loss(address)
        alike.setdefault((effect.down, effect.hidden, effect.stopped), []).append(address)
    groups = list(alike.values())
    effects = [field.effects.loss(group[0]) for group in groups]
    alone = [play(field.network, policy, (effect,), duration_s) for effect in effects]
    count, worse = math.comb(sum(map(len, groups)), 2), list[DoubleLoss]()
    looked_at = sum(math.comb(len(group), 2) for group in groups)
    for i, j in combinations(range(len(groups)), 2):
        pairs = len(groups[i]) * len(groups[j])
        lost = _lost_together(field, policy, duration_s, (effects[i], effects[j]), (alone[i], alone[j]))
        if lost:
            fail_open = sum(service.corridor.fallback == OPEN for service in lost)
            corridors = tuple((service.corridor.id, service.first_loss_s or 0.0) for service in lost)
            worse.append(DoubleLoss((groups[i][0], groups[j][0]), corridors, fail_open, pairs))
        looked_at += pairs
        if not progress(looked_at, count):
            break
    worse.sort(
        key=lambda item: (
            -item.open,
            -len(item.corridors),
            min(at for _, at in item.corridors),
            item.addresses,
        )
    )
    return Pairs(count, looked_at, tuple(worse))


def _lost_together(
    field: Field,
    policy: DrillPolicy,
    duration_s: float,
    pair: tuple[Disturbance, Disturbance],
    alone: tuple[Outcome, Outcome],
) -> tuple[Service, ...]:
    """The corridors that are lost to both together and to neither alone."""
    if _contains(*pair) or _contains(*reversed(pair)) or not any(map(_moves, alone)):
        return ()
    lost = {service.number for outcome in alone for service in outcome.services if service.first_loss_s is not None}
    together = play(field.network, policy, pair, duration_s)
    return tuple(s for s in together.services if s.first_loss_s is not None and s.number not in lost)


def _contains(a: Disturbance, b: Disturbance) -> bool:
    return all(set(getattr(b, part)) <= set(getattr(a, part)) for part in ("down", "hidden", "stopped"))


def _moves(outcome: Outcome) -> bool:
    return any(service.switches for service in outcome.services)
