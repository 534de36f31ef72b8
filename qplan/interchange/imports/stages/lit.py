"""Spans that are lit through amplifiers carry no QKD link as they are; neither do long sea cables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qplan.errors import Diagnostic
from qplan.interchange.imports.rows import FibreRow, Rows, gathered, listed
from qplan.inventory.source.messages import counted

UNREPEATED_KM = 100.0  # sea cables above have amplifiers, as a rule


def marked(rows: Rows) -> Rows:
    """Fibres with `amplified` where they end at an in-line amplifier or lie far under the sea; what is stated stays."""
    huts = {site.key: site.called for site in rows.sites if site.kind == "amplifier"}
    open_ = [row for row in rows.fibres if "amplified" not in row.fields]
    lit = [row for row in open_ if not huts.keys().isdisjoint(row.ends)]
    sea = [row for row in open_ if _is_sea_cable(row)]
    chosen = {id(row) for row in (*lit, *sea)}
    fibres = tuple(row.with_fields(amplified=True) if id(row) in chosen else row for row in rows.fibres)
    amplifiers = f"at {counted(len(huts), 'in-line amplifier')} ({listed(sorted(huts.values()))}; kept as sites)"
    return replace(rows, fibres=fibres).adding(
        *_said(lit, "span", f"{amplifiers} marked amplified, so no QKD link uses them"),
        *_said(sea, "sea cable", f"longer than {UNREPEATED_KM:g} km, or of unknown length, marked amplified"),
    )


def _said(rows: Sequence[FibreRow], noun: str, what: str) -> list[Diagnostic]:
    hint = "where the cable has dark strands beside the lit ones, set `amplified: false`"
    return gathered("QP652", [(row.origin.whole, row.called) for row in rows], noun, what, hint)


def _is_sea_cable(row: FibreRow) -> bool:
    km = row.fields.get("length_km")
    return row.fields.get("deployment") == "submarine" and (not isinstance(km, float) or km > UNREPEATED_KM)
