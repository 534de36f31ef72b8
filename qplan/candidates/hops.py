"""Hops over the loss limit: the ways between two sites whose worst hop lacks the fewest dB."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from qplan.candidates.fibre_graph import bottleneck, lightest_way, unamplified_neighbours
from qplan.candidates.model import CandidateLink, Refusal
from qplan.inventory import plant
from qplan.inventory.admissible import permitted_systems
from qplan.inventory.model import Inventory
from qplan.physics.bands import Band


@dataclass(frozen=True)
class Hop:
    """The route of least shortfall between two sites, and the system that reaches farthest over it."""

    sites: tuple[str, ...]
    fibres: tuple[str, ...]
    system: str
    loss_db: float
    limit_db: float

    @property
    def shortfall_db(self) -> float:
        return round(self.loss_db - self.limit_db, 9)


def least_shortfall_ways(
    inventory: Inventory, ends: tuple[str, str], relays: Collection[str], most: int
) -> Iterator[list[Hop]]:
    """Ways with a hop over the loss limit, each the one of least shortfall without the worst hops of those before it.

    The first is exact over all ways through the relays given, by loss alone. Ends with a way that no loss is in.
    """
    hops = loss_hops(inventory, sorted(set(relays).union(ends)))
    for _ in range(most):
        way = _least_shortfall(hops, ends)
        if way is None:
            return
        yield way
        worst = max(way, key=lambda hop: hop.shortfall_db)
        if worst.shortfall_db <= 0:
            return
        del hops[min(worst.sites[0], worst.sites[-1]), max(worst.sites[0], worst.sites[-1])]


def _least_shortfall(hops: Mapping[tuple[str, str], Hop], ends: tuple[str, str]) -> list[Hop] | None:
    """The way on which the hop that is most over its loss limit is least over it; then with fewest such hops."""
    least = bottleneck([(hop.shortfall_db, a, b) for (a, b), hop in hops.items()], ends)
    if least is None:
        return None
    edges = [(float(hop.shortfall_db > 0), a, b) for (a, b), hop in hops.items() if hop.shortfall_db <= least]
    sites = lightest_way(edges, ends) or []
    return [hops[min(a, b), max(a, b)] for a, b in pairwise(sites)]


def loss_hops(inventory: Inventory, nodes: list[str]) -> dict[tuple[str, str], Hop]:
    """For every two nodes that a route can join: the hop with the least shortfall over all bands and systems."""
    best: dict[tuple[str, str], Hop] = {}
    systems = permitted_systems(inventory)
    members = set(nodes)
    for band in Band:
        limits = {s: plant.max_loss_db(system) for s, system in systems.items() if plant.band_of(system) is band}
        if not limits:
            continue
        farthest = max(sorted(limits), key=lambda s: limits[s])
        steps = _steps(inventory, band)
        for start in nodes:
            for there, (loss, sites, fibres) in _least_loss_routes(inventory, steps, start).items():
                if there <= start or there not in members:
                    continue
                loss = round(loss + inventory.policy.loss_margin_db, 9)
                hop = Hop(sites, fibres, farthest, loss, limits[farthest])
                known = best.get((start, there))
                if known is None or hop.shortfall_db < known.shortfall_db:
                    best[start, there] = hop
    return best


def _steps(inventory: Inventory, band: Band) -> dict[str, list[tuple[float, str, str]]]:
    steps: dict[str, list[tuple[float, str, str]]] = defaultdict(list)
    for f, fibre in sorted(inventory.fibres.items()):
        loss = plant.loss_db(inventory, fibre, band)
        if loss is not None and not fibre.amplified:
            a, b = fibre.ends
            steps[a].append((loss, f, b))
            steps[b].append((loss, f, a))
    return steps


def _least_loss_routes(
    inventory: Inventory, steps: dict[str, list[tuple[float, str, str]]], start: str
) -> dict[str, tuple[float, tuple[str, ...], tuple[str, ...]]]:
    """Bellman and Ford's search over routes of at most `max_bypass_sites` + 1 fibres: loss, sites, fibres by goal."""
    best: dict[str, tuple[float, tuple[str, ...], tuple[str, ...]]] = {start: (0.0, (start,), ())}
    for _ in range(inventory.policy.max_bypass_sites + 1):
        longer = dict(best)
        for here, (loss, sites, fibres) in best.items():
            patched = plant.bypass_loss_db(inventory, here) if here != start else 0.0
            for step, f, there in steps[here]:
                if there in sites:
                    continue
                route = (loss + patched + step, (*sites, there), (*fibres, f))
                if there not in longer or route < longer[there]:
                    longer[there] = route
        if longer == best:
            break
        best = longer
    return best


def fewest_patched(inventory: Inventory, ends: tuple[str, str], relays: Collection[str]) -> int | None:
    """The least number of sites that a quantum channel must be patched through in a row, whatever the loss.

    One breadth-first search from all nodes at once: a fibre between what is nearest to two nodes joins these, and the
    widest hop of the best way is among the hops found so (Mehlhorn 1988).
    """
    nearest = {node: (node, 0) for node in sorted(set(relays).union(ends))}
    neighbours = unamplified_neighbours(inventory)
    queue = deque(nearest)
    edges = []
    while queue:
        here = queue.popleft()
        node, depth = nearest[here]
        for there in sorted(neighbours[here]):
            if there not in nearest:
                nearest[there] = node, depth + 1
                queue.append(there)
            other, beyond = nearest[there]
            if other != node:
                edges.append((float(depth + beyond), node, other))
    least = bottleneck(edges, ends)
    return None if least is None else int(least)


def refused_hops(
    offers: Iterable[CandidateLink], refusals: Iterable[Refusal], ends: tuple[str, str], relays: Collection[str]
) -> list[Refusal]:
    """On a way with fewest hops that no system can serve: why not, per hop, the least excess over the limit.

    For ways on which the loss alone would do.
    """
    nodes = set(relays).union(ends)
    served = {link.route.ends for link in offers}
    closest: dict[tuple[str, str], Refusal] = {}
    for refusal in refusals:
        if refusal.reason in ("length_km", "key_rate_bps"):
            known = closest.get(refusal.route.ends)
            if known is None or _excess(refusal) < _excess(known):
                closest[refusal.route.ends] = refusal
    edges = [(float(pair not in served), *pair) for pair in served | closest.keys() if nodes.issuperset(pair)]
    way = lightest_way(sorted(edges), ends) or []
    pairs = [(min(a, b), max(a, b)) for a, b in pairwise(way)]
    return [closest[pair] for pair in pairs if pair not in served]


def refused_hop(inventory: Inventory, refusal: Refusal) -> Hop:
    """The route of a refusal, with the loss and the loss limit of its system there."""
    system = inventory.equipment.qkd_systems[refusal.system]
    route = refusal.route
    losses = [plant.loss_db(inventory, inventory.fibres[f], plant.band_of(system)) for f in route.fibres]
    loss = plant.route_loss_db(inventory, losses, route.bypass_sites)
    assert loss is not None, "a route without a loss in the system's band is refused for that"
    sites = (route.ends[0], *route.bypass_sites, route.ends[1])
    return Hop(sites, route.fibres, refusal.system, loss, plant.max_loss_db(system))


def _excess(refusal: Refusal) -> tuple[bool, float, str, tuple[str, ...]]:
    """Unknown lengths last."""
    value, limit = refusal.value, refusal.limit
    excess = None if value is None or limit is None else value - limit
    return excess is None, excess or 0.0, refusal.system, refusal.route.fibres
