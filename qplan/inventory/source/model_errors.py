"""What the models refuse, as findings in the user's words, and the entries that did parse."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from qplan.errors import Diagnostic
from qplan.inventory.countries import COUNTRIES, MEANT
from qplan.inventory.fields import (
    COUNTRY_PATTERN,
    CURRENCY_PATTERN,
    DAY_PATTERN,
    ID_PATTERN,
    LEAST_AMOUNT,
    MONTH_PATTERN,
    PRODUCT_PATTERN,
    SPARE_PATTERN,
)
from qplan.inventory.rules import finding
from qplan.inventory.source.messages import closest, counted, did_you_mean, figure, joined, kind, shown
from qplan.inventory.source.remedies import BLANK, id_remedy, key_remedy, value_remedy
from qplan.inventory.source.shape import FILE, shape_at
from qplan.inventory.source.source_map import Path, SourceMap, Values, dotted, mapping_at
from qplan.inventory.source.yaml_source import UNREADABLE

MOST_KEYS_LISTED = 12
MANY_EXCHANGED = 3  # sites with latitude and longitude exchanged, from which on the whole file is
M = TypeVar("M", bound=BaseModel)
TYPES = {  # pydantic's error type → what the user should write
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "string_type": "text",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}
LIMITS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("above", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("below", "lt"),
}
PATTERNS = {
    ID_PATTERN: "letters, digits, '-' and '_', a letter or a digit first",
    COUNTRY_PATTERN: "two capital letters (ISO 3166-1 alpha-2)",
    CURRENCY_PATTERN: "three capital letters (ISO 4217)",
    MONTH_PATTERN: "a month such as 2027-01",
    DAY_PATTERN: "a day such as 2027-01-31",
    PRODUCT_PATTERN: "a product such as qkd_systems.dv-metro or services.install",
    SPARE_PATTERN: "qkd_systems.ID, node_items.ID or relay_items.ID",
}


def parse(model: type[M], value: Values, source: SourceMap) -> tuple[M | None, list[Diagnostic]]:
    """The value as a model, without the entries that are wrong, and a finding for everything that is wrong.

    None where what remains is not valid either.
    """
    try:
        return model.model_validate(value), []
    except ValidationError as error:
        errors = _locate(error, value)
    exchanged = [path for path in errors if _is_exchanged(path, value)]
    told = {path: item for path, item in errors.items() if path not in exchanged or len(exchanged) < MANY_EXCHANGED}
    readable = ((path, item) for path, item in told.items() if _at(value, path) is not UNREADABLE)
    findings = [_finding(path, item, value, source) for path, item in readable]
    if len(exchanged) >= MANY_EXCHANGED:
        findings.append(_all_exchanged(exchanged, value, source))
    try:
        return model.model_validate(_drop(value, {_entry(path) for path in errors})), findings
    except ValidationError:
        return None, findings


def parse_what_is_right(model: type[M], value: Values) -> M | None:
    """The value as a model without the keys that are wrong, and without the entries that cannot do without these."""
    wrong: set[Path] = set()
    for reach in (tuple, _entry):
        kept = _drop(value, wrong)
        try:
            return model.model_validate(kept)
        except ValidationError as error:
            wrong |= {reach(path) for path in _locate(error, kept)}
    try:
        return model.model_validate(_drop(value, wrong))
    except ValidationError:
        return None


def _is_exchanged(path: Path, value: Values) -> bool:
    """Whether a path leads to a latitude beyond the pole that could be a longitude, beside what could be a latitude."""
    lat, lon = _at(value, path), _at(value, (*path[:-1], "lon"))
    if path[-1:] != ("lat",) or not isinstance(lat, int | float) or not isinstance(lon, int | float):
        return False
    return 90 < abs(lat) <= 180 and abs(lon) <= 90


def _all_exchanged(paths: list[Path], value: Values, source: SourceMap) -> Diagnostic:
    """One finding for a whole file."""
    first, sites = min(paths, key=source.at_value), len(mapping_at(value, paths[0][:1]))
    message = f"lat lies beyond the poles at {len(paths)} of {counted(sites, 'site')}, and lon does not"
    return finding("QP104", source.at_value(first), dotted(first), message, hint="exchange lat and lon")


def _locate(error: ValidationError, value: Values) -> dict[Path, ErrorDetails]:
    """One error per path; pydantic's marks of union members and keys are taken out of its locations."""
    errors: dict[Path, ErrorDetails] = {}
    for item in error.errors(include_url=False):
        path: Path = ()
        here: object = value
        for step in item["loc"]:
            last = step == item["loc"][-1] and item["type"] in ("missing", "extra_forbidden")
            inside = (isinstance(here, dict) and step in here) or (isinstance(here, list) and _is_index(step, here))
            if inside:
                here = _at(here, (step,))
            if inside or last:
                path = (*path, step)
        of_union = len(path) < len(item["loc"]) and "[key]" not in item["loc"]
        if of_union and item["type"] == "literal_error" and isinstance(here, dict):
            continue  # the findings about the mapping's entries say more
        if item["type"] in LIMITS and errors.get(path, item)["type"] == "literal_error":
            errors[path] = item  # a number where a word or a number may stand
        errors.setdefault(path, item)
    around = {path[:end] for path in errors for end in range(len(path))}
    return {path: item for path, item in errors.items() if item["type"] != "too_short" or path not in around}


def _is_index(step: object, items: list[object]) -> bool:
    return isinstance(step, int) and step < len(items)


def _at(value: object, path: Path) -> object:
    """The value at a path; None where there is none."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and _is_index(step, value):
            value = value[int(step)]
        else:
            return None
    return value


def _entry(path: Path) -> Path:
    """The smallest part around a path that the rest can do without: an entry by id, or a key of a section."""
    return path[:3] if path[0] in ("equipment", "existing", "defaults", "scenarios") else path[:2]


def _drop(value: Values, paths: set[Path]) -> Values:
    """The value without what stands at the paths; a path that leads into no mapping takes away what it meets."""
    inner: dict[object, set[Path]] = {}
    for path in paths:
        inner.setdefault(path[0], set()).add(path[1:])
    kept: Values = {}
    for key, item in value.items():
        if key not in inner:
            kept[key] = item
        elif isinstance(item, dict) and () not in inner[key]:
            kept[key] = _drop(item, inner[key])
    return kept


def _finding(path: Path, error: ErrorDetails, value: Values, source: SourceMap) -> Diagnostic:
    kind_of_error, address, found = error["type"], dotted(path), _at(value, path)
    if kind_of_error == "missing":
        return _missing(path, value, source)
    if kind_of_error == "extra_forbidden":
        return _unknown_key(path, found, source)
    if "[key]" in error["loc"]:
        words = PATTERNS[error["ctx"]["pattern"]]
        message = f"the id {shown(path[-1])} in {dotted(path[:-1])} is malformed; expected {words}"
        hint = _id_hint(path, value)
        return finding("QP106", source.at_key(path), address, message, found=str(path[-1]), expected=words, hint=hint)
    code, expected, hint = _expectation(kind_of_error, error.get("ctx") or {}, found)
    hint = hint or value_remedy(path, "a list" if code == "QP107" else expected, found)
    hint = "exchange lat and lon" if _is_exchanged(path, value) else hint
    what = f"{shown(found)} ({kind(found)})" if code == "QP103" and kind(found) else shown(found)
    if code == "QP107":
        what = f"a list of {_length(found)}"
    message = f"{address} is {what}; expected {expected}"
    return finding(code, source.at_value(path), address, message, found=what, expected=expected, hint=hint)


def _expectation(error_type: str, ctx: Mapping[str, object], found: object) -> tuple[str, str, str]:
    """Code, what was expected, and a remedy."""
    if error_type in LIMITS:
        words, key = LIMITS[error_type]
        return "QP104", f"{words} {figure(float(str(ctx[key])))}", ""
    if error_type == "literal_error":
        options = re.findall(r"'([^']*)'", str(ctx["expected"]))
        return "QP105", joined(options), did_you_mean(found, options) if isinstance(found, str) else ""
    if error_type == "too_near_zero":
        return "QP104", f"0, or {figure(LEAST_AMOUNT)} and more", ""
    if error_type == "country" and isinstance(found, str):
        return "QP105", "a country's code of ISO 3166-1 alpha-2", f"write {MEANT[found]}" if found in MEANT else ""
    if error_type == "string_pattern_mismatch" and isinstance(found, str):
        pattern = str(ctx["pattern"])
        better = MEANT.get(found.upper(), found.upper())
        fits = re.match(pattern, better) and (pattern != COUNTRY_PATTERN or better in COUNTRIES)
        hint = f"did you mean '{better}'?" if fits else id_remedy(found, ()) if pattern == ID_PATTERN else ""
        return "QP106", PATTERNS.get(pattern, f"text of the form {pattern}"), hint
    if error_type == "too_short":
        return "QP107", f"at least {ctx['min_length']}", ""
    if error_type == "too_long":
        return "QP107", f"{ctx['max_length']}", ""
    return "QP103", TYPES.get(error_type, "another value"), ""


def _id_hint(path: Path, value: Values) -> str:
    """For a malformed id: a key of the models that lacks its blank, or an id that is near."""
    name = str(path[-1])
    if ":" in name:
        return f"{BLANK}: '{name.replace(':', ': ', 1)}'"
    return id_remedy(name, mapping_at(value, path[:-1]))


def _length(found: object) -> int:
    return len(found) if isinstance(found, list | tuple) else 0


def _missing(path: Path, value: Values, source: SourceMap) -> Diagnostic:
    around, key = path[:-1], path[-1]
    if isinstance(key, int):
        found = f"a list of {_length(_at(value, around))}"
        message = f"{dotted(around)} is {found}; expected 2"
        hint = value_remedy(around, "a list", None)
        return finding("QP107", source.at_value(around), dotted(around), message, found=found, expected="2", hint=hint)
    shape = shape_at(around) or FILE
    unknown = mapping_at(_at(value, around)).keys() - set(shape.keys)
    alike = sorted(other for other in unknown if closest(other, shape.keys) == key)
    hint = f"'{alike[0]}' stands there" if alike else ""
    where = f" in {dotted(around)}" if around else ""
    message = f"missing key '{key}'{where}"
    return finding("QP101", source.at_key(around), dotted(path), message, expected=f"'{key}'", hint=hint)


def _unknown_key(path: Path, value: object, source: SourceMap) -> Diagnostic:
    shape = shape_at(path[:-1]) or FILE
    where = f" in {dotted(path[:-1])}" if len(path) > 1 else ""
    hint = key_remedy(str(path[-1]), shape.keys, value)
    if not hint and len(shape.keys) <= MOST_KEYS_LISTED:
        hint = f"known keys: {', '.join(shape.keys)}"
    message = f"unknown key '{path[-1]}'{where}"
    return finding("QP102", source.at_key(path), dotted(path), message, found=str(path[-1]), hint=hint)
