"""What `qplan drill` says: text, Markdown, JSON and CSV of one rehearsal."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from qplan.assessment.drills.engine import Entry
from qplan.assessment.drills.rehearsal import Rehearsal, Sizes
from qplan.assessment.drills.results import CorridorResult, Expected, LinkResult, Maintenance, Played
from qplan.inventory.source.messages import counted
from qplan.outputs.drills.pages import as_markdown, as_text
from qplan.outputs.drills.sections import rehearsal_sections
from qplan.outputs.drills.words import Names
from qplan.outputs.text.tables import csv_text, escape_markdown
from qplan.plan.model import Plan

DRILL_VERSION = "1.0"
NOT_A_PROMISE = "Exact for this plan and these figures; no promise about equipment that nobody has measured."


def rehearsal_text(plan: Plan, found: Rehearsal) -> str:
    return as_text(rehearsal_sections(found, Names(plan))) + f"\n{verdict(found)}\n"


def rehearsal_markdown(plan: Plan, found: Rehearsal) -> str:
    return as_markdown(rehearsal_sections(found, Names(plan))) + f"\n{escape_markdown(verdict(found))}\n"


def verdict(found: Rehearsal) -> str:
    """The last line."""
    losing = sum(bool(played.lost) for played in found.drills)
    missed = [expected for played in found.drills for expected in played.expectations if not expected.ok]
    judged = sum(len(played.expectations) for played in found.drills)
    parts = [f"{counted(len(found.drills), 'drill')} played: in {losing or 'none'} a corridor misses keys"]
    if judged:
        parts.append(f"{judged - len(missed)} of {counted(judged, 'expectation')} kept")
    if not found.complete:
        parts.append("stopped before all was played")
    return "; ".join(parts) + "."


def rehearsal_csv(plan: Plan, found: Rehearsal) -> str:
    """A row for every corridor of every drill."""
    header = (
        "Drill", "Corridor", "Asked (bit)", "Delivered (bit)", "Served (s)", "Stale (s)", "Down (s)", "Longest gap (s)",
        "First loss (s)", "Switches", "Fallback", "Emptiest store", "Emptiest store (bit)", "Expectations",
    )  # fmt: skip
    rows = [
        (
            played.id, corridor.id, _bits(corridor.asked_bits), _bits(corridor.delivered_bits), _s(corridor.served_s),
            _s(corridor.stale_s), _s(corridor.down_s), _s(corridor.longest_gap_s), _s(corridor.first_loss_s),
            corridor.switches, corridor.fallback, corridor.lowest.link if corridor.lowest else None,
            _bits(corridor.lowest.bits) if corridor.lowest else None, _judgement(played, corridor.id),
        )
        for played in found.drills for corridor in played.corridors
    ]  # fmt: skip
    return csv_text(header, rows)


def _judgement(played: Played, corridor: str) -> str | None:
    judged = [expected.ok for expected in played.expectations if expected.corridor == corridor]
    return ("kept" if all(judged) else "not kept") if judged else None


def rehearsal_json(plan: Plan, found: Rehearsal) -> str:
    """Times in s to a millionth, bits to a thousandth; drills in the order asked for, what is in them by id."""
    document: dict[str, Any] = {
        "format_version": DRILL_VERSION, "summary": verdict(found), "note": NOT_A_PROMISE, "complete": found.complete,
        "drills": [_played(played) for played in found.drills],
    }  # fmt: skip
    if found.pairs is not None:
        document["pairs"] = {
            "count": found.pairs.count, "looked_at": found.pairs.looked_at,
            "worse": [
                {"addresses": list(pair.addresses), "alike": pair.alike, "fail_open": pair.open,
                 "corridors": [{"id": name, "first_loss_s": _s(at)} for name, at in pair.corridors]}
                for pair in found.pairs.worse
            ],
        }  # fmt: skip
    if found.sizes is not None:
        document["stores"] = _sizes(found.sizes)
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _s(seconds: float | None) -> float | None:
    return None if seconds is None or math.isinf(seconds) else round(float(seconds), 6)


def _bits(value: float) -> float:
    return round(float(value), 3)


def _played(played: Played) -> dict[str, Any]:
    recovery = played.recovery_ratio
    return {
        "id": played.id, "description": played.description, "duration_s": _s(played.duration_s),
        "policy": played.policy.model_dump(mode="json"), "ok": played.ok,
        "key_service_recovery_ratio": None if recovery is None else round(recovery, 9),
        "corridors": [_corridor(corridor) for corridor in played.corridors],
        "links": [_link(link) for link in played.links],
        "log": [_entry(entry) for entry in played.log],
        "expectations": [_expected(expected) for expected in played.expectations],
        "maintenance": [_maintenance(item) for item in played.maintenance], "notes": list(played.notes),
    }  # fmt: skip


def _corridor(corridor: CorridorResult) -> dict[str, Any]:
    restorations = corridor.restorations_s
    return {
        "id": corridor.id, "asked_bits": _bits(corridor.asked_bits), "delivered_bits": _bits(corridor.delivered_bits),
        "served_s": _s(corridor.served_s), "longest_gap_s": _s(corridor.longest_gap_s),
        "first_loss_s": _s(corridor.first_loss_s), "switches": corridor.switches, "stale_s": _s(corridor.stale_s),
        "down_s": _s(corridor.down_s), "fallback": corridor.fallback, "fallback_stated": corridor.fallback_stated,
        "fallback_s": {corridor.fallback: _s(corridor.down_s)}, "time_to_exhaustion_s": _s(corridor.time_to_exhaustion_s),
        "throughput_bps": round(corridor.delivered_bits / corridor.duration_s, 6),
        "loss_ratio": round(1 - corridor.delivered_share, 12), "availability": round(corridor.availability, 12),
        "response_delay_s": {
            "least": round(corridor.round_trip_s, 9), "mean": round(corridor.mean_delay_s, 9),
            "longest": round(corridor.longest_delay_s, 9),
        },
        "restoration_s": {
            "mean": _s(math.fsum(restorations) / len(restorations)) if restorations else None,
            "longest": _s(max(restorations)) if restorations else None,
        },
        "gaps": [{"from_s": _s(begin), "to_s": _s(end)} for begin, end in corridor.gaps],
        "seen_by": [{"site": site, "bits": _bits(seen)} for site, seen in corridor.seen_by],
        "exposed_bits": _bits(corridor.exposed_bits), "broken_rules": list(corridor.broken_rules),
        "lowest_store": corridor.lowest and {
            "link": corridor.lowest.link, "bits": _bits(corridor.lowest.bits), "share": round(corridor.lowest.share, 9),
            "at_s": _s(corridor.lowest.at_s),
        },
    }  # fmt: skip


def _link(link: LinkResult) -> dict[str, Any]:
    return {
        "id": link.id, "capacity_bits": _bits(link.capacity_bits), "floor_bits": _bits(link.floor_bits),
        "lowest_bits": _bits(link.lowest_bits), "lowest_at_s": _s(link.lowest_at_s), "final_bits": _bits(link.final_bits),
        "made_bits": _bits(link.made_bits), "used_bits": _bits(link.used_bits), "spilt_bits": _bits(link.spilt_bits),
        "lost_bits": _bits(link.lost_bits),
    }  # fmt: skip


def _entry(entry: Entry) -> dict[str, Any]:
    details = {
        key: round(value, 6) if isinstance(value, float) else list(value) if isinstance(value, tuple) else value
        for key, value in entry.details
    }
    return {"t": _s(entry.t), "event": entry.event, "address": entry.address, **details}


def _expected(expected: Expected) -> dict[str, Any]:
    value = expected.value
    return {
        "corridor": expected.corridor, "metric": expected.metric, "limit": expected.limit,
        "value": None if value is None else round(value, 9), "ok": expected.ok,
    }  # fmt: skip


def _maintenance(item: Maintenance) -> dict[str, Any]:
    return {
        "address": item.address, "at_s": _s(item.at_s), "for_s": _s(item.for_s),
        "corridors_lost": list(item.corridors_lost), "safe_from_s": _s(item.safe_from_s),
    }  # fmt: skip


def _sizes(sizes: Sizes) -> dict[str, Any]:
    return {
        "autonomy_h": sizes.autonomy_h, "without": sizes.without,
        "links": [
            {
                "id": size.link, "drain_bps": round(size.drain_bps, 6), "needed_bits": _bits(size.needed_bits),
                "capacity_bits": _bits(size.capacity_bits), "lasts_h": round(size.lasts_h, 6), "enough": size.enough,
                "refill_h": None if math.isinf(size.refill_h) else round(size.refill_h, 6),
                "mtbf_h": None if math.isinf(size.mtbf_h) else round(size.mtbf_h, 3), "in_time": size.in_time,
            }
            for size in sizes.stores
        ],
    }  # fmt: skip


FORMATS: dict[str, Callable[[Plan, Rehearsal], str]] = {
    "text": rehearsal_text, "json": rehearsal_json, "markdown": rehearsal_markdown, "csv": rehearsal_csv,
}  # fmt: skip
