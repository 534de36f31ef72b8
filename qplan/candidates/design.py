"""What is built: links, nodes, relays and paths of a plan before it has a status, worked out from the paths alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from qplan.candidates.model import CandidateGraph, CandidateLink, systems_needed
from qplan.costing.costs import plan_costs
from qplan.inventory.model import Inventory
from qplan.plan.model import Costs, Link, Node, Path, ServedCorridor


@dataclass(frozen=True)
class Design:
    """What is built and who uses it: the parts of a plan that follow from the solution."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    corridors: tuple[ServedCorridor, ...]
    costs: Costs

    @property
    def relay_count(self) -> int:
        return sum("relay" in node.roles for node in self.nodes)


def design_of(inventory: Inventory, candidates: CandidateGraph, corridors: tuple[ServedCorridor, ...]) -> Design:
    """The design that the paths of the corridors need, and no more."""
    load: dict[str, float] = defaultdict(float)
    for corridor in corridors:
        for path in corridor.paths:
            for link in path.links:
                load[link] += corridor.key_rate_bps
    used = sorted((link for link in candidates.links if link.id in load), key=lambda link: link.id)
    links = tuple(link_of(link, load[link.id]) for link in used)
    nodes = nodes_of(inventory, links, corridors)
    costs = plan_costs(
        inventory,
        [node.site for node in nodes],
        [node.site for node in nodes if "relay" in node.roles],
        [(link.system, link.fibres, link.count) for link in links],
    )
    return Design(nodes, links, corridors, costs)


def in_order(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Paths with few links first."""
    return tuple(sorted(paths, key=lambda path: (len(path.links), path.links)))


def link_of(link: CandidateLink, load_bps: float) -> Link:
    count = systems_needed(load_bps, link.key_rate_bps)
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
        load_bps=load_bps,
    )


def nodes_of(inventory: Inventory, links: tuple[Link, ...], corridors: tuple[ServedCorridor, ...]) -> tuple[Node, ...]:
    ends = {end for q in corridors if q.served for end in inventory.corridors[q.id].ends}
    relays = {relay for q in corridors for path in q.paths for relay in path.relays}
    return tuple(
        Node(site=s, roles=(*(("end",) if s in ends else ()), *(("relay",) if s in relays else ())))
        for s in sorted({end for link in links for end in link.ends})
    )
