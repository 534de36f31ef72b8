"""Fibres side by side that are equal in all that a plan could tell: one class, of which a plan needs only so many.

A link crosses a span on one fibre of its class, and every link in use carries a path. So no plan uses more fibres of a
class than its paths cross the span, and it is the same plan on any others of the class. That many are enough, the
first in id order: what a plan has on another one moves, as a whole, to one of these that is unused.

Where patched routes cross several spans, fibres of all of them would be combined. A class that has one fibre for each
link and for each that meets it elsewhere needs no more: links that share a span take fibres of different numbers (a
colouring, link by link), each the same number in every such class. That lights more fibres, which costs no more unless
a service is paid per fibre, or fibres have offers.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from qplan.candidates.fibre_graph import unamplified_neighbours
from qplan.candidates.model import Usability
from qplan.inventory.model import Corridor, Fibre, Inventory


@dataclass(frozen=True)
class ParallelFibres:
    """Fibres that no new link needs, and the numbers of those in classes large enough for one number on all spans."""

    needless: frozenset[str] = frozenset()
    numbers: Mapping[str, int] = field(default_factory=dict)

    def combine(self, fibres: tuple[str, ...], onward: str) -> bool:
        """A route over the fibres may go on over one more: there is no other number on the way."""
        number = self.numbers.get(onward)
        return number is None or all(self.numbers.get(f, number) == number for f in fibres)


ALL_FIBRES = ParallelFibres()


def find_parallel_fibres(inventory: Inventory, usable: Usability, kept: Collection[str]) -> ParallelFibres:
    """The classes of an inventory; fibres `kept` are in none: something known uses them."""
    most_bypasses = inventory.policy.max_bypass_sites
    paid = any(service.per == "fibre" for service in inventory.services.values())
    offered = {offer.product for offer in inventory.offers.values()}
    found = [(members, _most_links(inventory, usable, members[0])) for members in _classes(inventory, kept)]
    apart = (most_bypasses + 1) * (max((links for _, links in found), default=1) - 1) + 1
    needless: set[str] = set()
    numbers: dict[str, int] = {}
    for members, links in found:
        if most_bypasses and len(members) >= apart and not paid and f"fibres.{members[0]}" not in offered:
            numbers |= {f: number for number, f in enumerate(members[:apart])}
            needless.update(members[apart:])
        else:
            needless.update(members[links:])
    return ParallelFibres(frozenset(needless), numbers)


def _classes(inventory: Inventory, kept: Collection[str]) -> list[list[str]]:
    """Ids of equal fibres, in order; classes of one are left out."""
    offers: dict[str, list[str]] = defaultdict(list)
    for _, offer in sorted(inventory.offers.items()):
        offers[offer.product].append(offer.model_dump_json(exclude={"product"}))
    classes: dict[tuple[object, ...], list[str]] = defaultdict(list)
    for f, fibre in sorted(inventory.fibres.items()):
        if f not in kept and not fibre.amplified:
            classes[_likeness(fibre), *sorted(offers[f"fibres.{f}"])].append(f)
    return [members for members in classes.values() if len(members) > 1]


def _likeness(fibre: Fibre) -> tuple[object, ...]:
    same = fibre.model_dump(exclude={"ends", "labels", "ducts"})
    return (*sorted(fibre.ends), *sorted(fibre.ducts), *sorted((key, repr(value)) for key, value in same.items()))


def _most_links(inventory: Inventory, usable: Usability, f: str) -> int:
    """Links in use over the span of a fibre, at most: one for each path and each way in which it may cross."""
    near = _sites_near(inventory, inventory.fibres[f].ends)
    return sum(
        corridor.paths * _most_crossings(inventory, corridor, near & usable.permitted[q])
        for q, corridor in inventory.corridors.items()
    )


def _most_crossings(inventory: Inventory, corridor: Corridor, near: Collection[str]) -> int:
    """Of a path: it visits no site twice, and ends its links near the span."""
    if not inventory.policy.max_bypass_sites:
        return 1
    links = len(near) - 1 if corridor.max_relays is None else min(len(near) - 1, corridor.max_relays + 1)
    return max(1, links)


def _sites_near(inventory: Inventory, ends: tuple[str, str]) -> frozenset[str]:
    """Sites from which a link may cross the span: as many fibres away as sites may be patched through."""
    neighbours = unamplified_neighbours(inventory)
    away = dict.fromkeys(ends, 0)
    queue = deque(ends)
    while queue:
        here = queue.popleft()
        if away[here] < inventory.policy.max_bypass_sites:
            for there in neighbours[here] - away.keys():
                away[there] = away[here] + 1
                queue.append(there)
    return frozenset(away)
