"""About one site: why it is a node of the plan, a relay, patched through, or nothing of these."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from qplan.candidates.links import enumerate_candidates
from qplan.candidates.model import CandidateGraph
from qplan.candidates.reasons import Reason, named
from qplan.candidates.resource_usage import occupancy
from qplan.costing.unit_costs import Cost, money, node_cost, relay_cost, tco
from qplan.explain.about.alternatives import Alternative, Replanner
from qplan.explain.about.answers import BUDGET, Answer, Use, cheapest_first, path_sites, share_of
from qplan.explain.infeasibility.proposals import all_let_in
from qplan.explain.infeasibility.shortages import money as amount
from qplan.explain.variants import changed, without_budget
from qplan.inventory import plant
from qplan.inventory.model import Inventory
from qplan.inventory.relay_rules import relay_refusals
from qplan.plan.model import Plan

OUT_OF_REACH_DB = 1000.0  # a patch-through loss that says "not through this site" in a key of the inventory
MOST_REFUSALS = 4
TELLING = 0.1  # a plan that is farther from its bound is not shown as the best one
REFUSED = {
    "amplified": "the fibre has optical amplifiers",
    "loss_db": "{:.2f} dB, it reaches {:.2f} dB",
    "length_km": "a length of {} km, its limit is {:g} km",
    "key_rate_bps": "its net key rate is zero at that loss",
    "strands": "too few free strands for one system",
    "rack_units": "too few rack units at an end",
    "power_w": "too little power at an end",
}


def about_site(replanner: Replanner, site: str) -> Answer:
    inventory, plan = replanner.inventory, replanner.plan
    uses = tuple(_uses(inventory, plan, site))
    roles = {use.role for use in uses}
    if not roles:
        return _not_used(replanner, site)
    cost = None if roles == {"patched through"} else node_cost(inventory, site)
    cost = cost + relay_cost(inventory, site) if "relay" in roles else cost
    around = {f"links.{link.id}" for link in plan.links if site in (*link.ends, *link.bypass_sites)} | BUDGET
    limits = tuple(
        each
        for each in occupancy(inventory, plan)
        if each.where == f"sites.{site}" or (each.binds and each.where in around)
    )
    return Answer(
        f"sites.{site}",
        True,
        tuple(_why(inventory, site, uses)),
        uses,
        None if cost is None else share_of(inventory, plan, cost),
        limits,
        without=tuple(_without(replanner, site, uses)),
        changes=cheapest_first(replanner.lifts(limits)),
        reasons=tuple(_refusals(inventory, site)),
    )


def _uses(inventory: Inventory, plan: Plan, site: str) -> Iterator[Use]:
    links = {link.id: link for link in plan.links}
    for served in plan.corridors:
        for number, path in enumerate(served.paths, 1):
            sites = path_sites(inventory, served.id, path.relays)
            if site in (sites[0], sites[-1]):
                yield Use(served.id, number, "end", sites)
            elif site in path.relays:
                yield Use(served.id, number, "relay", sites)
            if any(site in links[link].bypass_sites for link in path.links):
                yield Use(served.id, number, "patched through", sites)


def _of(uses: tuple[Use, ...], role: str) -> list[str]:
    return sorted({use.corridor for use in uses if use.role == role})


def _why(inventory: Inventory, site: str, uses: tuple[Use, ...]) -> Iterator[str]:
    ends, relayed, patched = (_of(uses, role) for role in ("end", "relay", "patched through"))
    if ends:
        yield f"It is an end of {', '.join(ends)}."
    if relayed:
        existing = " (an existing trusted node)" if plant.is_existing_relay(inventory.sites[site]) else ""
        yield f"It relays the keys of {', '.join(relayed)}{existing}."
    if patched:
        yield f"Quantum channels of {', '.join(patched)} are patched through it; no key is in clear for these."


def _without(replanner: Replanner, site: str, uses: tuple[Use, ...]) -> Iterator[Alternative]:
    if _of(uses, "relay"):
        yield replanner.with_settings(f"{site} not a relay", (f"sites.{site}.trusted_node", "forbidden"))
    if _of(uses, "patched through"):
        graph = enumerate_candidates(replanner.inventory)
        links = tuple(link for link in graph.links if site not in link.route.bypass_sites)
        setting = (f"sites.{site}.bypass_loss_db", OUT_OF_REACH_DB)
        yield replanner.on_graph(f"no channel patched through {site}", replace(graph, links=links), setting)
    ends = _of(uses, "end")
    if ends:
        yield replanner.without_corridors(f"without {named(ends)}", ends)


def _not_used(replanner: Replanner, site: str) -> Answer:
    """A site that the plan does not touch: whether it could relay, and what the best plan that uses it would cost."""
    inventory = replanner.inventory
    graph = enumerate_candidates(inventory)
    refused = _refusals(inventory, site)
    barred = {where for reason in refused for where in reason.where}
    open_to = [
        q for q, corridor in inventory.corridors.items() if f"corridors.{q}" not in barred and site not in corridor.ends
    ]
    ends = sorted(q for q, corridor in inventory.corridors.items() if site in corridor.ends)
    why = ["No QKD module stands there and no channel passes."]
    if ends:
        why.append(f"It is an end of {', '.join(ends)}, which the plan does not serve: ask about corridors.{ends[0]}.")
    if refused and not open_to:
        return Answer(f"sites.{site}", False, tuple(why), reasons=tuple(refused), changes=_let_in(replanner, site))
    joined = [link for link in graph.links if site in link.route.ends]
    if not joined:
        refused += _no_link(graph, inventory, site)
        return Answer(f"sites.{site}", False, tuple(why), reasons=tuple(refused))
    if ends:
        return Answer(f"sites.{site}", False, tuple(why), reasons=tuple(refused))
    neighbours = sorted({end for link in joined for end in link.route.ends} - {site})
    why.append(f"{len(joined)} QKD links could end there, from {named(neighbours)}.")
    forced, more = _forced(replanner, site)
    return Answer(f"sites.{site}", False, (*why, *more), without=forced, reasons=tuple(refused))


def _refusals(inventory: Inventory, site: str) -> list[Reason]:
    """The rules by which the site may not relay, and for which corridors."""
    barred: dict[str, list[str]] = defaultdict(list)
    for q, corridor in sorted(inventory.corridors.items()):
        refusals = relay_refusals(corridor, site, inventory.sites[site])
        rules = [f"{refusal.rule} (found {refusal.found}, expected {refusal.expected})" for refusal in refusals]
        rules += ["max_relays (0)"] if corridor.max_relays == 0 else []
        if rules and site not in corridor.ends:
            barred[" and ".join(rules)].append(q)
    return [
        Reason(
            "relay_rule",
            f"It may not relay for {named(corridors)} by {rules}.",
            where=(f"sites.{site}", *(f"corridors.{q}" for q in corridors)),
        )
        for rules, corridors in barred.items()
    ]


def _let_in(replanner: Replanner, site: str) -> tuple[Alternative, ...]:
    """The best plan with the rules relaxed that keep it out."""
    inventory = replanner.inventory
    corridors = [q for q, corridor in inventory.corridors.items() if corridor.max_relays != 0]
    proposal = all_let_in(inventory, corridors, (site,))
    return () if proposal is None else (replanner.with_settings(proposal.text, *proposal.settings),)


def _no_link(graph: CandidateGraph, inventory: Inventory, site: str) -> Iterator[Reason]:
    """Why no QKD link can end at the site, by what comes closest on its fibres."""
    refusals = [refusal for refusal in graph.refusals if site in refusal.route.ends]
    for refusal in refusals[:MOST_REFUSALS]:
        fibre = refusal.route.fibres[0]
        figures = REFUSED.get(refusal.reason, refusal.reason).format(refusal.value, refusal.limit)
        text = f"No QKD link can end there over {fibre} with {refusal.system}: {figures}."
        yield Reason(refusal.reason, text, refusal.value, refusal.limit, (f"fibres.{fibre}",))
    if not refusals:
        alone = not any(site in fibre.ends for fibre in inventory.fibres.values())
        text = "No fibre ends there." if alone else "No QKD link between it and a site of the same corridor is of use."
        yield Reason("no_link", text, where=(f"sites.{site}",))


def _forced(replanner: Replanner, site: str) -> tuple[tuple[Alternative, ...], tuple[str, ...]]:
    """The best plan for the same corridors in which the site relays: planned at no cost for it, which is then added.

    Where even then the best plan leaves it out, one that must use it is looked for. That plan costs no less than the
    other and the site together, which is all that is known where time ends the search.
    """
    inventory = replanner.inventory
    waived = Cost(money(inventory.sites[site].node_cost), money(inventory.sites[site].node_cost_per_year))
    waived += relay_cost(inventory, site)
    best, relays, fits, asked = None, False, True, inventory
    served = replanner.as_served()
    for variant in (served, without_budget(served)):
        free = _without_cost(variant, site, waived)
        if free is not None:
            best, relays = replanner.at_no_cost(site, free, waived)
            if best.status != "infeasible":
                asked = variant
                break
        fits = False
    if best is None or best.status == "infeasible":
        return (), ("It may relay, but no plan in which it does keeps all limits.",)
    budget = "" if fits else " No plan in which it relays fits the budget."
    if relays or best.value is None:
        return (best,), (f"It may relay; the best plan in which it does is below.{budget}",)
    held = _above(replanner.relaying(site, asked), best.bound)
    if held.status == "infeasible":
        return (), ("It may relay, but no path of a plan can lead through it.",)
    if held.value is not None and (held.bound is None or held.value - held.bound <= TELLING * abs(held.value)):
        return (held,), (f"It may relay; the best plan in which it does is below.{budget}",)
    least = 0.0 if best.bound is None else best.bound - replanner.plan.objective.value
    costs = f": such a plan costs at least {amount(inventory, least)} more" if least > 0 and waived != Cost() else ""
    return (), (f"It may relay, but a plan gains nothing by it{costs}.{budget}",)


def _above(held: Alternative, bound: float | None) -> Alternative:
    """The alternative with a bound known from elsewhere, if that is higher."""
    if held.value is None or bound is None:
        return held
    bound = min(held.value, max(bound, held.bound or 0.0))
    return replace(held, bound=bound, status="optimal" if bound == held.value else held.status)


def _without_cost(inventory: Inventory, site: str, waived: Cost) -> Inventory | None:
    """The inventory in which the site relays for nothing, room and budget being less by what that takes."""
    entry = inventory.sites[site]
    settings: list[tuple[str, float | str]] = [
        (f"sites.{site}.{key}", 0.0) for key in ("node_cost", "node_cost_per_year", "relay_cost_per_year")
    ]
    settings.append((f"sites.{site}.trusted_node", "existing"))
    for room in plant.ROOMS:
        free, taken = getattr(entry, room), plant.items_room(plant.relay_items(inventory, site).values(), room)
        if free is not None and taken:
            settings.append((f"sites.{site}.{room}", round(free - taken, 9)))
    for metric, saved in (("capex", waived.capex), ("tco", tco(inventory.economics, waived))):
        ceiling = getattr(inventory.budget, metric)
        if ceiling is not None:
            settings.append((f"budget.{metric}", round(ceiling - float(saved), 2)))
    if any(isinstance(value, float) and value < 0 for _, value in settings):
        return None
    return changed(inventory, settings)
