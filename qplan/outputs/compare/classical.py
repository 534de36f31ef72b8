"""The classical design beside the quantum one, in sections of plain text and tables for every form; no score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from qplan.assessment.corridors import CorridorFacts
from qplan.assessment.unstated import Charge
from qplan.comparison.beside_classical import BesideClassical, CorridorExtra
from qplan.costing.cash_flow import KINDS, OPEX_KINDS, CashFlow, cash_flow
from qplan.costing.cost import ZERO, money, refresh_over_horizon
from qplan.costing.money_text import TO_BE_QUOTED, format_money, round_money
from qplan.inventory.source.messages import counted
from qplan.outputs.compare.charts import Bar, stacked_bars
from qplan.outputs.compare.rows import money_name
from qplan.outputs.report.basis_sections import POSITIONS
from qplan.outputs.report.document import Document, Section, Table
from qplan.outputs.text import money as money_words
from qplan.outputs.text import wording
from qplan.outputs.text.tables import csv_text, format_number
from qplan.plan.model import Costs

BOTH = (
    "The hardened classical design, key exchange by post-quantum cryptography (PQC), is in both columns: QKD comes on "
    "top of it, for QKD authenticates nothing and every corridor needs PQC where no key comes. Its costs are in no "
    "plan, budget or bill."
)
TODAY = (
    "Today is what is there: nothing is bought and nothing is added, and what it costs to run is in no column. It is "
    "taken to agree keys by ECDH or RSA, without PQC."
)
SUM = "Capex, contingency, opex of all years and what is bought again, less the discount, come to the TCO."
COLUMNS = ("Today", "Classical", "With QKD", "QKD adds")
CHARGES: dict[str, Charge] = {"capex": "one-off", "contingency": "one-off", "opex_per_year": "yearly", "opex": "yearly"}
"""What must be stated for an amount to be whole; all of it for any other."""
CORRIDORS = "TCO by corridor"
NO_SCORE = "Properties, not a score: which of them matter is for who answers for the traffic to say."
US_ORDER = "US executive order of 2026-06-22, Securing the Nation Against Advanced Cryptographic Attacks"


def classical_sections(beside: BesideClassical) -> tuple[Section, ...]:
    """Money, then reasons by corridor, then properties and national positions."""
    return (
        Section(
            "classical",
            "Classical beside quantum",
            (said(beside), *_rests_on(beside), *_open(beside), BOTH, TODAY, SUM),
            tuple(_tables(beside)),
        ),
        Section("reasons", "Why not PQC alone? Corridor by corridor", points=tuple(_reasons(beside))),
        Section(
            "properties",
            "Properties of the two designs",
            (NO_SCORE,),
            (_properties(beside),),
            (
                POSITIONS,
                f"PQC is asked for by date: {US_ORDER}: key establishment by 2030-12-31, signatures by 2031-12-31.",
            ),
        ),
    )


def classical_document(beside: BesideClassical) -> Document:
    """A page of these sections."""
    inventory, currency = beside.facts.inventory, beside.extra.currency
    _, classical, _, adds = headings(beside)
    bars = [
        Bar(money_name(each.id), ((classical, each.classical), (adds, max(each.extra, 0.0))))
        for each in beside.corridors
    ]
    first, *others = classical_sections(beside)
    chart = stacked_bars(CORRIDORS, bars, currency)
    return Document(
        title=f"{inventory.metadata.name or 'Plan'}: classical beside quantum",
        subtitle=beside.facts.plan.inventory.scenario or "",
        headline=said(beside),
        proven=beside.facts.plan.status == "optimal",
        warnings=(),
        figures=tuple(
            (name, f"TCO {least}{round_money(costs.tco, currency)}")
            for name, least, costs in zip(COLUMNS[1:], least_of(beside)[1:], _three(beside), strict=True)
        ),
        corridors=next(table for table in first.tables if table.title == CORRIDORS),
        sections=(replace(first, pictures=(chart,)), *others),
    )


def classical_csv(beside: BesideClassical) -> str:
    """Amounts as numbers, by key; then the shares of the TCO by what they rest on, and what is counted as 0."""
    header = ("key", "today", "classical", "quantum", "extra")
    firmness = beside.firmness
    bases = sorted({basis for each in firmness for basis in each.shares})
    rows: list[list[str | float | None]] = [[key, *amounts] for key, _, amounts in money_rows(beside)]
    rows += [[f"firmness.{basis}", None, *(each.share(basis) for each in firmness)] for basis in bases]
    rows.append(["unpriced_lines", None, *(each.unpriced_lines for each in firmness)])
    rows.append(["amounts", None, *(least.strip() for least in least_of(beside)[1:])])
    return csv_text(header, rows)


def least_of(beside: BesideClassical, charge: Charge | None = None) -> tuple[str, ...]:
    """What stands before the amounts of every one of `COLUMNS` in which something is counted as 0."""
    design, extra = beside.design, money_words.at_least(beside.facts, charge)
    lacking = bool(design.unnamed) or (bool(design.unpriced) and charge != "yearly")
    classical = "at least " if lacking else ""
    return "", classical, classical or extra, extra


def money_rows(beside: BesideClassical) -> Iterator[tuple[str, str, tuple[float, ...]]]:
    """Key, name, and an amount for every one of `COLUMNS`."""
    economics = beside.facts.inventory.economics
    label = wording.tco_label(economics)
    for key, name in (("capex", "Capex"), ("contingency", "Contingency"), ("opex_per_year", "Opex of year 1")):
        yield key, name, (0.0, *(getattr(costs, key) for costs in _three(beside)))
    for key, name, classical, added in zip(
        ("opex", "refresh", "discount"),
        ("Opex of all years, with growth", "Bought again (refresh), all years", "Less the discount on later years"),
        _later(cash_flow(economics, beside.design.total), beside.classical),
        _later(beside.facts.costs.years, beside.extra),
        strict=True,
    ):
        yield key, name, (0.0, *map(float, (classical, classical + added, added)))
    yield "tco", label, (0.0, *(costs.tco for costs in _three(beside)))
    for each in beside.corridors:
        amounts = (0.0, each.classical, each.quantum, each.extra)
        yield f"corridors.{each.id}.tco", f"TCO of {money_name(each.id)}", amounts


def _later(years: Sequence[CashFlow], stated: Costs) -> tuple[Decimal, Decimal, Decimal]:
    """Opex and refresh of all years, nominal, and what discounting takes: with capex and contingency, the tco."""
    kinds = {kind: sum((row.kinds[kind] for row in years), ZERO) for kind in KINDS}
    opex, refresh = sum((kinds[kind] for kind in OPEX_KINDS), ZERO), kinds["refresh"]
    at_once, whole = money(stated.capex) + money(stated.contingency), money(stated.tco)
    return opex, refresh, whole - at_once - opex - refresh


def said(beside: BesideClassical) -> str:
    """What QKD costs more, in one sentence."""
    currency, economics = beside.extra.currency, beside.facts.inventory.economics
    least, served = money_words.at_least(beside.facts), counted(beside.protected, "corridor")
    total = f"{least}{round_money(beside.extra.tco, currency)} of TCO"
    words = f"QKD adds {total} over {counted(economics.horizon_years, 'year')}"
    each = beside.extra_per_protected_year
    if not beside.protected:
        return f"{words} and protects no corridor."
    if each is None:
        return f"{words} and protects {served}."
    payment = f"{least}{round_money(each, currency)} per protected corridor and year"
    return f"{words}: {payment} ({wording.levelled(economics)}, divided by {served})."


def _rests_on(beside: BesideClassical) -> Iterator[str]:
    """How firm each column is."""
    for name, firmness in zip(COLUMNS[1:], beside.firmness, strict=True):
        yield f"{name}: {money_words.rests_on_text(firmness)}."


def _open(beside: BesideClassical) -> Iterator[str]:
    classical = [line.description for line in beside.design.unpriced]
    if classical:
        yield f"Classical: counted as 0, because {TO_BE_QUOTED}: {'; '.join(classical)}."
    if beside.design.unnamed:
        yield f"Classical: counted as 0, because no encryptor is stated: {wording.listed(beside.design.unnamed)}."
    if unstated := money_words.unstated_parts(beside.facts):
        yield f"QKD adds: counted as 0, because not stated: {unstated}."
    lines = [line.description for line in beside.facts.bill if line.to_be_quoted]
    if lines:
        yield f"QKD adds: {TO_BE_QUOTED}, in no total: {'; '.join(lines)}."


def _tables(beside: BesideClassical) -> Iterator[Table]:
    currency = beside.extra.currency
    rows = tuple((name, *_amounts(beside, key, amounts)) for key, name, amounts in money_rows(beside))
    of_all = len(rows) - len(beside.corridors)
    yield Table("In all", ("", *COLUMNS), rows[:of_all], right=COLUMNS)
    shares = tuple(
        (money_name(each.id), *cells[1:]) for each, (_, *cells) in zip(beside.corridors, rows[of_all:], strict=True)
    )
    yield Table(CORRIDORS, ("Corridor", *COLUMNS[1:]), shares, right=COLUMNS[1:])
    yield _years(beside)
    figures = ("Quantity", "Effort (days)", "One-off", "Year 1", "Bought again")
    lines = tuple(
        (
            line.description,
            format_number(line.quantity),
            line.unit,
            format_number(line.effort_days),
            format_money(line.cost.capex, currency) + (f" + {TO_BE_QUOTED}" if line.to_be_quoted else ""),
            format_money(line.cost.opex_per_year, currency),
            TO_BE_QUOTED
            if line.to_be_quoted and line.bought_again
            else format_money(refresh_over_horizon(beside.facts.inventory.economics, line.cost), currency),
        )
        for line in beside.design.lines
    )
    header = ("What", "Quantity", "Unit", "Effort (days)", "One-off", "Year 1", "Bought again")
    yield Table("The classical design", header, lines, right=figures)


def _amounts(beside: BesideClassical, key: str, amounts: tuple[float, ...]) -> Iterator[str]:
    """A row of money as people read it; nothing is said of a discount, which is taken off."""
    least = ("",) * len(amounts) if key == "discount" else least_of(beside, CHARGES.get(key))
    for before, amount in zip(least, amounts, strict=True):
        yield before + format_money(amount, beside.extra.currency)


def _years(beside: BesideClassical) -> Table:
    """What is paid in every year, nominal; year 0 has capex and contingency."""
    economics, currency = beside.facts.inventory.economics, beside.extra.currency
    rows = []
    for classical, extra in zip(cash_flow(economics, beside.design.total), beside.facts.costs.years, strict=True):
        amounts = classical.nominal, classical.nominal + extra.nominal, extra.nominal
        rows.append((_span(classical), *(format_money(amount, currency) for amount in amounts)))
    names = headings(beside)[1:]
    return Table("By year, not discounted", ("Year", *names), tuple(rows), right=names)


def headings(beside: BesideClassical) -> tuple[str, ...]:
    """`COLUMNS`, of which some are at least so much."""
    return tuple(f"{name}, at least" if least else name for name, least in zip(COLUMNS, least_of(beside), strict=True))


def _span(years: CashFlow) -> str:
    return str(years.year) if years.year == years.last_year else f"{years.year} to {years.last_year}"


def _three(beside: BesideClassical) -> tuple[Costs, ...]:
    return beside.classical, beside.quantum, beside.extra


def _reasons(beside: BesideClassical) -> Iterator[str]:
    corridors = {corridor.id: corridor for corridor in beside.facts.corridors}
    for each in beside.corridors:
        if each.id in corridors:
            yield " ".join(_reason(beside, each, corridors[each.id]))


def _reason(beside: BesideClassical, each: CorridorExtra, corridor: CorridorFacts) -> Iterator[str]:
    declared, economics = corridor.corridor, beside.facts.inventory.economics
    kind = f" ({declared.classification})" if declared.classification else ""
    if not corridor.served:
        yield f"{each.id}{kind}: not served by this plan; it has the classical design alone."
        return
    least = money_words.at_least(beside.facts)
    amount = least + round_money(each.extra, economics.currency)
    yield f"{each.id}{kind}: QKD adds {amount}{_yearly(each, beside)}."
    yield _for_how_long(declared.secrecy_years, economics.horizon_years)
    yield _who_knew(corridor)
    yield {
        "pqc": "When no path holds it goes on with PQC alone: for so long it has what the classical design has.",
        "fail_closed": "When no path holds its traffic stops: the classical design would have gone on.",
        "best_effort": "When no path holds it may go on without QKD keys.",
        None: "What it does when no path holds is not stated (fallback).",
    }[declared.fallback]


def _yearly(each: CorridorExtra, beside: BesideClassical) -> str:
    payment = beside.extra_per_year(each.extra)
    return "" if payment is None else f", worth {round_money(payment, beside.extra.currency)} at the end of each year"


def _for_how_long(secrecy_years: float | None, horizon_years: int) -> str:
    if secrecy_years is None:
        return "For how long its data must stay secret is not stated (secrecy_years): no reason to pay can be named."
    years = "1 year" if secrecy_years == 1 else f"{format_number(secrecy_years)} years"
    if secrecy_years <= horizon_years:
        return (
            f"Its data must stay secret for {years}, no longer than this plan runs: what is recorded of it loses its "
            "worth early, which speaks for PQC alone."
        )
    return (
        f"Its data must stay secret for {years}: with PQC alone what is recorded now is read if ML-KEM and ECDH both "
        "fall within that time; with QKD the QKD key is needed besides."
    )


def _who_knew(corridor: CorridorFacts) -> str:
    if not corridor.relays:
        return "No relay has that key."
    relays = wording.listed(corridor.relays)
    if corridor.relay_sees_key:
        return f"Who reads out a relay ({relays}) has that key too."
    return f"Relays ({relays}) have a share of that key each."


def _properties(beside: BesideClassical) -> Table:
    facts = beside.facts
    relays = wording.listed([relay.id for relay in facts.relays]) or "none"
    longest = max((facts.link.loss_db for facts in facts.links), default=0.0)
    reach = f"by loss: links of up to {wording.db(longest)} here, then a relay"
    rows = (
        (
            "Confidentiality rests on",
            "ECDH or RSA; AES",
            "ML-KEM or ECDH, one of which must hold; AES",
            "besides: physics, the devices as built, every relay; AES unless one-time pad",
            "NIST SP 800-227; FIPS 203 (2024-08)",
        ),
        (
            "Recorded traffic is read later",
            "if ECDH or RSA, as used, falls",
            "if ML-KEM and ECDH both fall",
            "if both fall and the QKD key is known besides",
            "logic",
        ),
        (
            "Who has keys in clear",
            "the two ends",
            "the two ends",
            f"the two ends and relays: {relays}",
            "this plan",
        ),
        (
            "Authentication",
            "certificates (ECDSA or RSA)",
            "certificates (ML-DSA or ECDSA)",
            "the same, or pre-shared keys: QKD gives none",
            "FIPS 204 (2024-08)",
        ),
        (
            "A fibre cut stops",
            "traffic on that fibre",
            "traffic on that fibre",
            "besides: key supply, once stores are empty (see drills)",
            "this plan",
        ),
        ("Reach", "any distance", "any distance", reach, "this plan"),
        ("Change of algorithm", "software", "software", "optics: a new purchase", "kind of product"),
        (
            "Evaluation",
            "FIPS 140-3",
            "FIPS 140-3 with ML-KEM, under way: ask for the certificate",
            "ISO/IEC 23837-1:2023, protection profile PP-0120 (2024): ask for the certificate",
            "state of 2026-11",
        ),
        (
            "Open standards",
            "RFC 7296",
            "RFC 9370, RFC 8784, FIPS 203 to 205",
            "ETSI GS QKD 004, 014, 015; ITU-T Y.3800",
            "issuers",
        ),
    )
    return Table("", ("Property", "Today", "Hardened classical", "With QKD", "Basis"), rows)
