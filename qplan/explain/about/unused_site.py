"""About one site that a plan does not use: whether it could relay, and what the best plan with it would cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from qplan.candidates.links import enumerate_candidates
from qplan.candidates.model import CandidateGraph
from qplan.candidates.reasons import Reason, named
from qplan.candidates.refusals import describe_figures
from qplan.costing.cost import Cost, tco
from qplan.costing.market import Market
from qplan.costing.unit_costs import node_cost, relay_cost
from qplan.explain.about.alternatives import Alternative, Replanner
from qplan.explain.about.answers import Answer
from qplan.explain.findings import Setting
from qplan.explain.infeasibility.rules import describe_refusals, let_in, list_refused, list_relaying
from qplan.explain.infeasibility.shortages import write_money
from qplan.explain.variants import apply_settings, lift_budget
from qplan.inventory import plant
from qplan.inventory.model import Inventory
from qplan.inventory.relay_rules import relay_refusals
from qplan.inventory.source.messages import counted

MOST_REFUSALS = 4
TELLING = 0.1  # a plan that is farther from its bound is not shown as the best one


def answer_unused(replanner: Replanner, site: str) -> Answer:
    inventory = replanner.inventory
    graph = enumerate_candidates(inventory)
    refused = tuple(describe_refusals(inventory, site))
    ends = sorted(q for q, corridor in inventory.corridors.items() if site in corridor.ends)
    why = ["No QKD module stands there and no channel passes."]
    if ends:
        why.append(f"It is an end of {', '.join(ends)}, which the plan does not serve: ask about corridors.{ends[0]}.")
    if refused and not _list_open(inventory, site):
        without, changes, more = _let_in(replanner, site)
        return Answer("sites", site, False, (*why, *more), without=without, changes=changes, reasons=refused)
    joined = [link for link in graph.links if site in link.route.ends]
    if not joined:
        missing = tuple(_describe_no_link(graph, inventory, site))
        return Answer("sites", site, False, tuple(why), reasons=(*refused, *missing))
    if ends:
        return Answer("sites", site, False, tuple(why), reasons=refused)
    neighbours = sorted({end for link in joined for end in link.route.ends} - {site})
    why.append(f"{counted(len(joined), 'QKD link')} could end there, from {named(neighbours)}.")
    forced, said = _force(replanner, site, f"{site} a relay", "It may relay")
    return Answer("sites", site, False, (*why, said), without=forced, reasons=refused)


def _list_open(inventory: Inventory, site: str) -> list[str]:
    """Corridors for which the site may relay."""
    return [
        q
        for q, corridor in inventory.corridors.items()
        if site not in corridor.ends
        and corridor.max_relays != 0
        and not relay_refusals(corridor, site, inventory.sites[site])
    ]


def _let_in(
    replanner: Replanner, site: str
) -> tuple[tuple[Alternative, ...], tuple[Alternative, ...], tuple[str, ...]]:
    """The best plan with the rules relaxed that keep it out; where that leaves it out, the best in which it relays."""
    inventory = replanner.inventory
    barred = [(q, s) for q, s in list_refused(inventory) if s == site and inventory.corridors[q].max_relays != 0]
    if not barred:
        return (), (), ()
    proposal = let_in(inventory, barred)
    relaxed, design = replanner.relax_rules(proposal)
    if design is None or any(s == site for _, s in list_relaying(design)):
        return (), (relaxed,), ()
    variant = replanner.vary(apply_settings(inventory, proposal.settings))
    forced, more = _force(variant, site, f"{site} made to relay ({proposal.text})", "Let in, it may relay")
    said = "Where the rules let it in, the best plan leaves it out all the same."
    return forced, (relaxed,) if relaxed.better else (), (said, more)


def _describe_no_link(graph: CandidateGraph, inventory: Inventory, site: str) -> Iterator[Reason]:
    """Why no QKD link can end at the site, by what comes closest on its fibres."""
    refusals = [refusal for refusal in graph.refusals if site in refusal.route.ends]
    for refusal in refusals[:MOST_REFUSALS]:
        fibre = refusal.route.fibres[0]
        text = f"No QKD link can end there over {fibre} with {refusal.system}: {describe_figures(refusal)}."
        yield Reason(refusal.reason, text, refusal.value, refusal.limit, (f"fibres.{fibre}",))
    if not refusals:
        alone = not any(site in fibre.ends for fibre in inventory.fibres.values())
        text = "No fibre ends there." if alone else "No QKD link between it and a site of the same corridor is of use."
        yield Reason("no_link", text, where=(f"sites.{site}",))


def _force(replanner: Replanner, site: str, text: str, may: str) -> tuple[tuple[Alternative, ...], str]:
    """The best plan for the same corridors in which the site relays: planned at no cost for it, which is then added.

    Where even then the best plan leaves it out, one that must use it is looked for. That plan costs no less than the
    other and the site together, which is all that is known where time ends the search.
    """
    inventory = replanner.inventory
    waived = _price(inventory, site) + _price(apply_settings(inventory, _waivers(site)), site).times(-1)
    best, relays, fits, asked = None, False, True, inventory
    served = replanner.require_served()
    for variant in (served, lift_budget(served)):
        free = _waive_cost(variant, site, waived)
        if free is not None:
            best, relays = replanner.waive_cost(text, site, free, waived)
            if best.status != "infeasible":
                asked = variant
                break
        fits = False
    if best is None or best.status == "infeasible":
        return (), f"{may}, but no plan in which it does keeps all limits."
    budget = "" if fits else " No plan in which it relays fits the budget."
    if relays or best.value is None:
        return (best,), f"{may}; the best plan in which it does is below.{budget}"
    held = _raise_bound(replanner.force_relay(text, site, asked), best.bound)
    if held.status == "infeasible":
        return (), f"{may}, but no path of a plan can lead through it."
    if held.value is not None and (held.bound is None or held.value - held.bound <= TELLING * abs(held.value)):
        return (held,), f"{may}; the best plan in which it does is below.{budget}"
    least = 0.0 if best.bound is None else best.bound - replanner.plan.objective.value
    nonzero = least > 0 and waived != Cost()
    costs = f": such a plan costs at least {write_money(inventory, least)} more" if nonzero else ""
    return (), f"{may}, but a plan gains nothing by it{costs}.{budget}"


def _raise_bound(held: Alternative, bound: float | None) -> Alternative:
    """The alternative with a bound known from elsewhere, if that is higher."""
    if held.value is None or bound is None:
        return held
    bound = min(held.value, max(bound, held.bound or 0.0))
    return replace(held, bound=bound, status="optimal" if bound == held.value else held.status)


def _waive_cost(inventory: Inventory, site: str, waived: Cost) -> Inventory | None:
    """The inventory in which the site relays for nothing, room and budget being less by what that takes."""
    entry = inventory.sites[site]
    left: list[Setting] = []
    for room in plant.ROOMS:
        free, taken = getattr(entry, room), plant.items_room(plant.relay_items(inventory, site).values(), room)
        if free is not None and taken:
            left.append((f"sites.{site}.{room}", round(free - taken, 9)))
    for metric, saved in (("capex", waived.capex), ("tco", tco(inventory.economics, waived))):
        ceiling = getattr(inventory.budget, metric)
        if ceiling is not None:
            left.append((f"budget.{metric}", round(ceiling - float(saved), 2)))
    if any(value < 0 for _, value in left):
        return None
    return apply_settings(inventory, [*_waivers(site), *left])


def _waivers(site: str) -> list[Setting]:
    """What makes a relay at the site free, but for the services counted per node and per year."""
    amounts = ("node_cost", "node_cost_per_year", "relay_cost_per_year")
    return [*((f"sites.{site}.{key}", 0.0) for key in amounts), (f"sites.{site}.trusted_node", "existing")]


def _price(inventory: Inventory, site: str) -> Cost:
    """Of a relay at the site."""
    market = Market(inventory)
    return node_cost(market, site) + relay_cost(market, site)
