"""The account of a plan's costs in tables of plain text, for terminal and Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from qplan.assessment.facts import PlanFacts
from qplan.assessment.unstated import Charge
from qplan.comparison.cost_account import MAX_TOTAL, CostAccount, CostLimit
from qplan.comparison.model import Amount
from qplan.costing.bill import Category
from qplan.costing.bill_lines import kwh_per_year
from qplan.costing.cash_flow import annualised, convention, escalation_within, fees_beyond
from qplan.costing.cents import apportion
from qplan.costing.cost import ZERO, money
from qplan.costing.costs import per_bps
from qplan.costing.firmness import EXPIRED, EXPIRED_FOREIGN, QUOTED
from qplan.costing.money_text import TO_BE_QUOTED, format_money, plain_money, thousands
from qplan.costing.quotes import Quote, register_quotes
from qplan.costing.views import SHARING_RULE
from qplan.inventory.source.messages import counted
from qplan.outputs.compare.rows import money_name, unlike_text
from qplan.outputs.report.cost_section import OPEX, PRICE_BASIS, unpriced_table, years_table
from qplan.outputs.report.document import Section, Table
from qplan.outputs.review.wording import signed_money, signed_percent
from qplan.outputs.text import money as money_words
from qplan.outputs.text import wording
from qplan.outputs.text.head import Head, buyer_figures, buyer_warnings
from qplan.outputs.text.tables import format_number, isolated
from qplan.outputs.text.verdict import title

FIRM = "A quote that holds, in the plan's currency, is firm within its terms; nothing else is."
NOTHING = "–"


def account_head(account: CostAccount) -> Head:
    """Limits that are not kept, then what every reader of the plan's money is told, then totals."""
    facts = account.facts
    costs, economics = facts.costs, facts.inventory.economics
    least, currency = money_words.at_least(facts), economics.currency
    figures = [("Nominal", least + format_money(costs.nominal, currency))]
    each = annualised(economics, costs.total)
    figures += [] if each is None else [("TCO per year", f"{least}{format_money(each, currency)} {_levelled(facts)}")]
    rate = costs.tco_per_bps
    figures += [] if rate is None else [("TCO per bit/s", least + _rate(rate, currency, costs.delivered_bps))]
    kept = [("Limit", _limit_text(account, limit)) for limit in account.limits if limit.ok]
    warnings = (*over_limits(account), *buyer_warnings(facts))
    return Head(f"{title(facts)}: costs", warnings, (*buyer_figures(facts), *figures, *kept))


def over_limits(account: CostAccount) -> tuple[str, ...]:
    """What is said of limits that are not kept."""
    return tuple(_limit_text(account, limit) for limit in account.limits if not limit.ok)


def _levelled(facts: PlanFacts) -> str:
    """What an amount per year is of."""
    served = len(facts.corridors) - len(facts.unserved)
    return f"{wording.levelled(facts.inventory.economics)}; of the whole plan ({counted(served, 'corridor')})"


def _rate(amount: float, currency: str, delivered_bps: float) -> str:
    return f"{currency} {_significant(amount)} ({wording.bps(delivered_bps)} delivered)"


def _significant(amount: float) -> str:
    return thousands(wording.significant(amount, 4))


def _limit_text(account: CostAccount, limit: CostLimit) -> str:
    currency = account.facts.plan.costs.currency
    what = f"TCO {money_words.at_least(account.facts)}"
    if limit.id != MAX_TOTAL:
        open_ = account.before is not None and (account.before.unstated or account.facts.unstated)
        what = f"TCO increase {'of what is stated ' if open_ else ''}"
    amounts = f"{_signless(limit.value, currency)}, --{limit.id} {format_money(limit.limit, currency)}"
    unpriced = account.facts.lines_to_be_quoted
    so_far = f"; {counted(unpriced, 'line')} to be quoted may change that" if unpriced else ""
    return f"{what}{amounts}: kept{so_far}" if limit.ok else f"NOT KEPT: {what}{amounts}"


def _signless(amount: Decimal, currency: str) -> str:
    return format_money(amount, currency) if amount >= 0 else f"{currency} {signed_money(float(amount))}"


def account_sections(account: CostAccount) -> tuple[Section, ...]:
    """Against another plan, by year, by kind, by corridor, how firm, on which quotes, what has none."""
    facts = account.facts
    economics, costs = facts.inventory.economics, facts.costs
    unpriced = unpriced_table(facts)
    counting = f"Amounts in {economics.currency}, without tax. {convention(economics, costs.total)}"
    found = (
        _compared(account),
        Section("years", "By year", tables=(years_table(facts),)),
        Section("opex", "Opex by kind", tables=(_opex(facts),), points=tuple(_opex_notes(facts))),
        Section("corridors", "By corridor", (SHARING_RULE,), (_corridors(facts),)),
        Section("firmness", "What the TCO rests on", (FIRM,), (_firmness(facts),)),
        _register(facts),
        Section("unpriced", unpriced.title, tables=(replace(unpriced, title=""),), points=tuple(_how_priced(facts)))
        if unpriced.rows
        else None,
        Section("basis", "How it is counted", (counting,)),
    )
    return tuple(section for section in found if section is not None)


def _opex(facts: PlanFacts) -> Table:
    total, escalation = facts.costs.total, facts.inventory.economics.escalation
    first = {
        "support": total.support,
        "lease": total.lease,
        "hosting": total.hosting,
        "energy": total.energy,
        "fees": total.opex_per_year - total.support - total.lease - total.hosting - total.energy,
    }
    shown = dict(zip(first, apportion(tuple(first.values()), facts.costs.opex_per_year), strict=True))
    growth = {"support": escalation.support, "lease": escalation.lease, "energy": escalation.energy}
    figures = ("Year 1", "Grows per year", "Over the horizon")
    rows = []
    for kind, name in OPEX.items():
        whole = sum((row.kinds[kind] for row in facts.costs.years), ZERO)
        if first[kind]:
            grows = wording.stated_percent(growth[kind]) if growth.get(kind) else NOTHING
            rows.append((name, plain_money(shown[kind]), grows, plain_money(whole)))
    whole = sum((row.kinds[kind] for row in facts.costs.years for kind in OPEX), ZERO)
    rows.append(("Total", plain_money(facts.costs.opex_per_year), "", plain_money(whole)))
    return Table("", ("", *figures), tuple(rows), right=figures)


def _opex_notes(facts: PlanFacts) -> Iterator[str]:
    economics, total = facts.inventory.economics, facts.costs.total
    grown, beyond = escalation_within(economics, total), fees_beyond(economics, total)
    if grown:
        yield f"Of the nominal total {format_money(grown, economics.currency)} comes from growth."
    if beyond:
        amount = format_money(beyond, economics.currency)
        yield f"Of the nominal total {amount} are fees of whole terms that end after the horizon."
    kwh = kwh_per_year(facts.inventory, facts.plan)
    if economics.energy_per_kwh is None:
        drawn = f"{thousands(str(round(kwh)))} kWh a year" if kwh else "no power stated"
        yield f"Energy costs nothing here: economics.energy_per_kwh is not stated ({drawn})."
    elif kwh:
        price = format_number(money(economics.energy_per_kwh))
        yield f"Energy: {thousands(str(round(kwh)))} kWh a year at {economics.currency} {price}."


def _corridors(facts: PlanFacts) -> Table:
    totals, delivered_bps = facts.costs, facts.delivered_bps
    figures = ("Key rate", "Capex", wording.opex_label(facts.plan.costs), "TCO", "TCO per bit/s")
    rows = []
    for share in totals.shares:
        rate = delivered_bps.get(share.corridor)
        if rate is not None or share.tco or share.to_be_quoted:
            each = per_bps(share.tco, rate) if rate else None
            amounts = map(plain_money, (share.capex, share.opex_per_year, share.tco))
            per_rate = NOTHING if each is None else _significant(each)
            rows.append((money_name(share.corridor), wording.bps(rate) if rate else NOTHING, *amounts, per_rate))
    whole = map(plain_money, (totals.capex, totals.opex_per_year, totals.tco))
    rows.append(("Total", "", *whole, ""))
    return Table("", ("Corridor", *figures), tuple(rows), right=figures)


def _firmness(facts: PlanFacts) -> Table:
    shares = facts.costs.firmness.shares
    order = sorted(shares, key=lambda basis: (basis != QUOTED, -shares[basis], basis))
    rows = tuple((PRICE_BASIS.get(basis, basis), wording.percent(shares[basis])) for basis in order)
    rows = rows if QUOTED in shares else ((QUOTED, "0 %"), *rows)
    return Table("", ("Basis", "Share of the TCO"), rows, right=("Share of the TCO",))


def _register(facts: PlanFacts) -> Section:
    quotes, day = register_quotes(facts.inventory, facts.bill), facts.plan.inventory.as_of
    judged = f"Judged as of {day}." if day else "No day was named (--as-of DATE), so none counts as run out."
    said = judged if quotes else "The inventory states no quote and no offer for what the plan buys."
    lines = tuple(f"{quote.number or quote.seller or NOTHING}: {', '.join(quote.lines)}" for quote in quotes)
    return Section("quotes", "Register of quotes", (said,), (_quotes(facts, quotes),) if quotes else (), lines)


def _quotes(facts: PlanFacts, quotes: tuple[Quote, ...]) -> Table:
    """Without contingency, which has a share of its own."""
    whole = facts.costs.tco
    rows = tuple(
        (
            quote.seller or NOTHING,
            quote.number or "no number",
            quote.quoted or NOTHING,
            quote.valid_until or NOTHING,
            _firm(quote),
            plain_money(quote.before_contingency),
            *(
                wording.percent(float(part / whole)) if whole else NOTHING
                for part in (quote.before_contingency, quote.beyond_terms)
            ),
        )
        for quote in quotes
    )
    figures = ("Before contingency", "Of the TCO", "Beyond its terms")
    return Table("", ("Who", "Number", "Quoted", "Valid until", "Firm", *figures), rows, right=figures)


def _firm(quote: Quote) -> str:
    """`yes`, or what it is instead: `no: foreign currency`, `price alone, support illustrative`."""
    if quote.firm:
        return "yes"
    price, support = (
        ", ".join(basis or TO_BE_QUOTED for basis in bases if basis != QUOTED)
        for bases in (quote.basis, quote.support_basis)
    )
    told = not quote.run_out or {EXPIRED, EXPIRED_FOREIGN} & {*quote.basis}
    price = price if told else ", ".join([price, "run out"])
    return f"no: {price}" if price else f"price alone, support {support}"


def _compared(account: CostAccount) -> Section | None:
    if account.before is None:
        return None
    found = account.difference
    same = account.before_at and title(account.before) == title(account.facts)
    name = f"Against {isolated(account.before_at) if same else title(account.before)}"
    if found is None:
        reason = unlike_text(account.before, account.facts)
        words = f"This plan's costs are {reason} as that one's: no difference is stated."
        return Section("compared", name, (words,))
    figures = ("Before", "After", "Change", "Change, %")
    rows = []
    charges: tuple[tuple[str, Charge | None, Amount], ...] = (
        ("Capex", "one-off", found.capex),
        (wording.opex_label(account.before.plan.costs, account.facts.plan.costs), "yearly", found.opex_per_year),
        ("TCO", None, found.tco),
    )
    for label, charge, amount in charges:
        share = NOTHING if amount.share is None else signed_percent(amount.share)
        before, after = (money_words.at_least(facts, charge) for facts in (account.before, account.facts))
        pair = (before + plain_money(money(amount.before)), after + plain_money(money(amount.after)))
        rows.append((label, *pair, _change(amount.delta or 0.0), share))
    corridors = tuple((money_name(key), _change(delta)) for key, delta in found.corridors if delta)
    tables = [Table("", ("", *figures), tuple(rows), right=figures)]
    tables += [Table("TCO by corridor", ("Corridor", "Change"), corridors, right=("Change",))] if corridors else []
    unstated = money_words.unstated_text(account.before)
    return Section("compared", name, (f"That plan: {unstated}",) if unstated else (), tuple(tables))


def _how_priced(facts: PlanFacts) -> Iterator[str]:
    """Of a line that no product and no service stands for yet."""
    if any(line.category is Category.AUTHENTICATION for line in facts.bill):
        yield "Authentication has a price once a service is stated that covers it (services.ID.covers: authentication)."


def _change(delta: float) -> str:
    amount = plain_money(money(abs(delta)))
    return f"{'+' if delta > 0 else '-'}{amount}" if delta else amount
