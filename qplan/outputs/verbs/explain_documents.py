"""What `qplan explain` prints as JSON, as models: of an inventory, of a plan, and of one address in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from qplan.candidates.reasons import Reason
from qplan.explain.about.alternatives import Alternative
from qplan.explain.about.answers import Answer, Share, Use
from qplan.explain.about.limits import LimitState
from qplan.explain.about.margins import Margin
from qplan.explain.about.questions import Overview
from qplan.explain.findings import CorridorFinding, Explanation, Remedy
from qplan.inventory.model import Inventory
from qplan.outputs.verbs.documents import Document, Printed
from qplan.plan.model import SAID, InventoryRef, Objective, Plan


class ExplanationDocument(Printed):
    """What `qplan explain --format json` prints of an inventory, and `optimize` where there is no plan.

    `explanation.json` says the same, with what was read.
    """

    inventory: Annotated[InventoryRef | None, SAID] = None
    """In `explanation.json` alone."""
    stale_plan: Annotated[bool | None, SAID] = None
    """In `explanation.json` alone: a plan of another inventory lies beside it."""
    currency: str
    objective: str
    status: str
    """infeasible | unknown (ended by time) | servable (`corridors` are optional ones that cannot be served alone)"""
    corridors: tuple[CorridorFinding, ...]
    joint: tuple[Reason, ...]
    """Where every corridor could be served alone, but not all together."""
    remedies: tuple[Remedy, ...]
    notes: tuple[str, ...]
    bound: float | None
    """Where the status is `unknown`: no plan has a lower objective."""
    bound_method: str


class PlanState(Document):
    """The plan that is asked about."""

    status: str
    objective: Objective


class Limit(Document):
    """A limit that the plan meets with."""

    limit: str
    """strands | rack_units | power_w | key_rate | loss_db | length_km | max_relays | max_bypass_sites | capex | tco"""
    where: str
    """An address, such as `fibres.f`."""
    taken: float
    of: float
    left: float
    used_up: bool
    binds: bool | None
    """Found by planning without it; null where that was not tried."""


class CorridorMoney(Document):
    """What one corridor costs; of the corridor "" what none uses."""

    corridor: str
    capex: float
    contingency: float
    opex_per_year: float
    tco: float


class OverviewDocument(Printed):
    """What `qplan explain PLAN --format json` prints."""

    currency: str
    plan: PlanState
    binding_limits: tuple[Limit, ...]
    shares: tuple[CorridorMoney, ...]


class AnswerDocument(Printed):
    """What `qplan explain PLAN ADDRESS --format json` prints."""

    currency: str
    plan: PlanState
    address: str
    in_plan: bool
    why: tuple[str, ...]
    """Why it is there, or why it is not, in sentences."""
    uses: tuple[Use, ...]
    share: Share | None
    limits: tuple[Limit, ...]
    without: tuple[Alternative, ...]
    """Planned anew without it; of what is not in the plan, with it."""
    changes: tuple[Alternative, ...]
    """Planned anew with a change to it."""
    reasons: tuple[Reason, ...]
    revealed_by: tuple[tuple[str, ...], ...] | None
    """Of a corridor: groups of relays; one out of each learn its key together."""
    cut_off_by: tuple[tuple[str, ...], ...] | None
    """Of a corridor: groups of sites, fibres or ducts; without one out of each it gets no key."""
    margins: tuple[Margin, ...]
    """Of a corridor planned alone."""


def explanation_document(
    inventory: Inventory, explanation: Explanation, ref: InventoryRef | None = None, stale_plan: bool | None = None
) -> ExplanationDocument:
    return ExplanationDocument(
        inventory=ref,
        stale_plan=stale_plan,
        currency=inventory.economics.currency,
        objective=inventory.objective,
        **vars(explanation),
    )


def overview_document(inventory: Inventory, plan: Plan, found: Overview) -> OverviewDocument:
    shares = (
        CorridorMoney(
            corridor=share.corridor,
            capex=float(share.capex),
            contingency=float(share.contingency),
            opex_per_year=float(share.opex_per_year),
            tco=float(share.tco),
        )
        for share in found.shares
    )
    return OverviewDocument(
        currency=inventory.economics.currency,
        plan=_state(plan),
        binding_limits=_limits(found.limits),
        shares=tuple(shares),
    )


def answer_document(inventory: Inventory, plan: Plan, answer: Answer) -> AnswerDocument:
    known = {key: value for key, value in vars(answer).items() if key in AnswerDocument.model_fields}
    return AnswerDocument(
        **known
        | {
            "currency": inventory.economics.currency,
            "plan": _state(plan),
            "address": answer.address,
            "limits": _limits(answer.limits),
            "revealed_by": answer.revealed_by and answer.revealed_by.groups,
            "cut_off_by": answer.cut_off_by and answer.cut_off_by.groups,
        }
    )


def _state(plan: Plan) -> PlanState:
    return PlanState(status=plan.status, objective=plan.objective)


def _limits(limits: Iterable[LimitState]) -> tuple[Limit, ...]:
    return tuple(
        Limit(
            limit=each.at.limit,
            where=each.at.where,
            taken=each.at.taken,
            of=each.at.free,
            left=round(each.at.left, 9),
            used_up=each.at.used_up,
            binds=each.binds,
        )
        for each in limits
    )
