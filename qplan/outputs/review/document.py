"""A comparison for programs: what `qplan diff --format json` prints, and what GitLab's widget takes."""

from __future__ import annotations

import json
from typing import Any, Literal

from qplan.assessment.checks import CheckResult
from qplan.comparison.model import (
    Amount,
    Comparison,
    CorridorChange,
    Expectations,
    ExposureChange,
    FailureChange,
    Money,
    Pair,
    PlanChange,
    Proof,
    SightChange,
    Turnover,
    Worst,
    pair_of,
)
from qplan.outputs.review.diff_document import (
    AmountDocument,
    ChangeDocument,
    CheckDocument,
    CorridorDocument,
    CostsDocument,
    CountsDocument,
    DiffDocument,
    Ends,
    ExpectationsDocument,
    ExposureDocument,
    FailureDocument,
    FirmnessDocument,
    InputDocument,
    JudgedDocument,
    KeptDocument,
    LimitDocument,
    MarginsDocument,
    MovedDocument,
    Numbers,
    Paths,
    ProofDocument,
    ProvenDocument,
    SightDocument,
    SilencedDocument,
    Texts,
    Truths,
    WorstDocument,
    Worsts,
)


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
        failures=tuple(map(_failure, plan.failures)) if plan else (),
        expectations=_expectations(plan),
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
        silenced=tuple(
            SilencedDocument(code=each.code, address=each.address, reason=each.reason) for each in comparison.silenced
        ),
        moved=tuple(MovedDocument(before=old, after=new) for old, new in sorted(comparison.renamed.items())),
        objective=_texts(plan.objective if plan else NONE),
        as_of=_texts(plan.as_of if plan else NONE),
        proof=_proof(plan),
        summary=CountsDocument(
            create=plan.count("create") if plan else 0,
            update=plan.count("update") if plan else 0,
            delete=plan.count("delete") if plan else 0,
        ),
    )


NONE: Pair[Any] = Pair(None, None)
NO_AMOUNT = Amount(None, None, None)
NO_MONEY = Money(NONE, NO_AMOUNT, NO_AMOUNT, NO_AMOUNT, NONE, NONE, NONE, NONE)
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
        ends=Ends(before=each.ends.before, after=each.ends.after),
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


def _failure(each: FailureChange) -> FailureDocument:
    return FailureDocument(
        id=each.id, availability=_numbers(each.availability), longest_gap_s=_numbers(each.longest_gap_s)
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
        horizon_years=_numbers(money.horizon_years),
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
    written = pair_of(pair.before, pair.after, lambda each: WorstDocument(link=each.link, value=each.value))
    return Worsts(before=written.before, after=written.after)


def _expectations(plan: PlanChange | None) -> ExpectationsDocument:
    expected: Pair[Expectations] = plan.expectations if plan else NONE
    written = pair_of(
        expected.before,
        expected.after,
        lambda each: KeptDocument(stated=each.stated, kept=each.kept, missed=each.missed, unplayed=each.unplayed),
    )
    return ExpectationsDocument(before=written.before, after=written.after)


def _judged(result: CheckResult | None) -> JudgedDocument | None:
    if result is None:
        return None
    check = result.check
    return JudgedDocument(
        metric=check.metric, value=result.value, limits=result.limits, ok=result.ok, severity=check.severity
    )


def _proof(plan: PlanChange | None) -> ProofDocument:
    proof: Pair[Proof] = plan.proof if plan else NONE
    written = pair_of(proof.before, proof.after, lambda each: ProvenDocument(status=each.status, gap=each.gap))
    return ProofDocument(before=written.before, after=written.after)
