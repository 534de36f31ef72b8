"""Is a corridor, or are some together, impossible for a reason that the graph of candidate links shows? No solver runs.

Every claim is a proof, from a condition that any plan meets; that nothing is claimed proves nothing. For each corridor
as if it were the only one: a chain of links through permitted relays (connectivity), within `max_relays`; no set of
fewer pieces than paths that every way takes (bridges, articulation sites, larger minimum cuts, at the corridor's
level of disjointness, ducts too); strands for links of its own on every path. For all that are required together: the
key rate that the strands of a minimum cut of fibres can carry.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from qplan.candidates.arrays import CandidateArrays, Commodity
from qplan.candidates.blocking_sets import LinkWays, addresses
from qplan.candidates.max_flow import FlowNetwork
from qplan.candidates.model import CandidateGraph, systems_needed
from qplan.candidates.prices import Prices
from qplan.candidates.reasons import Reason, named, spoken
from qplan.inventory.installed import find_overfull
from qplan.inventory.model import Inventory
from qplan.inventory.source.messages import counted
from qplan.physics.key_rate import RATE_TOLERANCE
from qplan.time_budget import UNLIMITED, TimeBudget

MOST_BLOCKING = 5  # pieces in a blocking set; finding larger ones is left to the integer programme


@dataclass(frozen=True)
class Precheck:
    """Why corridors cannot be served, each by itself, and why the required ones not together; empty where unproven."""

    alone: dict[str, Reason] = field(default_factory=dict)  # required ones
    optional: dict[str, Reason] = field(default_factory=dict)
    together: Reason | None = None

    @property
    def impossible(self) -> bool:
        return bool(self.alone or self.together)

    def texts(self) -> list[str]:
        alone = [f"{q}: {reason.text}" for q, reason in sorted((self.alone | self.optional).items())]
        return [*alone, self.together.text] if self.together else alone


def precheck(inventory: Inventory, graph: CandidateGraph, clock: TimeBudget = UNLIMITED) -> Precheck:
    """What the graph proves in time; nothing where it lacks routes."""
    if graph.bypass_limit is not None:
        return Precheck()
    if reason := overfull(inventory):
        return Precheck(together=reason)
    index = CandidateArrays(inventory, graph, Prices({}, {}, {}))
    required, others = (
        [commodity for q, commodity in index.commodities.items() if inventory.corridors[q].required is must]
        for must in (True, False)
    )
    alone, optional = dict[str, Reason](), dict[str, Reason]()
    kinds = (required, alone), (others, optional)
    for commodities, found in kinds:
        for ways in (LinkWays(index, commodity) for commodity in commodities if not clock.spent):
            if reason := no_way(ways) or too_many_relays(ways) or not_disjoint(ways):
                found[ways.commodity.id] = reason
    if alone or not index.links or clock.spent:
        return Precheck(alone, optional)
    cables = _Cables(index)
    for commodities, found in kinds:
        left = (commodity for commodity in commodities if commodity.id not in found)
        for ways in (LinkWays(index, commodity) for commodity in left if not clock.spent):
            if reason := cables.too_few_strands(ways):
                found[ways.commodity.id] = reason
    return Precheck(alone, optional, None if alone else cables.too_slow(required, clock))


def overfull(inventory: Inventory) -> Reason | None:
    """The existing plant that stays does not fit."""
    for place in find_overfull(inventory):
        address = ".".join(place.address)
        text = (
            f"Existing plant that stays takes {place.taken:g} of the {place.free:g} {place.key} at {spoken(address)}."
        )
        return Reason(place.key, text, place.taken, place.free, (address,))
    return None


def no_way(ways: LinkWays) -> Reason | None:
    """No chain of links through permitted relays, however long, joins the ends."""
    if ways.fewest_links(limited=False) is not None:
        return None
    index, ends = ways.index, ways.commodity.ends
    from_first, from_second = (
        f"from {index.sites[end]} they lead to {named(there)}"
        if (there := ways.beyond(end))
        else f"none of use begins at {index.sites[end]}"
        for end in ends
    )
    a, b = (index.sites[end] for end in ends)
    text = (
        f"No chain of QKD links that can be built joins {a} and {b} through permitted relays: {from_first}; "
        f"{from_second}."
    )
    return Reason("no_way", text, where=(f"sites.{a}", f"sites.{b}"))


def too_many_relays(ways: LinkWays) -> Reason | None:
    """Even the way with the fewest relays has too many."""
    most_links, shortest = ways.commodity.most_links, ways.fewest_links(limited=False)
    if most_links is None or shortest is None or len(shortest) <= most_links:
        return None
    relays, most = ways.relays(shortest), most_links - 1
    text = (
        f"Every way has at least {counted(len(relays), 'relay')} ({named(relays)} on one of them); "
        f"max_relays is {most}."
    )
    return Reason("max_relays", text, float(len(relays)), float(most), tuple(f"sites.{s}" for s in relays))


def not_disjoint(ways: LinkWays) -> Reason | None:
    """Fewer sites, fibres, ducts or links than paths asked for, of which every way takes one; there is a way."""
    commodity = ways.commodity
    pieces = ways.blocking_set(min(commodity.paths - 1, MOST_BLOCKING))
    if pieces is None:
        return None
    size = len(pieces)
    shared = addresses(ways.shared_by_all() if size == 1 else pieces)
    pieces_named = named([spoken(piece) for piece in shared])
    takes = f"takes {pieces_named}" if size == 1 else f"takes one of {pieces_named}"
    limited = f" with at most {counted(commodity.most_links - 1, 'relay')}" if commodity.most_links is not None else ""
    text = (
        f"{commodity.paths} paths are asked for with no {commodity.disjoint} in common; at most {size} "
        f"{'is' if size == 1 else 'are'} possible, as every way{limited} {takes}."
    )
    return Reason("disjoint", text, float(size), float(commodity.paths), shared)


class _Cables:
    """The fibres that candidate links use, as a graph whose cuts any path crosses."""

    def __init__(self, index: CandidateArrays):
        self.index = index
        self.over: dict[str, list[int]] = defaultdict(list)
        for l, link in enumerate(index.links):
            for f in link.route.fibres:
                self.over[f].append(l)
        self.fibres = sorted(self.over)
        ends = [index.inventory.fibres[f].ends for f in self.fibres]
        self.vertex = {s: i for i, s in enumerate(sorted({s for pair in ends for s in pair}))}
        arcs = [(self.vertex[a], self.vertex[b], [i]) for i, (a, b) in enumerate(ends)]
        arcs += [(head, tail, mine) for tail, head, mine in arcs]
        self.network = FlowNetwork(len(self.vertex), arcs, len(self.fibres))

    def too_few_strands(self, ways: LinkWays) -> Reason | None:
        """Paths with no link in common cross every cut of fibres on strands of their own; there is a way."""
        commodity = ways.commodity
        if commodity.paths == 1 or commodity.disjoint != "relay":
            return None  # the strands of one path are seen to link by link; else no two paths share a fibre
        room = np.array([float(self._paths_over(f, ways)) for f in self.fibres])
        for side in self._sides(commodity, room, float(commodity.paths)):
            cut = self._across(side)
            held = int(room[cut].sum())
            if held < commodity.paths:
                fibres = [self.fibres[i] for i in cut]
                text = (
                    f"{commodity.paths} paths with no link in common are asked for; the free strands on "
                    f"{named(fibres)}, one of which every way takes, are enough for {held}."
                )
                return Reason(
                    "strands", text, float(held), float(commodity.paths), tuple(f"fibres.{f}" for f in fibres)
                )
        return None

    def _paths_over(self, f: str, ways: LinkWays) -> int:
        """How many paths of the corridor may have links of their own over the fibre."""
        index, commodity = self.index, ways.commodity
        usable = (
            index.links[l]
            for l in self.over[f]
            if l not in ways.too_slow and all(commodity.permitted[s] for s in index.ends[l])
        )
        taken = (link.strands * systems_needed(commodity.demand_bps, link.key_rate_bps) for link in usable)
        least = min(taken, default=None)
        return 0 if least is None else index.inventory.fibres[f].strands // least

    def too_slow(self, required: list[Commodity], clock: TimeBudget) -> Reason | None:
        """Corridors whose paths all cross a cut of fibres whose strands cannot carry so much; each has a way.

        The cuts looked at: around single ends, and the least one for each corridor.
        """
        rate_bps = np.array([self._most_bps(f) for f in self.fibres])
        if not required or sum(commodity.demand_bps * commodity.paths for commodity in required) <= rate_bps.min():
            return None
        stars = {end for commodity in required for end in commodity.ends}
        sides = [np.arange(self.network.size) == self.vertex[self.index.sites[end]] for end in sorted(stars)]
        for commodity in (commodity for commodity in required if not clock.spent):
            asked = commodity.demand_bps * commodity.paths
            sides += self._sides(commodity, rate_bps / asked, math.inf) if asked else []
        for side in (side for side in sides if not clock.spent):
            parted = [
                commodity
                for commodity in required
                if len({side[self.vertex[self.index.sites[s]]] for s in commodity.ends}) == 2
            ]
            asked = sum(commodity.demand_bps * commodity.paths for commodity in parted)
            carried = float(rate_bps[self._across(side)].sum())
            if asked * (1 - 2 * RATE_TOLERANCE) > carried:
                fibres = [self.fibres[i] for i in self._across(side)]
                corridors = [commodity.id for commodity in parted]
                text = (
                    f"{named(corridors)} ask for {asked:g} bit/s across {named(fibres)}; as many systems as the "
                    f"strands there hold give {carried:g} bit/s at the most."
                )
                where = (*(f"corridors.{q}" for q in corridors), *(f"fibres.{f}" for f in fibres))
                return Reason("key_rate", text, asked, carried, where)
        return None

    def _most_bps(self, f: str) -> float:
        """Key rate of all systems that the strands of the fibre hold; of whole ones where all take as many strands."""
        links, strands = [self.index.links[l] for l in self.over[f]], self.index.inventory.fibres[f].strands
        sizes = {link.strands for link in links}
        strands -= strands % min(sizes) if len(sizes) == 1 else 0
        return strands * max(link.key_rate_bps / link.strands for link in links)

    def _sides(self, commodity: Commodity, room: np.ndarray, wanted: float) -> list[np.ndarray]:
        """Vertices on the first end's side of minimum cuts with less room than wanted."""
        source, sink = (self.vertex[self.index.sites[end]] for end in commodity.ends)
        return [side for _, side in self.network.cuts(self.network.capacities(room), source, sink, wanted, 1)]

    def _across(self, side: np.ndarray) -> list[int]:
        """Fibres between the two sides."""
        return [i for i in range(len(self.fibres)) if side[self.network.tails[i]] != side[self.network.heads[i]]]
