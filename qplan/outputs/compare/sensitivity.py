"""How the total answers when a driver moves, as a section for every form: tornado, table, break-evens as sentences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from qplan.assessment.facts import PlanFacts
from qplan.costing.money_text import format_money, round_money
from qplan.explain.sensitivity import BreakEven, Sensitivities, Side, Turnover
from qplan.outputs.compare.charts import tornado
from qplan.outputs.report.document import Section, Table
from qplan.outputs.report.report import report_html
from qplan.outputs.text import wording
from qplan.outputs.text.money import at_least, unstated_text
from qplan.outputs.text.tables import csv_text

NO_PLAN = {"infeasible": "no plan", "unknown": "not decided"}
NAMED = 4
MORE_CLOSELY = "; where was not decided more closely in time"
READING = (
    "Held: the plan as it is, at the other figure; planned anew: the best plan then, with the corridors that only it "
    "serves and without those that it does not. Each driver moves alone, all that is stated of it alike. Prices move "
    "with the fees of what is leased or managed, and with what is bought again and kept in stock at these prices: in "
    "`qplan report` and the bill systems (one-off), refresh, and lease and managed fees are drivers apart."
)


def sensitivity_section(facts: PlanFacts, found: Sensitivities) -> Section:
    """Of one plan."""
    currency, least = facts.plan.costs.currency, at_least(facts)
    every = "; so is every amount here" if least else ""
    figures = ("Held, lower", "Held, higher", "Anew, lower", "Anew, higher")
    rows = tuple(
        (
            swing.driver,
            f"± {wording.stated_percent(swing.spread)}",
            *(_held(side, currency) for side in (swing.lower, swing.higher)),
            *(_anew(side, currency) for side in (swing.lower, swing.higher)),
        )
        for swing in found.swings
    )
    return Section(
        "sensitivity",
        "Sensitivity of the TCO",
        (
            f"The plan's TCO is {least}{format_money(found.tco, currency)}{every}. {READING}",
            *([unstated_text(facts)] if least else []),
            *_doubts(found),
        ),
        (Table("", ("Driver", "Spread", *figures), rows, right=("Spread", *figures)),),
        tuple(_break_even_texts(found.break_evens, currency)),
        (tornado_of(found, currency),),
    )


def _doubts(found: Sensitivities) -> tuple[str, ...]:
    return (f"Not decided in time: {', '.join(found.undecided)}.",) if found.undecided else ()


def sensitivity_csv(found: Sensitivities) -> str:
    """Amounts as numbers, a line a driver; break-evens are factors of what is stated."""
    figures = ("held_lower", "held_higher", "anew_lower", "anew_higher", "lower_status", "higher_status")
    another = tuple(f"{way}another_{what}" for way in ("", "falling_") for what in ("at_least", "at_most", "status"))
    notes = tuple(f"{side}_{what}" for side in ("lower", "higher") for what in ("over_budget", "gained", "lost"))
    points = {(point.driver, point.falls): point for point in found.break_evens}
    rows = (
        (
            swing.driver,
            swing.spread,
            swing.lower.held,
            swing.higher.held,
            swing.lower.anew,
            swing.higher.anew,
            swing.lower.status,
            swing.higher.status,
            *_bracket(points.get((swing.driver, False))),
            *_bracket(points.get((swing.driver, True))),
            *_notes(swing.lower),
            *_notes(swing.higher),
        )
        for swing in found.swings
    )
    return csv_text(("driver", "spread", *figures, *another, *notes), rows)


def _bracket(point: BreakEven | None) -> tuple[float | str | None, ...]:
    if point is None:
        return "", "", ""
    status = "not decided" if not point.decided else "" if point.possible else "no plan"
    return point.at_least, point.at_most, status


def _notes(side: Side) -> tuple[str, str, str]:
    found = side.turnover
    return "yes" if side.over_budget else "", ", ".join(found.gained), ", ".join(found.lost)


def sensitivity_html(facts: PlanFacts, found: Sensitivities) -> str:
    """The report of the plan as a page, this section first."""
    return report_html(facts, (sensitivity_section(facts, found),))


def tornado_of(found: Sensitivities, currency: str) -> str:
    """Planned anew, as SVG; where there is no plan then, nothing is drawn to that side."""
    swings = [
        (
            swing.driver,
            found.tco if swing.lower.anew is None else swing.lower.anew,
            found.tco if swing.higher.anew is None else swing.higher.anew,
        )
        for swing in found.swings
    ]
    return tornado("Sensitivity of the TCO, planned anew", found.tco, swings, currency)


def _held(side: Side, currency: str) -> str:
    if side.held is None:
        return "does not hold"
    return round_money(side.held, currency) + (" (over the budget)" if side.over_budget else "")


def _anew(side: Side, currency: str) -> str:
    if side.anew is None:
        return NO_PLAN.get(side.status, side.status)
    proven = "" if side.status == "optimal" else " (not proven)"
    return ", ".join([round_money(side.anew, currency) + proven, *corridors_text(side.turnover)])


def corridors_text(found: Turnover) -> list[str]:
    """`with branch`, `without mirror`: what another plan serves and this one does not, and the other way round."""
    pairs = (("with", found.gained), ("without", found.lost))
    return [f"{word} {wording.listed(names, NAMED)}" for word, names in pairs if names]


def _break_even_texts(points: Iterable[BreakEven], currency: str) -> Iterator[str]:
    """One by one; those that change nothing together."""
    alike: dict[float, list[str]] = defaultdict(list)
    for point in points:
        if point.at_least is not None and point.at_most is None:
            alike[point.at_least].append(point.driver)
        else:
            yield break_even_text(point, currency)
    for factor, drivers in sorted(alike.items()):
        yield f"{', '.join(drivers)}: up to {_times(factor)} what is stated the same links are the best."


def break_even_text(point: BreakEven, currency: str) -> str:
    """`fibre lease: above EUR 72.40 per strand, km and year (1.21 times) b–c disappears, a–c comes.`"""
    if point.at_least is None:
        return f"{point.driver}: where another plan would be better was not decided in time."
    side, downward = ("below", " downwards") if point.falls else ("above", "")
    assert point.at_most is not None, "another plan takes over"
    if point.exact and point.amount is not None:
        where = (
            f"{side} {format_money(round(point.amount, 2), currency)} {point.unit} ({_times(point.at_most)} as stated)"
        )
    elif point.exact:
        where = f"{side} {_times(point.at_most)} what is stated"
    else:
        between = f"{_times(point.at_least)} and {_times(point.at_most)}"
        where = f"from somewhere between {between} what is stated{downward}"
    return f"{point.driver}: {where} {_change(point)}{'' if point.decided else MORE_CLOSELY}."


def _times(factor: float) -> str:
    return f"{wording.significant(factor, 4)} times"


def _change(point: BreakEven) -> str:
    if not point.possible:
        return "there is no plan any more"
    found = point.turnover
    both = set(found.gone) & set(found.new)
    turns = (
        ([ends for ends in found.gone if ends not in both], "disappear", ""),
        ([ends for ends in found.new if ends not in both], "come", ""),
        (sorted(both), "take", " another system or route"),
    )
    served = ((found.gained, "served too"), (found.lost, "no longer served"))
    parts = [
        f"{wording.listed(names, NAMED)} {'is' if len(names) == 1 else 'are'} {word}" for names, word in served if names
    ]
    parts += [
        f"{wording.listed([f'{a}–{b}' for a, b in pairs], NAMED)} {verb}{'s' if len(pairs) == 1 else ''}{rest}"
        for pairs, verb, rest in turns
        if pairs
    ]
    return ", ".join(parts) or "another plan is the best"
