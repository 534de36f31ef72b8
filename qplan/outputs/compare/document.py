"""Plans side by side for programs: what `qplan compare --format json` prints; its schema is made of these models."""

from __future__ import annotations

from dataclasses import asdict

from qplan.assessment.facts import PlanFacts
from qplan.comparison.beside_classical import BesideClassical
from qplan.comparison.columns import Column, Difference, SideBySide
from qplan.costing.firmness import FOREIGN, ILLUSTRATIVE, Firmness
from qplan.explain.sensitivity import BreakEven, Sensitivities, Side
from qplan.outputs.compare.rows import spares_capex
from qplan.outputs.costs.costs_json import unstated_documents
from qplan.outputs.costs.document import UnstatedDocument
from qplan.outputs.verbs.documents import Document, Printed
from qplan.plan.model import Costs, Finding, JudgedCheck


class ObjectiveDocument(Document):
    name: str
    value: float
    bound: float | None
    gap: float | None


class CorridorMoney(Document):
    tco: float
    """Its share of the whole; `""` is what no corridor uses."""


class DifferenceDocument(Document):
    """This column less the baseline."""

    capex: float
    opex_per_year: float
    tco: float
    share: float | None
    """Of the baseline's tco."""
    corridors: dict[str, float]
    deciding: str | None
    """The corridor with the largest part in the difference of the tco."""


class FirmnessDocument(Document):
    """Shares of the tco by what its prices rest on."""

    quoted: float
    currency_open: float
    """In another currency than the plan's, and not by a quote that has run out."""
    illustrative: float
    unpriced_lines: int


class ColumnDocument(Document):
    """A plan; without one (`infeasible`, `unknown`) there are no amounts."""

    id: str
    status: str | None
    """null: the classical design, which is not planned."""
    objective: ObjectiveDocument | None
    costs: Costs | None
    nodes: int | None
    relays: int | None
    links: int | None
    relay_sites: tuple[str, ...]
    headroom_db: float | None
    """The least of a link."""
    unserved: tuple[str, ...]
    corridors: dict[str, CorridorMoney]
    firmness: FirmnessDocument | None
    counted_as_0: tuple[UnstatedDocument, ...] = ()
    """What the inventory does not state; where there is anything, amounts are at least so much."""
    spares_capex: float | None
    """Of the capex, what is kept in stock, whatever the plan; null: nothing is."""
    findings: tuple[Finding, ...]
    """Warnings about the inventory that touch the plan."""
    checks: tuple[JudgedCheck, ...]
    difference: DifferenceDocument | None
    """null: the baseline itself, no plan, or another currency."""


class ExtraDocument(Document):
    """Quantum less classical."""

    capex: float
    opex_per_year: float
    tco: float
    per_protected_year: float | None
    """Per corridor served: the equal payment at the end of every year that is worth the tco; null: none is served, or
    no year passes."""
    corridors: dict[str, float]
    """Of the tco; `""` is what no corridor uses."""


class SideDocument(Document):
    held: float | None
    """Tco of the plan as it is; null: it no longer holds."""
    anew: float | None
    """Of the best plan then; null: there is none, or none was found in time."""
    status: str
    """How planning anew ended; `feasible`, `unknown`: not decided in time."""
    over_budget: bool
    """The plan as it is then costs more than the budget."""
    gained: tuple[str, ...]
    """Corridors that the best plan then serves and this one does not."""
    lost: tuple[str, ...]


class SwingDocument(Document):
    driver: str
    spread: float
    lower: SideDocument
    higher: SideDocument


class BreakEvenDocument(Document):
    """Where another plan takes over when a driver rises, or falls; factors of what is stated."""

    driver: str
    at_least: float | None
    at_most: float | None
    """The same as `at_least`: exact; null: nowhere, so far as was looked."""
    amount: float | None
    unit: str
    gone: tuple[tuple[str, str], ...]
    new: tuple[tuple[str, str], ...]
    gained: tuple[str, ...]
    """Corridors that the other plan serves and this one does not."""
    lost: tuple[str, ...]
    possible: bool
    """false: beyond it there is no plan at all."""
    decided: bool
    """false: the time ended before it was looked at (`at_least` is null), or looked at more closely."""


class ComparedDocument(Printed):
    """What `qplan compare --format json` prints; columns are sorted by id."""

    baseline: str
    columns: tuple[ColumnDocument, ...]
    extra: ExtraDocument | None = None
    """With `--classical`."""
    sensitivity: tuple[SwingDocument, ...] | None = None
    """With `--sensitivity`, by driver."""
    break_even: tuple[BreakEvenDocument, ...] | None = None
    """When a driver rises."""
    break_even_falling: tuple[BreakEvenDocument, ...] | None = None
    """When a driver falls by its spread at the most, where that changes the best plan."""


def compared_json(table: SideBySide) -> str:
    """The versioned contract."""
    columns = sorted((_column(table, column) for column in table.columns), key=lambda column: column.id)
    return ComparedDocument(baseline=table.baseline, columns=tuple(columns)).text()


def classical_json(beside: BesideClassical) -> str:
    """The columns `classical` and `quantum`, and what the one costs more."""
    plan = _planned("quantum", beside.facts)
    classical, quantum, _ = map(_firmness, beside.firmness)
    lines = beside.design.lines
    unpriced = tuple(line.address for line in beside.design.unpriced) + beside.design.unnamed
    open_ = (UnstatedDocument(what="price", missing=unpriced, of=len(lines)),) if unpriced else ()
    columns = (
        _without_plan("classical", None).model_copy(
            update={
                "costs": beside.classical,
                "nodes": 0,
                "relays": 0,
                "links": 0,
                "firmness": classical,
                "counted_as_0": open_,
                "corridors": {each.id: CorridorMoney(tco=each.classical) for each in beside.corridors},
            }
        ),
        plan.model_copy(
            update={
                "costs": beside.quantum,
                "firmness": quantum,
                "counted_as_0": (*open_, *plan.counted_as_0),
                "corridors": {each.id: CorridorMoney(tco=each.quantum) for each in beside.corridors},
            }
        ),
    )
    extra = ExtraDocument(
        capex=beside.extra.capex,
        opex_per_year=beside.extra.opex_per_year,
        tco=beside.extra.tco,
        per_protected_year=beside.extra_per_protected_year,
        corridors={each.id: each.extra for each in beside.corridors},
    )
    return ComparedDocument(baseline="classical", columns=columns, extra=extra).text()


def sensitivity_json(name: str, facts: PlanFacts, found: Sensitivities) -> str:
    """One column, and how its total answers to each driver."""
    swings = tuple(
        SwingDocument(
            driver=swing.driver,
            spread=swing.spread,
            lower=_side(swing.lower),
            higher=_side(swing.higher),
        )
        for swing in sorted(found.swings, key=lambda swing: swing.driver)
    )
    points = sorted(found.break_evens, key=lambda point: point.driver)
    return ComparedDocument(
        baseline=name,
        columns=(_planned(name, facts),),
        sensitivity=swings,
        break_even=tuple(_break_even(point) for point in points if not point.falls),
        break_even_falling=tuple(_break_even(point) for point in points if point.falls),
    ).text()


def _side(side: Side) -> SideDocument:
    return SideDocument(
        held=side.held,
        anew=side.anew,
        status=side.status,
        over_budget=side.over_budget,
        gained=side.turnover.gained,
        lost=side.turnover.lost,
    )


def _break_even(point: BreakEven) -> BreakEvenDocument:
    stated = {key: value for key, value in asdict(point).items() if key not in ("turnover", "falls")}
    return BreakEvenDocument(**stated, **asdict(point.turnover))


def _column(table: SideBySide, column: Column) -> ColumnDocument:
    if column.facts is None:
        return _without_plan(column.id, column.status)
    found = table.difference(column)
    return _planned(column.id, column.facts).model_copy(
        update={"difference": None if found is None else _difference(found)}
    )


def _without_plan(name: str, status: str | None) -> ColumnDocument:
    return ColumnDocument(
        id=name,
        status=status,
        objective=None,
        costs=None,
        nodes=None,
        relays=None,
        links=None,
        relay_sites=(),
        headroom_db=None,
        unserved=(),
        corridors={},
        firmness=None,
        spares_capex=None,
        findings=(),
        checks=(),
        difference=None,
    )


def _planned(name: str, facts: PlanFacts) -> ColumnDocument:
    plan = facts.plan
    return ColumnDocument(
        id=name,
        status=plan.status,
        objective=ObjectiveDocument(
            name=plan.objective.name, value=plan.objective.value, bound=plan.objective.bound, gap=plan.objective.gap
        ),
        costs=plan.costs,
        nodes=len(plan.nodes),
        relays=len(facts.relays),
        links=len(plan.links),
        relay_sites=tuple(relay.id for relay in facts.relays),
        headroom_db=min((round(link.headroom_db, 6) for link in facts.links), default=None),
        unserved=tuple(each.id for each in facts.unserved),
        corridors={share.corridor: CorridorMoney(tco=float(share.tco)) for share in facts.costs.shares},
        firmness=_firmness(facts.costs.firmness),
        counted_as_0=unstated_documents(facts),
        spares_capex=spares_capex(facts),
        findings=plan.findings,
        checks=plan.checks,
        difference=None,
    )


def _firmness(firm: Firmness) -> FirmnessDocument:
    return FirmnessDocument(
        quoted=firm.quoted,
        currency_open=firm.share(FOREIGN),
        illustrative=firm.share(ILLUSTRATIVE),
        unpriced_lines=firm.unpriced_lines,
    )


def _difference(found: Difference) -> DifferenceDocument:
    return DifferenceDocument(
        capex=found.capex.delta or 0.0,
        opex_per_year=found.opex_per_year.delta or 0.0,
        tco=found.tco.delta or 0.0,
        share=found.tco.share,
        corridors=dict(sorted(found.corridors)),
        deciding=found.deciding[0] if found.deciding else None,
    )
