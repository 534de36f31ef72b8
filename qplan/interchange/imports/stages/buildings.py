"""Sites in one building are one site: several frames or rooms at one place would each count as patching."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from qplan.interchange.imports.mapping import Assumptions
from qplan.interchange.imports.rows import CorridorRow, FibreRow, Origin, Rows, SiteRow, gathered, listed
from qplan.interchange.imports.stages.coordinates import distance_km
from qplan.interchange.imports.stages.nearness import Nearby
from qplan.inventory.source.messages import counted

SAME_PLACE_FIBRE_KM = (
    0.5  # a fibre of such a length does not join two rooms: the coordinates are not those of the sites
)
TELL_APART = ("operator", "key_domain", "security_tier", "trusted_node", "country")


def merged(rows: Rows, assume: Assumptions) -> Rows:
    """Sites within the distance as one, their patch cords left out, and what was kept apart or left out, said."""
    within_km = assume.merge_within_m / 1000
    if not within_km:
        return _without_cords(rows)
    degree = Counter(end for row in rows.fibres for end in set(row.ends))
    order = sorted(
        (s for s in rows.sites if s.place and not s.passive), key=lambda s: (not s.there, -degree[s.key], s.key)
    )
    groups, apart = _groups(order, within_km, _long_fibres(rows.fibres))
    into = {member.key: group[0].key for group in groups for member in group}
    hint = "`assume: {merge_within_m: 0}` in a mapping file keeps sites apart"
    words = [found for group in groups for found in _into_first(group)]
    findings = gathered("QP624", words, "site", f"merged into others within {assume.merge_within_m:g} m", hint)
    pairs = [(a.origin, f"{a.called} and {b.called} ({why})") for a, b, why in apart]
    findings += gathered("QP625", pairs, "pair", f"of sites within {assume.merge_within_m:g} m kept apart")
    united = {group[0].key: _united(group) for group in groups}
    sites = tuple(united.get(site.key, site) for site in rows.sites if into.get(site.key, site.key) == site.key)
    return _without_cords(_renamed(replace(rows, sites=sites).adding(*findings), into))


def _long_fibres(fibres: Sequence[FibreRow]) -> frozenset[frozenset[str]]:
    """Pairs of sites that a fibre of some length joins."""

    def km(row: FibreRow) -> float:
        drawn = sum(distance_km(a, b) for a, b in zip(row.route, row.route[1:], strict=False))
        return row.length if row.length and row.unit in (None, "km") else drawn

    return frozenset(frozenset(row.ends) for row in fibres if km(row) > SAME_PLACE_FIBRE_KM)


def _groups(
    order: Sequence[SiteRow], within_km: float, joined: frozenset[frozenset[str]]
) -> tuple[list[list[SiteRow]], list[tuple[SiteRow, SiteRow, str]]]:
    """Groups around the site with most fibres, and near pairs that are told apart with the reason."""
    near = Nearby[SiteRow]((site.place, site) for site in order if site.place)
    taken: set[str] = set()
    groups: list[list[SiteRow]] = []
    apart: dict[frozenset[str], tuple[SiteRow, SiteRow, str]] = {}
    for site in order:
        if site.key in taken or site.place is None:
            continue
        group = [site]
        for _, other in sorted(near.within(site.place, within_km), key=lambda found: found[1].key):
            if other.key == site.key or other.key in taken:
                continue
            if why := _why_apart(group, other, joined):
                apart.setdefault(frozenset([site.key, other.key]), (site, other, why))
            else:
                group.append(other)
        taken |= {member.key for member in group}
        groups.append(group)
    return groups, list(apart.values())


def _why_apart(group: Sequence[SiteRow], other: SiteRow, joined: frozenset[frozenset[str]]) -> str:
    for member in group:
        if frozenset([member.key, other.key]) in joined:
            return "a fibre of some length joins them, so the coordinates of one are wrong"
        for name in TELL_APART:
            if name in member.fields and name in other.fields and member.fields[name] != other.fields[name]:
                return f"they differ in {name}"
    return ""


def _united(group: Sequence[SiteRow]) -> SiteRow:
    first = group[0]
    fields = {key: value for site in reversed(group) for key, value in site.fields.items()}
    labels = {key: value for site in reversed(group) for key, value in site.labels.items()}
    if len(group) > 1:
        labels["merged"] = [site.name or site.key for site in group[1:]]
    return replace(first, fields=fields, labels=labels, sources=tuple(key for site in group for key in site.sources))


def _into_first(group: Sequence[SiteRow]) -> list[tuple[Origin, str]]:
    first, *others = group
    return [
        (site.origin, f"{site.called} into {first.called} ({distance_km(first.place, site.place) * 1000:.0f} m)")
        for site in others if first.place and site.place
    ]  # fmt: skip


def _renamed(rows: Rows, into: Mapping[str, str]) -> Rows:
    def ends(row: FibreRow | CorridorRow) -> tuple[str, str]:
        return into.get(row.ends[0], row.ends[0]), into.get(row.ends[1], row.ends[1])

    fibres = tuple(replace(row, ends=ends(row)) for row in rows.fibres)
    return replace(rows, fibres=fibres, corridors=tuple(replace(row, ends=ends(row)) for row in rows.corridors))


def _without_cords(rows: Rows) -> Rows:
    """Without what begins and ends in one site."""
    cords: dict[str, list[FibreRow]] = defaultdict(list)
    for row in rows.fibres:
        if row.ends[0] == row.ends[1]:
            cords[row.ends[0]].append(row)
    words = [
        (own[0].origin, f"{listed([r.called if r.key else str(r.origin) for r in own], 3)} in {site}")
        for site, own in cords.items()
    ]
    count = sum(map(len, cords.values()))
    findings = gathered("QP651", words, "site", f"with {counted(count, 'fibre')} that begin and end there, left out")
    inner = [(row.origin, row.called) for row in rows.corridors if row.ends[0] == row.ends[1]]
    findings += gathered("QP651", inner, "corridor", "within one site left out")
    fibres = tuple(row for row in rows.fibres if row.ends[0] != row.ends[1])
    corridors = tuple(row for row in rows.corridors if row.ends[0] != row.ends[1])
    return replace(rows, fibres=fibres, corridors=corridors).adding(*findings)
