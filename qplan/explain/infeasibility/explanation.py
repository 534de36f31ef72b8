"""Why required corridors cannot be served: structural reasons, then limits, then remedies that were tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from qplan.candidates.links import enumerate_candidates
from qplan.candidates.model import CandidateGraph
from qplan.candidates.precheck import precheck
from qplan.candidates.reasons import Reason, named
from qplan.explain.findings import CorridorFinding, Diagnosis, Explanation, Proposal
from qplan.explain.infeasibility.clash import clash, left_out
from qplan.explain.infeasibility.limits import limit_reasons
from qplan.explain.infeasibility.proposals import further
from qplan.explain.infeasibility.remedies import Tried, corridor_remedies, joint_remedies
from qplan.explain.infeasibility.structure import concessions, diagnose, optional, paths_impossible
from qplan.explain.trials import ANY_PLAN, Trials
from qplan.explain.variants import LIMIT_FAMILIES, NO_DEFAULTS, alone_of, lifted, required_only, restricted
from qplan.inventory.model import Inventory
from qplan.optimizer.heuristics.sequential import served_alone_at_once
from qplan.optimizer.limits import SearchLimits

NO_TIME = "Proven impossible; the time for explanations was over before a reason was found."
SHARES = (0.3, 0.6, 0.8, 0.9)  # of the time: ended by then are verdicts, reasons, remedies of single corridors, limits
JOINT_SHARES = (0.4, 0.5)  # of the time, where corridors clash: ended by then are limits, the clash
MOST_GRAPH_ONLY = 8  # corridors looked at without the solver when the time is over
MOST_PROPOSALS = 9  # of one corridor, before those that ask for less
MOST_ASKED_LESS = 4  # corridors of a clash that are proposed to ask for less


@dataclass(frozen=True)
class Case:
    """A required corridor by itself: whether it can be served, why not, and what may help."""

    corridor: str
    servable: bool | None
    diagnosis: Diagnosis = field(default_factory=Diagnosis)


def explain(
    inventory: Inventory,
    graph: CandidateGraph,
    status: str,
    solver: str,
    limits: SearchLimits,
    defaults: Mapping[str, Any] = NO_DEFAULTS,
) -> Explanation:
    """Explain why the search ended without a plan, with `status` "infeasible" or "unknown".

    A corridor that is found unservable proves "infeasible", whatever ended the search.
    Takes up to about 20 s (or half of what the limits leave) beyond the search; a set `limits.stop` leaves only
    what needs no solver. `defaults` are those of the inventory's file. Raises SolverFailed.
    """
    trials = Trials.after_search(solver, limits, defaults)
    return _explained(trials, inventory, graph, status, _cases(trials, inventory, graph))


def _explained(
    trials: Trials, inventory: Inventory, graph: CandidateGraph, status: str, cases: list[Case]
) -> Explanation:
    broken = [case for case in cases if case.servable is False]
    status = "infeasible" if broken else status
    notes = _notes(status, graph, cases)
    if broken:
        return _broken(trials, inventory, status, broken, notes)
    if status == "unknown":
        return Explanation(status, notes=notes)
    joint = _joint(trials.until(SHARES[1]), inventory, graph)
    tried = joint_remedies(trials, inventory, joint.proposals)
    if not joint.reasons:
        joint.add(Reason("undecided", NO_TIME))
    return Explanation(status, (), tuple(joint.reasons), tuple(tried.remedies), (*notes, *_untried([tried])))


def explain_inventory(
    inventory: Inventory,
    graph: CandidateGraph,
    solver: str,
    limits: SearchLimits,
    defaults: Mapping[str, Any] = NO_DEFAULTS,
) -> Explanation:
    """Whether all required corridors can be served together ("servable"), and why not, within the limits' time.

    Optional corridors that cannot be served even alone are explained too. Raises SolverFailed.
    """
    trials = Trials(solver, limits, defaults=defaults)
    needed = required_only(inventory).model_copy(update={"objective": "tco"})
    if trials.at_once(needed, restricted(graph, needed)) is not None:
        return _servable(trials, inventory, graph)
    cases = _cases(trials, inventory, graph)
    if any(case.servable is False for case in cases):
        return _explained(Trials.after_search(solver, limits, defaults, 1.0), inventory, graph, "unknown", cases)
    found = trials.plan(needed, gap=ANY_PLAN, graph=restricted(graph, needed), share=SHARES[0])
    if found.design is None:
        return _explained(Trials.after_search(solver, limits, defaults, 1.0), inventory, graph, found.status, cases)
    return _servable(trials, inventory, graph)


def _servable(trials: Trials, inventory: Inventory, graph: CandidateGraph) -> Explanation:
    """The required corridors can be served; which optional ones cannot, even alone."""
    findings, notes = [], []
    for q in sorted(q for q, corridor in inventory.corridors.items() if not corridor.required):
        alone = alone_of(inventory, q)
        servable = trials.feasible(alone)
        if servable is False:
            findings.append(CorridorFinding(q, False, tuple(examine(trials, alone).reasons)))
        elif servable is None:
            notes.append(f"Not decided in time whether the optional corridor {q} can be served at all.")
    return Explanation("servable", tuple(findings), notes=(*notes, *_notes("servable", graph, [])))


def explain_corridor(inventory: Inventory, q: str, trials: Trials) -> Explanation:
    """Whether one corridor can be served if it is the only one, and why not, with remedies. Raises SolverFailed."""
    alone = alone_of(inventory, q)
    graph = enumerate_candidates(alone)
    (case,) = _cases(trials, alone, graph)
    if case.servable is None:
        return Explanation("unknown", notes=_notes("unknown", graph, [case]))
    if case.servable:
        return Explanation("servable", notes=_notes("servable", graph, [case]))
    tried = corridor_remedies(trials, inventory, q, case.diagnosis.proposals, examine, blocked=True)
    finding = CorridorFinding(q, False, tuple(case.diagnosis.reasons), tuple(tried.remedies))
    return Explanation("infeasible", (finding,), notes=(*_notes("infeasible", graph, [case]), *_untried([tried])))


def _cases(trials: Trials, inventory: Inventory, graph: CandidateGraph) -> list[Case]:
    """Every required corridor: the graph, a plan found at once or the integer program say whether, and why not."""
    required = sorted(q for q, corridor in inventory.corridors.items() if corridor.required)
    alone = {q: required_only(inventory, [q]) for q in required}
    early, later = trials.until(SHARES[0]), trials.until(SHARES[1])
    checked = precheck(inventory, graph)
    served = frozenset() if early.over else served_alone_at_once(required_only(inventory), graph)
    verdicts: dict[str, bool | None] = {q: q in served or None for q in required} | dict.fromkeys(checked.alone, False)
    structural: dict[str, Diagnosis] = {}
    late = 0
    for q in required:
        late += early.over
        unsure = verdicts[q] is None and graph.bypass_limit is not None
        if (unsure or q in checked.alone) and late <= MOST_GRAPH_ONLY:
            structural[q] = diagnose(alone[q])
            verdicts[q] = False if structural[q].reasons else verdicts[q]
    whole = required_only(inventory, [q for q in required if verdicts[q] is not False])
    if None in verdicts.values() and early.at_once(whole, restricted(graph, whole)) is not None:
        verdicts |= dict.fromkeys(whole.corridors, True)
    for q in required:
        if verdicts[q] is None:
            verdicts[q] = early.feasible(alone[q], restricted(graph, alone[q]))
    return [_case(later, alone[q], verdicts[q], structural.get(q), checked.alone.get(q)) for q in required]


def _case(
    trials: Trials, alone: Inventory, servable: bool | None, structural: Diagnosis | None, checked: Reason | None
) -> Case:
    ((q, _),) = alone.corridors.items()
    if servable is not False:
        return Case(q, servable)
    found = examine(trials, alone, structural)
    if not found.reasons:
        found.add(checked or Reason("undecided", NO_TIME))
    return Case(q, servable, found)


def why_not(trials: Trials, inventory: Inventory, graph: CandidateGraph) -> tuple[Reason, ...]:
    """Why there is no plan, without remedies, the corridor named; the graph is all that the inventory lets build."""
    trials = trials.from_now()
    broken = [case for case in _cases(trials, inventory, graph) if case.servable is False]
    if broken:
        return tuple(
            replace(reason, text=f"{case.corridor}: {reason.text}")
            for case in broken
            for reason in case.diagnosis.reasons
        )
    return tuple(_joint(trials, inventory, graph).reasons)


def _broken(
    trials: Trials, inventory: Inventory, status: str, broken: list[Case], notes: tuple[str, ...]
) -> Explanation:
    """Some corridors cannot be served whatever becomes of the others: remedies for each, then for all at once."""
    findings, found = [], []
    for i, case in enumerate(broken, start=1):
        share = SHARES[1] + (SHARES[2] - SHARES[1]) * i / len(broken)
        tried = corridor_remedies(
            trials.until(share), inventory, case.corridor, case.diagnosis.proposals, examine, len(broken) > 1
        )
        found.append(tried)
        findings.append(CorridorFinding(case.corridor, False, tuple(case.diagnosis.reasons), tuple(tried.remedies)))
    together = Tried()
    if len(broken) > 1:
        raised = _limits_raised(trials, inventory, broken)
        together = joint_remedies(trials, inventory, [*raised, *_all_together(broken, found)])
    notes = (*notes, *_untried([*found, together]))
    return Explanation(status, tuple(findings), (), tuple(together.remedies), notes)


def examine(trials: Trials, alone: Inventory, structural: Diagnosis | None = None) -> Diagnosis:
    """Why the one corridor of the inventory cannot be served, and what may help; `structural` as far as it is known."""
    ((q, corridor),) = alone.corridors.items()
    found = diagnose(alone) if structural is None else structural
    if not found.reasons:
        found = _beyond_graphs(trials, alone)
    more = further(trials, alone, [q], found)
    most = min((int(reason.value) for reason in found.reasons if reason.code == "disjoint"), default=corridor.paths)
    return Diagnosis(found.reasons, [*found.proposals[:MOST_PROPOSALS], *more, *concessions(q, corridor, most)])


def _beyond_graphs(trials: Trials, alone: Inventory) -> Diagnosis:
    """Paths that cannot be disjoint for reasons that no few shared pieces explain; else the limits of quantity."""
    found = limit_reasons(trials, alone)
    unlimited = lifted(alone, LIMIT_FAMILIES)
    if not found.reasons and trials.feasible(unlimited) is False:
        return paths_impossible(trials, unlimited)
    return found


def _limits_raised(trials: Trials, inventory: Inventory, broken: list[Case]) -> list[Proposal]:
    """What all corridors need of the limits that each of the broken ones misses; nothing where one misses no limit."""
    short = all(any(reason.code in LIMIT_FAMILIES for reason in case.diagnosis.reasons) for case in broken)
    return limit_reasons(trials.until(SHARES[3]), required_only(inventory)).proposals if short else []


def _all_together(broken: list[Case], found: list[Tried]) -> list[Proposal]:
    """The best remedy of every corridor, all at once; and all of these corridors made optional."""
    proposals = [optional([case.corridor for case in broken])]
    best = [tried.working[0] for tried in found if tried.working]
    if len(best) == len(broken):
        combined = best[0]
        for proposal in best[1:]:
            combined = combined.followed_by(proposal)
        proposals.insert(0, combined)
    return proposals


def _joint(trials: Trials, inventory: Inventory, graph: CandidateGraph) -> Diagnosis:
    """Corridors that can each be served, but not together: only limits of quantity can be in the way."""
    found = limit_reasons(trials.until(JOINT_SHARES[0]), required_only(inventory))
    clashing = clash(trials.until(JOINT_SHARES[1]), inventory, graph)
    members = clashing.corridors
    if len(members) > 1 and (clashing.proven or len(members) < len(required_only(inventory).corridors)):
        found.reasons.insert(0, clashing.reason(inventory))
    if (reason := precheck(inventory, graph).together) is not None:
        found.reasons.insert(0, reason)
    found.proposals += further(trials, required_only(inventory), members, found)
    for q in members[:MOST_ASKED_LESS]:
        found.proposals += concessions(q, inventory.corridors[q], inventory.corridors[q].paths)
    without = left_out(trials, inventory)
    found.proposals += [optional([q]) for q in members[:MOST_ASKED_LESS] if (q,) != without]
    found.proposals += [optional(without)] if without else []
    return found


def _notes(status: str, graph: CandidateGraph, cases: list[Case]) -> tuple[str, ...]:
    """What the explanation does not know."""
    notes = []
    undecided = [case.corridor for case in cases if case.servable is None]
    if undecided:
        notes.append(f"Not decided in time whether these corridors can be served: {named(undecided)}.")
    if status == "unknown" and all(case.servable for case in cases):
        notes.append(
            "Each required corridor can be served by itself. The search ended before it found a plan for all of them "
            "or proved that there is none."
        )
    elif status == "unknown" and not any(case.servable is False for case in cases):
        notes.append("The search ended before it found a plan or proved that there is none.")
    if graph.bypass_limit is not None:
        notes.append(
            f"Only QKD links through at most {graph.bypass_limit} patched sites were considered: the fibre graph has "
            "too many routes to consider all."
        )
    return tuple(notes)


def _untried(trials: list[Tried]) -> list[str]:
    count = sum(tried.undecided for tried in trials)
    return [f"Further remedies that were not decided in time and are not shown: {count}."] if count else []
