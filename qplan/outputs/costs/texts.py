"""The account of a plan's costs for a terminal, as Markdown and as CSV."""

from __future__ import annotations

from collections.abc import Iterator

from qplan.comparison.cost_account import CostAccount
from qplan.costing.cash_flow import annualised, escalation_within, fees_beyond
from qplan.outputs.compare.texts import sections_markdown, sections_text
from qplan.outputs.costs.sections import account_head, account_sections
from qplan.outputs.text.head import head_markdown, head_text
from qplan.outputs.text.tables import Cell, csv_text


def account_text(account: CostAccount, window: int | None = None) -> str:
    return head_text(account_head(account)) + sections_text(account_sections(account), window)


def account_markdown(account: CostAccount) -> str:
    return head_markdown(account_head(account)) + "\n" + sections_markdown(account_sections(account))


def account_csv(account: CostAccount) -> str:
    """One figure a line, with its key as in JSON, and its unit."""
    return csv_text(("key", "value", "unit"), _figures(account))


def _figures(account: CostAccount) -> Iterator[tuple[Cell, ...]]:
    facts = account.facts
    costs, economics, currency = facts.costs, facts.inventory.economics, facts.plan.costs.currency
    for key, amount in (
        ("capex", costs.capex),
        ("contingency", costs.contingency),
        ("opex_per_year", costs.opex_per_year),
        ("total_nominal", costs.nominal),
        ("tco", costs.tco),
        ("tco_per_year", annualised(economics, costs.total)),
        ("escalation", escalation_within(economics, costs.total)),
        ("fees_beyond_horizon", fees_beyond(economics, costs.total)),
    ):
        yield key, amount, currency
    yield "delivered_key_rate_bps", costs.delivered_bps, "bit/s"
    yield "tco_per_delivered_bps", costs.tco_per_bps, f"{currency} per bit/s"
    for row in costs.years:
        at = f"cash_flow.{row.year}"
        yield f"{at}.nominal", row.nominal, currency
        yield f"{at}.discounted", row.discounted, currency
        yield from ((f"{at}.{kind}", amount, currency) for kind, amount in row.kinds.items())
    for share in costs.shares:
        at = f"corridors.{share.corridor}"
        for key, amount in (("capex", share.capex), ("opex_per_year", share.opex_per_year), ("tco", share.tco)):
            yield f"{at}.{key}", amount, currency
    for basis, part in costs.firmness.shares.items():
        yield f"firmness.{basis}", part, "share"
    yield "firmness.beyond_terms", costs.firmness.beyond_terms, "share"
    yield "firmness.unpriced_lines", costs.firmness.unpriced_lines, "lines"
    found = account.difference
    if found is not None:
        for key in ("capex", "opex_per_year", "tco"):
            amount = getattr(found, key)
            yield f"compared.{key}.before", amount.before, currency
            yield f"compared.{key}.delta", amount.delta, currency
        yield from ((f"compared.corridors.{key}", delta, currency) for key, delta in sorted(found.corridors))
    for limit in account.limits:
        yield f"limits.{limit.id}", limit.limit, currency
        yield f"limits.{limit.id}.ok", "kept" if limit.ok else "not kept", ""
