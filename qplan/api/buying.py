"""What a plan buys and what that costs: the bill in its views, link schedule, fibre orders, costs against limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Literal

from qplan.api.comparing import NothingToCompare
from qplan.api.planning import Result
from qplan.costing.money_text import ungrouped as ungrouped
from qplan.errors import Exit, WrongUsage

if TYPE_CHECKING:
    from qplan.assessment.facts import PlanFacts
    from qplan.comparison.cost_account import CostAccount, Increase

View = Literal["part", "site", "link", "corridor", "supplier", "charge"]
Listed = Literal["links", "fibres"]
BillStyle = Literal["table", "csv", "xlsx", "json", "markdown"]
MOST_INCREASE = 10**12
CostStyle = Literal["text", "json", "markdown", "csv"]


def facts_as_of(result: Result, as_of: date | None = None) -> PlanFacts:
    """The facts of a plan, its quotes judged as of another day than the plan states. Raises NothingToCompare."""
    if as_of is not None and result.plan is not None:
        ref = result.plan.inventory.model_copy(update={"as_of": as_of.isoformat()})
        result = replace(result, plan=result.plan.model_copy(update={"inventory": ref}))
    if result.facts is None:
        raise NothingToCompare("there is no plan, so nothing is bought", result.exit_code)
    return result.facts


def render_bill(facts: PlanFacts, by: View = "part", style: BillStyle = "table", window: int | None = None) -> bytes:
    """The bill in one of its views; a table fits a terminal of some width."""
    from qplan.costing.groups import group_bill
    from qplan.outputs.bill import bill_document, views

    view = group_bill(facts.inventory.economics, facts.bill, by)
    if style == "xlsx":
        from qplan.outputs.bill.bill_book import view_workbook

        return view_workbook(facts, view)
    if style == "table":
        return views.view_text(facts, view, window).encode()
    formats = {"json": bill_document.view_json, "markdown": views.view_markdown, "csv": views.view_csv}
    return formats[style](facts, view).encode()


def render_list(facts: PlanFacts, which: Listed, style: BillStyle = "table", window: int | None = None) -> bytes:
    """The link schedule, or the fibre order list."""
    from qplan.outputs.bill import lists

    listed = lists.LISTS[which](facts)
    if style == "xlsx":
        from qplan.outputs.bill.bill_book import list_workbook

        return list_workbook(listed, facts.plan.costs.currency)
    return (listed.document.text() if style == "json" else lists.FORMATS[style](listed, window)).encode()


def hold_costs(
    result: Result,
    *,
    compare_to: Result | None = None,
    max_total: float | None = None,
    max_increase: str | None = None,
    as_of: date | None = None,
    compare_at: str = "",
) -> CostAccount:
    """A plan's costs, against another plan's and against limits.

    `compare_at` says where the other plan is. `max_increase` is money over the other plan's tco, or with a % at its
    end a share of it. Raises WrongUsage, NothingToCompare.
    """
    from qplan.comparison import cost_account
    from qplan.outputs.compare.rows import unlike_text

    facts = facts_as_of(result, as_of)
    before = None if compare_to is None else facts_as_of(compare_to, as_of)
    increase = None if max_increase is None else _increase(max_increase)
    if increase is not None and before is None:
        raise WrongUsage("--max-increase is one over another plan: name it with --compare-to PLAN")
    if increase is not None and before is not None and (reason := unlike_text(before, facts)):
        raise WrongUsage(f"--max-increase: this plan's costs are {reason} as the other's, so no increase can be stated")
    return cost_account.hold_costs(facts, before, max_total, increase, compare_at)


def exit_code(account: CostAccount) -> Exit:
    """What `qplan cost` ends with."""
    return Exit.DONE if account.kept else Exit.CHECK


def limits_not_kept(account: CostAccount) -> tuple[str, ...]:
    """A sentence on each."""
    from qplan.outputs.costs.sections import over_limits

    return over_limits(account)


def render_costs(account: CostAccount, style: CostStyle = "text", window: int | None = None) -> str:
    """For a terminal of some width, as Markdown, for programs or for a spreadsheet."""
    from qplan.outputs.costs import costs_json, texts

    if style == "text":
        return texts.account_text(account, window)
    formats = {"json": costs_json.account_json, "markdown": texts.account_markdown, "csv": texts.account_csv}
    return formats[style](account)


def _increase(text: str) -> Increase:
    """`250000` or `5%`. Raises WrongUsage."""
    from qplan.comparison.cost_account import Increase

    number, relative = ungrouped(text.strip().removesuffix("%").strip()), text.strip().endswith("%")
    try:
        amount = Decimal(number)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not (amount.is_finite() and 0 <= amount <= MOST_INCREASE):
        raise WrongUsage(f"--max-increase is {text!r}; expected an amount such as 250000, or a share such as 5%")
    return Increase(amount / 100 if relative else amount, relative)
