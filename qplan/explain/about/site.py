"""About one site that a plan uses: why it is a node, a relay, patched through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from qplan.candidates.links import enumerate_candidates
from qplan.candidates.reasons import named
from qplan.costing.cost import Cost
from qplan.costing.market import Market
from qplan.costing.unit_costs import node_cost, relay_cost
from qplan.explain.about.alternatives import Alternative, Replanner
from qplan.explain.about.answers import PLAN_WIDE, Answer, Use, list_sites, price_share, rank_alternatives
from qplan.explain.about.limits import judge_limits
from qplan.explain.about.unused_site import answer_unused
from qplan.explain.infeasibility.rules import describe_refusals
from qplan.inventory.model import Inventory
from qplan.inventory.plant import is_existing_relay
from qplan.plan.model import Plan

OUT_OF_REACH_DB = 1000.0  # a patch-through loss that says "not through this site" in a key of the inventory


def answer_site(replanner: Replanner, site: str) -> Answer:
    inventory, plan = replanner.inventory, replanner.plan
    uses = tuple(_list_uses(inventory, plan, site))
    roles = {use.role for use in uses}
    if not roles:
        return answer_unused(replanner, site)
    around = {f"links.{link.id}" for link in plan.links if site in (*link.ends, *link.bypass_sites)}
    limits, lifted = judge_limits(replanner, {f"sites.{site}"}, around | PLAN_WIDE)
    cost = _sum_cost(inventory, site, roles)
    return Answer(
        "sites",
        site,
        True,
        tuple(_describe(inventory, site, uses)),
        uses,
        None if cost is None else price_share(inventory, plan, cost),
        limits,
        without=tuple(_replan_without(replanner, site, uses)),
        changes=rank_alternatives(lifted),
        reasons=tuple(describe_refusals(inventory, site)),
    )


def _sum_cost(inventory: Inventory, site: str, roles: set[str]) -> Cost | None:
    """Of the node and of what it takes to relay; None where channels are only patched through."""
    if roles == {"patched through"}:
        return None
    market = Market(inventory)
    return node_cost(market, site) + (relay_cost(market, site) if "relay" in roles else Cost())


def _list_uses(inventory: Inventory, plan: Plan, site: str) -> Iterator[Use]:
    links = {link.id: link for link in plan.links}
    for served in plan.corridors:
        for number, path in enumerate(served.paths, 1):
            sites = list_sites(inventory, served.id, path.relays)
            if site in (sites[0], sites[-1]):
                yield Use(served.id, number, "end", sites)
            elif site in path.relays:
                yield Use(served.id, number, "relay", sites)
            if any(site in links[link].bypass_sites for link in path.links):
                yield Use(served.id, number, "patched through", sites)


def _select(uses: tuple[Use, ...], role: str) -> list[str]:
    return sorted({use.corridor for use in uses if use.role == role})


def _describe(inventory: Inventory, site: str, uses: tuple[Use, ...]) -> Iterator[str]:
    ends, relayed, patched = (_select(uses, role) for role in ("end", "relay", "patched through"))
    if ends:
        yield f"It is an end of {', '.join(ends)}."
    if relayed:
        existing = " (an existing trusted node)" if is_existing_relay(inventory, site) else ""
        yield f"It relays the keys of {', '.join(relayed)}{existing}."
    if patched:
        yield f"Quantum channels of {', '.join(patched)} are patched through it; no key is in clear for these."


def _replan_without(replanner: Replanner, site: str, uses: tuple[Use, ...]) -> Iterator[Alternative]:
    if _select(uses, "relay"):
        yield replanner.replan_with(f"{site} not a relay", (f"sites.{site}.trusted_node", "forbidden"))
    if _select(uses, "patched through"):
        graph = enumerate_candidates(replanner.inventory)
        links = tuple(link for link in graph.links if site not in link.route.bypass_sites)
        setting = (f"sites.{site}.bypass_loss_db", OUT_OF_REACH_DB)
        yield replanner.replan_on(f"no channel patched through {site}", replace(graph, links=links), setting)
    ends = _select(uses, "end")
    if ends:
        yield replanner.replan_without(f"without {named(ends)}", ends)
