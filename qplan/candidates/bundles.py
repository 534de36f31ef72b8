"""What each corridor may use: its links, bundled where its paths need not tell them apart.

The integer programme has one flow variable per bundle and direction, not per link. Links are put together exactly when
the choice among them is free for the corridor: same pair of sites (k = 1), same route (paths that must not share
fibres), and rates that cannot bind.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qplan.candidates.model import CandidateGraph, CandidateLink, systems_needed
from qplan.candidates.resources import Kind, Resource, exclusive_to_link, site_resources
from qplan.inventory.model import Corridor, Inventory
from qplan.physics.key_rate import RATE_TOLERANCE
from qplan.time_budget import UNLIMITED, TimeBudget

BundleKey = tuple[tuple[str, str], tuple[str, ...], str]  # ends, fibres and link, as far as they matter


@dataclass(frozen=True)
class Bundle:
    """Parallel candidate links between two sites that are alike for one corridor."""

    ends: tuple[str, str]
    links: tuple[str, ...]
    resources: frozenset[Resource]  # fibres, patched sites and ducts that only one of the corridor's paths may use


@dataclass(frozen=True)
class CorridorNetwork:
    """The bundles of one corridor and how its k paths are modelled.

    `flows` of `units` each, flows × units = k. One flow of k units is enough where node and bundle capacities
    alone keep its paths disjoint; otherwise every path is a flow of its own.
    """

    corridor: str
    bundles: tuple[Bundle, ...]
    flows: int
    units: int
    shared: Mapping[Resource, tuple[int, ...]]  # resource -> indices of the bundles that use it


def find_tight_links(inventory: Inventory, candidates: CandidateGraph) -> set[str]:
    """Links on which demands that exceed the rate of one system may meet."""
    demand = {q: inventory.corridors[q].demand_bps for q in candidates.usability.permitted}
    total, asked = sum(demand.values()), dict[tuple[str, str], float]()
    tight = set()
    for link in candidates.links:
        rate = link.key_rate_bps * (1 + RATE_TOLERANCE)
        if total > rate:  # else no need to look closer
            pair = link.route.ends
            if pair not in asked:
                asked[pair] = sum(demand[q] for q in candidates.usability.corridors_of(*pair))
            if asked[pair] > rate:
                tight.add(link.id)
    return tight


def bundle_corridors(
    inventory: Inventory, candidates: CandidateGraph, clock: TimeBudget = UNLIMITED
) -> tuple[CorridorNetwork, ...]:
    """One network per corridor, in id order. Raises OutOfTime."""
    bundling = _Bundling(inventory, candidates, clock)
    return tuple(
        _network(q, corridor, candidates.usability.permitted[q], bundling.bundle(q, corridor))
        for q, corridor in sorted(inventory.corridors.items())
    )


class _Bundling:
    """Bundles of corridors; corridors with one path each and the same possible relays have them in common."""

    def __init__(self, inventory: Inventory, candidates: CandidateGraph, clock: TimeBudget):
        self.inventory, self.candidates, self.clock = inventory, candidates, clock
        self.apart = find_tight_links(inventory, candidates) | candidates.counted
        self.least_bps = min((link.key_rate_bps * link.max_count for link in candidates.links), default=0.0)
        self.exclusive: dict[tuple[str, str], frozenset[Resource]] = {}  # by link and level of disjointness
        self.known: dict[tuple[object, ...], tuple[Bundle, ...]] = {}

    def bundle(self, q: str, corridor: Corridor) -> tuple[Bundle, ...]:
        self.clock.check()
        permitted = self.candidates.usability.permitted[q]
        demand_bps = 0.0 if corridor.demand_bps <= self.least_bps else corridor.demand_bps  # 0: every link carries it
        key = permitted, demand_bps, *((corridor.disjoint, corridor.ends) if corridor.paths > 1 else ())
        if key not in self.known:
            grouped: dict[BundleKey, list[CandidateLink]] = defaultdict(list)
            for link in self.candidates.links:
                if permitted.issuperset(link.route.ends) and (
                    not demand_bps or systems_needed(demand_bps, link.key_rate_bps) <= link.max_count
                ):
                    grouped[_bundle_key(corridor, link, link.id in self.apart)].append(link)
            self.known[key] = tuple(
                Bundle(links[0].route.ends, tuple(link.id for link in links), self._resources(corridor, links[0]))
                for _, links in sorted(grouped.items(), key=lambda group: group[0])
            )
        return self.known[key]

    def _resources(self, corridor: Corridor, link: CandidateLink) -> frozenset[Resource]:
        if corridor.paths == 1:
            return frozenset()
        key = link.id, corridor.disjoint
        if key not in self.exclusive:
            self.exclusive[key] = exclusive_to_link(self.inventory, link, corridor.disjoint)
        return self.exclusive[key] - site_resources(corridor.ends)


def _network(q: str, corridor: Corridor, permitted: frozenset[str], bundles: tuple[Bundle, ...]) -> CorridorNetwork:
    shared: dict[Resource, list[int]] = defaultdict(list)
    for i, bundle in enumerate(bundles):
        for resource in bundle.resources:
            shared[resource].append(i)
    one_flow = corridor.paths == 1 or (
        corridor.max_relays is None
        and all(cannot_repeat(resource, bundles, indices, corridor, permitted) for resource, indices in shared.items())
    )
    return CorridorNetwork(
        q,
        bundles,
        flows=1 if one_flow else corridor.paths,
        units=corridor.paths if one_flow else 1,
        shared={resource: tuple(indices) for resource, indices in sorted(shared.items())},
    )


def _bundle_key(corridor: Corridor, link: CandidateLink, tight: bool) -> BundleKey:
    """Links with the same key are alike for the corridor."""
    pair, alone = link.route.ends, link.id if tight else ""
    if corridor.paths == 1:
        return pair, (), alone
    if corridor.disjoint == "relay":  # between the corridor's ends several paths may each take a link of their own
        return pair, (), link.id if set(pair) == set(corridor.ends) else alone
    return pair, link.route.fibres, alone


def cannot_repeat(
    resource: Resource, bundles: Sequence[Bundle], indices: Sequence[int], corridor: Corridor, permitted: frozenset[str]
) -> bool:
    """No single path can use the resource twice, so that "at most one path" is "at most one use"."""
    relayed_too = resource.kind is Kind.SITE and resource.id in permitted and resource.id not in corridor.ends
    return len({bundles[i].ends for i in indices}) == 1 and not relayed_too
