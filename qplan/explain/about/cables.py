"""About one fibre or duct: what runs over it, what its loss would cut off, the best plan without or with it."""

from __future__ import annotations

from collections.abc import Iterator

from qplan.candidates.listing import CandidateList, list_candidates
from qplan.candidates.reasons import Reason, named
from qplan.costing.cost import Cost
from qplan.costing.market import market_of
from qplan.costing.unit_costs import strand_cost
from qplan.explain.about.alternatives import Replanner
from qplan.explain.about.answers import (
    PLAN_WIDE,
    Answer,
    Use,
    describe_refused,
    list_sites,
    price_share,
    rank_alternatives,
)
from qplan.explain.about.limits import judge_limits
from qplan.inventory import plant
from qplan.inventory.model import Inventory
from qplan.inventory.source.messages import counted, loss_figure
from qplan.physics.bands import Band
from qplan.plan.model import Link, Plan


def answer_fibre(replanner: Replanner, fibre: str) -> Answer:
    return _answer(replanner, "fibres", fibre, [fibre], _describe_fibre(replanner.inventory, fibre))


def answer_duct(replanner: Replanner, duct: str) -> Answer:
    fibres = [f for f, fibre in sorted(replanner.inventory.fibres.items()) if duct in fibre.ducts]
    return _answer(replanner, "ducts", duct, fibres, f"It holds {named(fibres)}.")


def list_ducts(inventory: Inventory) -> set[str]:
    return {duct for fibre in inventory.fibres.values() for duct in fibre.ducts}


def _describe_fibre(inventory: Inventory, f: str) -> str:
    fibre = inventory.fibres[f]
    length, loss = plant.length_km(inventory, fibre), plant.loss_db(inventory, fibre, Band.C)
    facts = [
        f"{' – '.join(fibre.ends)}",
        "length not known" if length is None else f"{length:.1f} km",
        "loss not known" if loss is None else f"{loss_figure(loss)} dB",
        counted(fibre.strands, "free strand"),
    ]
    ducts = [f"in {named(sorted(fibre.ducts))}"] if fibre.ducts else []
    return ", ".join([*facts, *ducts, *(["amplified"] if fibre.amplified else [])]) + "."


def _answer(replanner: Replanner, kind: str, name: str, fibres: list[str], what: str) -> Answer:
    inventory, plan = replanner.inventory, replanner.plan
    over = [link for link in plan.links if not set(fibres).isdisjoint(link.fibres)]
    if not over:
        return _answer_unused(replanner, kind, name, fibres, what)
    limits, lifted = judge_limits(replanner, {f"fibres.{f}" for f in fibres}, PLAN_WIDE)
    taken, market, cost = plant.strands_taken(inventory, over), market_of(inventory), Cost()
    for f in fibres:
        cost += strand_cost(market, f).times(taken.get(f, 0))
    without = replanner.replan_beside(f"no QKD link over {named(fibres)}", fibres)
    run = "1 QKD link of the plan runs" if len(over) == 1 else f"{len(over)} QKD links of the plan run"
    why = (what, f"{run} over it: {named([link.id for link in over])}.")
    return Answer(
        kind,
        name,
        True,
        (*why, _describe_loss(inventory, plan, over)),
        tuple(_list_uses(inventory, plan, over)),
        price_share(inventory, plan, cost),
        limits,
        without=(without,),
        changes=rank_alternatives(lifted),
    )


def _list_uses(inventory: Inventory, plan: Plan, over: list[Link]) -> Iterator[Use]:
    ids = {link.id for link in over}
    for served in plan.corridors:
        for number, path in enumerate(served.paths, 1):
            if not ids.isdisjoint(path.links):
                yield Use(served.id, number, "over it", list_sites(inventory, served.id, path.relays))


def _describe_loss(inventory: Inventory, plan: Plan, over: list[Link]) -> str:
    """Which corridors get no key when it is cut."""
    ids = {link.id for link in over}
    lost = [
        served.id
        for served in plan.corridors
        if served.served
        and sum(ids.isdisjoint(path.links) for path in served.paths) < inventory.corridors[served.id].shares_needed
    ]
    return f"Cut, it leaves {named(lost)} without keys." if lost else "Cut, it leaves no corridor without keys."


def _answer_unused(replanner: Replanner, kind: str, name: str, fibres: list[str], what: str) -> Answer:
    """What could run over it, and the best plan in which something does."""
    found = list_candidates(replanner.inventory).select(lambda route: not set(fibres).isdisjoint(route.fibres))
    usable = [listed.link for listed in found.links if listed.corridors]
    why = (what, "No QKD link of the plan runs over it.", _describe_usable(found))
    if not usable:
        return Answer(kind, name, False, why, reasons=_describe_single(found, fibres))
    text = f"a QKD link over {name}" if kind == "fibres" else f"a QKD link through duct {name}"
    return Answer(kind, name, False, why, without=(replanner.use_one_of(text, usable),))


def _describe_usable(found: CandidateList) -> str:
    usable = sum(bool(listed.corridors) for listed in found.links)
    if not found.links:
        return "None could be built there."
    could = f"{counted(len(found.links), 'QKD link')} could be built over it"
    return f"{could}; corridors' rules and key rates allow {usable or 'none'} of them."


def _describe_single(found: CandidateList, fibres: list[str]) -> tuple[Reason, ...]:
    """What a fibre refuses by itself."""
    return describe_refused([refusal for refusal in found.refused if refusal.route.fibres in {(f,) for f in fibres}])
