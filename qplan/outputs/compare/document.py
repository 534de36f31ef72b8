"""Plans side by side for programs: what `qplan compare --format json` prints; its schema is made of these models."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from qplan import __version__
from qplan.comparison.columns import Column, Difference, SideBySide
from qplan.costing.firmness import FOREIGN, ILLUSTRATIVE
from qplan.outputs.verbs.documents import Document
from qplan.plan.model import Costs, JudgedCheck


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
    """The corridor that makes most of the difference of the tco."""


class FirmnessDocument(Document):
    """Shares of the tco by what its prices rest on."""

    quoted: float
    currency_open: float
    """In another currency than the plan's."""
    illustrative: float
    unpriced_lines: int


class ColumnDocument(Document):
    """A plan; without one (`infeasible`, `unknown`) there are no amounts."""

    id: str
    status: str
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
    checks: tuple[JudgedCheck, ...]
    difference: DifferenceDocument | None
    """null: the baseline itself, no plan, or another currency."""


class ComparedDocument(Document):
    """What `qplan compare --format json` prints; columns are sorted by id."""

    format_version: Literal["1.0"] = "1.0"
    qplan_version: str = Field(default_factory=lambda: __version__)
    baseline: str
    columns: tuple[ColumnDocument, ...]


def compared_json(table: SideBySide) -> str:
    """The versioned contract."""
    columns = sorted((_column(table, column) for column in table.columns), key=lambda column: column.id)
    return ComparedDocument(baseline=table.baseline, columns=tuple(columns)).text()


def _column(table: SideBySide, column: Column) -> ColumnDocument:
    facts, found = column.facts, table.difference(column)
    if facts is None:
        nothing = ColumnDocument.model_fields.keys() - {
            "id",
            "status",
            "relay_sites",
            "unserved",
            "corridors",
            "checks",
        }
        return ColumnDocument.model_validate(
            dict.fromkeys(nothing)
            | {"id": column.id, "status": column.status}
            | {"relay_sites": (), "unserved": (), "corridors": {}, "checks": ()}
        )
    plan, firm = facts.plan, facts.costs.firmness
    return ColumnDocument(
        id=column.id,
        status=column.status,
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
        corridors={key: CorridorMoney(tco=tco) for key, tco in column.corridors.items()},
        firmness=FirmnessDocument(
            quoted=firm.quoted,
            currency_open=firm.share(FOREIGN),
            illustrative=firm.share(ILLUSTRATIVE),
            unpriced_lines=firm.unpriced_lines,
        ),
        checks=plan.checks,
        difference=None if found is None else _difference(found),
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
