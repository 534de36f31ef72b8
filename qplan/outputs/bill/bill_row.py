"""One line of the bill on its sheet: cells to type into, formulas in them, and what other sheets calculate with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from qplan.costing.bill import BillLine, Charge
from qplan.costing.cents import Exact
from qplan.costing.cost import ZERO, Cost, months_paid, present_value, present_value_beyond_first_terms
from qplan.costing.firmness import QUOTED, judge, price_basis, support_basis, yearly_basis
from qplan.costing.money_text import TO_BE_QUOTED
from qplan.inventory.commercial import Economics
from qplan.outputs.bill.bill_columns import (
    AGE,
    BEYOND,
    COLUMN,
    DECLARED_PRICE,
    DECLARED_QUOTE,
    DECLARED_SUPPORT,
    DECLARED_VALIDITY,
    GROWS_AS,
    LAST_FEE,
    LATER_PRICE,
    LATER_YEARLY,
    LETTER,
    LIFE,
    ONE_OFF,
    OPEN,
    RENEWAL,
    RUN_OUT,
    SUPPORT_PER_UNIT,
    TYPED_BASIS,
    YEARLY,
    YEARLY_BASIS,
)
from qplan.outputs.bill.sheets import Styles, formula, write

NEVER = 10**6  # years: the life of what is not bought again


@dataclass(frozen=True)
class Row:
    """One line and its place."""

    sheet: Worksheet
    styles: Styles
    economics: Economics
    line: BillLine
    number: int
    source: str | None
    """Key of the line whose price this one has."""
    last: int
    """Row of the last line, counted as in a formula."""

    def at(self, name: str) -> str:
        return f"{LETTER[name]}{self.number + 1}"

    def write(self, name: str, cell: str | float | Decimal | None, style: Format) -> None:
        write(self.sheet, self.number, COLUMN[name], cell, style)

    def formula(self, name: str, text: str, style: Format, value: Exact | float | str) -> None:
        formula(self.sheet, self.number, COLUMN[name], text, style, value)

    def day(self, name: str, text: str) -> None:
        """A day as a date; what is none as the text that it is."""
        try:
            day = date.fromisoformat(text)
        except ValueError:
            self.write(name, text, self.styles.text_input)
        else:
            self.sheet.write_datetime(self.number, COLUMN[name], day, self.styles.date_input)

    def followed(self, name: str) -> str:
        """The cell of another line, found by its key."""
        column, keys = (f"${LETTER[each]}$2:${LETTER[each]}${self.last}" for each in (name, "Line"))
        return f'INDEX({column},MATCH("{self.source}",{keys},0))'


def write_price(row: Row) -> None:
    """What a buyer may type, and behind the table what was declared."""
    line, styles = row.line, row.styles
    price = TO_BE_QUOTED if line.unit_price is None else line.unit_price
    if row.source is None:
        row.write("Unit price", price, styles.price_input)
        row.write("Quote ref", line.quote_ref, styles.text_input)
        row.day("Quote valid until", line.quote_valid_until)
    else:
        until, day = row.followed("Quote valid until"), line.quote_valid_until
        found = row.followed("Unit price")
        row.formula("Unit price", f'=IF(ISNUMBER({found}),{found},"{TO_BE_QUOTED}")', styles.price, price)
        row.formula("Quote ref", f'={row.followed("Quote ref")}&""', styles.text, line.quote_ref)
        row.formula("Quote valid until", f'=IF({until}="","",{until})', styles.date, _serial(day))
    row.write(DECLARED_PRICE, price, styles.number)
    row.write(DECLARED_QUOTE, line.quote_ref, styles.text)
    row.day(DECLARED_VALIDITY, line.quote_valid_until)
    supported = line.category.charge is Charge.ONE_OFF and (line.support_per_unit or not line.to_be_quoted)
    for name, style in ((SUPPORT_PER_UNIT, styles.price_input), (DECLARED_SUPPORT, styles.number)):
        row.write(name, line.support_per_unit if supported else None, style)
    row.write(TYPED_BASIS, None, styles.text_input)


def _serial(day: str) -> float | str:
    """A day as a workbook counts it; what is none as it is."""
    try:
        return float((date.fromisoformat(day) - date(1899, 12, 30)).days)
    except ValueError:
        return day


def write_amounts(row: Row) -> None:
    line, styles = row.line, row.styles
    basis, per_year = price_basis(line), line.support_per_year
    provenance = (
        f"={row.followed('Provenance')}" if row.source else _judged(row, "Unit price", DECLARED_PRICE, line.provenance)
    )
    row.formula("Provenance", provenance, styles.text, basis)
    if line.category.recurring:
        row.write("Line total", None, styles.money)
        price = "Unit price", DECLARED_PRICE
        _write_product(row, ("Support per year", YEARLY), price, (per_year, line.yearly), "0")
    elif line.category.charge is Charge.REFRESH:
        row.write("Line total", None, styles.money)
        row.write("Support per year", None, styles.money)
    else:
        yearly = per_year if line.support_per_unit or not line.to_be_quoted else None
        price, support = ("Unit price", DECLARED_PRICE), (SUPPORT_PER_UNIT, DECLARED_SUPPORT)
        _write_product(row, ("Line total", ONE_OFF), price, (line.line_total, line.one_off), f'"{TO_BE_QUOTED}"')
        _write_product(row, ("Support per year", YEARLY), support, (yearly, line.yearly), '""')
        judged = _judged(row, SUPPORT_PER_UNIT, DECLARED_SUPPORT, line.support_provenance)
        row.formula("Support provenance", judged, styles.text, support_basis(line))


def _write_product(
    row: Row, names: tuple[str, str], unit: tuple[str, str], amounts: tuple[Decimal | None, Decimal], none: str
) -> None:
    """Quantity times what a unit costs, as shown and (behind the table) exact; `none` is shown where that is no number.

    Until it is typed over, what is shown is to the cent as in every other output, so that the lines add up.
    """
    (shown, exact), (cents, amount) = names, amounts
    each, declared = map(row.at, unit)
    product, rest = f"{row.at('Quantity')}*{each}", ZERO if cents is None else cents - amount
    rounded = f"+IF({each}={declared},{rest:.12f},0)" if rest else ""
    value = none.strip('"') if cents is None else cents
    row.formula(shown, f"=IF(ISNUMBER({each}),{product}{rounded},{none})", row.styles.money, value)
    row.formula(exact, f"=IF(ISNUMBER({each}),{product},0)", row.styles.money, amount)


def _judged(row: Row, typed: str, declared: str, provenance: str) -> str:
    """What an amount rests on: what was declared, until it or its quote's number or day is typed over."""
    quoted, stated = _on_its_day(row, QUOTED, False), _on_its_day(row, provenance, row.line.foreign)
    picked = row.at(TYPED_BASIS)
    pairs = ((typed, declared), ("Quote ref", DECLARED_QUOTE), ("Quote valid until", DECLARED_VALIDITY))
    same = ",".join(f"{row.at(here)}={row.at(there)}" for here, there in pairs)
    other = f'IF(OR({picked}="",{picked}="{QUOTED}"),{quoted},{picked})'
    return f'=IF(ISNUMBER({row.at(typed)}),IF(AND({same}),{stated},{other}),"")'


def _on_its_day(row: Row, provenance: str, foreign: bool) -> str:
    """What an amount rests on, as the quote has run out or not."""
    expired, holds = (judge(provenance, out, foreign) for out in (True, False))
    return f'IF({row.at(RUN_OUT)}=1,"{expired}","{holds}")' if expired != holds else f'"{holds}"'


def write_behind(row: Row) -> None:
    """What other sheets calculate with."""
    line, styles = row.line, row.styles
    until = row.at("Quote valid until")
    run_out = f"=IF(AND(ISNUMBER({until}),ISNUMBER(as_of)),IF({until}<as_of,1,0),0)"
    row.formula(RUN_OUT, run_out, styles.number, int(line.expired))
    row.formula(OPEN, f"=IF(ISNUMBER({row.at('Unit price')}),0,1)", styles.number, int(line.to_be_quoted))
    if line.category.charge is not Charge.REFRESH:
        source = "Provenance" if line.category.recurring else "Support provenance"
        row.formula(YEARLY_BASIS, f"={row.at(source)}", styles.text, yearly_basis(line))
        _yearly(row, _kind(line.cost))
    life, age = _life(line.cost)
    row.write(LIFE, life, styles.life)
    row.write(AGE, age, styles.number)
    if life == NEVER:
        row.write(RENEWAL, 0, styles.money)
        return
    price, each = row.at("Unit price"), sum((amount for _, amount in line.cost.refreshes), ZERO)
    row.formula(RENEWAL, f"=IF(ISNUMBER({price}),{row.at('Quantity')}*{price},0)", styles.money, each)
    years, there = row.at(LIFE), row.at(AGE)
    times = f"MAX(0,INT((horizon_years-1+{there})/{years}))"
    first, rate = f"(1+discount_rate)^-({years}-{there})", f"(1+discount_rate)^-{years}"
    even = f"IF(discount_rate=0,{times},{first}*(1-({rate})^{times})/(1-{rate}))"
    value = present_value(row.economics, Cost(refreshes=line.cost.refreshes))
    row.formula(LATER_PRICE, f"={row.at(RENEWAL)}*{even}", styles.money, value)
    row.formula(BEYOND, f"={row.at(LATER_PRICE)}", styles.money, value)


def _yearly(row: Row, kind: str) -> None:
    """Yearly money over the horizon, discounted, by how it grows."""
    amount, styles = row.at(YEARLY), row.styles
    row.write(GROWS_AS, kind, styles.text)
    value = present_value(row.economics, replace(row.line.cost, refreshes=()))
    if kind != "fees":
        factor = "annuity" if kind == "hosting" else f"annuity_{kind}"
        row.formula(LATER_YEARLY, f"={amount}*{factor}", styles.money, value)
        return
    term, last = row.at("Term (months)"), row.at(LAST_FEE)
    months = f"({term}*ROUNDUP(12*horizon_years/{term},0)-12*(horizon_years-1))"
    row.formula(LAST_FEE, f"={amount}/12*{months}", styles.money, fee_of_last_year(row.economics, row.line))
    paid = f"={amount}*annuity+({last}-{amount})*(1+discount_rate)^-horizon_years"
    row.formula(LATER_YEARLY, paid, styles.money, value)
    whole_years, rate = f"INT({term}/12)", "(1+discount_rate)"
    even = f"IF(discount_rate=0,{whole_years},(1-{rate}^-{whole_years})/discount_rate)"
    agreed = f"{amount}*({even}+MOD({term},12)/12*{rate}^-({whole_years}+1))"
    beyond = f"=IF({term}>=12*horizon_years,0,{row.at(LATER_YEARLY)}-{agreed})"
    row.formula(BEYOND, beyond, styles.money, present_value_beyond_first_terms(row.economics, row.line.cost))


def _kind(cost: Cost) -> str:
    return next((kind for kind in ("lease", "energy", "hosting", "fees") if getattr(cost, kind)), "support")


def _life(cost: Cost) -> tuple[int, int]:
    """Years of a life, and how many of the first have gone."""
    for life, _ in cost.refreshes:
        return life.life_years, life.age_years % life.life_years
    return NEVER, 0


def fee_of_last_year(economics: Economics, line: BillLine) -> Decimal:
    last = economics.horizon_years
    return sum((fee * months_paid(last, term, last) for term, fee in line.cost.fees), ZERO)
