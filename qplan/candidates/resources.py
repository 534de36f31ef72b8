"""What links and paths take of the plant, and what of it only one of a corridor's paths may take.

The one place that says what paths must have apart at each level of disjointness (ITU-T Y.3800 key relay):

* `relay`: links and relays;
* `node`: besides, fibres, and sites whether relayed or patched through;
* `duct`: besides, ducts.

A corridor's own ends are on all of its paths.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum
from typing import Literal, NamedTuple

from qplan.candidates.model import CandidateLink
from qplan.inventory.model import Inventory

Disjointness = Literal["relay", "node", "duct"]


class Kind(StrEnum):
    """What a resource is: a thing, or a stock that runs out (strands of a fibre, rack units and power of a site)."""

    SITE = "site"
    FIBRE = "fibre"
    DUCT = "duct"
    LINK = "link"
    STRANDS = "strands"
    RACK_UNITS = "rack_units"
    POWER = "power_w"

    __hash__ = str.__hash__  # that of enumerations is slow, and resources are looked up thousands of times


class Resource(NamedTuple):
    """A thing of the inventory, or of the candidate links, that links and paths take."""

    kind: Kind
    id: str

    @property
    def address(self) -> str:
        """`sites.x`, `fibres.f`, `ducts.d`, `links.a--b`: as an inventory or a plan is addressed."""
        return f"{self.kind}s.{self.id}"


def site_resources(sites: Iterable[str]) -> frozenset[Resource]:
    return frozenset(Resource(Kind.SITE, s) for s in sites)


def exclusive_to_link(inventory: Inventory, link: CandidateLink, disjoint: Disjointness) -> frozenset[Resource]:
    """Fibres, patched sites and ducts of a link that no second path of a corridor may take.

    Its own ends are left to the path, and so is the link itself.
    """
    if disjoint == "relay":
        return frozenset()
    taken = {Resource(Kind.FIBRE, f) for f in link.route.fibres} | site_resources(link.route.bypass_sites)
    if disjoint == "duct":
        taken |= {Resource(Kind.DUCT, d) for f in link.route.fibres for d in inventory.fibres[f].ducts}
    return frozenset(taken)


def find_takers(
    links: Iterable[CandidateLink], exclusive: Iterable[Iterable[Resource]]
) -> dict[Resource, frozenset[int]]:
    """Per resource the places of the links that take it (`exclusive`, link by link), or end there if it is a site."""
    found: dict[Resource, set[int]] = defaultdict(set)
    for l, (link, taken) in enumerate(zip(links, exclusive, strict=True)):
        for resource in (*taken, *site_resources(link.route.ends)):
            found[resource].add(l)
    return {resource: frozenset(places) for resource, places in found.items()}
