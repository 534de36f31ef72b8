"""Plays a drill: from one event to the next, with constant rates between them.

A drill ends: an exhausted store is usable again only with `resume` bits more, so between two exhaustions of a link at
least that much flows. Nothing depends on a clock, a random number or the order of a set.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heappop, heappush

from qplan.assessment.drills.board import Board, Entry
from qplan.assessment.drills.changes import change
from qplan.assessment.drills.disturbances import Disturbance
from qplan.assessment.drills.service import Service
from qplan.assessment.drills.store import Store, tolerance_s
from qplan.assessment.network import Network, NotPlayable
from qplan.inventory.drills import DrillPolicy

MOST_TURNS = 500_000


@dataclass(frozen=True)
class Outcome:
    """Everything that the engine knows when a drill is over; `results` makes figures of it."""

    duration_s: float
    stores: tuple[Store, ...]
    services: tuple[Service, ...]
    distrusted: frozenset[str]
    log: tuple[Entry, ...]
    steps: int


def play(
    network: Network, policy: DrillPolicy, disturbances: Iterable[Disturbance], duration_s: float, trace: bool = False
) -> Outcome:
    """Play the disturbances on the network. With `trace` every store keeps its level over time."""
    return _Engine(network, policy, tuple(disturbances), duration_s, trace).run()


class _Engine:
    def __init__(
        self,
        network: Network,
        policy: DrillPolicy,
        disturbances: tuple[Disturbance, ...],
        duration_s: float,
        trace: bool,
    ):
        self.board, self.policy, self.duration_s = Board(network, policy, trace), policy, duration_s
        self.stores, self.services = self.board.stores, self.board.services
        self.order = sorted(self.services, key=lambda s: (-s.corridor.priority, s.corridor.id))
        self.changes = sorted(
            [(item.at_s, place, False, item) for place, item in enumerate(disturbances) if item.at_s < duration_s]
            + [(item.until_s, place, True, item) for place, item in enumerate(disturbances) if item.at_s < duration_s],
            key=lambda change: change[:3],
        )
        self.due = [math.inf] * (len(self.stores) + len(self.services))  # when each has something to happen
        self.queue: list[tuple[float, int]] = []  # the same, the earliest first, with what has been put off since

    def run(self) -> Outcome:
        t, place, steps = 0.0, 0, 0
        self._settle(0.0)
        while True:
            while place < len(self.changes) and self.changes[place][0] <= t + tolerance_s(t):
                _, _, over, disturbance = self.changes[place]
                change(self.board, t, disturbance, over)
                place += 1
            self._settle(t)
            steps += 1
            if steps > MOST_TURNS:
                raise NotPlayable(
                    f"more than {MOST_TURNS} things happen before {t:.0f} s of {self.duration_s:.0f} s: make the drill "
                    "shorter, or resume_bits larger, so that exhausted stores come back less often"
                )
            following = self._following()
            if place < len(self.changes):
                following = min(following, self.changes[place][0])
            if following >= self.duration_s:
                break
            t = max(t, following)
            self._arrive(t)
        for store in self.stores:
            store.advance(self.duration_s)
        for service in self.services:
            service.advance(self.duration_s)
        return Outcome(
            self.duration_s,
            tuple(self.stores),
            tuple(self.services),
            frozenset(self.board.router.distrusted),
            tuple(self.board.log),
            steps,
        )

    def _arrive(self, t: float) -> None:
        """Bring what has something to happen at t there."""
        near, links = t + tolerance_s(t), len(self.stores)
        while self.queue and self.queue[0][0] <= near:
            when, number = heappop(self.queue)
            if self.due[number] == when:
                self.board.moved.add(number) if number < links else self.board.dirty.add(number - links)

    def _following(self) -> float:
        """When something happens next by itself."""
        while self.queue and self.due[self.queue[0][1]] != self.queue[0][0]:
            heappop(self.queue)  # was put off
        return self.queue[0][0] if self.queue else math.inf

    def _at(self, number: int, when: float) -> None:
        """The link, or the corridor behind the links, has something to happen then."""
        self.due[number] = when
        if when < self.duration_s:
            heappush(self.queue, (when, number))

    def _settle(self, t: float) -> None:
        """Choose chains and let keys flow until nothing changes at this instant."""
        while self.board.dirty or self.board.moved:
            self._levels(t)
            chosen = [service for service in self.order if service.number in self.board.dirty]
            self.board.dirty.clear()
            for service in chosen:
                self._choose(t, service)
            self._flow(t)

    def _levels(self, t: float) -> None:
        """Stores that have come to a level: exhausted, usable again, running again."""
        for number in sorted(self.board.moved):
            store = self.stores[number]
            store.advance(t)
            for class_ in store.regained_classes():
                store.usable[class_] = True
                if class_ == 0:
                    self.board.say(t, "store.usable", self.board.link(number), store_bits=store.bits)
                self.board.touch(number)
            before = store.gain
            store.fill(t)
            if (store.gain > 0) != (before > 0):
                self.board.touch(number)

    def _let_flow(self, number: int, drain: float) -> None:
        store = self.stores[number]
        store.flow(drain)
        self._at(number, store.next_s)

    def _choose(self, t: float, service: Service) -> None:
        service.advance(t)
        choice = self.board.router.choose(service, t)
        before = service.chains
        if choice is None:
            service.drop()
            if before is not None and service.served:
                self.board.say(t, "corridor.rerouted", service.address, path="store at the ends")
        elif choice != (service.rank, before):
            rank, chains = choice
            if service.take(t, rank, chains):
                self.board.say(t, "corridor.rerouted", service.address, **self.board.way(service))
            if rank == len(service.options):
                service.broken_rules |= self.board.broken(service)
        for event, details in service.settle(t):
            if event in ("corridor.started", "corridor.restored"):
                details = self.board.way(service)
            elif event == "corridor.lost":
                details = {"reason": self.board.reason(service, before or service.options[0])}
            self.board.say(t, event, service.address, **details)
        self._at(len(self.stores) + service.number, service.next_s(self.policy.wait_to_restore_s))
        if before != service.chains or service.given_bps != service.rate:
            self.board.use(before, service)

    def _flow(self, t: float) -> None:
        """Let drains be what they are now; a store that cannot give what is asked is exhausted."""
        moved = sorted(self.board.moved)
        self.board.moved.clear()
        for number in moved:
            store = self.stores[number]
            store.advance(t)
            drain = 0.0
            for user in sorted(self.board.users[number]):
                drain += self.services[user].given_bps
            self._let_flow(number, drain)
            if store.slope >= 0:
                continue
            self._warn(t, number)
            for class_ in store.exhausted_classes():
                store.usable[class_] = False
                event = "store.exhausted" if class_ == 0 else "store.warning"
                self.board.say(t, event, self.board.link(number), store_bits=store.bits)
                self.board.touch(number)
                self.board.moved.add(number)

    def _warn(self, t: float, number: int) -> None:
        store = self.stores[number]
        if not store.warned and store.bits <= store.warn_bits:
            store.warned = True
            self.board.say(t, "store.warning", self.board.link(number), store_bits=store.bits)
            self._let_flow(number, store.drain)
