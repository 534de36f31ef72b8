"""What is built: links, nodes, relays and paths of a plan before it has a status."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from qplan.candidates.fibre_graph import breadth_first
from qplan.candidates.model import CandidateLink, systems_needed
from qplan.inventory.model import Inventory
from qplan.plan.model import BoughtOffer, Costs, Link, Node, Path, ServedCorridor


@dataclass(frozen=True)
class Design:
    """What is built and who uses it: the parts of a plan that follow from the solution."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    corridors: tuple[ServedCorridor, ...]
    costs: Costs
    offers: tuple[BoughtOffer, ...] = ()

    @property
    def relay_count(self) -> int:
        return len(self.relays)

    @cached_property
    def relays(self) -> frozenset[str]:
        return frozenset(node.site for node in self.nodes if "relay" in node.roles)

    @cached_property
    def used_links(self) -> frozenset[str]:
        """Ids of the links that paths use; kept ones may stand beside them."""
        return frozenset(link for q in self.corridors for path in q.paths for link in path.links)

    @cached_property
    def arcs(self) -> frozenset[tuple[str, str]]:
        """The two sites of every link that paths use, both ways."""
        used = (link.ends for link in self.links if link.id in self.used_links)
        return frozenset(arc for ends in used for arc in (ends, ends[::-1]))

    def relayed_from(self, root: str, arcs: Iterable[tuple[str, str]]) -> dict[str, tuple[int, str]]:
        """What keys reach from a site along some of the design's arcs, over relays alone, as `breadth_first` says."""
        onward: dict[str, list[str]] = defaultdict(list)
        for tail, head in sorted(self.arcs.intersection(arcs)):
            if tail == root or tail in self.relays:
                onward[tail].append(head)
        return breadth_first(onward, root)


def in_order(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Paths with few links first."""
    return tuple(sorted(paths, key=lambda path: (len(path.links), path.links)))


def count_in_use(link: CandidateLink, load_bps: float) -> int:
    """Systems that carry a load on a link that some path uses."""
    return systems_needed(load_bps, link.key_rate_bps)


def link_of(link: CandidateLink, load_bps: float | None) -> Link:
    """A link of a plan under a load, None where no path uses it, with its systems; on no terms yet."""
    needed = 0 if load_bps is None else count_in_use(link, load_bps)
    count = max(needed, link.existing if link.kept else 0)
    return Link(
        id=link.id,
        ends=link.route.ends,
        system=link.system,
        count=count,
        fibres=link.route.fibres,
        bypass_sites=link.route.bypass_sites,
        length_km=link.length_km,
        loss_db=link.loss_db,
        key_rate_bps=link.key_rate_bps,
        capacity_bps=count * link.key_rate_bps,
        load_bps=load_bps or 0.0,
        existing=min(count, link.existing),
    )


def nodes_of(inventory: Inventory, links: Iterable[Link], corridors: Iterable[ServedCorridor]) -> tuple[Node, ...]:
    """The sites where a system ends, with what the corridors make of them."""
    corridors = tuple(corridors)
    ends = {end for q in corridors if q.served for end in inventory.corridors[q.id].ends}
    relays = {relay for q in corridors for path in q.paths for relay in path.relays}
    return tuple(
        Node(site=s, roles=(*(("end",) if s in ends else ()), *(("relay",) if s in relays else ())))
        for s in sorted({end for link in links for end in link.ends})
    )
