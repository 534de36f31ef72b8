"""Why required corridors cannot be served: structural reasons, then limits, then remedies that were tried."""

from __future__ import annotations

from dataclasses import dataclass

from qplan.inventory.model import Inventory
from qplan.planning.conflicts import clash, limit_reasons
from qplan.planning.corridor_reasons import concessions, diagnose, optional, paths_impossible
from qplan.planning.findings import CorridorFinding, Diagnosis, Explanation, Proposal, Reason, named
from qplan.planning.formulation import LIMIT_FAMILIES
from qplan.planning.reach import ReachGraph
from qplan.planning.remedies import Tried, corridor_remedies, joint_remedies
from qplan.planning.solver import SearchLimits
from qplan.planning.what_if import Trials, lifted, required_only, restricted

MOST_PROPOSALS = 9  # of one corridor, before those that ask for less
MOST_ASKED_LESS = 4  # corridors of a clash that are proposed to ask for less


@dataclass(frozen=True)
class Case:
    """A required corridor by itself: whether it can be served, why not, and what may help."""

    corridor: str
    servable: bool | None
    diagnosis: Diagnosis


def explain(inventory: Inventory, graph: ReachGraph, status: str, solver: str, limits: SearchLimits) -> Explanation:
    """Explain why the search ended without a plan, with `status` "infeasible" or "unknown".

    Takes up to about 20 s (or a fifth of what the limits leave) beyond the search; a set `limits.stop` leaves only
    what needs no solver. Raises SolverFailed.
    """
    trials = Trials(solver, limits)
    required = sorted(q for q, corridor in inventory.corridors.items() if corridor.required)
    cases = [_case(trials, inventory, graph, q) for q in required]
    broken = [case for case in cases if case.servable is False]
    notes = _notes(status, graph, cases)
    if broken:
        found = [
            corridor_remedies(trials, inventory, case.corridor, case.diagnosis.proposals, examine, len(broken) > 1)
            for case in broken
        ]
        findings = tuple(
            CorridorFinding(case.corridor, False, tuple(case.diagnosis.reasons), tuple(tried.remedies))
            for case, tried in zip(broken, found, strict=True)
        )
        together = joint_remedies(trials, inventory, _all_together(inventory, broken, found)) if len(broken) > 1 else Tried()
        notes += _untried([*found, together])
        return Explanation(status, findings, (), tuple(together.remedies), tuple(notes))
    if status == "unknown":
        return Explanation(status, notes=tuple(notes))
    joint = _joint(trials, inventory, graph)
    tried = joint_remedies(trials, inventory, joint.proposals)
    if not joint.reasons:
        notes.append("The time for explanations was over before a reason was found.")
    return Explanation(status, (), tuple(joint.reasons), tuple(tried.remedies), (*notes, *_untried([tried])))


def _case(trials: Trials, inventory: Inventory, graph: ReachGraph, q: str) -> Case:
    """The integer program says whether; the graph says why, and where it is silent, the limits do."""
    alone = required_only(inventory, [q])
    servable = trials.feasible(alone, restricted(graph, alone))
    if servable:
        return Case(q, True, Diagnosis())
    found = diagnose(alone) if servable is None else examine(trials, alone)
    if found.reasons:
        return Case(q, False, found)
    if servable is False:
        found.add(Reason("undecided", "Proven impossible; the time for explanations was over before a reason was found."))
    return Case(q, servable, found)


def examine(trials: Trials, alone: Inventory) -> Diagnosis:
    """Why the one corridor of the inventory cannot be served, and what may help."""
    (q, corridor), = alone.corridors.items()
    found = diagnose(alone)
    if not found.reasons:
        found = _beyond_graphs(trials, alone)
    return Diagnosis(found.reasons, [*found.proposals[:MOST_PROPOSALS], *concessions(q, corridor)])


def _beyond_graphs(trials: Trials, alone: Inventory) -> Diagnosis:
    """Paths that cannot be disjoint for reasons that no few shared pieces explain; else the limits of quantity."""
    unlimited = lifted(alone, LIMIT_FAMILIES)
    if trials.feasible(unlimited) is False:
        return paths_impossible(trials, unlimited)
    return limit_reasons(trials, alone)


def _all_together(inventory: Inventory, broken: list[Case], found: list[Tried]) -> list[Proposal]:
    """The best remedy of every corridor, all at once; and all of these corridors made optional."""
    proposals = [optional([case.corridor for case in broken])]
    best = [tried.working[0] for tried in found if tried.working]
    if len(best) == len(broken):
        combined = best[0]
        for proposal in best[1:]:
            combined = combined.followed_by(proposal)
        proposals.insert(0, combined)
    return proposals


def _joint(trials: Trials, inventory: Inventory, graph: ReachGraph) -> Diagnosis:
    """Corridors that can each be served, but not together: only limits of quantity can be in the way."""
    found = limit_reasons(trials, required_only(inventory))
    members, smallest = clash(trials, inventory, graph)
    if len(members) > 1:
        least = "; without any one of them the others can be served" if smallest else " (the set may not be the smallest)"
        where = tuple(f"corridors.{q}" for q in members)
        found.reasons.insert(
            0, Reason("clash", f"Not servable together: {named(members)}{least}.", float(len(members)), where=where)
        )
    for q in members[:MOST_ASKED_LESS]:
        found.proposals += [*concessions(q, inventory.corridors[q]), optional([q])]
    return found


def _notes(status: str, graph: ReachGraph, cases: list[Case]) -> list[str]:
    """What the explanation does not know."""
    notes = []
    undecided = [case.corridor for case in cases if case.servable is None]
    if undecided:
        notes.append(f"Not decided in time whether these corridors can be served: {named(undecided)}.")
    if status == "unknown" and all(case.servable for case in cases):
        notes.append(
            "Each required corridor can be served by itself. The search ended before it found a plan for all of them or "
            "proved that there is none."
        )
    elif status == "unknown" and not any(case.servable is False for case in cases):
        notes.append("The search ended before it found a plan or proved that there is none.")
    if graph.bypass_limit is not None:
        notes.append(
            f"Only QKD links through at most {graph.bypass_limit} patched sites were considered: the fibre graph has too "
            "many routes to consider all."
        )
    return notes


def _untried(trials: list[Tried]) -> list[str]:
    count = sum(tried.undecided for tried in trials)
    return [f"{count} further remedies were not decided in time and are not shown."] if count else []
