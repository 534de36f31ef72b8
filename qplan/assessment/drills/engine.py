"""Plays a drill: from one event to the next, with constant rates between them.

A drill ends: an exhausted store is usable again only with `resume` bits more, so between two exhaustions of a link at
least that much flows. Nothing depends on a clock, a random number or the order of a set.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heappop, heappush

from qplan.assessment.drills.disturbances import Disturbance
from qplan.assessment.drills.network import Network, classes_of
from qplan.assessment.drills.routing import Router
from qplan.assessment.drills.service import Chains, Service
from qplan.assessment.drills.store import Store, tolerance_s
from qplan.inventory.drills import DrillPolicy


@dataclass(frozen=True)
class Entry:
    """One line of the log: when, what (named as in the manual), about which address."""

    t: float
    event: str
    address: str
    details: tuple[tuple[str, object], ...] = ()


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
        self, network: Network, policy: DrillPolicy, disturbances: tuple[Disturbance, ...], duration_s: float,
        trace: bool,
    ):
        reserves, classes = classes_of(network.corridors, policy)
        self.network, self.policy, self.duration_s = network, policy, duration_s
        self.stores = [Store(link, reserves, trace) for link in network.links]
        self.services = [
            Service(
                number, corridor, classes[number],
                corridor.lifetime_s if policy.key_lifetime_s is None else policy.key_lifetime_s,
                (policy.pool_bits, policy.pool_fill_bps),
            )
            for number, corridor in enumerate(network.corridors)
        ]  # fmt: skip
        self.router = Router(network, policy, self.stores)
        self.order = sorted(self.services, key=lambda s: (-s.corridor.priority, s.corridor.id))
        self.users: list[set[int]] = [set() for _ in network.links]  # corridors whose keys flow over it now
        self.changes = sorted(
            [(item.at_s, place, False, item) for place, item in enumerate(disturbances) if item.at_s < duration_s]
            + [(item.until_s, place, True, item) for place, item in enumerate(disturbances) if item.at_s < duration_s],
            key=lambda change: change[:3],
        )
        self.due = [math.inf] * (len(self.stores) + len(self.services))  # when each has something to happen
        self.queue: list[tuple[float, int]] = []  # the same, the earliest first, with what has been put off since
        self.log: list[Entry] = []
        self.dirty: set[int] = set()  # corridors that must choose anew
        self.moved: set[int] = set()  # links whose flow may have changed

    def run(self) -> Outcome:
        t, place, steps = 0.0, 0, 0
        self.moved.update(range(len(self.stores)))
        self.dirty.update(range(len(self.services)))
        self._settle(0.0)
        while True:
            while place < len(self.changes) and self.changes[place][0] <= t + tolerance_s(t):
                _, _, over, disturbance = self.changes[place]
                self._change(t, disturbance, over)
                place += 1
            self._settle(t)
            steps += 1
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
            self.duration_s, tuple(self.stores), tuple(self.services), frozenset(self.router.distrusted),
            tuple(self.log), steps,
        )  # fmt: skip

    def _say(self, t: float, event: str, address: str, **details: object) -> None:
        self.log.append(Entry(t, event, address, tuple(details.items())))

    def _arrive(self, t: float) -> None:
        """Bring what has something to happen at t there."""
        near, links = t + tolerance_s(t), len(self.stores)
        while self.queue and self.queue[0][0] <= near:
            when, number = heappop(self.queue)
            if self.due[number] == when:
                self.moved.add(number) if number < links else self.dirty.add(number - links)

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
        while self.dirty or self.moved:
            self._levels(t)
            chosen = [service for service in self.order if service.number in self.dirty]
            self.dirty.clear()
            for service in chosen:
                self._choose(t, service)
            self._flow(t)

    def _levels(self, t: float) -> None:
        """Stores that have come to a level: exhausted, usable again, running again."""
        for number in sorted(self.moved):
            store = self.stores[number]
            store.advance(t)
            for class_ in store.regained_classes():
                store.usable[class_] = True
                if class_ == 0:
                    self._say(t, "store.usable", self._link(number), store_bits=store.bits)
                self._touch(number)
            gain = 0.0 if store.unstored else store.makes(t)
            if (gain > 0) != (store.gain > 0):
                self._touch(number)
            store.gain = gain

    def _let_flow(self, number: int, gain: float, drain: float) -> None:
        store = self.stores[number]
        store.flow(gain, drain)
        self._at(number, store.next_s)

    def _touch(self, number: int) -> None:
        """The link serves more, or less: who may use it chooses anew."""
        self.dirty |= self.network.on_link[number] | self.users[number]
        if self.router.any:
            self.dirty.update(s.number for s in self.services if s.rank != 0)

    def _choose(self, t: float, service: Service) -> None:
        service.advance(t)
        choice = self.router.choose(service, t)
        before = service.chains
        if choice is None:
            service.drop()
            if before is not None and service.served:
                self._say(t, "corridor.rerouted", self._corridor(service), path="store at the ends")
        elif choice != (service.rank, before):
            rank, chains = choice
            if service.take(t, rank, chains):
                self._say(t, "corridor.rerouted", self._corridor(service), **self._way(service))
            if rank == len(service.options):
                service.broken_rules |= self._broken(service)
        for event, details in service.settle(t):
            if event in ("corridor.started", "corridor.restored"):
                details = self._way(service)
            elif event == "corridor.lost":
                details = {"reason": self._reason(service, before or service.options[0])}
            self._say(t, event, self._corridor(service), **details)
        self._at(len(self.stores) + service.number, service.next_s(self.policy.wait_to_restore_s))
        if before != service.chains or service.given_bps != service.rate:
            self._use(before, service)

    def _use(self, before: Chains | None, service: Service) -> None:
        """Keep who drains which store in line with the service's chains and rate."""
        service.given_bps = service.rate
        for chain in before or ():
            for link in chain:
                self.users[link].discard(service.number)
                self.moved.add(link)
        for chain in service.chains or ():
            for link in chain:
                self.users[link].add(service.number)
                self.moved.add(link)

    def _flow(self, t: float) -> None:
        """Let gains and drains be what they are now; a store that cannot give what is asked is exhausted."""
        moved = sorted(self.moved)
        self.moved.clear()
        for number in moved:
            store = self.stores[number]
            store.advance(t)
            drain = 0.0
            for user in sorted(self.users[number]):
                drain += self.services[user].given_bps
            self._let_flow(number, 0.0 if store.unstored else store.makes(t), drain)
            self._warn(t, number)
            for class_ in store.exhausted_classes():
                store.usable[class_] = False
                event = "store.exhausted" if class_ == 0 else "store.warning"
                self._say(t, event, self._link(number), store_bits=store.bits)
                self._touch(number)
                self.moved.add(number)

    def _warn(self, t: float, number: int) -> None:
        store = self.stores[number]
        if store.falling() and not store.warned and store.bits <= store.warn_bits:
            store.warned = True
            self._say(t, "store.warning", self._link(number), store_bits=store.bits)
            self._let_flow(number, store.gain, store.drain)

    def _change(self, t: float, item: Disturbance, over: bool) -> None:
        """A disturbance begins, or is over."""
        for number in {*item.down, *item.hidden, *item.unstored, *item.systems, *item.degraded}:
            self.stores[number].advance(t)
            self.moved.add(number)
            self._touch(number)
        for number in {*item.stopped, *item.surged}:
            self.services[number].advance(t)
            self.dirty.add(number)
        self._change_equipment(t, item, over)
        self._change_links(t, item, over)
        self._change_corridors(t, item, over)

    def _change_equipment(self, t: float, item: Disturbance, over: bool) -> None:
        for site in item.key_managers:
            self._say(t, "km.up" if over else "km.down", f"key_managers.{site}", cause=item.address)
        if item.action == "identity_down":
            self._say(t, "identity.up" if over else "identity.down", item.address)
        for number in item.systems:
            store = self.stores[number]
            store.systems_down += -1 if over else 1
            self._say(t, "interface.up" if over else "interface.down", self._link(number), rate_bps=store.potential())
        if item.distrusted and not over:
            self.router.distrusted.add(item.distrusted)
            self.dirty.update(range(len(self.services)))
            self._say(t, "site.distrusted", item.address)

    def _change_links(self, t: float, item: Disturbance, over: bool) -> None:
        step = -1 if over else 1
        for number in item.unstored:
            self.stores[number].unstored += step
        for number in item.hidden:
            self.stores[number].blocked += step
            if item.action == "alarm":
                self._say(t, "link.qber_cleared" if over else "link.qber_alarm", self._link(number))
        for number in item.degraded:
            store = self.stores[number]
            was_dead = not store.potential()
            change = (item.factor, item.added_loss_db)
            store.degrading.remove(change) if over else store.degrading.append(change)
            rate = store.potential()
            if was_dead and rate:
                store.ready_s = t + store.link.restart_s
            event = "link.recovered" if over else "link.degraded"
            self._say(t, event, self._link(number), cause=item.address, rate_bps=rate)
        for number in item.down:
            if item.action == "rekey":
                self._rekey(t, number)
            elif item.action == "auth_exhausted":
                self._spend(t, number)
            else:
                self._outage(t, number, step, item.address)

    def _outage(self, t: float, number: int, step: int, cause: str) -> None:
        store = self.stores[number]
        store.down += step
        if step > 0 and store.down == 1:
            self._say(t, "link.down", self._link(number), cause=cause)
        elif store.down == 0:
            store.ready_s = t + store.link.restart_s
            self._say(t, "link.up", self._link(number), cause=cause)

    def _spend(self, t: float, number: int) -> None:
        store = self.stores[number]
        if not store.auth_spent:
            store.auth_spent = True
            store.spend_all()
            self._say(t, "auth.exhausted", self._link(number))
            self._outage(t, number, 1, "auth_exhausted")

    def _rekey(self, t: float, number: int) -> None:
        store = self.stores[number]
        if store.auth_spent:
            store.auth_spent = False
            self._outage(t, number, -1, "rekey")

    def _change_corridors(self, t: float, item: Disturbance, over: bool) -> None:
        for number in item.stopped:
            stopped = self.services[number].stopped
            why = f"{item.address} {'delivers no keys' if item.action == 'identity_down' else 'is down'}"
            stopped.remove(why) if over else stopped.append(why)
        for number in item.surged:
            service = self.services[number]
            service.factors.remove(item.factor) if over else service.factors.append(item.factor)
            service.demand = math.prod(service.factors, start=service.corridor.rate_bps)
            self._say(t, "demand.changed", self._corridor(service), key_rate_bps=service.demand)

    def _way(self, service: Service) -> dict[str, object]:
        """How the keys come now."""
        if service.chains is None:
            return {"path": "store at the ends"}
        relays = sorted({site for chain in service.chains for site in self.network.relays(service.corridor, chain)})
        path: object = "detour" if service.rank == len(service.options) else service.rank
        return {"path": path, "relays": tuple(relays)}

    def _reason(self, service: Service, chains: Chains) -> str:
        """Why these chains bring no keys."""
        if service.stopped:
            return service.stopped[0]
        for chain in chains:
            relays = self.network.relays(service.corridor, chain)
            for site in sorted(self.router.distrusted.intersection(relays)):
                return f"sites.{site} is distrusted"
            for link in chain:
                store = self.stores[link]
                if store.blocked:
                    return f"the store of {self._link(link)} is out of reach"
                if not store.usable[service.class_]:
                    return f"the store of {self._link(link)} is exhausted"
        return "no path holds"

    def _broken(self, service: Service) -> set[str]:
        """What shares have in common on a detour although the corridor asks for disjoint paths."""
        corridor, links = service.corridor, self.network.links
        if corridor.disjoint == "relay" or not service.chains:
            return set()
        seen: set[str] = set()
        twice: set[str] = set()
        for chain in service.chains:
            used = {f"fibres.{fibre}" for link in chain for fibre in links[link].fibres}
            used |= {f"sites.{site}" for link in chain for site in links[link].bypass_sites}
            used |= {f"sites.{site}" for site in self.network.relays(corridor, chain)}
            if corridor.disjoint == "duct":
                used |= {f"ducts.{duct}" for link in chain for duct in links[link].ducts}
            twice |= used & seen
            seen |= used
        return {f"disjoint: {corridor.disjoint} ({address} is shared)" for address in twice}

    def _link(self, number: int) -> str:
        return f"links.{self.network.links[number].id}"

    def _corridor(self, service: Service) -> str:
        return f"corridors.{service.corridor.id}"
