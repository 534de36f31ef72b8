"""Corridors by themselves and together: whether they can be served, why not, and what may help."""

from __future__ import annotations

from dataclasses import dataclass, replace

from qplan.candidates.model import CandidateGraph
from qplan.candidates.precheck import precheck
from qplan.candidates.reasons import Reason
from qplan.explain.findings import Diagnosis, Obstacle
from qplan.explain.infeasibility.clash import find_clash, find_fewest_left_out
from qplan.explain.infeasibility.concessions import propose_less, propose_optional
from qplan.explain.infeasibility.further import examine_further
from qplan.explain.infeasibility.limits import examine_limits
from qplan.explain.infeasibility.structure import diagnose, examine_paths, survey_terrain
from qplan.explain.trials import Trials
from qplan.explain.variants import LIMIT_FAMILIES, keep_corridors, keep_required, lift_families
from qplan.inventory.model import Inventory
from qplan.optimizer.heuristics.sequential import find_served_alone

NO_TIME = "Proven impossible; the time for explanations was over before a reason was found."
SHARES = (0.3, 0.6)  # of the time: ended by then are verdicts, reasons
JOINT_SHARES = (0.4, 0.5)  # of the time, where corridors clash: ended by then are limits, the clash
LATE_S = 1.0  # for what needs no solver, when the time is over
MOST_ASKED_LESS = 4  # corridors of a clash that are proposed to ask for less


@dataclass(frozen=True)
class Case:
    """A required corridor by itself: whether it can be served, and why not."""

    corridor: str
    servable: bool | None
    diagnosis: Diagnosis = Diagnosis()


def judge_corridors(trials: Trials, inventory: Inventory, graph: CandidateGraph) -> list[Case]:
    """Every required corridor: the graph, a plan found at once or the integer program say whether, and why not."""
    required = sorted(q for q, corridor in inventory.corridors.items() if corridor.required)
    if not required:
        return []
    early, later = trials.end_at(SHARES[0]), trials.end_at(SHARES[1])
    checked = precheck(inventory, graph, early.late(LATE_S / 2))
    served = frozenset() if early.over else find_served_alone(keep_required(inventory), graph, early.clock)
    verdicts: dict[str, bool | None] = {q: q in served or None for q in required} | dict.fromkeys(checked.alone, False)
    unsure = {q for q in required if q in checked.alone or (verdicts[q] is None and graph.bypass_limit is not None)}
    structural = _diagnose_each(early, inventory, [q for q in required if q in unsure])
    verdicts |= {q: False for q, found in structural.items() if found.reasons}
    whole = keep_corridors(inventory, [q for q in required if verdicts[q] is not False])
    doubtful = None in verdicts.values() and not early.over
    if doubtful and early.construct(whole, graph.among(whole.corridors)) is not None:
        verdicts |= dict.fromkeys(whole.corridors, True)
    for q in required:
        if verdicts[q] is None and not early.over:
            alone = keep_corridors(inventory, [q])
            verdicts[q] = early.is_feasible(alone, graph.among(alone.corridors))
    return [_judge(later, inventory, q, verdicts[q], structural.get(q), checked.alone.get(q)) for q in required]


def _diagnose_each(trials: Trials, inventory: Inventory, corridors: list[str]) -> dict[str, Diagnosis]:
    """What the graph says of corridors, one by one; a little of it also when the time is over."""
    found: dict[str, Diagnosis] = {}
    late = trials.late(LATE_S)
    terrain = survey_terrain(inventory, late) if corridors and not late.spent else None
    for q in corridors:
        if late.spent:
            break
        found[q] = diagnose(keep_corridors(inventory, [q]), terrain)
    return found


def _judge(
    trials: Trials,
    inventory: Inventory,
    q: str,
    servable: bool | None,
    structural: Diagnosis | None,
    checked: Reason | None,
) -> Case:
    if servable is not False:
        return Case(q, servable)
    found = examine(trials, keep_corridors(inventory, [q]), structural)
    if not found.reasons:
        found = Diagnosis((Obstacle((checked or Reason("undecided", NO_TIME),)),))
    return Case(q, servable, found)


def examine(trials: Trials, alone: Inventory, structural: Diagnosis | None = None) -> Diagnosis:
    """Why the one corridor of the inventory cannot be served, and what may help; `structural` as far as it is known."""
    found = structural
    if found is None:
        found = Diagnosis() if trials.over else diagnose(alone)
    return found if found.reasons else _examine_quantities(trials, alone)


def _examine_quantities(trials: Trials, alone: Inventory) -> Diagnosis:
    """Paths that cannot be disjoint for reasons that no few shared pieces explain; else the limits of quantity."""
    found = examine_limits(trials, alone)
    unlimited = lift_families(alone, LIMIT_FAMILIES)
    if not found.reasons and trials.is_feasible(unlimited) is False:
        return Diagnosis((examine_paths(trials, unlimited),))
    return found


def widen(trials: Trials, alone: Inventory, found: Diagnosis) -> Diagnosis:
    """The diagnosis with all that may help besides: obstacles that quantities hide, other systems, less asked for."""
    ((q, corridor),) = alone.corridors.items()
    obstacles, systems = examine_further(trials, alone, [q], found)
    most = corridor.paths if found.fewest_paths is None else found.fewest_paths
    help_besides = Diagnosis((), (*systems, *propose_less(q, corridor, most)))
    further = Diagnosis(tuple(obstacles))
    return (further + found if _is_of_quantities(found) else found + further) + help_besides


def _is_of_quantities(found: Diagnosis) -> bool:
    return all(reason.code in (*LIMIT_FAMILIES, "limits") for reason in found.reasons)


def examine_together(trials: Trials, inventory: Inventory, graph: CandidateGraph) -> Diagnosis:
    """Corridors that can each be served, but not together: only limits of quantity can be in the way."""
    needed = keep_required(inventory)
    limits = examine_limits(trials.end_at(JOINT_SHARES[0]), needed)
    clash = find_clash(trials.end_at(JOINT_SHARES[1]), inventory, graph)
    members = clash.corridors
    together = precheck(inventory, graph).together
    lead = () if together is None else (together,)
    if len(members) > 1 and (clash.proven or len(members) < len(needed.corridors)):
        lead = (*lead, clash.reason(inventory))
    found = limits + Diagnosis(lead=lead)
    obstacles, proposals = examine_further(trials, needed, members, found)
    for q in members[:MOST_ASKED_LESS]:
        proposals += propose_less(q, inventory.corridors[q], inventory.corridors[q].paths)
    without = find_fewest_left_out(trials, inventory)
    proposals += [propose_optional([q]) for q in members[:MOST_ASKED_LESS] if (q,) != without]
    proposals += [propose_optional(without)] if without else []
    return found + Diagnosis(tuple(obstacles), tuple(proposals))


def find_reasons(trials: Trials, inventory: Inventory, graph: CandidateGraph) -> tuple[Reason, ...]:
    """Why there is no plan, the corridor named; the graph is all that the inventory lets build."""
    trials = trials.restart()
    broken = [case for case in judge_corridors(trials, inventory, graph) if case.servable is False]
    if broken:
        return tuple(
            replace(reason, text=f"{case.corridor}: {reason.text}")
            for case in broken
            for reason in case.diagnosis.reasons
        )
    return examine_together(trials, inventory, graph).reasons
