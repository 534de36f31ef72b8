"""What every design joins: components of corridors, and the places of their ends.

Corridors that share ends form a component, whose ends any design joins. But no path passes an end that does not relay.
So where relaying at an end binds, the end may be taken apart: it is two places then, one at which trees end and one
through which they pass, which is entered only if the end relays; and it joins no corridors, so it may be an end of
several components.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from qplan.candidates.bundles import find_tight_links
from qplan.candidates.fibre_graph import adjacent, breadth_first, connected_parts
from qplan.candidates.model import CandidateLink
from qplan.inventory.model import Inventory
from qplan.optimizer.cuts.corridor_ends import required_corridors, required_ends, single_ends
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.objectives import Goal

Pair = tuple[str, str]  # of sites, in id order; or an arc from the first place to the second
BETWEEN = " "  # no id has one
PASSED = "~"  # nor this


@dataclass(frozen=True)
class Component:
    """Sites that every design joins, because chains of required corridors link them; the first is the root."""

    ends: tuple[str, ...]


def passed(s: str) -> str:
    """The place through which trees pass an end that is taken apart."""
    return s + PASSED


def site_of(place: str) -> str:
    return place.removesuffix(PASSED)


def trees_bind(inventory: Inventory) -> bool:
    """A required corridor asks for one path only."""
    return any(corridor.required and corridor.paths == 1 for corridor in inventory.corridors.values())


def binding_ends(model: Formulation, goal: Goal) -> frozenset[str]:
    """Ends of corridors that may not relay, or only at a price."""
    priced = {variable.name for variable, weight in goal.terms if weight > 0}
    return frozenset(s for s in model.node if s not in model.relay or model.relay[s].name in priced)


def apart_alone(inventory: Inventory, binding: Collection[str]) -> frozenset[str]:
    """Ends of just one corridor, required and with one path, of those at which relaying binds."""
    ends = {s for pair in required_ends(inventory) for s in pair}
    return frozenset(single_ends(inventory) & ends.intersection(binding))


def ways_apart(model: Formulation, binding: Collection[str]) -> list[frozenset[str]]:
    """Which ends to take apart, of those at which relaying binds: all, or those of just one corridor with one path.

    All of them only where trees say all that required corridors ask for: one path, neither rules nor limits on relays
    of their own, and no rate that binds. Elsewhere so many trees slow down what has to follow.
    """
    inventory, permitted = model.inventory, model.candidates.usability.permitted
    required = {q: inventory.corridors[q] for q in required_corridors(inventory)}
    ends = frozenset(s for each in required.values() for s in each.ends if s in binding)
    plain = all(
        each.paths == 1 and each.max_relays is None and permitted[q].issuperset(model.relay)
        for q, each in required.items()
    )
    every = [ends] if plain and not find_tight_links(inventory, model.candidates) else []
    return list(dict.fromkeys([*every, apart_alone(inventory, binding)]))


def linked_but_at(pairs: Iterable[Pair], apart: Collection[str]) -> list[list[Pair]]:
    """The pairs of sites that chains of pairs link with each other, without one that meets at a site `apart`."""
    named = {BETWEEN.join(pair): pair for pair in pairs}
    meeting = [(name, name if s in apart else s) for name, pair in named.items() for s in pair]
    return [[named[name] for name in part if name in named] for part in connected_parts(meeting)]


def components(
    inventory: Inventory, among: Collection[str] | None = None, apart: Collection[str] = ()
) -> tuple[Component, ...]:
    """The ends of required corridors, of all or `among` some, that have ends in common but those `apart`.

    Most corridors end at the root: of whether that relays the cuts know nothing, and it mostly does.
    """
    corridors = required_ends(inventory, among)
    ending = Counter(end for ends in corridors for end in ends)
    parts = ({s for ends in part for s in ends} for part in linked_but_at(corridors, apart))
    return tuple(Component(tuple(sorted(part, key=lambda s: (-ending[s], s)))) for part in parts)


def components_by_end(parts: Sequence[Component]) -> dict[str, tuple[int, ...]]:
    """The numbers of the components that each end is of: one, but where it is apart."""
    found: dict[str, list[int]] = defaultdict(list)
    for k, part in enumerate(parts):
        for end in part.ends:
            found[end].append(k)
    return {end: tuple(numbers) for end, numbers in found.items()}


def frame(
    model: Formulation, among: Collection[str] | None = None, apart: Collection[str] = ()
) -> tuple[tuple[Component, ...], dict[Pair, list[CandidateLink]]]:
    """The components, those whose ends are many and far apart first, and the pairs of sites that links may join.

    Of all required corridors, or `among` some. Those that ends `apart` part follow one another, from the root of their
    chains of corridors on: a tree passes no end of a component before its own. The order is the same whatever the
    candidate links, so that rows over trees can be carried from model to model.
    """
    neighbours = adjacent(fibre.ends for fibre in model.inventory.fibres.values())
    corridors = adjacent(required_ends(model.inventory, among))
    ending = {s: len(others) for s, others in corridors.items()}

    def width(part: Component) -> int:
        far = breadth_first(neighbours, part.ends[0])
        return sum(far[end][0] for end in part.ends if end in far)

    whole = sorted(components(model.inventory, among), key=lambda part: (-width(part), part.ends))
    rank = {
        s: (number, steps)
        for number, part in enumerate(whole)
        for s, (steps, _) in breadth_first(corridors, part.ends[0]).items()
    }
    parts = sorted(
        components(model.inventory, among, apart),
        key=lambda part: (min(rank[s] for s in part.ends), -sum(ending[s] for s in part.ends), part.ends),
    )
    return tuple(parts), _find_pairs(model, among)


def _find_pairs(model: Formulation, among: Collection[str] | None) -> dict[Pair, list[CandidateLink]]:
    """Pairs of sites that a link for a required corridor may join, with the links."""
    permitted = model.candidates.usability.permitted
    allowed = {permitted[q] for q in required_corridors(model.inventory, among)}
    pairs: dict[Pair, list[CandidateLink]] = defaultdict(list)
    for link in model.candidates.links:
        if any(sites.issuperset(link.route.ends) for sites in allowed):
            pairs[link.route.ends].append(link)
    return pairs
