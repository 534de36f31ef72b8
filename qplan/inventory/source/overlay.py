"""Overrides by address (`set`, scenarios, `--set`) and the values of `defaults`, laid over what the files declare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from qplan.errors import Diagnostic
from qplan.inventory.rules import Spot, finding
from qplan.inventory.source.messages import did_you_mean, shown
from qplan.inventory.source.shape import FILE, Shape
from qplan.inventory.source.source_map import DEFAULTS_KEY, Declared, Path, Place, paths_in
from qplan.inventory.source.yaml_source import UNREADABLE, parse_value

COMMAND_LINE = "--set"
DEMANDS = ("key_rate_bps", "rekey", "otp_bps")
MOST_HINTS = 200  # unknown addresses beyond these are found all the same, without a suggestion
NOT_SETTABLE = ("qplan", "include", "set", "scenarios")


class Override(NamedTuple):
    """A value for an address, and where it and everything in it stands."""

    address: str
    value: object
    places: Mapping[Path, Place]

    @property
    def spot(self) -> Spot:
        return self.places[()].at_key()


class _Unknown(Exception):
    """An address that cannot be set: why, and what may have been meant."""

    def __init__(self, reason: str, hint: str = ""):
        self.reason, self.hint = reason, hint


def declared_overrides(declared: Declared, path: Path) -> list[Override]:
    """The overrides that a file states at a path (`set`, or a scenario's `set`), the less specific address first."""
    mapping = declared.value
    for step in path:
        mapping = mapping.get(step) if isinstance(mapping, dict) else None
    overrides = []
    for address, value in mapping.items() if isinstance(mapping, dict) else ():
        here = (*path, address)
        places = {inner: declared.places[here + inner] for inner in paths_in(value) if here + inner in declared.places}
        if value is not UNREADABLE:
            overrides.append(Override(address, value, places))
    return sorted(overrides, key=lambda override: override.address.count("."))


def command_line_overrides(texts: Sequence[str]) -> tuple[list[Override], list[Diagnostic]]:
    """The overrides given as `address=value`, in their order, values read as YAML."""
    overrides, findings = [], []
    for text in texts:
        address, equals, value = text.partition("=")
        address = address.strip()
        if not equals or not address:
            message = f"the override {shown(text)} is not of the form address=value"
            hint = "for example policy.loss_margin_db=3"
            findings.append(finding("QP015", Spot(COMMAND_LINE), "", message, hint=hint))
            continue
        parsed = parse_value(COMMAND_LINE, value)
        for problem in parsed.findings:
            message = f"in {shown(text)}: {problem.message}"
            findings.append(finding(problem.code, Spot(COMMAND_LINE), address, message, hint=problem.hint))
        if not parsed.findings:
            places = {inner: Place(COMMAND_LINE) for inner in paths_in(parsed.value)}
            overrides.append(Override(address, parsed.value, places))
    return overrides, findings


def unknown_addresses(declared: Declared, overrides: Iterable[Override]) -> list[Diagnostic]:
    """Findings for overrides whose address neither the inventory nor the models know."""
    return _laid(declared.value, overrides)[2]


def override(declared: Declared, overrides: Iterable[Override]) -> tuple[Declared, list[Diagnostic]]:
    """The declared values with one layer of overrides laid over them; a value replaces what stands at its address.

    A demand replaces the demand that the corridor (or `defaults.corridor`) had below this layer.
    """
    value, laid, findings = _laid(declared.value, overrides)
    places = dict(declared.places)
    for path, item in laid:
        places |= {path + inner: place for inner, place in item.places.items()}
    return Declared(value, places), findings


def _laid(value: dict, overrides: Iterable[Override]) -> tuple[dict, list[tuple[Path, Override]], list[Diagnostic]]:
    """The values with the overrides, the paths of those, and findings for those whose address is unknown."""
    laid, findings = [], []
    copies: dict[int, dict] = {}
    demands: set[Path] = set()
    for item in overrides:
        try:
            path = _resolve(value, item, may_hint=len(findings) < MOST_HINTS)
        except _Unknown as unknown:
            message = f"unknown address '{item.address}': {unknown.reason}"
            findings.append(finding("QP016", item.spot, item.address, message, hint=unknown.hint))
            continue
        if _sets_demand(path) and item.value is not None:
            if path[:2] not in demands:
                value = _without_other_demands(value, path, copies)
            demands.add(path[:2])
        value = _assigned(value, path, item.value, copies)
        laid.append((path, item))
    return value, laid, findings


def _resolve(value: dict, item: Override, *, may_hint: bool) -> Path:
    """The path of an address. Raises `_Unknown`."""
    shape: Shape = FILE
    here: object = value
    steps = item.address.split(".")
    for index, step in enumerate(steps):
        around = ".".join(steps[:index])
        if here is not None and not isinstance(here, dict):
            raise _Unknown(f"{around} is {shown(here)}, not a mapping")
        entries = here or {}
        below = shape.below(step)
        if below is None or (index == 0 and step in NOT_SETTABLE):
            keys = [key for key in shape.keys if index or key not in NOT_SETTABLE]
            where = f" in {around}" if around else ""
            raise _Unknown(f"there is no '{step}'{where}", did_you_mean(step, keys))
        adds_entry = index == len(steps) - 1 and isinstance(item.value, dict)
        if shape.kind == "entries" and step not in entries and not adds_entry:
            raise _Unknown(f"{around} has no '{step}'", did_you_mean(step, entries) if may_hint else "")
        shape, here = below, entries.get(step)
    return tuple(steps)


def _sets_demand(path: Path) -> bool:
    """A path to, or into, a demand of a corridor or of the corridors' defaults."""
    return (path[0] == "corridors" or path[:2] == ("defaults", "corridor")) and len(path) > 2 and path[2] in DEMANDS


def _without_other_demands(value: dict, path: Path, copies: dict[int, dict]) -> dict:
    for demand in DEMANDS:
        entry = (value.get(path[0]) or {}).get(path[1])
        if demand != path[2] and isinstance(entry, dict) and demand in entry:
            value = _assigned(value, (*path[:2], demand), None, copies)
    return value


def _assigned(value: object, path: Path, new: object, copies: dict[int, dict]) -> object:
    """`value` with `new` at the path, copied along the path only; null on the way counts as an empty mapping.

    `copies`, by their own id, are the mappings made so far, which are changed instead of copied once more.
    """
    if not path:
        return new
    copy = copies.get(id(value))
    if copy is None:
        copy = dict(value or {})
        copies[id(copy)] = copy
    copy[path[0]] = _assigned(copy.get(path[0]), path[1:], new, copies)
    return copy


def with_defaults(value: dict) -> dict:
    """The sections with `defaults` merged into every site, fibre and corridor, nulls gone, entries in id order."""
    defaults = value.get("defaults")
    defaults = defaults if isinstance(defaults, dict) else {}
    result = without_nulls({key: item for key, item in value.items() if key not in (*NOT_SETTABLE, "defaults")})
    for section, key in DEFAULTS_KEY.items():
        if isinstance(value.get(section), dict):
            result[section] = _section(value[section], defaults.get(key), section == "corridors")
    return {key: _sorted_by_id(key, item) for key, item in result.items()}


def new_entry(section: str, entry: dict, defaults: Mapping[str, object]) -> dict:
    """An entry added to `sites`, `fibres` or `corridors` as it is with `defaults` merged into it."""
    return with_defaults({section: {"new": entry}, "defaults": defaults})[section]["new"]


def _section(entries: dict, defaults: object, demand: bool) -> dict:
    defaults = defaults if isinstance(defaults, dict) else {}
    no_demand = {key: item for key, item in defaults.items() if key not in DEMANDS}
    merged = {}
    for name, entry in entries.items():
        if isinstance(entry, dict):
            own_demand = demand and any(entry.get(key) is not None for key in DEMANDS)
            merged[name] = without_nulls(_merged(entry, no_demand if own_demand else defaults))
        elif entry is not None:
            merged[name] = entry
    return merged


def _merged(own: dict, defaults: dict) -> dict:
    result = {**defaults, **own}
    for key in own.keys() & defaults.keys():
        if isinstance(own[key], dict) and isinstance(defaults[key], dict):
            result[key] = _merged(own[key], defaults[key])
    return result


def without_nulls(value: object) -> object:
    """A null in a mapping is an absent key."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return value


def _sorted_by_id(section: str, value: object) -> object:
    if not isinstance(value, dict):
        return value
    if section == "equipment":
        return {key: _sorted_by_id("", entries) for key, entries in value.items()}
    if section in ("metadata", "policy", "budget", "economics"):
        return value
    return dict(sorted(value.items()))
