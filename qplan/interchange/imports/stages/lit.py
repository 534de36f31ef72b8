"""Spans that are lit through amplifiers carry no QKD link as they are; neither do long sea cables."""

from __future__ import annotations

from dataclasses import replace

from qplan.interchange.imports.rows import FibreRow, Rows, doubt, listed
from qplan.inventory.source.messages import counted

UNREPEATED_KM = 100.0  # sea cables above have amplifiers, as a rule


def marked(rows: Rows) -> Rows:
    """Fibres with `amplified` where they end at an in-line amplifier, or lie far under the sea; what is stated stays."""
    huts = {site.key: site.called for site in rows.sites if site.kind == "amplifier"}
    lit = [row for row in rows.fibres if not huts.keys().isdisjoint(row.ends) and "amplified" not in row.fields]
    sea = [row for row in rows.fibres if _is_sea_cable(row) and "amplified" not in row.fields]
    if not lit and not sea:
        return rows
    chosen = {id(row) for row in (*lit, *sea)}
    rows = replace(
        rows, fibres=tuple(r.with_fields(amplified=True) if id(r) in chosen else r for r in rows.fibres)
    )  # fmt: skip
    hint = "where the cable has dark strands beside the lit ones, set `amplified: false`"
    if lit:
        message = (
            f"{counted(len(lit), 'span')} at {counted(len(huts), 'in-line amplifier')} marked amplified, so no QKD link "
            f"uses them; the huts are kept as sites: {listed(sorted(huts.values()))}"
        )
        rows = rows.adding(doubt("QP652", lit[0].origin.whole, "", message, hint))
    if sea:
        message = f"{counted(len(sea), 'sea cable')} longer than {UNREPEATED_KM:g} km, or of unknown length, marked amplified: "
        called = listed([row.called for row in sea])
        rows = rows.adding(doubt("QP652", sea[0].origin.whole, "", message + called, hint))
    return rows


def _is_sea_cable(row: FibreRow) -> bool:
    km = row.fields.get("length_km")
    return row.fields.get("deployment") == "submarine" and (not isinstance(km, float) or km > UNREPEATED_KM)
