"""Plans side by side as rows: a key for programs, a name for people, and a value for every column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from qplan.assessment.facts import PlanFacts
from qplan.assessment.unstated import Charge
from qplan.comparison.columns import COMMON, ROUNDING, Column, Difference, SideBySide, unlike
from qplan.comparison.model import Amount
from qplan.costing.bill import Category
from qplan.costing.firmness import EXPIRED, EXPIRED_FOREIGN, FOREIGN, ILLUSTRATIVE, QUOTED
from qplan.costing.money_text import round_money
from qplan.inventory.source.messages import counted
from qplan.outputs.review.wording import NAMED, signed_money, signed_percent
from qplan.outputs.text import wording
from qplan.outputs.text.money import at_least, to_be_quoted, unstated_parts

Value = float | str | None
Kind = Literal["text", "count", "money", "change", "share", "db"]
NOTHING = "–"
RESULTS = {"infeasible": "no plan can serve it", "unknown": "no plan found in time"}


@dataclass(frozen=True)
class Row:
    group: str
    key: str
    name: str
    kind: Kind
    values: tuple[Value, ...]
    """One a column, None where there is nothing to say."""
    least: tuple[str, ...] = ()
    """Of money, a column: what stands before the amount where something is counted as 0 in it."""

    @property
    def texts(self) -> tuple[str, ...]:
        """The values as people read them."""
        before = self.least or ("",) * len(self.values)
        return tuple(
            NOTHING if value is None else least + _value_text(self, value)
            for value, least in zip(self.values, before, strict=True)
        )


def rows(table: SideBySide) -> tuple[Row, ...]:
    """All that is compared."""
    return (*_design(table), *_trust(table), *_money(table), *_firmness(table), *_corridors(table), *_checks(table))


def money_name(key: str) -> str:
    """What a corridor's money is called."""
    return "used by no corridor" if key == COMMON else key


def differences(table: SideBySide) -> dict[str, Difference]:
    """By column."""
    found = {column.id: table.difference(column) for column in table.columns}
    return {key: each for key, each in found.items() if each is not None}


def _row(table: SideBySide, group: str, key: str, name: str, kind: Kind, value: Callable[[PlanFacts], Value]) -> Row:
    return Row(
        group, key, name, kind, tuple(None if each.facts is None else value(each.facts) for each in table.columns)
    )


def _design(table: SideBySide) -> Iterator[Row]:
    group = "Design"
    yield Row(group, "result", "Result", "text", tuple(map(_result, table.columns)))
    yield _row(table, group, "objective", "Objective", "text", lambda facts: facts.plan.objective.name)
    yield _row(table, group, "nodes", "QKD nodes", "count", lambda facts: len(facts.plan.nodes))
    yield _row(table, group, "links", "QKD links", "count", lambda facts: len(facts.plan.links))
    yield _row(table, group, "systems", "QKD systems", "text", _systems)
    yield _row(table, group, "offers", "Bought by", "text", _offers)
    yield from _row_where_any(_row(table, group, "spares", "Spares", "text", _spares))
    yield _row(table, group, "unserved", "Corridors not served", "text", _unserved)
    yield from _row_where_any(_row(table, group, "findings", "Warnings that touch it", "text", _findings))


def _row_where_any(row: Row) -> Iterator[Row]:
    """A row that no plan has anything for stays away."""
    if any(value is not None for value in row.values):
        yield row


def _result(column: Column) -> str:
    return RESULTS[column.status] if column.facts is None else wording.proof(column.facts.plan)


def _systems(facts: PlanFacts) -> str:
    counts: dict[str, int] = {}
    for link in facts.plan.links:
        counts[link.system] = counts.get(link.system, 0) + link.count
    return ", ".join(f"{count} × {name}" for name, count in sorted(counts.items())) or "none"


def _offers(facts: PlanFacts) -> str:
    """Offers for all products; then the systems bought on none, then those that are there: every system is in it."""
    parts = [f"{offer.paid} × {offer.id}" for offer in facts.plan.offers if offer.paid]
    listed: Counter[str] = Counter()
    for link in facts.plan.links:
        if link.bought and link.offer is None:
            listed[link.system] += link.bought
    parts += [f"{count} × {name} at its own price" for name, count in sorted(listed.items())]
    there = sum(link.existing for link in facts.plan.links)
    parts += [f"{there} existing"] if there else []
    return ", ".join(parts) or "no offer"


def _spares(facts: PlanFacts) -> str | None:
    spares = facts.inventory.spares.items()
    return ", ".join(f"{count} × {product.partition('.')[2]}" for product, count in sorted(spares) if count) or None


def _findings(facts: PlanFacts) -> str | None:
    counts = Counter(finding.code for finding in facts.plan.findings)
    return ", ".join(code if count == 1 else f"{count} × {code}" for code, count in sorted(counts.items())) or None


def _unserved(facts: PlanFacts) -> str:
    return ", ".join(corridor.id for corridor in facts.unserved) or "none"


def _trust(table: SideBySide) -> Iterator[Row]:
    group = "Trust and resilience"
    yield _row(table, group, "relays", "Sites that relay keys in clear", "count", lambda facts: len(facts.relays))
    yield _row(table, group, "relay_sites", "Which", "text", _relays)
    yield _row(table, group, "operators", "Operators of relays", "text", _operators)
    yield _row(table, group, "lone_cuts", "Corridors that one loss cuts off", "text", _cut_off)
    yield _row(table, group, "headroom_db", "Least headroom", "db", _headroom)
    yield _row(table, group, "load", "Highest load of a link", "share", _load)


def _relays(facts: PlanFacts) -> str:
    return ", ".join(relay.id for relay in facts.relays) or "none"


def _operators(facts: PlanFacts) -> str:
    operators = {relay.site.operator or "not stated" for relay in facts.relays}
    return ", ".join(sorted(operators)) or "none"


def _cut_off(facts: PlanFacts) -> str:
    alone = (each.id for each in facts.corridors if each.cut_off_by is not None and each.cut_off_by.size == 1)
    return ", ".join(alone) or "none"


def _headroom(facts: PlanFacts) -> float | None:
    return min((round(link.headroom_db, 6) for link in facts.links), default=None)


def _load(facts: PlanFacts) -> float | None:
    return max((round(link.utilisation, 6) for link in facts.links), default=None)


def _money(table: SideBySide) -> Iterator[Row]:
    group = "Money"
    yield _row(table, group, "currency", "Currency", "text", lambda facts: facts.plan.costs.currency)
    yield from _row_where_any(_row(table, group, "amounts", "Amounts are", "text", _amounts_are))
    charges: tuple[tuple[str, str, Charge | None, bool], ...] = (
        ("capex", "Capex", "one-off", True),
        ("contingency", "Contingency", "one-off", False),
        ("opex_per_year", "Opex of year 1", "yearly", True),
        ("first_year", "Capex, contingency, opex of year 1", None, False),
        ("tco", "TCO", None, True),
    )
    for key, name, charge, changes in charges:
        yield replace(_row(table, group, key, name, "money", _cost(key)), least=_least(table, charge))
        if changes:
            yield from _changes(table, key, name)
        if key == "capex":
            spares = _row(table, group, "capex.spares", "Spares, part of the capex", "money", spares_capex)
            yield from _row_where_any(replace(spares, least=tuple(map(_unpriced_spares, table.columns))))


def _amounts_are(facts: PlanFacts) -> str | None:
    """For forms in which amounts are numbers."""
    return at_least(facts).strip() or None


def _least(table: SideBySide, charge: Charge | None = None) -> tuple[str, ...]:
    return tuple(_before(column, charge) for column in table.columns)


def _before(column: Column, charge: Charge | None = None) -> str:
    """What stands before a column's amounts."""
    return "" if column.facts is None else at_least(column.facts, charge)


def _unpriced_spares(column: Column) -> str:
    lines = () if column.facts is None else column.facts.bill
    return "at least " if any(line.to_be_quoted for line in lines if line.category is Category.SPARE) else ""


def spares_capex(facts: PlanFacts) -> float | None:
    """What is kept in stock, whatever the plan; None where nothing is."""
    prices = [line.line_total or 0 for line in facts.bill if line.category is Category.SPARE]
    return float(sum(prices)) if prices else None


def _cost(key: str) -> Callable[[PlanFacts], Value]:
    def value(facts: PlanFacts) -> Value:
        costs = facts.plan.costs
        if key == "first_year":
            return round(costs.capex + costs.contingency + costs.opex_per_year, 2)
        amount: float = getattr(costs, key)
        return amount

    return value


def _changes(table: SideBySide, key: str, name: str) -> Iterator[Row]:
    found = differences(table)

    def value(pick: Callable[[Amount], float | None]) -> tuple[Value, ...]:
        amounts = (found.get(column.id) for column in table.columns)
        return tuple(None if each is None else pick(getattr(each, key)) for each in amounts)

    if found:
        yield Row("Money", f"{key}.delta", f"{name} against {table.baseline}", "change", value(lambda each: each.delta))
        yield Row(
            "Money", f"{key}.share", f"{name} against {table.baseline}, %", "change", value(lambda each: each.share)
        )


def _firmness(table: SideBySide) -> Iterator[Row]:
    group = "What the money rests on"
    for basis, name in (
        (QUOTED, "Quoted, in the plan's currency"),
        (FOREIGN, "Foreign currency"),
        (EXPIRED, "Expired quote"),
        (EXPIRED_FOREIGN, "Expired quote, foreign currency"),
        (ILLUSTRATIVE, "Illustrative"),
    ):
        row = _row(table, group, f"firmness.{basis}", name, "share", _share(basis))
        if basis == QUOTED or any(row.values):
            yield row
    yield _row(table, group, "unpriced_lines", "Lines to be quoted", "count", lambda facts: facts.lines_to_be_quoted)
    yield _row(table, group, "unstated", "Counted as 0, because not stated", "text", _unstated)
    yield from _row_where_any(_row(table, group, "to_be_quoted", "To be quoted, in no total", "text", to_be_quoted))


def _share(basis: str) -> Callable[[PlanFacts], Value]:
    return lambda facts: facts.costs.firmness.share(basis)


def _unstated(facts: PlanFacts) -> str:
    return unstated_parts(facts) or "nothing"


def _corridors(table: SideBySide) -> Iterator[Row]:
    shares = [column.corridors for column in table.columns]
    for key in sorted({key for share in shares for key in share}):
        values = tuple(share.get(key) for share in shares)
        yield Row("TCO by corridor", f"corridors.{key}.tco", money_name(key), "money", values, _least(table))


def _checks(table: SideBySide) -> Iterator[Row]:
    results = [
        {} if column.facts is None else {check.id: check for check in column.facts.checks} for column in table.columns
    ]
    for key in sorted({key for each in results for key in each}):
        found = (each.get(key) for each in results)
        values = tuple(None if check is None else "kept" if check.ok else "NOT KEPT" for check in found)
        yield Row("Checks", f"checks.{key}", key, "text", values)


def _value_text(row: Row, value: float | str) -> str:
    if isinstance(value, str):
        return value
    if row.kind == "money":
        return round_money(value, "").strip()
    if row.kind == "change":
        return signed_percent(value) if row.key.endswith(".share") else signed_money(value)
    if row.kind == "share":
        return wording.percent(value)
    return wording.spare_db(value) if row.kind == "db" else f"{value:g}"


def verdicts(table: SideBySide) -> tuple[str, ...]:
    """Each column against the baseline in one sentence, and which corridor decides the difference."""
    base = table.base
    if base.facts is None:
        return (f"{base.id} has no plan, so nothing is compared with it.",)
    return tuple(_verdict(table, column) for column in table.columns if column is not base)


def _verdict(table: SideBySide, column: Column) -> str:
    base, found = table.base, table.difference(column)
    if column.facts is None or base.facts is None:
        return f"{column.id}: {RESULTS[column.status]}."
    if found is None:
        return f"{column.id}: {unlike_text(base.facts, column.facts)}, so no difference is stated."
    delta, currency = found.tco.delta or 0.0, column.facts.plan.costs.currency
    known = " of what is stated" if _before(base) or _before(column) else ""
    missing = wording.listed(sorted(base.served - column.served), NAMED)
    but = f"; it does not serve {missing}." if missing else "."
    if not delta:
        return f"{column.id}: costs what {base.id} does{known}{but}"
    share = "" if found.tco.share is None else f" ({signed_percent(found.tco.share)})"
    words = f"{column.id}: TCO{known} {currency} {signed_money(delta)}{share} against {base.id}"
    if found.deciding is not None:
        key, part = found.deciding
        words += f"; {_part_of(part, delta)} at {money_name(key)} ({signed_money(part)})"
    return words + but


def _part_of(part: float, whole: float) -> str:
    """What the largest part that goes the way of a difference is of it; where others go back, it may be more."""
    if abs(part) > abs(whole) + ROUNDING:
        return "the largest increase" if part > 0 else "the largest decrease"
    return "most of it" if abs(part) > abs(whole) / 2 else "the largest part"


def unlike_text(one: PlanFacts, other: PlanFacts) -> str:
    """Why the money of two plans is not compared; "" where it is."""
    reason = unlike(one, other)
    if reason == "currency":
        return f"in {other.plan.costs.currency}, not in {one.plan.costs.currency}"
    years = (each.inventory.economics.horizon_years for each in (other, one))
    return "over {}, not over {}".format(*(counted(number, "year") for number in years)) if reason else ""
