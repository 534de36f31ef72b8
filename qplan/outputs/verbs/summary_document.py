"""What `qplan optimize` prints of a plan as JSON, as a model."""

from __future__ import annotations

from typing import Annotated, Literal

from qplan.assessment.checks import CheckResult
from qplan.assessment.corridors import CorridorFacts
from qplan.assessment.facts import PlanFacts
from qplan.assessment.weaknesses import SmallestSet
from qplan.outputs.text.existing import STATES
from qplan.outputs.text.verdict import plan_line
from qplan.outputs.verbs.documents import Document
from qplan.plan.model import SAID, Costs, Objective

Groups = tuple[tuple[str, ...], ...]


class Existing(Document):
    """Ids of the plan's links by what of them is there, of retired ones as the inventory names them; new nodes."""

    new: tuple[str, ...]
    extended: tuple[str, ...]
    used: tuple[str, ...]
    kept: tuple[str, ...]
    """Without load."""
    retired: tuple[str, ...]
    new_nodes: tuple[str, ...]


class CountedAsNothing(Document):
    """An amount that things which the plan uses do not state."""

    what: str
    missing: tuple[str, ...]
    """Ids of things without it."""
    of: int
    """Things of that kind that the plan uses."""


class PathSummary(Document):
    relays: tuple[str, ...]
    spare_bps: float


class CorridorSummary(Document):
    """A corridor, who learns its key and what cuts it off.

    One address out of each group makes a smallest set; without groups, sets are of the size given or larger.
    """

    id: str
    served: bool
    key_rate_bps: float
    """The demand."""
    spare_bps: float | None
    relay_sees_key: bool
    """Some single relay does."""
    revealed_by: Groups | None
    revealed_by_size: int | None
    cut_off_by: Groups | None
    cut_off_by_size: int | None
    paths: tuple[PathSummary, ...]


class FailedCheck(Document):
    """A check of the inventory that the plan does not keep."""

    name: str
    metric: str
    value: float | None
    where: dict[str, str | int]
    min: float | None
    max: float | None
    severity: str
    message: str | None


class SummaryDocument(Document):
    """What `qplan optimize --format json` prints of a plan; where there is none it is what `explain` prints."""

    format_version: Literal["1.0"] = "1.0"
    summary: str
    status: str
    stopped_by: str
    objective: Objective
    notes: tuple[str, ...]
    nodes: int
    relays: tuple[str, ...]
    links: int
    systems: int
    existing: Annotated[Existing | None, SAID] = None
    costs: Costs
    lines_to_be_quoted: int
    quoted_share: float | None
    """Of the tco."""
    unpriced: tuple[str, ...]
    counted_as_0: tuple[CountedAsNothing, ...]
    corridors: tuple[CorridorSummary, ...]
    failed_checks: tuple[FailedCheck, ...]


def summary_document(facts: PlanFacts) -> SummaryDocument:
    plan = facts.plan
    return SummaryDocument(
        summary=plan_line(facts),
        status=plan.status,
        stopped_by=plan.solver.stopped_by,
        objective=plan.objective,
        notes=plan.notes,
        nodes=len(plan.nodes),
        relays=plan.relays,
        links=len(plan.links),
        systems=facts.system_count,
        existing=_existing(facts) if facts.beside_existing else None,
        costs=plan.costs,
        lines_to_be_quoted=facts.lines_to_be_quoted,
        quoted_share=facts.costs.firmness.quoted,
        unpriced=facts.unpriced,
        counted_as_0=tuple(
            CountedAsNothing(what=each.what, missing=each.missing, of=each.of) for each in facts.unstated
        ),
        corridors=tuple(_corridor(corridor) for corridor in facts.corridors),
        failed_checks=tuple(_failed(result) for result in facts.failed_checks),
    )


def _existing(facts: PlanFacts) -> Existing:
    states = {state: tuple(link.link.id for link in facts.links if link.state == state) for state in STATES}
    return Existing(**states, retired=tuple(facts.retired), new_nodes=tuple(facts.new_nodes))


def _corridor(corridor: CorridorFacts) -> CorridorSummary:
    return CorridorSummary(
        id=corridor.id,
        served=corridor.served,
        key_rate_bps=corridor.demand_bps,
        spare_bps=corridor.spare_bps if corridor.served else None,
        relay_sees_key=bool(corridor.relays) and corridor.relay_sees_key,
        revealed_by=_groups(corridor.revealed_by),
        revealed_by_size=_size(corridor.revealed_by),
        cut_off_by=_groups(corridor.cut_off_by),
        cut_off_by_size=_size(corridor.cut_off_by),
        paths=tuple(PathSummary(relays=path.relays, spare_bps=path.spare_bps) for path in corridor.paths),
    )


def _groups(found: SmallestSet | None) -> Groups | None:
    return None if found is None else found.groups


def _size(found: SmallestSet | None) -> int | None:
    return None if found is None else found.size


def _failed(result: CheckResult) -> FailedCheck:
    check = result.check
    return FailedCheck(
        name=result.id,
        metric=check.metric,
        value=result.value,
        where=check.where.model_dump(exclude_none=True),
        min=check.min,
        max=check.max,
        severity=check.severity,
        message=check.message,
    )
