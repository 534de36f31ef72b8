"""Which field of an inventory a heading means, and in which unit its column is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import yaml

from qplan.interchange.imports.currencies import CODES, code_of, unit_in

KINDS = ("sites", "fibres", "corridors", "equipment")
LENGTH_UNITS = {
    "km": "km", "kilometer": "km", "kilometers": "km", "kilometre": "km", "kilometres": "km",
    "m": "m", "meter": "m", "meters": "m", "metre": "m", "metres": "m",
    "mi": "mi", "mile": "mi", "miles": "mi", "meile": "mi", "meilen": "mi",
    "ft": "ft", "feet": "ft", "foot": "ft", "fuss": "ft",
}  # fmt: skip
FACTORS = {  # other units in headings and cells → what a figure is multiplied by, in the field's own unit
    "db": 1.0, "nm": 1.0, "w": 1.0, "kw": 1000.0, "he": 1.0, "u": 1.0, "ru": 1.0,
    "bps": 1.0, "bit s": 1.0, "kbps": 1e3, "kbit s": 1e3, "mbps": 1e6, "mbit s": 1e6,
    "s": 1.0, "sec": 1.0, "seconds": 1.0, "sekunden": 1.0, "min": 60.0, "minutes": 60.0, "minuten": 60.0, "h": 3600.0,
    "hours": 3600.0, "stunden": 3600.0, "deg": 1.0, "grad": 1.0, "weeks": 1.0, "wochen": 1.0, "db km": 1.0,
}  # fmt: skip
LETTERS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "o", "å": "a", "œ": "oe", "ł": "l"}
)
CAMEL = re.compile(r"(?<=[a-zäöü][a-zäöü0-9])(?=[A-ZÄÖÜ])")
UNIT_AFTER_DIGIT = re.compile(r"\b([0-9]+)(nm|km|m|db)\b")
DEMANDS = frozenset(["key_rate_bps", "otp_bps", "interval_s", "paths", "max_relays", "secrecy_years"])
MONEY = frozenset([
    "node_cost", "node_cost_per_year", "relay_cost", "relay_cost_per_year", "setup_cost_per_strand",
    "cost_per_strand_year", "cost_per_strand_km_year", "price", "support_per_year",
])  # fmt: skip
"""Fields of amounts in the currency of the inventory."""
SMALL_WORDS = frozenset(["in", "the", "der", "des", "wgs84", "wgs"])


class Column(NamedTuple):
    """A field, the unit that the heading states, empty where it states none, and how far the word is from the usual."""

    field: str
    unit: str = ""
    rank: int = 0


def plain(text: str) -> str:
    """Lower-case words of plain letters and digits, one blank between: `Länge (km)` and `laenge_km` are the same."""
    return re.sub(r"[^a-z0-9]+", " ", ascii_letters(CAMEL.sub(" ", text).casefold())).strip()


def ascii_letters(text: str) -> str:
    """German and Nordic letters written out, accents taken away; other letters stay."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", text).translate(LETTERS))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


@cache
def known() -> dict[str, dict[str, tuple[str, int]]]:
    """For every kind of table: spelling → field and rank, the lower the likelier. A field's own name is the first."""
    text = (files("qplan.interchange.imports") / "headings.yaml").read_text(encoding="utf-8")
    fields: Mapping[str, Mapping[str, Sequence[str]]] = yaml.load(text, Loader=yaml.CSafeLoader)
    return {
        kind: {
            spelling: (name, rank) for name, own in entries.items() for rank, spelling in enumerate([plain(name), *own])
        }
        for kind, entries in fields.items()
    }


@cache
def recognise(kind: str, heading: str) -> Column | None:
    """The field that a heading means in a table of that kind; None where it means none that is known."""
    spellings = known()[kind]
    words = [word for word in UNIT_AFTER_DIGIT.sub(r"\1 \2", plain(heading)).split() if word not in SMALL_WORDS]
    for told in (words, [word for word in words if word != "db"]):
        for end in range(len(told), 0, -1):
            name, rank = spellings.get(" ".join(told[:end]), ("", 0))
            unit = " ".join(told[end:])
            if name in MONEY and (not unit or code_of(unit) in CODES):
                return Column(name, code_of(unit) or unit_in(heading), rank)
            if name and name not in MONEY and (not unit or unit in LENGTH_UNITS or unit in FACTORS):
                return Column(name, LENGTH_UNITS.get(unit, unit) or pairs_in(name, heading), rank)
    return None


def pairs_in(name: str, heading: str) -> str:
    """The unit `pairs` of glass fibres that a heading counts two by two; else none."""
    return "pairs" if name in ("strands", "fibre_count") and plain(heading).endswith(("pairs", "paare")) else ""


def columns_of(kind: str, headings: Sequence[str]) -> dict[int, Column]:
    """The recognised columns by their places, each field once; a second word for a site's id is its name."""
    best: dict[str, int] = {}
    found = {place: column for place, heading in enumerate(headings) if (column := recognise(kind, heading))}
    for place in sorted(found, key=lambda place: (found[place].rank, place)):
        best.setdefault(found[place].field, place)
    second = [place for place in found if found[place].field == "id" and place != best["id"]]
    if second and "name" not in best:
        found[second[0]] = Column("name")
        best["name"] = second[0]
    return {place: found[place] for place in sorted(best.values())}


def kind_of(headings: Sequence[str], name: str = "") -> str | None:
    """What a table holds, by its headings, and by its name where these fit several kinds; None: nothing known."""
    fields = {kind: {column.field for column in columns_of(kind, headings).values()} for kind in KINDS}
    if "key_rate_curve" in fields["equipment"]:
        return "equipment"
    if fields["fibres"] >= {"from", "to"}:
        asks = fields["corridors"] & DEMANDS
        named = any(word in plain(name) for word in ("corridor", "korridor", "demand", "bedarf", "service"))
        lays = fields["fibres"] & {"length", "loss_db", "strands", "ducts", "attenuation_db_per_km", "fibre_count"}
        return "corridors" if (asks or named) and not lays else "fibres"
    if fields["sites"] & {"id", "name"} and (len(fields["sites"]) > 1 or len(headings) == 1):
        return "sites"
    return None
