"""Which sites the ends of fibres and corridors mean: by key, by name, by spelling; else a site of its own is made."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from qplan.errors import Diagnostic
from qplan.interchange.imports.headings import plain
from qplan.interchange.imports.numbers import is_nothing
from qplan.interchange.imports.rows import CorridorRow, FibreRow, Origin, Rows, SiteRow, doubt, gathered, listed
from qplan.inventory.source.messages import counted, did_you_mean, shown

MOST_NAMED = 20  # unknown ends, each with what may be meant


def resolved(rows: Rows) -> Rows:
    """Every site once, and the ends of fibres and corridors as keys of sites.

    Ends that stay empty are those of drawn lines, which are found on the map.
    """
    rows = _with_keys(rows)
    sites, findings = _each_once(rows.sites)
    words = _Words(sites)
    rows = _with_ends(rows, words)
    fibres = tuple(replace(row, ends=words.meant(row)) for row in rows.fibres)
    corridors = tuple(replace(row, ends=words.meant(row)) for row in rows.corridors)
    made, more = words.unlisted(bool(sites))
    rows = replace(rows, sites=(*sites, *made), fibres=fibres, corridors=corridors)
    return rows.adding(*findings, *words.spelt(), *more)


def _with_keys(rows: Rows) -> Rows:
    """Without sites that neither id nor name tells; a word for none tells one, but not several."""
    often = Counter(site.key for site in rows.sites)

    def is_told(site: SiteRow) -> bool:
        return bool(site.key) and (often[site.key] == 1 or not is_nothing(site.key))

    words = [(site.origin, str(site.origin)) for site in rows.sites if not is_told(site)]
    findings = gathered("QP612", words, "site", "without an id or a name left out")
    return replace(rows, sites=tuple(filter(is_told, rows.sites))).adding(*findings)


def _each_once(sites: Iterable[SiteRow]) -> tuple[tuple[SiteRow, ...], list[Diagnostic]]:
    """Of rows with one key the first stands; what later ones add to it is taken, what they say otherwise is said."""
    first: dict[str, SiteRow] = {}
    repeated: Counter[str] = Counter()
    differing: dict[str, list[str]] = {}
    for site in sites:
        known = first.setdefault(site.key, site)
        if known is site:
            continue
        repeated[site.key] += 1
        if said := _said_otherwise(known, site):
            differing.setdefault(site.key, []).extend(said)
        first[site.key] = replace(
            known, name=known.name or site.name, lat=site.lat if known.lat is None else known.lat,
            lon=site.lon if known.lon is None else known.lon, fields={**site.fields, **known.fields},
            labels={**site.labels, **known.labels},
        )  # fmt: skip
    findings = [
        doubt("QP615", first[key].origin, key, f"site {key} stands in {more + 1} rows, of which the first is taken; "
              f"others say {listed(sorted(set(differing[key])))}", "give each site an id of its own")
        for key, more in repeated.items() if key in differing
    ]  # fmt: skip
    same = [key for key in repeated if key not in differing]
    if same:
        message = f"{counted(len(same), 'site')} in several rows that agree, taken once: {listed(same)}"
        findings.append(doubt("QP615", first[same[0]].origin, same[0], message))
    return tuple(first.values()), findings


def _said_otherwise(known: SiteRow, other: SiteRow) -> list[str]:
    """What a later row has another word for, as `name 'Bern West'`."""
    here, there = ({"name": row.name or None, **row.labels, **row.fields} for row in (known, other))
    differing = [
        f"{key} {shown(value)}" for key, value in there.items()
        if value is not None and here.get(key) is not None and here[key] != value
    ]  # fmt: skip
    apart = other.place and known.place and known.place != other.place
    return [*differing, *([f"place ({other.lat:g}, {other.lon:g})"] if apart else [])]


def _with_ends(rows: Rows, words: _Words) -> Rows:
    """Without fibres and corridors that lack an end; to that of a fibre a drawn line may lead."""

    def has_ends(row: FibreRow | CorridorRow) -> bool:
        return all(map(words.is_site, row.ends)) or (isinstance(row, FibreRow) and bool(row.route))

    def lost(own: Sequence[FibreRow | CorridorRow], noun: str) -> list[Diagnostic]:
        found = [(row.origin, row.key or str(row.origin)) for row in own if not has_ends(row)]
        return gathered("QP612", found, noun, "without both ends left out")

    fibres, corridors = tuple(filter(has_ends, rows.fibres)), tuple(filter(has_ends, rows.corridors))
    said = *lost(rows.fibres, "fibre"), *lost(rows.corridors, "corridor")
    return replace(rows, fibres=fibres, corridors=corridors).adding(*said)


class _Words:
    """The words that mean a site, and what was found while ends were looked up."""

    def __init__(self, sites: tuple[SiteRow, ...]):
        self.keys = {site.key for site in sites}
        self.by_word = _unambiguous((word, site.key) for site in sites for word in site.aliases)
        words = [(word, site.key) for site in sites for word in (site.key, *site.aliases)]
        self.by_case = _unambiguous((_caseless(word), key) for word, key in words)
        self.by_spelling = _unambiguous((plain(word), key) for word, key in words if plain(word))
        self.spelt_as: dict[tuple[str, str], Origin] = {}
        self.unknown: dict[str, tuple[Origin, int]] = {}

    def is_site(self, word: str) -> bool:
        """Not where it is empty, or a word for what is not known, unless that is what a site is called."""
        return word in self.keys or word in self.by_word or not is_nothing(word)

    def meant(self, row: FibreRow | CorridorRow) -> tuple[str, str]:
        return self._site(row.ends[0], row.origin), self._site(row.ends[1], row.origin)

    def _site(self, word: str, origin: Origin) -> str:
        if not self.is_site(word):
            return ""
        if word in self.keys:
            return word
        if word in self.by_word:
            return self.by_word[word]
        spelt = self.by_case.get(_caseless(word)) or self.by_spelling.get(plain(word))
        if spelt:
            self.spelt_as.setdefault((word, spelt), origin)
            return spelt
        first, count = self.unknown.get(word, (origin, 0))
        self.unknown[word] = first, count + 1
        return word

    def spelt(self) -> list[Diagnostic]:
        if not self.spelt_as:
            return []
        pairs = [f"'{word}' is taken for {key}" for word, key in self.spelt_as]
        origin = next(iter(self.spelt_as.values()))
        return [doubt("QP623", origin, "", f"{counted(len(pairs), 'end')} spelt unlike the site: {listed(pairs)}")]

    def unlisted(self, some_listed: bool) -> tuple[list[SiteRow], list[Diagnostic]]:
        """Sites that fibres alone name."""
        made = [SiteRow(word, origin, sources=(word,)) for word, (origin, _) in self.unknown.items()]
        if not some_listed and made:
            message = f"no table of sites: {counted(len(made), 'site')} made of the ends of fibres, without coordinates"
            return made, [doubt("QP622", made[0].origin.whole, "", message)]
        if len(made) > MOST_NAMED:
            words = [(origin, f"{word} ({count})") for word, (origin, count) in self.unknown.items()]
            return made, gathered(
                "QP622", words, "end", "no listed site, made one each", "list the sites, or correct the ends"
            )
        return made, [
            doubt("QP622", origin, word, f"'{word}' is an end of {counted(count, 'row')} but no listed site: made one",
                  did_you_mean(word, self.keys) or "list the site, or correct the end")
            for word, (origin, count) in self.unknown.items()
        ]  # fmt: skip


def _caseless(word: str) -> str:
    return unicodedata.normalize("NFC", " ".join(word.casefold().split()))


def _unambiguous(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    meant: dict[str, set[str]] = defaultdict(set)
    for word, key in pairs:
        meant[word].add(key)
    return {word: next(iter(keys)) for word, keys in meant.items() if len(keys) == 1}
