"""What the models refuse, as findings in the user's words, and the entries that did parse."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from qplan.errors import Diagnostic
from qplan.inventory.fields import PRODUCT_PATTERN, SPARE_PATTERN
from qplan.inventory.rules import finding
from qplan.inventory.source.messages import closest, did_you_mean, joined, kind, shown
from qplan.inventory.source.shape import FILE, shape_at
from qplan.inventory.source.source_map import Path, SourceMap, Values, dotted, mapping_at
from qplan.inventory.source.yaml_source import UNREADABLE

MOST_KEYS_LISTED = 12
GROUPED_DIGITS = re.compile(r"[-+]?[0-9]{1,3}([ _'’,][0-9]{3})+([.,][0-9]+)?|[-+]?[0-9]{1,3}([.][0-9]{3})+,[0-9]+")
NUMBER_AND_UNIT = re.compile(r"\s*([-+]?(?:[0-9]+(?:[.,][0-9]+)?|[.][0-9]+)(?:[eE][-+]?[0-9]+)?)\s*([^0-9]{0,10})")
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
    "^[A-Za-z0-9][A-Za-z0-9_-]*$": "letters, digits, '-' and '_', a letter or a digit first",
    "^[A-Z]{2}$": "two capital letters (ISO 3166-1 alpha-2)",
    "^[A-Z]{3}$": "three capital letters (ISO 4217)",
    "^[0-9]{4}-(0[1-9]|1[0-2])$": "a month such as 2027-01",
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}$": "a day such as 2027-01-31",
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
    findings = [
        _finding(path, item, value, source) for path, item in errors.items() if _at(value, path) is not UNREADABLE
    ]
    try:
        return model.model_validate(_drop(value, {_entry(path) for path in errors})), findings
    except ValidationError:
        return None, findings


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
        return _unknown_key(path, source)
    if "[key]" in error["loc"]:
        words = PATTERNS[error["ctx"]["pattern"]]
        message = f"the id {shown(path[-1])} in {dotted(path[:-1])} is malformed; expected {words}"
        return finding("QP106", source.at_key(path), address, message, found=str(path[-1]), expected=words)
    code, expected, hint = _expectation(kind_of_error, error.get("ctx") or {}, found)
    hint = _list_hint(path) if expected == "a list" or code == "QP107" else hint
    what = f"{shown(found)} ({kind(found)})" if code == "QP103" and kind(found) else shown(found)
    if code == "QP107":
        what = f"a list of {_length(found)}"
    message = f"{address} is {what}; expected {expected}"
    return finding(code, source.at_value(path), address, message, found=what, expected=expected, hint=hint)


def _expectation(error_type: str, ctx: Mapping[str, object], found: object) -> tuple[str, str, str]:
    """Code, what was expected, and a remedy."""
    if error_type in LIMITS:
        words, key = LIMITS[error_type]
        return "QP104", f"{words} {ctx[key]:g}", ""
    if error_type == "literal_error":
        options = re.findall(r"'([^']*)'", str(ctx["expected"]))
        return "QP105", joined(options), did_you_mean(found, options) if isinstance(found, str) else ""
    if error_type == "string_pattern_mismatch" and isinstance(found, str):
        pattern = str(ctx["pattern"])
        better = found.upper() if re.match(pattern, found.upper()) else ""
        expected = PATTERNS.get(pattern, f"text of the form {pattern}")
        return "QP106", expected, f"did you mean '{better}'?" if better and better != found else ""
    if error_type in ("too_short", "too_long"):
        exactly = "at least 1" if ctx.get("min_length") == 1 else ctx.get("min_length", ctx.get("max_length"))
        return "QP107", f"{exactly}", ""
    expected = TYPES.get(error_type, "another value")
    return "QP103", expected, _type_hint(expected, found)


def _type_hint(expected: str, found: object) -> str:
    for remedy in (_number_hint, _other_hint):
        hint = remedy(expected, found)
        if hint:
            return hint
    return ""


def _number_hint(expected: str, found: object) -> str:
    if expected == "a whole number" and isinstance(found, float) and found.is_integer():
        return f"write {found:.0f}"
    if "number" not in expected or not isinstance(found, str):
        return ""
    if GROUPED_DIGITS.fullmatch(found):
        return "write all digits together, with a point for decimals"
    number = NUMBER_AND_UNIT.fullmatch(found)
    if not number:
        return ""
    plain = number[1].replace(",", ".")
    if number[2]:
        return f"write {plain} alone; the unit is in the name of the key"
    return f"write {plain}, with a decimal point" if "," in number[1] else f"write {plain} without quotes"


def _other_hint(expected: str, found: object) -> str:
    if expected == "true or false" and isinstance(found, str) and found.lower() in ("yes", "no", "on", "off", "y", "n"):
        return f"write {str(found.lower() in ('yes', 'on', 'y')).lower()}"
    if expected == "a mapping" and isinstance(found, list):
        return "write 'key: value' for each, without dashes or brackets"
    if expected == "text" and isinstance(found, int | float):
        return "put it in quotes"
    return ""


def _length(found: object) -> int:
    return len(found) if isinstance(found, list | tuple) else 0


def _list_hint(path: Path) -> str:
    if "key_rate_curve" in path:
        return "write a list of points, [[loss_db, bit/s], …]"
    return "write the two sites, [a, b]" if path[-1] == "ends" else "write it in brackets, [a, b]"


def _missing(path: Path, value: Values, source: SourceMap) -> Diagnostic:
    around, key = path[:-1], path[-1]
    if isinstance(key, int):
        found = f"a list of {_length(_at(value, around))}"
        message = f"{dotted(around)} is {found}; expected 2"
        hint = _list_hint(around)
        return finding("QP107", source.at_value(around), dotted(around), message, found=found, expected="2", hint=hint)
    shape = shape_at(around) or FILE
    unknown = mapping_at(_at(value, around)).keys() - set(shape.keys)
    alike = sorted(other for other in unknown if closest(other, shape.keys) == key)
    hint = f"'{alike[0]}' stands there" if alike else ""
    where = f" in {dotted(around)}" if around else ""
    message = f"missing key '{key}'{where}"
    return finding("QP101", source.at_key(around), dotted(path), message, expected=f"'{key}'", hint=hint)


def _unknown_key(path: Path, source: SourceMap) -> Diagnostic:
    shape = shape_at(path[:-1]) or FILE
    where = f" in {dotted(path[:-1])}" if len(path) > 1 else ""
    hint = did_you_mean(str(path[-1]), shape.keys)
    if not hint and len(shape.keys) <= MOST_KEYS_LISTED:
        hint = f"known keys: {', '.join(shape.keys)}"
    message = f"unknown key '{path[-1]}'{where}"
    return finding("QP102", source.at_key(path), dotted(path), message, found=str(path[-1]), hint=hint)
