"""About one QKD link of a plan."""

from __future__ import annotations

from dataclasses import replace

from qplan.candidates.links import enumerate_candidates, offers_and_refusals
from qplan.costing.market import Market
from qplan.costing.unit_costs import link_cost
from qplan.explain.about.alternatives import Alternative, Replanner
from qplan.explain.about.answers import PLAN_WIDE, Answer, Use, list_sites, price_share, rank_alternatives
from qplan.explain.about.limits import judge_limits
from qplan.plan.model import Link


def answer_link(replanner: Replanner, link: Link) -> Answer:
    inventory, plan = replanner.inventory, replanner.plan
    uses = tuple(
        Use(q.id, number, "link", list_sites(inventory, q.id, path.relays))
        for q in plan.corridors
        for number, path in enumerate(q.paths, 1)
        if link.id in path.links
    )
    places = {f"links.{link.id}", *(f"fibres.{f}" for f in link.fibres)}
    places |= {f"sites.{end}" for end in link.ends}
    limits, lifted = judge_limits(replanner, places, PLAN_WIDE)
    corridors = sorted({use.corridor for use in uses})
    patched = f", patched through {', '.join(link.bypass_sites)}" if link.bypass_sites else ""
    why = (
        f"{link.count} × {link.system} from {link.ends[0]} to {link.ends[1]} over {', '.join(link.fibres)}{patched}.",
        f"It carries the keys of {', '.join(corridors)}.",
    )
    return Answer(
        "links",
        link.id,
        True,
        why,
        uses,
        price_share(inventory, plan, link_cost(Market(inventory), plan, link)),
        limits,
        without=_replan_without(replanner, link),
        changes=rank_alternatives(lifted),
    )


def _replan_without(replanner: Replanner, link: Link) -> tuple[Alternative, ...]:
    """Without the link, another system on its route allowed; and without any link on its route."""
    graph = enumerate_candidates(replanner.inventory)
    others = tuple(other for other in graph.links if other.route.fibres != link.fibres)
    rivals = [
        offer
        for offer in offers_and_refusals(replanner.inventory, used=link.fibres)[0]
        if offer.route.fibres == link.fibres and offer.id != link.id
    ]
    found = []
    if rivals:
        links = tuple(sorted((*others, *rivals), key=lambda other: other.id))
        text = f"another system than {link.system} on this route"
        found.append(replanner.replan_on(text, replace(graph, links=links)))
    return (*found, replanner.replan_on("no QKD link on this route", replace(graph, links=others)))
