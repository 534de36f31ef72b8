"""Joints and waypoints: where two fibres meet in one they become one fibre; where more meet the joint stays."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from qplan.interchange.imports.rows import (
    DEFAULTS,
    JOINED,
    FibreRow,
    Origin,
    Rows,
    SiteRow,
    doubt,
    gathered,
    joined_labels,
    listed,
)
from qplan.inventory.source.messages import counted

SUMS = ("length_km", "loss_db", "loss_1310_db")  # a sum is known where both are
TOGETHER = ("splices", "setup_cost_per_strand", "cost_per_strand_year")


def contracted(rows: Rows) -> Rows:
    """Without joints of two fibres; those that stay can only be patched through, without loss of their own.

    Where a corridor ends a joint stays.
    """
    ended = {end for row in rows.corridors for end in row.ends}
    passive = {site.key for site in rows.sites if site.passive} - ended
    at: dict[str, dict[int, FibreRow]] = defaultdict(dict)
    fibres = dict(enumerate(rows.fibres))
    for number, row in fibres.items():
        for end in row.ends:
            at[end][number] = row
    out = {key for key in passive if not at[key]}
    gone = [(site.origin, site.called) for site in rows.sites if site.key in out]
    joined: list[str] = []
    called = {site.key: site.called for site in rows.sites}
    for key in sorted(passive):
        if len(at[key]) == 2 and (one := _through(key, *at[key].values())):
            first, second = sorted(at[key])
            for number in (first, second):
                for end in fibres.pop(number).ends:
                    at[end].pop(number, None)
            fibres[first] = one
            for end in one.ends:
                at[end][first] = one
            joined.append(called[key])
            out.add(key)
    sites = tuple(_kept(site) if site.passive else site for site in rows.sites if site.key not in out)
    stay = [site for site in sites if site.passive]
    return _said(replace(rows, sites=sites, fibres=tuple(fibres[n] for n in sorted(fibres))), joined, gone, stay)


def _through(joint: str, one: FibreRow, other: FibreRow) -> FibreRow | None:
    """Two fibres spliced at a joint as one; None where that is a loop, or where one states what the other does not."""
    a, b = (row.ends[1 - row.ends.index(joint)] for row in (one, other))
    known = [key for key in SUMS if key in one.fields]
    if a == b or not known or known != [key for key in SUMS if key in other.fields]:
        return None
    fields = {**other.fields, **one.fields}
    for key in SUMS:
        fields.pop(key, None)
    fields |= {key: round(_number(one, key) + _number(other, key), 6) for key in known}
    fields |= {key: _number(one, key) + _number(other, key) for key in TOGETHER if key in fields}
    fields["splices"] = int(_number(one, "splices") + _number(other, "splices")) + 1
    if "strands" in fields:
        fields["strands"] = int(min(_number(row, "strands", DEFAULTS.strands) for row in (one, other)))
    if "attenuation_db_per_km" in fields:
        fields["attenuation_db_per_km"] = _mean_attenuation(one, other)
    if ducts := [*dict.fromkeys([*_ducts(one), *_ducts(other)])]:
        fields["ducts"] = ducts
    if one.fields.get("amplified") or other.fields.get("amplified"):
        fields["amplified"] = True
    route = _route(one, joint)[::-1] + _route(other, joint) if one.route and other.route else ()
    key = one.key if one.key == other.key else f"{one.key}{JOINED}{other.key}" if one.key and other.key else ""
    labels = joined_labels(one.labels, other.labels)
    return replace(
        one, key=key, ends=(a, b), fields=fields, labels=labels, route=route, sources=(*one.sources, *other.sources)
    )


def _mean_attenuation(one: FibreRow, other: FibreRow) -> float:
    """By length; a fibre that states none has the default."""
    km = [_number(row, "length_km") for row in (one, other)]
    each = [_number(row, "attenuation_db_per_km", DEFAULTS.attenuation_db_per_km) for row in (one, other)]
    return round(sum(a * b for a, b in zip(km, each, strict=True)) / sum(km), 6) if sum(km) else max(each)


def _number(row: FibreRow, key: str, default: float = 0) -> float:
    return float(str(row.fields.get(key, default)))


def _ducts(row: FibreRow) -> list[str]:
    ducts = row.fields.get("ducts", [])
    return list(ducts) if isinstance(ducts, list | tuple) else []


def _route(row: FibreRow, joint: str) -> tuple[tuple[float, float], ...]:
    """The drawn line, beginning at the joint."""
    return row.route if row.ends[0] == joint else row.route[::-1]


def _kept(site: SiteRow) -> SiteRow:
    return replace(site, fields={**site.fields, "trusted_node": "forbidden", "bypass_loss_db": 0.0})


def _said(rows: Rows, joined: list[str], gone: list[tuple[Origin, str]], stay: list[SiteRow]) -> Rows:
    findings = gathered("QP629", gone, "joint", "without any fibre left out")
    if joined:
        message = f"{counted(len(joined), 'joint')} of two fibres taken out, the fibres made one: {listed(joined)}"
        findings.append(doubt("QP629", rows.fibres[0].origin.whole, "", message))
    if stay:
        words = [(site.origin, site.called) for site in stay]
        what = (
            "kept as sites without relays: not two fibres meet there, their lengths and losses are not stated alike, "
            "or a corridor ends there"
        )
        hint = "policy.max_bypass_sites is raised, since a channel passes them"
        findings += gathered("QP630", words, "joint", what, hint)
    return rows.adding(*findings)
