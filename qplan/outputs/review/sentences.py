"""What a reviewer must know of a change, in sentences: money and proof, who sees keys, checks, limits, inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from qplan.assessment.availability.corridors import MINUTES_PER_YEAR
from qplan.assessment.checks import CheckResult
from qplan.comparison.model import (
    Comparison,
    Expectations,
    ExposureChange,
    FailureChange,
    Inputs,
    Pair,
    PlanChange,
    SightChange,
    Worst,
)
from qplan.inventory.source.messages import counted, headroom_figure
from qplan.outputs.drills.words import minutes, span
from qplan.outputs.review import wording
from qplan.outputs.text.money import at_least
from qplan.outputs.text.tables import one_line
from qplan.outputs.text.wording import a_year, listed, percent

MOST_INPUTS, MOST_LIMITS, MOST_FAILING = 8, 12, 3


def headline(change: PlanChange, between: str = "   ") -> str:
    """`Plan change: TCO CHF 3 410 235 → 3 545 111 (+134 876, +4.0 %)   capex +71 000   opex +7 000/yr   …`."""
    money, least = change.money, Pair(at_least(change.before), at_least(change.after))
    years = money.horizon_years
    parts = [
        wording.amount_text("TCO", money.tco, money.currency, least),
        f"over {years.before} → {years.after} years: not to be compared" if years.changed else "",
        _difference("capex", money.capex.delta),
        _difference("opex", money.opex_per_year.delta, a_year(change.before.plan.costs, change.after.plan.costs)),
        wording.proof_text(change.proof),
    ]
    if change.objective.changed:
        parts.append(f"objective {change.objective.before} → {change.objective.after}")
    if change.as_of.changed:
        parts.append(f"quotes as of {wording.step(change.as_of.before, change.as_of.after)}")
    return f"{title(change)}: " + between.join(part for part in parts if part)


def totals(change: PlanChange) -> str:
    """`Plan: 2 to create, 6 to update, 0 to delete.`"""
    create, update, delete = change.count("create"), change.count("update"), change.count("delete")
    return f"Plan: {create} to create, {update} to update, {delete} to delete."


def title(change: PlanChange) -> str:
    """What is built is another; only what it is worth is; nothing is."""
    if change.changes:
        return "Plan change"
    return "Same plan, other figures" if change.changed else "No change to the plan"


def _difference(name: str, delta: float | None, per: str = "") -> str:
    """Nothing where the currencies differ."""
    if delta is None:
        return ""
    return f"{name} {wording.signed_money(delta)}{per}" if delta else f"{name} unchanged"


def exposure(change: PlanChange) -> str:
    """Who sees more keys in clear, at the end of a corridor or as a relay, and who sees fewer."""
    exposed = change.exposure
    told = (
        _first(_sites(change, exposed), "more site"),
        _first(_parties("operator", exposed.operators.gained, exposed.by_operator), "more operator"),
        _first(_parties("country", exposed.countries.gained, exposed.by_country), "more country", "more countries"),
    )
    less = [*_less("", exposed.sites.lost, exposed.by_site)]
    less += _less("operator ", exposed.operators.lost, exposed.by_operator)
    less += _less("country ", exposed.countries.lost, exposed.by_country)
    said = "; ".join(text for texts, _ in told for text in texts) or "no new site, operator or country sees keys"
    all_there = " (--format json has all)" if any(cut for _, cut in told) else ""
    return one_line(f"{said}{all_there}." + (f" No longer: {listed(less, 6)}." if less else ""))


def _first(told: Iterator[tuple[int, str]], noun: str, plural: str = "") -> tuple[list[str], bool]:
    """The gravest of a kind, the others as a count; and whether there are others."""
    texts = [text for _, text in sorted(told, key=lambda each: each[0])]
    rest = len(texts) - wording.NAMED
    return texts[: wording.NAMED] + ([f"and {counted(rest, noun, plural)}"] if rest > 0 else []), rest > 0


def _sites(change: PlanChange, exposed: ExposureChange) -> Iterator[tuple[int, str]]:
    """Gravity (0: the gravest) and words."""
    for sight in exposed.by_site:
        seen = listed(sight.corridors.gained, wording.NAMED)
        if seen and sight.name in exposed.sites.gained:
            role = "trusted node" if sight.relays.after else "end"
            place = wording.place(change.after.inventory, sight.name)
            yield int(not sight.relays.after), f"new {role} {place} sees {seen}"
        elif seen:
            yield 2, f"{sight.name} sees also {seen}"


def _parties(kind: str, gained: Sequence[str], sights: Sequence[SightChange]) -> Iterator[tuple[int, str]]:
    """Gravity (0: the gravest) and words."""
    for sight in sights:
        seen = listed(sight.corridors.gained, wording.NAMED)
        if seen and sight.name in gained:
            newly = "relays" if sight.sees.before else "sees"
            yield 0, f"{kind} {_named(sight.name)} newly {newly} keys ({seen})"
        elif seen:
            yield 2, f"{kind} {_named(sight.name)} sees also {seen}"


def _less(kind: str, lost: Sequence[str], sights: Sequence[SightChange]) -> Iterator[str]:
    """By name who sees none any more; of who still sees some, the corridors that it no longer does."""
    for sight in sights:
        if sight.name in lost and sight.corridors.lost:
            some = f" ({listed(sight.corridors.lost, wording.NAMED)})" if sight.sees.after else ""
            yield f"{kind}{_named(sight.name)}{some}"


def _named(name: str) -> str:
    return name or "(not stated)"


def checks(change: PlanChange) -> str:
    """`2 of 2 pass`; those that fail by name; and what the drills expect."""
    results = [pair for _, pair in change.checks if pair.after is not None]
    failed = [pair for pair in results if pair.after is not None and not pair.after.ok]
    said = f"{len(results) - len(failed)} of {len(results)} pass" if results else "none stated"
    named = f"; failed: {', '.join(map(_failed, failed))}" if failed else ""
    return one_line(said + named + _expected(change.expectations))


def _expected(pair: Pair[Expectations]) -> str:
    """`; drills: 2 of 4 expectations kept (missed: mirror in dig), 4 of 4 before`; "" where none is stated."""
    before, after = pair.before, pair.after
    if before is None or after is None or not (before.stated or after.stated):
        return ""
    parts = [f"missed: {listed(after.missed, wording.NAMED)}"] if after.missed else []
    parts += [f"cannot be played on the plan: {listed(after.unplayed, wording.NAMED)}"] if after.unplayed else []
    missed = f" ({'; '.join(parts)})" if parts else ""
    was = f", {before.kept} of {before.stated} before" if pair.changed else ""
    return f"; drills: {after.kept} of {counted(after.stated, 'expectation')} kept{missed}{was}"


def _failed(pair: Pair[CheckResult]) -> str:
    after, before = pair.after, pair.before
    assert after is not None
    since = "" if before is None or before.ok else ", as before"
    return f"{after.id} ({after.check.severity}{since})"


def limits(inputs: Inputs) -> tuple[str, ...]:
    """Loosened ones first, of these the gravest."""
    ordered = sorted(inputs.limits, key=lambda limit: (limit.direction != "loosened", limit.gravity, limit.address))
    return tuple(one_line(wording.limit_text(limit)) for limit in ordered)


def edits(inputs: Inputs) -> tuple[str, ...]:
    """What was edited beside the limits."""
    limiting = {limit.address for limit in inputs.limits}
    others = [each for each in inputs.changed if each.address not in limiting]
    return tuple(map(one_line, wording.inputs_text(others, MOST_INPUTS)))


def renamed(comparison: Comparison) -> tuple[str, ...]:
    return tuple(f"{old} → {new}" for old, new in sorted(comparison.renamed.items()))


def silenced(comparison: Comparison) -> tuple[str, ...]:
    """`QP210 at fibres.f.ducts (fine)`: findings that a comment hides now, with what it says."""
    return tuple(one_line(f"{each.code} at {each.address} ({each.reason})") for each in comparison.silenced)


def firmness(change: PlanChange) -> str:
    """How firm the prices are, where that changed; "" where it did not."""
    money, parts = change.money, []
    for name, pair in (("quoted", money.quoted_share), ("illustrative", money.illustrative_share)):
        before, after = (percent(share or 0.0) for share in (pair.before, pair.after))
        if before != after:
            parts.append(f"{name} {before} → {after} of the TCO")
    if money.unpriced_lines.changed:
        parts.append(f"{money.unpriced_lines.before} → {counted(money.unpriced_lines.after or 0, 'line')} to be quoted")
    return ", ".join(parts)


def margins(change: PlanChange) -> str:
    """The worst headroom and load, where they changed."""
    headroom, load = change.margins.headroom_db, change.margins.load
    parts = [
        _worst("least headroom", headroom, headroom_figure, " dB"),
        _worst("highest load", load, lambda value: f"{value * 100:.3g}", " %"),
    ]
    return ", ".join(filter(None, parts))


def _worst(name: str, pair: Pair[Worst], figure: Callable[[float], str], unit: str) -> str:
    if pair.before is None or pair.after is None:
        return ""
    before, after = figure(pair.before.value), figure(pair.after.value)
    return f"{name} {before} → {after}{unit} ({pair.after.link})" if before != after else ""


def failures(change: PlanChange) -> str:
    """`mirror 28 → 77 min a year without keys, longest gap 0 s → 4 h 15 min`: of corridors in both, the worst first."""
    ranked = sorted((_worse(each), each.id, ", ".join(_fails(each))) for each in change.failures)
    said = [f"{key} {fails}" for _, key, fails in ranked if fails]
    return "; ".join(said[:MOST_FAILING]) + (f"; and {len(said) - MOST_FAILING} more" if said[MOST_FAILING:] else "")


def _worse(each: FailureChange) -> float:
    """What is won of the year: the most that is lost comes first."""
    before, after = each.availability.before, each.availability.after
    return 0.0 if before is None or after is None else after - before


def _fails(each: FailureChange) -> Iterator[str]:
    if without := _step(each.availability, lambda share: minutes((1 - share) * MINUTES_PER_YEAR)):
        yield f"{without} min a year without keys"
    if longest := _step(each.longest_gap_s, span):
        yield f"longest gap {longest}"


def _step(pair: Pair[float], words: Callable[[float], str]) -> str:
    """`28 → 77`; "" where that is not to be seen."""
    if pair.before is None or pair.after is None:
        return ""
    before, after = words(pair.before), words(pair.after)
    return f"{before} → {after}" if before != after else ""


def margins_and_firmness(change: PlanChange) -> str:
    return "; ".join(part for part in (margins(change), firmness(change)) if part)


def counts(comparison: Comparison) -> str:
    """What two inventories differ in, where no plans were compared."""
    changed, limits = comparison.inputs.changed, comparison.inputs.limits
    if not comparison.changed:
        return "No change to the inventory."
    loosened = sum(limit.direction == "loosened" for limit in limits)
    addresses = f"{len(changed)} address{'' if len(changed) == 1 else 'es'}"
    return f"Inventory change: {addresses}, {counted(len(limits), 'limit')} among them ({loosened} loosened)."
