"""Rows that are one fibre: listed twice, listed from both sides, or strand by strand."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from qplan.errors import Diagnostic
from qplan.interchange.imports.rows import CorridorRow, FibreRow, Origin, Rows, gathered, joined_labels, listed

Found = tuple[str, Origin, str]
"""The code of a rule, a place, and what was found there."""


def merged(rows: Rows) -> Rows:
    """Every cable once, with its strands; parallels stay where length, loss, duct or anything else differs."""
    found: list[Found] = []
    kept: list[FibreRow] = []
    pairs: dict[frozenset[str], list[FibreRow]] = defaultdict(list)
    for row in rows.fibres:
        pairs[frozenset(row.ends)].append(row)
    for own in pairs.values():
        alike: dict[str, list[FibreRow]] = defaultdict(list)
        for row in own:
            alike[_signature(row)].append(row)
        for group in alike.values():
            row, more = _one(group)
            kept.append(row)
            found += more
        found += _differing_by_direction([group[0] for group in alike.values()])
    corridors, more_findings = _corridors(rows.corridors)
    return replace(rows, fibres=tuple(kept), corridors=corridors).adding(*_said(found), *more_findings)


def _said(found: Sequence[Found]) -> Iterator[Diagnostic]:
    for code, (what, hint) in WORDS.items():
        yield from gathered(code, [(origin, words) for own, origin, words in found if own == code], "fibre", what, hint)


WORDS = {
    "QP615": ("in several equal rows, taken once", "strands of one cable need ids of their own"),
    "QP626": ("listed in both directions, taken once", "if they are two cables, let ducts tell them apart"),
    "QP627": ("made of equal ones between the same sites", "where ducts differ, state them to keep them apart"),
    "QP628": (
        "in opposite directions of others, of equal length but with other values, kept beside them",
        "if it is one cable measured from both sides, state the mean loss in one row",
    ),
}


def _signature(row: FibreRow) -> str:
    """Equal where two rows may be strands of one cable."""
    own = {key: value for key, value in row.fields.items() if key != "strands"}
    return json.dumps([own, row.labels.get("status"), row.there], sort_keys=True, default=str)


def _one(group: Sequence[FibreRow]) -> tuple[FibreRow, list[Found]]:
    """The one fibre that rows with equal values are, and how they became one."""
    distinct: dict[tuple[str, tuple[str, str], object], FibreRow] = {}
    for row in group:
        distinct.setdefault((row.key, row.ends, row.fields.get("strands")), row)
    rows = list(distinct.values())
    first = rows[0]
    found: list[Found] = []
    if len(rows) < len(group):
        found.append(("QP615", group[1].origin, f"{first.called} ({len(group)} rows)"))
    there, back = [r for r in rows if r.ends == first.ends], [r for r in rows if r.ends != first.ends]
    if back:
        found.append(("QP626", back[0].origin, first.called))
    strands = max((_strands(side) for side in (there, back) if side), key=lambda count: count or 0)
    if max(len(there), len(back)) > 1:
        words = f"{' – '.join(first.ends)} with {strands} strands ({listed([row.key for row in rows])})"
        found.append(("QP627", rows[1].origin, words))
    fields = {**first.fields, "strands": strands} if strands is not None else first.fields
    labels = {key: value for row in reversed(rows) for key, value in row.labels.items()}
    sources = tuple(dict.fromkeys(source for row in group for source in row.sources))
    return replace(first, fields=fields, labels=labels, sources=sources), found


def _strands(rows: Sequence[FibreRow]) -> int | None:
    """Strands of rows side by side: one each where a row states none; None for a single row that states none."""
    if len(rows) == 1 and "strands" not in rows[0].fields:
        return None
    return sum(int(str(row.fields.get("strands", 1))) for row in rows)


def _differing_by_direction(rows: Sequence[FibreRow]) -> Iterator[Found]:
    """Two rows, one there and one back, that differ in losses alone may be one cable measured from both sides."""
    for number, row in enumerate(rows):
        for other in rows[number + 1 :]:
            apart = row.there or other.there
            if (
                not apart
                and row.ends == other.ends[::-1]
                and row.fields.get("length_km") == other.fields.get("length_km")
            ):
                yield "QP628", other.origin, f"{other.called} beside {row.called}"


def _corridors(rows: Iterable[CorridorRow]) -> tuple[tuple[CorridorRow, ...], list[Diagnostic]]:
    """Corridors have no direction: equal ones from both sides are one."""
    kept: dict[tuple[frozenset[str], str], CorridorRow] = {}
    twice = []
    for row in rows:
        key = frozenset(row.ends), json.dumps(row.fields, sort_keys=True, default=str)
        known = kept.get(key)
        if known:
            twice.append(row)
            labels = joined_labels(known.labels, row.labels)
            kept[key] = replace(known, sources=known.sources + row.sources, labels=labels)
        else:
            kept[key] = row
    words = [(row.origin, row.called) for row in twice]
    return tuple(kept.values()), gathered("QP626", words, "corridor", "listed twice, or in both directions, taken once")
