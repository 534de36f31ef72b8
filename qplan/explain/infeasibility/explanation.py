"""Why required corridors cannot be served: structural reasons, then limits, then remedies that were tried."""

from __future__ import annotations

from collections.abc import Sequence

from qplan.candidates.links import enumerate_candidates
from qplan.candidates.model import CandidateGraph
from qplan.candidates.reasons import Reason, named
from qplan.explain.findings import AsRead, CorridorFinding, Explanation, Proposal
from qplan.explain.infeasibility.cases import NO_TIME, SHARES, Case, examine, examine_together, judge_corridors, widen
from qplan.explain.infeasibility.concessions import propose_optional
from qplan.explain.infeasibility.limits import examine_limits
from qplan.explain.infeasibility.remedies import Tried, list_proposals, rank_reasons, try_for_all, try_for_corridor
from qplan.explain.trials import ANY_PLAN, Trials
from qplan.explain.variants import (
    LIMIT_FAMILIES,
    keep_corridors,
    keep_required,
    require_corridors,
)
from qplan.inventory.model import Inventory
from qplan.optimizer.limits import SearchParameters

REASONS_BY, REMEDIES_BY, LIMITS_BY = SHARES[1], 0.8, 0.9  # shares of the time by which these are ended


def explain(
    inventory: Inventory,
    graph: CandidateGraph,
    status: str,
    solver: str,
    parameters: SearchParameters,
    as_read: AsRead = AsRead(),
) -> Explanation:
    """Explain why the search ended without a plan, with `status` "infeasible" or "unknown".

    A corridor that is found unservable proves "infeasible", whatever ended the search.
    Takes up to half of the time left, or until 3 s after the time limit; a set `clock.stop` leaves only
    what needs no solver. `as_read` says how the inventory was read. Raises SolverFailed.
    """
    trials = Trials.begin_after(solver, parameters, as_read)
    return _explain_cases(trials, inventory, graph, status, judge_corridors(trials, inventory, graph))


def _explain_cases(
    trials: Trials, inventory: Inventory, graph: CandidateGraph, status: str, cases: list[Case]
) -> Explanation:
    broken = [case for case in cases if case.servable is False]
    status = "infeasible" if broken else status
    notes = _note_doubts(status, graph, cases)
    if broken:
        return _explain_broken(trials, inventory, status, broken, notes)
    if status == "unknown":
        return Explanation(status, notes=notes)
    joint = examine_together(trials.end_at(REASONS_BY), inventory, graph)
    tried = try_for_all(trials, inventory, list_proposals(joint))
    reasons = rank_reasons(joint, tried) or (Reason("undecided", NO_TIME),)
    return Explanation(status, (), reasons, tried.remedies, (*notes, *_note_untried(tried)))


def explain_inventory(
    inventory: Inventory,
    graph: CandidateGraph,
    solver: str,
    parameters: SearchParameters,
    as_read: AsRead = AsRead(),
) -> Explanation:
    """Whether all required corridors can be served together ("servable"), and why not, within the time budget.

    Optional corridors that cannot be served even alone are explained too. Raises SolverFailed.
    """
    trials = Trials(solver, parameters, as_read=as_read)
    needed = keep_required(inventory).model_copy(update={"objective": "tco"})
    if trials.construct(needed, graph.among(needed.corridors)) is not None:
        return _explain_servable(trials, inventory, graph)
    cases = judge_corridors(trials, inventory, graph)
    status = "unknown"
    if not any(case.servable is False for case in cases):
        found = trials.plan(needed, gap=ANY_PLAN, graph=graph.among(needed.corridors), share=SHARES[0])
        if found.design is not None:
            return _explain_servable(trials, inventory, graph)
        status = found.status
    return _explain_cases(Trials.begin_after(solver, parameters, as_read, 1.0), inventory, graph, status, cases)


def _explain_servable(trials: Trials, inventory: Inventory, graph: CandidateGraph) -> Explanation:
    """The required corridors can be served; which optional ones cannot, even alone."""
    findings, notes = [], []
    for q in sorted(q for q, corridor in inventory.corridors.items() if not corridor.required):
        alone = require_corridors(inventory, [q])
        servable = trials.is_feasible(alone)
        if servable is False:
            findings.append(CorridorFinding(q, False, widen(trials, alone, examine(trials, alone)).reasons))
        elif servable is None:
            notes.append(f"Not decided in time whether the optional corridor {q} can be served at all.")
    return Explanation("servable", tuple(findings), notes=(*notes, *_note_doubts("servable", graph, [])))


def explain_corridor(inventory: Inventory, q: str, trials: Trials) -> Explanation:
    """Whether one corridor can be served if it is the only one, and why not, with remedies. Raises SolverFailed."""
    alone = require_corridors(inventory, [q])
    graph = enumerate_candidates(alone)
    (case,) = judge_corridors(trials, alone, graph)
    if case.servable is None:
        return Explanation("unknown", notes=_note_doubts("unknown", graph, [case]))
    if case.servable:
        return Explanation("servable", notes=_note_doubts("servable", graph, [case]))
    found = widen(trials.end_at(REASONS_BY), alone, case.diagnosis)
    tried = try_for_corridor(trials, inventory, q, found, blocked=True)
    finding = CorridorFinding(q, False, rank_reasons(found, tried), tried.remedies)
    return Explanation(
        "infeasible", (finding,), notes=(*_note_doubts("infeasible", graph, [case]), *_note_untried(tried))
    )


def _explain_broken(
    trials: Trials, inventory: Inventory, status: str, broken: list[Case], notes: tuple[str, ...]
) -> Explanation:
    """Some corridors cannot be served whatever becomes of the others: remedies for each, then for all at once."""
    several = len(broken) > 1
    findings: list[CorridorFinding] = []
    all_tried: list[Tried] = []
    later = trials.end_at(REASONS_BY)
    widened = [widen(later, keep_corridors(inventory, [case.corridor]), case.diagnosis) for case in broken]
    for i, (case, found) in enumerate(zip(broken, widened, strict=True), start=1):
        part = trials.end_at(REASONS_BY + (REMEDIES_BY - REASONS_BY) * i / len(broken))
        tried = try_for_corridor(part, inventory, case.corridor, found, several)
        findings.append(CorridorFinding(case.corridor, False, rank_reasons(found, tried), tried.remedies))
        all_tried.append(tried)
    together = Tried()
    if several or not all_tried[0].settled:
        together = _try_together(trials, inventory, broken, [tried.best for tried in all_tried])
    return Explanation(status, tuple(findings), (), together.remedies, (*notes, *_note_untried(*all_tried, together)))


def _try_together(
    trials: Trials, inventory: Inventory, broken: Sequence[Case], best: Sequence[Proposal | None]
) -> Tried:
    """The best remedy of every corridor, all at once, or all of them optional; else the limits that all miss with that.

    What one corridor alone needs of a limit gives way to what all need of it.
    """
    tried, combined = Tried(), _join(best)
    if len(broken) > 1:
        optional = propose_optional([case.corridor for case in broken])
        tried = try_for_all(trials, inventory, [optional] if combined is None else [combined, optional])
    short = [any(reason.code in LIMIT_FAMILIES for reason in case.diagnosis.reasons) for case in broken]
    rest = _join([proposal for proposal, missed in zip(best, short, strict=True) if not missed])
    if tried.settled or rest is None or (tried.best and not any(short)):
        return tried
    needed = keep_required(trials.apply(inventory, rest.settings))
    raised = list_proposals(examine_limits(trials.end_at(LIMITS_BY), needed))
    return (tried + try_for_all(trials, inventory, [rest.join(limit) for limit in raised])).sort()


def _join(proposals: Sequence[Proposal | None]) -> Proposal | None:
    """All at once; nothing where one is missing."""
    joined = Proposal(())
    for proposal in proposals:
        if proposal is None:
            return None
        joined = joined.join(proposal)
    return joined


def _note_doubts(status: str, graph: CandidateGraph, cases: list[Case]) -> tuple[str, ...]:
    """What the explanation does not know."""
    notes = []
    undecided = [case.corridor for case in cases if case.servable is None]
    if undecided:
        notes.append(f"Not decided in time whether these corridors can be served: {named(undecided)}.")
    if status == "unknown" and cases and all(case.servable for case in cases):
        notes.append(
            "Each required corridor can be served by itself. The search ended before it found a plan for all of them "
            "or proved that there is none."
        )
    elif status == "unknown" and not any(case.servable is False for case in cases):
        notes.append("The search ended before it found a plan or proved that there is none.")
    if graph.bypass_limit is not None:
        notes.append(graph.bypass_limit.text)
    return tuple(notes)


def _note_untried(*tried: Tried) -> list[str]:
    count = sum(each.undecided for each in tried)
    return [f"Further remedies that were not decided in time and are not shown: {count}."] if count else []
