"""Drills as sections of text and tables, which text, Markdown and the report print alike."""

from __future__ import annotations

from collections.abc import Iterable

from qplan.assessment.drills.board import Entry
from qplan.assessment.drills.generated import Pairs
from qplan.assessment.drills.rehearsal import Rehearsal, Sizes
from qplan.assessment.drills.results import CorridorResult, Maintenance, Played
from qplan.assessment.losses import THINGS, Loss
from qplan.inventory.source.messages import counted
from qplan.outputs.drills.words import THEN, Names, bits, entry_details, hours, moment, share, span
from qplan.outputs.report.basis_sections import checks_table
from qplan.outputs.report.document import Section, Table
from qplan.outputs.text.wording import listed

MOST_IN_FULL = 3  # drills; more are one row each
MOST_ROWS, MOST_LINES = 25, 25
FALLBACKS = ("best_effort", "pqc", "fail_closed")  # the worst first
CORRIDOR = ("Corridor", "Keys delivered", "Without keys", "From", "Longest gap", "Then", "Switches", "Emptiest store")
DRILL = ("Drill", "Missing keys", "First", "After", "Longest gap", "Then")


def rehearsal_sections(found: Rehearsal, names: Names, currency: str) -> list[Section]:
    """Few drills in full, many in a row each, the worst first; pairs and sizes of stores where they were asked for."""
    sections = []
    if len(found.drills) <= MOST_IN_FULL:
        sections += [drill_section(played, names) for played in worst_first(found.drills)]
    else:
        sections.append(overview_section(found.drills, names))
    if found.losses is not None:
        sections.append(losses_section(found.losses, names))
    if found.pairs is not None:
        sections.append(pairs_section(found.pairs, names))
    if found.sizes is not None:
        sections.append(sizes_section(found.sizes, names))
    if found.checks:
        sections.append(Section("checks", "Checks", tables=(checks_table(found.checks, currency),)))
    return sections


def drill_section(played: Played, names: Names) -> Section:
    policy = played.policy
    paths = "planned paths" if policy.restoration == "planned" else "any chain of links"
    intro = (
        f"{span(played.duration_s)}, {counted(len(played.events), 'event')}; trigger {policy.trigger}, {paths}, "
        f"wait to restore {span(policy.wait_to_restore_s)}."
    )
    corridors = sorted(played.corridors, key=lambda each: (-each.longest_gap_s, -each.switches, each.id))
    tables = [Table("", CORRIDOR, tuple(_corridor_row(corridor, names) for corridor in corridors))]
    if played.maintenance:
        rows = tuple(_maintenance_row(item, names) for item in played.maintenance)
        tables.append(Table("Maintenance", ("Of", "At", "For", "Takes keys from", "Safe from"), rows))
    if played.expectations:
        tables.append(_expectations(played))
    log = [entry for entry in played.log if entry.event != "corridor.started"]
    tables.append(_log_table(log, names))
    return Section(
        f"drill-{played.id}",
        played.id,
        tuple(text for text in (played.description, intro) if text),
        tuple(tables),
        tuple(_points(played, names)),
    )


def _corridor_row(corridor: CorridorResult, names: Names) -> tuple[str, ...]:
    first, lowest = corridor.first_loss_s, corridor.lowest
    missing = corridor.stale_s + corridor.down_s
    return (
        corridor.id,
        share(corridor.delivered_share),
        span(missing) if missing else "–",
        "–" if first is None else moment(first),
        span(corridor.longest_gap_s) if missing else "–",
        _then(corridor) if corridor.down_s else "on its last key" if missing else "–",
        str(corridor.switches),
        f"{names.link(lowest.link)} {share(lowest.share)}" if lowest else "–",
    )


def _then(corridor: CorridorResult) -> str:
    return THEN[corridor.fallback] + ("" if corridor.fallback_stated else " (not stated)")


def _maintenance_row(item: Maintenance, names: Names) -> tuple[str, ...]:
    safe = "at no time here" if item.safe_from_s is None else moment(item.safe_from_s)
    lasts = "its end" if item.for_s is None else span(item.for_s)
    return names[item.address], moment(item.at_s), lasts, listed(item.corridors_lost, 4) or "nobody", safe


def _expectations(played: Played) -> Table:
    rows = []
    for expected in played.expectations:
        if expected.metric == "max_gap_s":
            limit, value = f"no gap above {span(expected.limit)}", expected.value and span(expected.value)
        else:
            limit, value = f"{share(expected.limit)} of its keys", expected.value and share(expected.value)
        found = "not in the plan" if expected.value is None else value or "0"
        rows.append((expected.corridor, limit, found, "kept" if expected.ok else "NOT KEPT"))
    return Table("Expected", ("Corridor", "Expected", "Found", "Result"), tuple(rows))


def _log_table(log: list[Entry], names: Names) -> Table:
    rows = [
        (moment(entry.t), entry.event, names[entry.address], names.text(entry_details(entry)))
        for entry in log[:MOST_LINES]
    ]
    if len(log) > MOST_LINES:
        rows.append(("…", f"{len(log) - MOST_LINES} more", "", "qplan drill --format json has all"))
    return Table("What happens", ("After", "Event", "Address", "Details"), tuple(rows))


def _points(played: Played, names: Names) -> Iterable[str]:
    for corridor in played.corridors:
        for rule in corridor.broken_rules:
            yield f"{corridor.id}: the detour breaks {rule}."
        if corridor.exposed_bits:
            yield f"{corridor.id}: {bits(corridor.exposed_bits)} of its keys passed sites that are distrusted now."
    unstated = [corridor.id for corridor in played.corridors if corridor.down_s and not corridor.fallback_stated]
    if unstated:
        yield f"No fallback is stated for {listed(unstated, 6)}: played as fail_closed."
    yield from (names.text(note) + "." for note in played.notes)


def overview_section(drills: tuple[Played, ...], names: Names) -> Section:
    """One row for every drill in which somebody misses keys, the worst first."""
    losing = worst_first(played for played in drills if played.lost)
    rows = [_drill_row(played, names) for played in losing[:MOST_ROWS]]
    rest = len(losing) - len(rows)
    points = [f"{rest} more lose keys: --format json has all."] if rest else []
    text = f"{len(drills) - len(losing)} of {counted(len(drills), 'drill')} cost nobody a key."
    kept = [played for played in drills if not played.ok]
    points += [f"{played.id}: an expectation is NOT KEPT." for played in kept]
    tables = (Table("", DRILL, tuple(rows)),) if rows else ()
    safe = [item for played in drills for item in played.maintenance]
    if safe:
        never = [names[item.address] for item in safe if item.safe_from_s is None]
        points.append(
            f"{len(safe) - len(never)} of {len(safe)} maintenances are safe for all corridors that do not end there"
            + (f"; never: {listed(never, 8)}." if never else ".")
        )
    return Section("drills", "Drills", (text,), tables, tuple(points))


def worst_first(drills: Iterable[Played]) -> tuple[Played, ...]:
    """Where an expectation is not kept; then where most fails open, most miss keys, the first misses them soonest."""
    return tuple(sorted(drills, key=_badness))


def _badness(played: Played) -> tuple[object, ...]:
    lost = played.lost
    fail_open = sum(corridor.fallback == "best_effort" for corridor in lost)
    first = min((corridor.first_loss_s or 0.0 for corridor in lost), default=0.0)
    return played.ok, -fail_open, -len(lost), first, played.id


def _drill_row(played: Played, names: Names) -> tuple[str, ...]:
    lost = played.lost
    first = min(lost, key=lambda corridor: (corridor.first_loss_s or 0.0, corridor.id))
    longest = max(corridor.longest_gap_s for corridor in lost)
    then = sorted({_then(corridor) for corridor in lost})
    return (
        names.text(played.id),
        listed([corridor.id for corridor in lost], 3),
        first.id,
        moment(first.first_loss_s or 0.0),
        span(longest),
        "; ".join(then),
    )


def pairs_section(pairs: Pairs, names: Names) -> Section:
    rows = [
        (
            names[pair.addresses[0]],
            names[pair.addresses[1]],
            listed([name for name, _ in pair.corridors], 3),
            moment(min(at for _, at in pair.corridors)),
            str(pair.open) if pair.open else "–",
        )
        for pair in pairs.worse[:MOST_ROWS]
    ]
    worse = sum(pair.alike for pair in pairs.worse)
    text = (
        f"{counted(pairs.looked_at, 'pair')} of losses: {worse} take keys from a corridor that neither loss takes them "
        "from alone."
    )
    left = pairs.count - pairs.looked_at
    points = [f"Stopped: {left} of {pairs.count} pairs were not looked at."] if left else []
    rest = len(pairs.worse) - len(rows)
    points += [f"{rest} more: --format json has all."] if rest else []
    header = ("Lost", "and", "Missing keys", "After", "Open")
    return Section("pairs", "Double losses", (text,), (Table("", header, tuple(rows)),) if rows else (), tuple(points))


def sizes_section(sizes: Sizes, names: Names) -> Section:
    lost = f"without {names[sizes.without]}" if sizes.without else "while a link makes no key"
    rows = tuple(
        (
            names.link(size.link),
            bits(size.capacity_bits),
            hours(size.lasts_h),
            bits(size.needed_bits),
            "yes" if size.enough else "NO",
            hours(size.refill_h),
            "yes" if size.in_time else "NO",
        )
        for size in sizes.stores
    )
    text = f"Key stores for {hours(sizes.autonomy_h)} {lost}, every corridor on its planned paths."
    points = (
        (
            "Full again after: from the end of the outage, with acquisition and the first block of keys.",
            "In time: a tenth of the mean time between two outages of the link, at most.",
        )
        if rows
        else ("No store can help: the plan does not use it, or no store is in reach without it.",)
    )
    header = ("Link", "Capacity", "Lasts", "Needed", "Enough", "Full again after", "In time")
    return Section("stores", "Key stores", (text,), (Table("", header, rows),) if rows else (), points)


def losses_section(losses: Iterable[Loss], names: Names, most: int = MOST_ROWS) -> Section:
    """If this is lost: which corridors stop and what their traffic then does, and which lose their spare."""
    losses = tuple(losses)
    rows = tuple(
        (
            names[loss.address],
            *(listed(loss.falling_back(fallback), 3) or "–" for fallback in FALLBACKS),
            listed(loss.without_spare, 3) or "–",
        )
        for loss in losses[:most]
    )
    rest = len(losses) - len(rows)
    points = [f"{rest} more things touch a corridor."] if rest else []
    unstated = sorted({stopped.corridor for loss in losses for stopped in loss.stops if not stopped.fallback_stated})
    if unstated:
        points.append(f"No fallback is stated for {listed(unstated, 6)}: taken to stop.")
    text = ["For good, that is when the stores have run dry; the worst first."]
    if exposed := sorted({corridor for loss in losses for corridor in loss.opens}):
        count = sum(bool(loss.opens) for loss in losses)
        kinds = f"{', '.join(THINGS[:-1])} or {THINGS[-1]}"
        text.append(f"Traffic would go on open in {count} of {len(losses)} losses of {kinds}: {listed(exposed, 8)}.")
    header = ("If this is lost", "Go on open", "Go on with PQC", "Stop", "Lose their spare")
    table = Table("", header, rows, bad=header[1:2])
    return Section("losses", "If this is lost", tuple(text), (table,) if rows else (), tuple(points))
