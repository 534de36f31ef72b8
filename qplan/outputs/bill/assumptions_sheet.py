"""The sheet with the inputs of the calculation, by name, what follows from them, and what the plan was made under."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from qplan.assessment.facts import PlanFacts
from qplan.costing.cash_flow import convention
from qplan.costing.cost import MONTHS, Cost, present_value, present_value_factor
from qplan.costing.views import SHARING_RULE
from qplan.inventory.commercial import Economics
from qplan.outputs.bill.bill_columns import GROWS_AS, YEARLY, bill_range
from qplan.outputs.bill.sheets import Styles, fit_height, formula, print_set_up, write
from qplan.outputs.text.tables import Cell

SHEET = "Assumptions"
WIDTHS = (40, 24, 90)
GROWING = ("support", "lease", "energy")
NAMES = {"support": "Support", "lease": "Leases", "energy": "Energy", "hosting": "Hosting and relays", "fees": "Fees"}


def assumptions_sheet(sheet: Worksheet, styles: Styles, facts: PlanFacts) -> None:
    """Inputs first, which may be typed over; then what is calculated of them; then what is only told."""
    print_set_up(sheet, WIDTHS)
    for column, name in enumerate(("Assumption", "Value", "Meaning")):
        write(sheet, 0, column, name, styles.header)
    row = 1
    for label, name, value, style, meaning in _inputs(styles, facts):
        _label(sheet, styles, row, label, meaning)
        if isinstance(value, date):
            sheet.write_datetime(row, 1, value, style)
        else:
            write(sheet, row, 1, value, style)
        _named(styles, name, row)
        _restricted(sheet, name, row)
        row += 1
    row += 1
    for label, name, text, amount, style, meaning in _calculated(styles, facts):
        _label(sheet, styles, row, label, meaning)
        formula(sheet, row, 1, text, style, amount)
        _named(styles, name, row)
        row += 1
    row += 1
    for label, cell, meaning in _told(facts):
        _label(sheet, styles, row, label, meaning)
        write(sheet, row, 1, cell, styles.text if isinstance(cell, str) else styles.stated)
        row += 1
    sheet.print_area(0, 0, row - 1, len(WIDTHS) - 1)


def _label(sheet: Worksheet, styles: Styles, row: int, label: str, meaning: str) -> None:
    write(sheet, row, 0, label, styles.text)
    write(sheet, row, 2, meaning, styles.text)
    fit_height(sheet, row, (label, None, meaning), WIDTHS)


def _named(styles: Styles, name: str, row: int) -> None:
    styles.book.define_name(name, f"={SHEET}!$B${row + 1}")


def _inputs(styles: Styles, facts: PlanFacts) -> Iterator[tuple[str, str, float | date | None, Format, str]]:
    """Label, name, value, style, meaning."""
    economics, share = facts.inventory.economics, styles.share_input
    text = convention(economics, facts.costs.total)
    yield "Horizon (years)", "horizon_years", economics.horizon_years, styles.number_input, text
    yield "Discount rate per year", "discount_rate", economics.discount_rate, share, ""
    yield "Contingency", "contingency_share", economics.contingency, share, "share of capex"
    for kind in GROWING:
        growth: float = getattr(economics.escalation, kind)
        yield f"{NAMES[kind]}: growth per year", f"escalation_{kind}", growth, share, "from year 2 on"
    day = facts.plan.inventory.as_of
    judged = "a quote whose last day is earlier has run out; empty: none has"
    yield "Quotes are judged on", "as_of", None if day is None else date.fromisoformat(day), styles.date_input, judged


def _restricted(sheet: Worksheet, name: str, row: int) -> None:
    """What may be typed."""
    whole = {"validate": "integer", "criteria": "between", "minimum": 0, "maximum": 1000}
    share = {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": 1}
    growth = {"validate": "decimal", "criteria": "between", "minimum": -1, "maximum": 1}
    day = {"validate": "date", "criteria": ">=", "value": date(2000, 1, 1)}
    options = {"horizon_years": whole, "as_of": day}.get(name, growth if name.startswith("escalation") else share)
    sheet.data_validation(row, 1, row, 1, options)


def _calculated(styles: Styles, facts: PlanFacts) -> Iterator[tuple[str, str, str, Decimal, Format, str]]:
    """Label, name, formula, value, style, meaning."""
    economics, total = facts.inventory.economics, facts.costs.total
    even = "=IF(discount_rate=0,horizon_years,(1-(1+discount_rate)^-horizon_years)/discount_rate)"
    meaning = "present value of 1 per year over the horizon"
    yield "Annuity factor", "annuity", even, present_value_factor(economics), styles.factor, meaning
    for kind in GROWING:
        growth = f"escalation_{kind}"
        closed = (
            f"=IF(ROUND(discount_rate-{growth},9)=0,horizon_years/(1+discount_rate),"
            f"(1-((1+{growth})/(1+discount_rate))^horizon_years)/(discount_rate-{growth}))"
        )
        label, what = f"Annuity factor, {NAMES[kind].lower()}", f"{meaning}, growing from year 2 on"
        yield label, f"annuity_{kind}", closed, _factor(economics, kind), styles.factor, what
    lines = bill_range(facts.bill)
    kinds, amounts = lines.column(GROWS_AS), lines.column(YEARLY)
    fees = MONTHS * sum((fee for _, fee in total.fees), Decimal(0))
    of_kind = {kind: getattr(total, kind) for kind in (*GROWING, "hosting")} | {"fees": fees}
    for kind, amount in of_kind.items():
        text = f'=SUMIF({kinds},"{kind}",{amounts})'
        yield f"{NAMES[kind]}, year 1", f"{kind}_year_1", text, amount, styles.money, "from the bill"


def _factor(economics: Economics, kind: str) -> Decimal:
    one = Decimal(1)
    return present_value(
        economics, {"support": Cost(support=one), "lease": Cost(lease=one)}.get(kind, Cost(energy=one))
    )


def _told(facts: PlanFacts) -> Iterator[tuple[str, Cell, str]]:
    """Label, value, meaning."""
    inventory, plan = facts.inventory, facts.plan
    economics, policy = inventory.economics, inventory.policy
    yield "Currency", economics.currency, "without tax; every amount of the workbook"
    for currency, rate in sorted(economics.exchange_rates.items()):
        day = economics.exchange_rates_as_of
        stated = f"as of {day}" if day else "of a day that is not stated"
        yield f"1 {currency}", rate, f"{economics.currency}, {stated}; amounts of the bill are converted at it"
    if economics.day_rate is not None:
        yield "Day rate", economics.day_rate, f"{economics.currency} for one person-day of effort"
    if economics.energy_per_kwh is not None:
        yield "Energy", economics.energy_per_kwh, f"{economics.currency} per kWh"
    if economics.start is not None:
        yield "Start", economics.start, "month in which year 1 begins"
    yield "Shares of corridors", "equal parts", SHARING_RULE
    yield "Key-rate reserve", policy.key_rate_reserve, "share of every link's rate kept for authentication"
    yield "Loss margin (dB)", policy.loss_margin_db, "added once to every QKD link"
    yield "Objective", plan.objective.name, "what the plan is the least of"
    yield "Plan", plan.status, "optimal: proven within the gap asked for; feasible: the best plan found"
    if plan.inventory.scenario:
        yield "Scenario", plan.inventory.scenario, ""
    sha = f"sha256 of the effective inventory: {plan.inventory.effective_sha256}"
    yield "Inventory", plan.inventory.name, sha
    yield "qplan", plan.qplan_version, ""
