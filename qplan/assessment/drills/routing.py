"""Which chains of links a corridor uses now: its planned paths in their order, or any chain that keeps its rules."""

from __future__ import annotations

from collections.abc import Sequence

from qplan.assessment.chains import least_relays
from qplan.assessment.drills.service import Chains, Service
from qplan.assessment.drills.store import Store, tolerance_s
from qplan.assessment.network import Chain, Network
from qplan.inventory.drills import DrillPolicy

STORED, RUNNING = 1, 2  # a link whose store holds keys; one that makes keys besides


class Router:
    """The policy's choice of chains, on the stores as they are."""

    def __init__(self, network: Network, policy: DrillPolicy, stores: Sequence[Store]):
        self.network, self.policy, self.stores = network, policy, stores
        self.wanted = RUNNING if policy.trigger == "outage" else STORED
        self.any = policy.restoration == "any"
        self.distrusted: set[str] = set()

    def choose(self, service: Service, t: float) -> tuple[int, Chains] | None:
        """Place among the options (one behind the last: a detour) and chains; None: the corridor gets no keys."""
        states = [self._state_of(service, chains) for chains in service.options]
        for place, state in enumerate(states):
            service.since[place] = min(service.since[place], t) if state >= self.wanted else float("inf")
        if service.stopped:
            return None
        now = () if service.chains is None else service.chains
        state_now = states[service.rank] if 0 <= service.rank < len(states) else self._state_of(service, now)
        if state_now >= self.wanted:
            return self._better(service, t) or (service.rank, now)
        for wanted in range(self.wanted, 0, -1):
            if state_now >= wanted:
                return service.rank, now
            for place, state in enumerate(states):
                if state >= wanted:
                    return place, service.options[place]
            detour = self._detour(service, wanted) if self.any else None
            if detour:
                return len(service.options), detour
        return None

    def _better(self, service: Service, t: float) -> tuple[int, Chains] | None:
        """A preferred option that has held for as long as the policy asks."""
        latest = t - self.policy.wait_to_restore_s + tolerance_s(t)
        for place in range(min(service.rank, len(service.options))):
            if service.since[place] <= latest:
                return place, service.options[place]
        return None

    def _state_of(self, service: Service, chains: Chains) -> int:
        """0: some link gives this corridor no keys; STORED: all stores do; RUNNING: all links make keys besides."""
        if not chains:
            return 0
        stores, class_, state = self.stores, service.class_, RUNNING
        for chain in chains:
            if self.distrusted and not self.distrusted.isdisjoint(self.network.relays(service.corridor, chain)):
                return 0
            for link in chain:
                store = stores[link]
                if store.blocked or not store.usable[class_]:
                    return 0
                if store.gain <= 0:
                    state = STORED
        return state

    def _holds(self, link: int, class_: int, wanted: int) -> bool:
        store = self.stores[link]
        return not store.blocked and store.usable[class_] and (wanted == STORED or store.gain > 0)

    def _detour(self, service: Service, wanted: int) -> Chains | None:
        """The planned chains that hold, and for each other one a chain of least relays over installed links.

        Shares never meet: the chain of one has no link and no relay of another's: no single relay learns the key.
        """
        corridor = service.corridor
        planned = service.options[0] if corridor.shares else ()
        kept = {place for place, chain in enumerate(planned) if self._state_of(service, (chain,)) >= wanted}
        chains: dict[int, Chain] = {place: planned[place] for place in kept}
        for place in range(len(planned) if corridor.shares else 1):
            if place not in kept:
                links = {link for chain in chains.values() for link in chain}
                relays = {site for chain in chains.values() for site in self.network.relays(corridor, chain)}
                chain = self._chain(service, wanted, links, relays)
                if chain is None:
                    return None
                chains[place] = chain
        return tuple(chain for _, chain in sorted(chains.items()))

    def _chain(self, service: Service, wanted: int, links: set[int], sites: set[str]) -> Chain | None:
        """Least relays, then the most that the emptiest store on the way holds, then the least ids of links."""
        corridor = service.corridor
        allowed = corridor.may_relay - sites - self.distrusted
        return least_relays(
            self.network,
            self.network.at_site,
            corridor,
            allowed,
            lambda link: link not in links and self._holds(link, service.class_, wanted),
            lambda link: self.stores[link].bits - self.stores[link].link.floor_bits,
        )
