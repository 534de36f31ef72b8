"""Paths of a baseline made into a plan, so that its value is worked out and verified as qplan's is."""

from __future__ import annotations

from collections import defaultdict

from qplan.candidates.model import CandidateGraph, CandidateLink, systems_needed
from qplan.costing.choice import cost_of, without_choice
from qplan.costing.market import Market
from qplan.costing.planned import installed, state_costs
from qplan.costing.quantities import quantities_of
from qplan.inventory.model import Inventory
from qplan.plan.model import InventoryRef, Link, Node, Objective, Path, Plan, ServedCorridor, Solver

REF = InventoryRef(name="benchmark", sha256="", files=(), scenario=None, set={}, effective_sha256="")


def plan_of(inventory: Inventory, graph: CandidateGraph, paths: dict[str, list[list[str]]], solver: str) -> Plan:
    """The plan that these paths (ids of links from each corridor's first end) need, at its true cost."""
    candidates = {link.id: link for link in graph.links}
    corridors = tuple(
        ServedCorridor(
            id=q, served=True, key_rate_bps=inventory.corridors[q].demand_bps,
            paths=tuple(
                _path(candidates, inventory.corridors[q].ends[0], links)
                for links in sorted(ways, key=lambda links: (len(links), links))
            ),
        )
        for q, ways in sorted(paths.items())
    )  # fmt: skip
    load: dict[str, float] = defaultdict(float)
    for corridor in corridors:
        for path in corridor.paths:
            for link in path.links:
                load[link] += corridor.key_rate_bps
    links = tuple(_link(candidates[link], load[link]) for link in sorted(load))
    ends = {end for q in paths for end in inventory.corridors[q].ends}
    relays = {relay for corridor in corridors for path in corridor.paths for relay in path.relays}
    nodes = tuple(
        Node(site=s, roles=tuple(role for role, members in (("end", ends), ("relay", relays)) if s in members))
        for s in sorted({end for link in links for end in link.ends})
    )
    market = Market(inventory)
    need = quantities_of(market, installed(links), [node.site for node in nodes], sorted(relays), sorted(paths))
    costs = state_costs(inventory, cost_of(market, need, without_choice(market, need)))
    return Plan(
        qplan_version="", inventory=REF, status="feasible", nodes=nodes, links=links, corridors=corridors, costs=costs,
        objective=Objective(name="capex", value=costs.capex, bound=None, gap=None),
        solver=Solver(name=solver, version=""),
    )  # fmt: skip


def _path(candidates: dict[str, CandidateLink], here: str, links: list[str]) -> Path:
    relays = []
    for link in links[:-1]:
        a, b = candidates[link].route.ends
        here = b if here == a else a
        relays.append(here)
    return Path(links=tuple(links), relays=tuple(relays))


def _link(link: CandidateLink, load_bps: float) -> Link:
    count = systems_needed(load_bps, link.key_rate_bps)
    return Link(
        id=link.id, ends=link.route.ends, system=link.system, count=count, fibres=link.route.fibres,
        bypass_sites=link.route.bypass_sites, length_km=link.length_km, loss_db=link.loss_db,
        key_rate_bps=link.key_rate_bps, capacity_bps=count * link.key_rate_bps, load_bps=load_bps,
    )  # fmt: skip
