"""OTDR traces (SR-4731, version 2): what each says of a fibre's loss and length, worked out from its events."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from qplan.errors import Diagnostic, QplanError
from qplan.interchange.imports.rows import Origin, clean, doubt
from qplan.interchange.imports.sources import SourceFile, refused

MAX_TRACE_BYTES = 8 * 2**20
STATED_WITHIN_DB = 0.1  # so near to the sum of its events a stated total is believed
BANDS = {"loss_1310_db": (1260.0, 1360.0), "loss_db": (1500.0, 1600.0)}


@dataclass(frozen=True)
class Trace:
    """One measurement: `field` is the inventory's name of its loss, `ends` what the technician called the two ends."""

    origin: Origin
    field: str
    wavelength_nm: float
    loss_db: float
    length_km: float
    words: tuple[str, ...]
    """What may name the fibre: cable, fibre, cable code."""
    strand: str
    ends: tuple[str, str]
    measured: str


def traces(sources: Sequence[SourceFile]) -> tuple[list[Trace], list[Diagnostic]]:
    """The traces that can be used, and the findings about all. Raises `Refused` where a file is no such trace."""
    found, findings = [], []
    for source in sources:
        trace, said = _trace(source, _blocks(source))
        found += [trace] if trace else []
        findings += said
    return found, findings


def _blocks(source: SourceFile) -> Mapping[str, Mapping[str, Any]]:
    try:
        import otdrparser
    except ImportError:
        raise QplanError("OTDR traces need a package: `pip install otdrparser` brings it") from None
    if len(source.data) > MAX_TRACE_BYTES:
        raise refused("QP602", source.origin, f"the trace is larger than {MAX_TRACE_BYTES // 2**20} MiB")
    if not source.data.startswith(b"Map\0"):
        message = "not an OTDR trace of SR-4731 version 2 (.sor); version 1 is not read"
        raise refused("QP601", source.origin, message, "export the trace as version 2 (also called SOR 200)")
    try:
        blocks: Mapping[str, Mapping[str, Any]] = otdrparser.parse2(io.BytesIO(source.data))
    except Exception as error:  # whatever a broken file makes of a parser of bytes
        raise refused("QP601", source.origin, f"the trace cannot be read: {str(error)[:200]}") from None
    if not {"GenParams", "FxdParams", "KeyEvents"} <= blocks.keys():
        raise refused("QP601", source.origin, "the trace has no events: have the instrument analyse it")
    return blocks


def _trace(source: SourceFile, blocks: Mapping[str, Mapping[str, Any]]) -> tuple[Trace | None, list[Diagnostic]]:
    general, fixed, events = (blocks[name] for name in ("GenParams", "FxdParams", "KeyEvents"))
    wavelength = float(fixed["wavelength"] or general["wavelength"])
    field = next((name for name, (low, high) in BANDS.items() if low <= wavelength <= high), "")
    end = _end(events["events"])
    if not field or end is None:
        why = (
            "no event is the end of the fibre" if field else f"{wavelength:g} nm is neither near 1310 nor near 1550 nm"
        )
        return None, [doubt("QP683", source.origin, "", f"not used: {why}")]
    before = sorted((e for e in events["events"] if e is not end), key=lambda e: float(e["distance_of_travel"]))
    loss, findings = _loss(source, list(_parts(before, end)), float(events["total_loss"]))
    words = tuple(word for name in ("cable_id", "fiber_id", "cable_code") if (word := clean(general[name])))
    measured = f"{wavelength:g} nm"
    if fixed["date_time"]:
        measured += f", {datetime.fromtimestamp(fixed['date_time'], UTC).date().isoformat()}"
    trace = Trace(
        source.origin, field, wavelength, loss, round(float(end["distance_of_travel"]) / 1000, 4), words,
        clean(general["fiber_id"]), (clean(general["location_a"]), clean(general["location_b"])), measured,
    )  # fmt: skip
    return trace, findings


def _end(events: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    marked = [
        event for event in events if event["event_type_details"]["note"] in ("end-of-fiber", "modified-end-of-fiber")
    ]
    return marked[-1] if marked else None


def _parts(before: Sequence[Mapping[str, Any]], end: Mapping[str, Any]) -> Iterator[float]:
    """Loss of every section and of every event but the end, whose fall is the end of the fibre and no loss."""
    here = 0.0
    for event in (*(e for e in before if e["distance_of_travel"] <= end["distance_of_travel"]), end):
        there = float(event["distance_of_travel"]) / 1000
        yield float(event["slope"]) * (there - here)
        yield float(event["splice_loss"]) if event is not end else 0.0
        here = there


def _loss(source: SourceFile, parts: Sequence[float], stated: float) -> tuple[float, list[Diagnostic]]:
    """The stated total where it agrees with the events; instruments often leave it 0."""
    worked_out = round(sum(parts), 3)
    if stated > 0 and abs(stated - worked_out) <= STATED_WITHIN_DB:
        return round(stated, 3), []
    what = f"the file states a total loss of {stated:.3f} dB" if stated > 0 else "the file states no total loss"
    message = f"{what}; its sections and events sum up to {worked_out:.3f} dB, which is taken"
    return worked_out, [doubt("QP682", source.origin, "", message)]
