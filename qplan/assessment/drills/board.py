"""The state of a drill while it is played: stores, services, who must choose anew, and the log of what happened."""

from __future__ import annotations

from dataclasses import dataclass

from qplan.assessment.drills.routing import Router
from qplan.assessment.drills.service import Chains, Service
from qplan.assessment.drills.store import Store
from qplan.assessment.network import Network, classes_of
from qplan.inventory.drills import DrillPolicy


@dataclass(frozen=True)
class Entry:
    """One line of the log: when, what (named as in the manual), about which address."""

    t: float
    event: str
    address: str
    details: tuple[tuple[str, object], ...] = ()


class Board:
    """What the engine moves. `dirty` are corridors that must choose anew, `moved` links whose flow may have changed."""

    def __init__(self, network: Network, policy: DrillPolicy, trace: bool):
        reserves, classes = classes_of(network.corridors, policy)
        self.network, self.policy = network, policy
        self.stores = [Store(link, reserves, trace) for link in network.links]
        self.services = [
            Service(
                number,
                corridor,
                classes[number],
                corridor.lifetime_s if policy.key_lifetime_s is None else policy.key_lifetime_s,
                (policy.pool_bits, policy.pool_fill_bps),
            )
            for number, corridor in enumerate(network.corridors)
        ]
        self.router = Router(network, policy, self.stores)
        self.users: list[set[int]] = [set() for _ in network.links]  # corridors whose keys flow over it now
        self.log: list[Entry] = []
        self.dirty: set[int] = set(range(len(self.services)))
        self.moved: set[int] = set(range(len(self.stores)))

    def say(self, t: float, event: str, address: str, **details: object) -> None:
        self.log.append(Entry(t, event, address, tuple(details.items())))

    def link(self, number: int) -> str:
        """The address of a link."""
        return f"links.{self.network.links[number].id}"

    def touch(self, number: int) -> None:
        """The link serves more, or less: who may use it chooses anew."""
        self.dirty |= self.network.on_link[number] | self.users[number]
        if self.router.any:
            self.dirty.update(service.number for service in self.services if service.rank != 0)

    def use(self, before: Chains | None, service: Service) -> None:
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

    def way(self, service: Service) -> dict[str, object]:
        """How the keys come now."""
        if service.chains is None:
            return {"path": "store at the ends"}
        relays = sorted({site for chain in service.chains for site in self.network.relays(service.corridor, chain)})
        path: object = "all paths" if service.corridor.shares else service.rank
        if service.rank == len(service.options):
            path = "detour"
        return {"path": path, "relays": tuple(relays)}

    def reason(self, service: Service, chains: Chains) -> str:
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
                    return f"the store of {self.link(link)} is out of reach"
                if not store.usable[service.class_]:
                    return f"the store of {self.link(link)} is exhausted"
        return "no path holds"

    def broken(self, service: Service) -> set[str]:
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
