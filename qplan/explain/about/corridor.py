"""About one corridor of a plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from qplan.assessment.weaknesses import cuts_off, reveals
from qplan.costing.bill import bill_of_materials
from qplan.costing.views import by_corridor
from qplan.explain.about.alternatives import Alternative, Replanner
from qplan.explain.about.answers import PLAN_WIDE, Answer, Share, Use, list_sites, rank_alternatives
from qplan.explain.about.limits import LimitState, judge_limits
from qplan.explain.about.margins import find_margins
from qplan.explain.findings import Setting
from qplan.explain.infeasibility.concessions import propose_less
from qplan.explain.trials import Trials
from qplan.explain.variants import FREE_RULES, require_corridors, set_demand
from qplan.inventory.model import Corridor, Inventory
from qplan.optimizer.planner import optimize
from qplan.plan.model import InventoryRef, Plan, ServedCorridor


def answer_corridor(replanner: Replanner, served: ServedCorridor) -> Answer:
    inventory, plan = replanner.inventory, replanner.plan
    corridor = inventory.corridors[served.id]
    if not served.served:
        return _answer_not_served(replanner, served.id)
    uses = tuple(
        Use(served.id, number, "path", list_sites(inventory, served.id, path.relays))
        for number, path in enumerate(served.paths, 1)
    )
    limits, lifted = _judge_limits(replanner, served)
    without = replanner.replan_without(f"{served.id} not served", [served.id])
    changes = [*_try_less(replanner, served.id, corridor), *lifted]
    return Answer(
        "corridors",
        served.id,
        True,
        (_describe(served, corridor),),
        uses,
        _divide_cost(inventory, plan, served.id),
        limits,
        without=(without,),
        changes=rank_alternatives(changes),
        revealed_by=reveals(corridor, served.paths),
        cut_off_by=cuts_off(inventory, corridor, served.paths, {link.id: link for link in plan.links}),
    )


def _describe(served: ServedCorridor, corridor: Corridor) -> str:
    kind = "Required" if corridor.required else f"Optional (priority {corridor.priority:g}) and served"
    paths = f"{corridor.paths} {corridor.disjoint}-disjoint paths" if corridor.paths > 1 else "1 path"
    return f"{kind}: {served.key_rate_bps:.6g} bit/s from {corridor.ends[0]} to {corridor.ends[1]} over {paths}."


def _divide_cost(inventory: Inventory, plan: Plan, q: str) -> Share:
    """Its part of what it shares with other corridors, as the bill divides it."""
    shares = by_corridor(inventory, plan, bill_of_materials(inventory, plan))
    share = next(each for each in shares if each.corridor == q)
    capex, contingency, opex, tco = map(float, (share.capex, share.contingency, share.opex_per_year, share.tco))
    return Share(capex, contingency, opex, tco, tco / plan.costs.tco if plan.costs.tco else None)


def _judge_limits(replanner: Replanner, served: ServedCorridor) -> tuple[tuple[LimitState, ...], list[Alternative]]:
    """Of its links and relays; of their fibres and nodes and of the plan as a whole where these are used up or bind."""
    links = {link.id: link for link in replanner.plan.links}
    used = [links[link] for path in served.paths for link in path.links]
    always = {f"corridors.{served.id}", *(f"links.{link.id}" for link in used)}
    around = {f"fibres.{f}" for link in used for f in link.fibres} | {f"sites.{s}" for link in used for s in link.ends}
    return judge_limits(replanner, always, around | PLAN_WIDE)


def _try_less(replanner: Replanner, q: str, corridor: Corridor) -> Iterator[Alternative]:
    """Less asked for: weaker disjointness, fewer paths, rules dropped, half of the demand."""
    for proposal in propose_less(q, corridor, corridor.paths):
        yield replanner.replan_with(proposal.text, *proposal.settings)
    for rule, free in FREE_RULES.items():
        if rule != "max_relays" and getattr(corridor, rule) not in (None, ()):
            setting: Setting = (f"corridors.{q}.{rule}", [] if free == () else None)
            yield replanner.replan_with(f"no {rule} for {q}", setting)
    counts = {link.id: link.count for link in replanner.plan.links}
    served = next(each for each in replanner.plan.corridors if each.id == q)
    if any(counts[link] > 1 for path in served.paths for link in path.links):
        half = set_demand(q, corridor, corridor.demand_bps / 2)
        yield replanner.replan_with(f"half the demand for {q}", half)


def _answer_not_served(replanner: Replanner, q: str) -> Answer:
    """An optional corridor that the plan leaves out: what serving it would take, without and with more money."""
    corridor = replanner.inventory.corridors[q]
    why = f"Optional (priority {corridor.priority:g}) and not served by the plan."
    within = replanner.replan_with(f"{q} required", (f"corridors.{q}.required", True))
    changes = () if within.status == "optimal" else (replanner.serve_besides(q),)
    return Answer("corridors", q, False, (why,), without=(within,), changes=changes)


def answer_alone(trials: Trials, inventory: Inventory, ref: InventoryRef, q: str) -> tuple[Plan, Answer] | None:
    """The best plan for the corridor alone, and what can be said of it; None where none was found in time.

    The corridor can be served. Raises SolverFailed.
    """
    alone = require_corridors(inventory, [q])
    plan = optimize(alone, ref, trials.solver, trials.parameters).plan
    if plan is None:
        return None
    answer = answer_corridor(Replanner(trials, alone, plan), plan.corridors[0])
    return plan, replace(answer, without=(), margins=tuple(find_margins(trials, alone)))
