"""A benchmark case as plain figures: what a user would put into a model of his own. Imports no solver.

Only what the benchmark inventories use: required corridors, capex, no limits of rooms or power; of rules on relays
those on number, price, tiers and operators, and where none may be. `problem_of` refuses anything else, so that no
method is judged on a model it does not have.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from functools import cached_property

from qplan.candidates.model import CandidateGraph
from qplan.costing.market import Market
from qplan.costing.unit_costs import node_cost, system_cost
from qplan.inventory.model import Corridor as InventoryCorridor
from qplan.inventory.model import Inventory


@dataclass(frozen=True)
class Link:
    """A candidate QKD link. `fibres`, `patched` and `ducts` are what disjoint paths may not share."""

    id: str
    ends: tuple[str, str]
    cost: float  # of one system, in money
    rate_bps: float  # of one system
    most: int  # systems
    fibres: tuple[str, ...]
    patched: tuple[str, ...]
    ducts: tuple[str, ...]


@dataclass(frozen=True)
class Corridor:
    id: str
    ends: tuple[str, str]
    demand_bps: float
    paths: int
    disjoint: str  # "node" | "duct"; read only when paths > 1
    max_relays: int | None
    refused: tuple[str, ...]  # sites that its rules on tiers and operators refuse as relays


@dataclass(frozen=True)
class Problem:
    node_cost: dict[str, float]  # by site
    relay_cost: dict[str, float]  # by site, beside that of the node; infinite where none may relay
    strands: dict[str, int]  # by fibre
    links: tuple[Link, ...]
    corridors: tuple[Corridor, ...]

    @property
    def ends(self) -> set[str]:
        """Sites that are nodes in every plan."""
        return {end for corridor in self.corridors for end in corridor.ends}

    @cached_property
    def relaying(self) -> dict[str, float]:
        """What it costs that a site relays, by site: at an end its node is there already; infinite where it may not."""
        return {s: cost + (self.node_cost[s] if s not in self.ends else 0.0) for s, cost in self.relay_cost.items()}

    def shared(self, corridor: Corridor, link: Link) -> set[str]:
        """What no second path of the corridor may use, relays apart."""
        if corridor.paths == 1:
            return set()
        patched = {f"site {s}" for s in link.patched if s not in corridor.ends}
        ducts = {f"duct {d}" for d in link.ducts if corridor.disjoint == "duct"}
        return patched | {f"fibre {f}" for f in link.fibres} | ducts

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> Problem:
        record = json.loads(text)
        links = tuple(
            Link(**{k: tuple(v) if isinstance(v, list) else v for k, v in item.items()}) for item in record["links"]
        )
        corridors = tuple(
            Corridor(**item | {"ends": tuple(item["ends"]), "refused": tuple(item["refused"])})
            for item in record["corridors"]
        )
        return Problem(record["node_cost"], record["relay_cost"], record["strands"], links, corridors)


def problem_of(inventory: Inventory, graph: CandidateGraph) -> Problem:
    """The figures of an inventory whose candidate links are known. Raises ValueError where it asks for more."""
    if not _plain(inventory):
        raise ValueError("the inventory asks for more than the baselines model")
    corridors, market = sorted(inventory.corridors.items()), Market(inventory)
    return Problem(
        node_cost={s: float(node_cost(market, s).capex) for s in inventory.sites},
        relay_cost={
            s: math.inf if site.trusted_node == "forbidden" else float(site.relay_cost)
            for s, site in inventory.sites.items()
        },
        strands={f: fibre.strands for f, fibre in inventory.fibres.items()},
        links=tuple(
            Link(
                link.id, link.route.ends, float(system_cost(market, link.system, link.route.fibres).capex),
                link.key_rate_bps, link.max_count,
                link.route.fibres, link.route.bypass_sites,
                tuple(sorted({d for f in link.route.fibres for d in inventory.fibres[f].ducts})),
            )
            for link in graph.links
        ),
        corridors=tuple(
            Corridor(q, c.ends, c.demand_bps, c.paths, c.disjoint, c.max_relays, _refused(inventory, c))
            for q, c in corridors
        ),
    )  # fmt: skip


def _refused(inventory: Inventory, asked: InventoryCorridor) -> tuple[str, ...]:
    """Read from the inventory without qplan's own reading of rules, which is judged by this one."""
    tier, operators = asked.min_security_tier or 0, asked.allowed_operators
    return tuple(
        s
        for s, site in sorted(inventory.sites.items())
        if (site.security_tier or 0) < tier or (operators is not None and site.operator not in operators)
    )


def _plain(inventory: Inventory) -> bool:
    """Only what `Problem` has a place for."""
    equipment, budget = inventory.equipment, inventory.budget
    sites, corridors = inventory.sites.values(), inventory.corridors.values()
    return (
        inventory.objective == "capex" and budget.capex is None and budget.tco is None
        and all(site.trusted_node in ("allowed", "forbidden") for site in sites)
        and all(site.rack_units is None and site.power_w is None for site in sites)
        and not equipment.node_items and not equipment.relay_items
        and all(system.strands == 1 for system in equipment.qkd_systems.values())
        and all(c.required and (c.paths == 1 or c.disjoint != "relay") for c in corridors)
        and all(c.allowed_countries is None and c.allowed_key_domains is None and not c.avoid_sites for c in corridors)
    )  # fmt: skip
