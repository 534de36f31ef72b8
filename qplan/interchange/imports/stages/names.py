"""Ids of what is imported: made of the source's own words, unique without regard to case, the same in every run."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from qplan.interchange.imports.fields import slug
from qplan.interchange.imports.rows import CorridorRow, EquipmentRow, FibreRow, Rows, SiteRow, doubt, is_opaque, listed

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
Known = Mapping[str, Mapping[str, str]]
"""Section → source → the id that an inventory has for it; `pairs`: two sorted ids of sites → their one fibre."""
T = TypeVar("T", SiteRow, FibreRow, CorridorRow, EquipmentRow)
Ended = TypeVar("Ended", FibreRow, CorridorRow)


@dataclass(frozen=True)
class Named:
    """Rows by their ids, with ends as ids."""

    sites: dict[str, SiteRow]
    fibres: dict[str, FibreRow]
    corridors: dict[str, CorridorRow]
    equipment: dict[str, EquipmentRow]


def with_sources(rows: Rows) -> Rows:
    """Every row with what it is told by from run to run: its key, and its ends where the key is shared or none."""
    return replace(
        rows,
        sites=tuple(row if row.sources else replace(row, sources=(row.key,)) for row in rows.sites),
        fibres=_each_its_own(rows.fibres),
        corridors=_each_its_own(rows.corridors),
    )


def _each_its_own(rows: Sequence[Ended]) -> tuple[Ended, ...]:
    """Rows of one key between the same sites are counted, in an order that depends on what they say alone."""
    shared = Counter(row.key for row in rows)
    groups: dict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        ends = " – ".join(row.ends)
        source = ends if not row.key else f"{row.key} ({ends})" if shared[row.key] > 1 else row.key
        groups[source].append(place)
    told: dict[int, str] = {}
    for source, places in groups.items():
        order = sorted(
            places, key=lambda place: repr((getattr(rows[place], "length", None), sorted(rows[place].fields.items())))
        )
        told |= {place: source if number == 1 else f"{source} #{number}" for number, place in enumerate(order, 1)}
    return tuple(replace(row, sources=(told[place],)) for place, row in enumerate(rows))


def named(rows: Rows, known: Known) -> tuple[Named, Rows]:
    """Ids for every row; a row that the inventory has already keeps its id there."""
    sites, told = _assigned(rows.sites, _site_word, known.get("sites", {}), "site")
    of_key = {row.key: key for key, row in sites.items()}

    pairs = known.get("pairs", {})
    in_place = {
        " – ".join(row.ends): pairs.get(" ".join(sorted(_on_ids(row, of_key).ends)))
        for row in rows.fibres
        if not row.key
    }
    known_fibres = {**{source: key for source, key in in_place.items() if key}, **known.get("fibres", {})}
    fibres, _ = _assigned([_on_ids(row, of_key) for row in rows.fibres], _fibre_word, known_fibres, "fibre")
    corridors, _ = _assigned(
        [_on_ids(r, of_key) for r in rows.corridors], _fibre_word, known.get("corridors", {}), "corridor"
    )
    equipment, _ = _assigned(rows.equipment, lambda row: row.key, {}, "system")
    if told:
        words = [f"{sites[key].called} is {key}" for key in told]
        message = f"ids that would be equal but for case or signs, told apart: {listed(words)}"
        rows = rows.adding(doubt("QP621", sites[told[0]].origin, told[0], message))
    return Named(sites, fibres, corridors, equipment), rows


def _on_ids(row: Ended, of_key: Mapping[str, str]) -> Ended:
    return replace(row, ends=(of_key[row.ends[0]], of_key[row.ends[1]]))


def _site_word(row: SiteRow) -> str:
    return row.name if row.name and is_opaque(row.key) else row.key


def _fibre_word(row: FibreRow | CorridorRow) -> str:
    return "--".join(row.ends) if not row.key or is_opaque(row.key) else row.key


def _assigned(
    rows: Sequence[T], word: Callable[[T], str], known: Mapping[str, str], noun: str
) -> tuple[dict[str, T], list[str]]:
    """Rows by id, and the ids that had to be told apart."""
    ids: dict[str, T] = {}
    open_: dict[str, list[tuple[str, T]]] = defaultdict(list)
    for row in rows:
        mine = next((known[source] for source in getattr(row, "sources", ()) if source in known), None)
        if mine and mine not in ids:
            ids[mine] = row
            continue
        text = word(row)
        wanted = text if ID.fullmatch(text) else slug(text) or f"{noun}-{_hash(text)}"
        open_[wanted.casefold()].append((wanted, row))
    taken = {key.casefold() for key in (*ids, *known.values())}
    told = []
    for low in sorted(open_):
        same = open_[low]
        plain = next((row for wanted, row in same if word(row) == wanted), same[0][1] if len(same) == 1 else None)
        for wanted, row in sorted(same, key=lambda item: _order(item[1])):
            key = wanted if row is plain and low not in taken else _told_apart(wanted, row, taken)
            taken.add(key.casefold())
            ids[key] = row
            told += [key] if len(same) > 1 else []
    order = {id(row): place for place, row in enumerate(rows)}
    return dict(sorted(ids.items(), key=lambda item: order[id(item[1])])), told


def _order(row: SiteRow | FibreRow | CorridorRow | EquipmentRow) -> tuple[str, str, str]:
    return row.key, str(getattr(row, "ends", "")), str(sorted(row.fields.items(), key=str))


def _told_apart(wanted: str, row: SiteRow | FibreRow | CorridorRow | EquipmentRow, taken: set[str]) -> str:
    """The id with something behind it: ends of a fibre, an opaque key, else letters that depend on the key alone."""
    ends = "-".join(getattr(row, "ends", ()))
    behind = ends if ends and ends not in wanted and not wanted.startswith(ends.split("-")[0]) else ""
    behind = behind or (slug(row.key) if is_opaque(row.key) and row.key != wanted else _hash(row.key + ends))
    key = candidate = f"{wanted}-{behind}"[:120]
    number = 2
    while candidate.casefold() in taken:
        candidate, number = f"{key}-{number}", number + 1
    return candidate


def duct_id(word: str) -> str:
    """Equal for words that differ in case or signs alone: they are one duct, and a shared one is the worse case."""
    return slug(word) or f"duct-{_hash(word)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]
