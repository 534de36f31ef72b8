"""A comparison for programs: what `qplan diff --format json` prints, and what GitLab's widget takes."""

from __future__ import annotations

import json
from typing import Literal

from pydantic import Field

from qplan import __version__
from qplan.assessment.checks import CheckResult
from qplan.comparison.model import (
    Amount,
    Comparison,
    CorridorChange,
    ExposureChange,
    Money,
    Pair,
    PlanChange,
    SightChange,
    Turnover,
    Worst,
)
from qplan.outputs.verbs.documents import Document

Json = object
Fields = dict[str, Json]


class ChangeDocument(Document):
    """A node, a link or a corridor of the plan that is new, gone, or another than before."""

    address: str
    """`nodes.SITE`, `links.A--B` (`#2` … where several join the same sites) or `corridors.ID`."""
    action: Literal["create", "update", "delete"]
    before: Fields | None
    after: Fields | None


class Truths(Document):
    before: bool | None
    """null: there was no such corridor."""
    after: bool | None


class Numbers(Document):
    before: float | None
    after: float | None


class Texts(Document):
    before: str | None
    after: str | None


class Paths(Document):
    """The sites of every path, from the corridor's first end to its second."""

    before: tuple[tuple[str, ...], ...] | None
    after: tuple[tuple[str, ...], ...] | None


class CorridorDocument(Document):
    """A corridor that gets something else than before."""

    id: str
    relays_gained: tuple[str, ...]
    relays_lost: tuple[str, ...]
    operators_gained: tuple[str, ...]
    """Who run its relays; "" where it is not stated."""
    operators_lost: tuple[str, ...]
    countries_gained: tuple[str, ...]
    countries_lost: tuple[str, ...]
    served: Truths
    key_rate_bps: Numbers
    """Its demand."""
    tco: Numbers
    """Its share."""
    paths: Paths


class SightDocument(Document):
    """Who sees keys of more or of fewer corridors in clear, as a relay; a whole key is more than a share."""

    kind: Literal["site", "operator", "country"]
    name: str
    corridors_gained: tuple[str, ...]
    corridors_lost: tuple[str, ...]


class ExposureDocument(Document):
    """Who newly sees keys, in clear, of corridors that do not end there."""

    sites_gained: tuple[str, ...]
    sites_lost: tuple[str, ...]
    operators_gained: tuple[str, ...]
    operators_lost: tuple[str, ...]
    countries_gained: tuple[str, ...]
    countries_lost: tuple[str, ...]
    sees: tuple[SightDocument, ...]


class AmountDocument(Document):
    before: float | None
    after: float | None
    delta: float | None
    """null where the currencies differ, or nothing was planned."""
    share: float | None
    """The difference as a share of the amount before."""


class CostsDocument(Document):
    currency: Texts
    capex: AmountDocument
    opex_per_year: AmountDocument
    tco: AmountDocument


class FirmnessDocument(Document):
    """Shares of the tco by what its prices rest on."""

    quoted: Numbers
    illustrative: Numbers
    unpriced_lines: Numbers


class WorstDocument(Document):
    link: str
    value: float


class Worsts(Document):
    before: WorstDocument | None
    after: WorstDocument | None


class MarginsDocument(Document):
    """The link that has least left."""

    headroom_db: Worsts
    load: Worsts
    """Share of a link's capacity that is reserved."""


class JudgedDocument(Document):
    metric: str
    value: float | None
    limits: dict[str, float]
    ok: bool
    severity: str


class CheckDocument(Document):
    """A check; null where there is none of this id."""

    id: str
    before: JudgedDocument | None
    after: JudgedDocument | None


class LimitDocument(Document):
    """A limit or a rule of the inventory that is another than before."""

    address: str
    before: Json
    after: Json
    direction: Literal["loosened", "tightened", "changed"]


class InputDocument(Document):
    """An address of the inventory whose value differs; null where nothing stands there."""

    address: str
    before: Json
    after: Json


class ProvenDocument(Document):
    status: str
    gap: float | None


class ProofDocument(Document):
    before: ProvenDocument | None
    after: ProvenDocument | None


class MovedDocument(Document):
    """An address of the inventory that is called otherwise now."""

    before: str
    after: str


class CountsDocument(Document):
    create: int
    update: int
    delete: int


class DiffDocument(Document):
    """What `qplan diff --format json` prints."""

    format_version: Literal["1.0"] = "1.0"
    qplan_version: str = Field(default_factory=lambda: __version__)
    compared: Literal["plans", "inventories"]
    changed: bool
    changes: tuple[ChangeDocument, ...]
    corridors: tuple[CorridorDocument, ...]
    """Those that differ."""
    exposure: ExposureDocument
    costs: CostsDocument
    firmness: FirmnessDocument
    margins: MarginsDocument
    checks: tuple[CheckDocument, ...]
    """All."""
    limits: tuple[LimitDocument, ...]
    inputs: tuple[InputDocument, ...]
    """All addresses that differ, the limits too."""
    moved: tuple[MovedDocument, ...]
    objective: Texts
    proof: ProofDocument
    summary: CountsDocument


def comparison_json(comparison: Comparison) -> str:
    """The versioned contract."""
    return document(comparison).text()


def comparison_gitlab(comparison: Comparison) -> str:
    """What the merge request's widget for Terraform reads: counts alone."""
    return json.dumps(document(comparison).summary.model_dump(), indent=2) + "\n"


def document(comparison: Comparison) -> DiffDocument:
    """The whole comparison; where no plans were compared, nothing of a plan differs and no amount is known."""
    plan, inputs = comparison.plan, comparison.inputs
    return DiffDocument(
        compared="plans" if plan else "inventories",
        changed=comparison.changed,
        changes=_changes(plan),
        corridors=tuple(map(_corridor, plan.corridors)) if plan else (),
        exposure=_exposure(plan.exposure if plan else NO_EXPOSURE),
        costs=_costs(plan.money if plan else NO_MONEY),
        firmness=_firmness(plan.money if plan else NO_MONEY),
        margins=MarginsDocument(
            headroom_db=_worsts(plan.margins.headroom_db if plan else NONE),
            load=_worsts(plan.margins.load if plan else NONE),
        ),
        checks=tuple(
            CheckDocument(id=key, before=_judged(pair.before), after=_judged(pair.after))
            for key, pair in (plan.checks if plan else ())
        ),
        limits=tuple(
            LimitDocument(address=each.address, before=each.before, after=each.after, direction=each.direction)
            for each in inputs.limits
        ),
        inputs=tuple(
            InputDocument(address=each.address, before=each.before, after=each.after) for each in inputs.changed
        ),
        moved=tuple(MovedDocument(before=old, after=new) for old, new in sorted(comparison.renamed.items())),
        objective=_texts(plan.objective if plan else NONE),
        proof=_proof(plan),
        summary=CountsDocument(
            create=plan.count("create") if plan else 0,
            update=plan.count("update") if plan else 0,
            delete=plan.count("delete") if plan else 0,
        ),
    )


NONE: Pair = Pair(None, None)
NO_AMOUNT = Amount(None, None, None)
NO_MONEY = Money(NONE, NO_AMOUNT, NO_AMOUNT, NO_AMOUNT, NONE, NONE, NONE)
NO_EXPOSURE = ExposureChange(Turnover(), Turnover(), Turnover(), (), (), ())


def _changes(plan: PlanChange | None) -> tuple[ChangeDocument, ...]:
    return tuple(
        ChangeDocument(
            address=each.address,
            action=each.action,
            before=None if each.before is None else dict(each.before),
            after=None if each.after is None else dict(each.after),
        )
        for each in (plan.changes if plan else ())
    )


def _corridor(each: CorridorChange) -> CorridorDocument:
    return CorridorDocument(
        id=each.id,
        relays_gained=each.relays.gained,
        relays_lost=each.relays.lost,
        operators_gained=each.operators.gained,
        operators_lost=each.operators.lost,
        countries_gained=each.countries.gained,
        countries_lost=each.countries.lost,
        served=Truths(before=each.served.before, after=each.served.after),
        key_rate_bps=_numbers(each.key_rate_bps),
        tco=_numbers(each.tco),
        paths=Paths(before=each.paths.before, after=each.paths.after),
    )


def _exposure(exposed: ExposureChange) -> ExposureDocument:
    sights: tuple[tuple[Literal["site", "operator", "country"], tuple[SightChange, ...]], ...] = (
        ("country", exposed.by_country),
        ("operator", exposed.by_operator),
        ("site", exposed.by_site),
    )
    return ExposureDocument(
        sites_gained=exposed.sites.gained,
        sites_lost=exposed.sites.lost,
        operators_gained=exposed.operators.gained,
        operators_lost=exposed.operators.lost,
        countries_gained=exposed.countries.gained,
        countries_lost=exposed.countries.lost,
        sees=tuple(
            SightDocument(
                kind=kind,
                name=each.name,
                corridors_gained=each.corridors.gained,
                corridors_lost=each.corridors.lost,
            )
            for kind, entries in sights
            for each in entries
        ),
    )


def _costs(money: Money) -> CostsDocument:
    return CostsDocument(
        currency=_texts(money.currency),
        capex=_amount(money.capex),
        opex_per_year=_amount(money.opex_per_year),
        tco=_amount(money.tco),
    )


def _firmness(money: Money) -> FirmnessDocument:
    return FirmnessDocument(
        quoted=_numbers(money.quoted_share),
        illustrative=_numbers(money.illustrative_share),
        unpriced_lines=_numbers(money.unpriced_lines),
    )


def _amount(amount: Amount) -> AmountDocument:
    return AmountDocument(before=amount.before, after=amount.after, delta=amount.delta, share=amount.share)


def _numbers(pair: Pair[float] | Pair[int]) -> Numbers:
    return Numbers(before=pair.before, after=pair.after)


def _texts(pair: Pair[str]) -> Texts:
    return Texts(before=pair.before, after=pair.after)


def _worsts(pair: Pair[Worst]) -> Worsts:
    before, after = (each and WorstDocument(link=each.link, value=each.value) for each in (pair.before, pair.after))
    return Worsts(before=before, after=after)


def _judged(result: CheckResult | None) -> JudgedDocument | None:
    if result is None:
        return None
    check = result.check
    return JudgedDocument(
        metric=check.metric, value=result.value, limits=result.limits, ok=result.ok, severity=check.severity
    )


def _proof(plan: PlanChange | None) -> ProofDocument:
    if plan is None:
        return ProofDocument(before=None, after=None)
    before, after = (
        each and ProvenDocument(status=each.status, gap=each.gap) for each in (plan.proof.before, plan.proof.after)
    )
    return ProofDocument(before=before, after=after)
