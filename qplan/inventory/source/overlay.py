"""Overrides by address (`set`, scenarios, `--set`) and the values of `defaults`, laid over what the files declare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from qplan.errors import Diagnostic
from qplan.inventory.fields import is_id
from qplan.inventory.rules import Spot, finding
from qplan.inventory.source.messages import did_you_mean, shown
from qplan.inventory.source.remedies import key_remedy
from qplan.inventory.source.shape import FILE, FREE, Shape
from qplan.inventory.source.source_map import (
    DEFAULTS_KEY,
    Declared,
    Path,
    Place,
    Values,
    mapping_at,
    paths_in,
)
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
    operator: str = ""
    """Of the command line: + - * change the number that stands there; nothing puts the value in its place."""

    @property
    def spot(self) -> Spot:
        """Where its address stands."""
        return self.places[()].at_key()


class _Unknown(Exception):
    """An address that cannot be set: why, and what may have been meant."""

    def __init__(self, reason: str, hint: str = ""):
        self.reason, self.hint = reason, hint


def find_overrides(declared: Declared, path: Path) -> list[Override]:
    """The overrides that a file states at a path (`set`, or a scenario's `set`), the less specific address first."""
    overrides = []
    for address, value in mapping_at(declared.value, path).items():
        here = (*path, address)
        places = {inner: declared.places[here + inner] for inner in paths_in(value) if here + inner in declared.places}
        if value is not UNREADABLE:
            overrides.append(Override(address, value, places))
    return sorted(overrides, key=lambda override: override.address.count("."))


def parse_overrides(texts: Sequence[str]) -> tuple[list[Override], list[Diagnostic]]:
    """The overrides given as `address=value` (or `+=`, `-=`, `*=`), in their order, values read as YAML."""
    overrides, findings = [], []
    for text in texts:
        address, equals, value = text.partition("=")
        address, operator = _split_operator(address.strip())
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
            overrides.append(Override(address, parsed.value, places, operator))
    return overrides, findings


def _split_operator(address: str) -> tuple[str, str]:
    """`a.b` and `*` of `a.b*`; the last step of `a.*` is any id."""
    if address[-1:] in ("+", "-", "*") and address[-2:-1] not in ("", "."):
        return address[:-1].rstrip(), address[-1]
    return address, ""


def find_unknown_addresses(declared: Declared, overrides: Iterable[Override]) -> list[Diagnostic]:
    """Findings for overrides whose address neither the inventory nor the models know."""
    return _lay(declared.value, overrides)[2]


def override(declared: Declared, overrides: Iterable[Override]) -> tuple[Declared, list[Diagnostic]]:
    """The declared values with one layer of overrides laid over them; a value replaces what stands at its address.

    A demand replaces the demand that the corridor (or `defaults.corridor`) had below this layer.
    """
    value, laid, findings = _lay(declared.value, overrides)
    places = dict(declared.places)
    for path, item in laid:
        places |= {path + inner: place for inner, place in item.places.items()}
    return Declared(value, places), findings


def _lay(value: Values, overrides: Iterable[Override]) -> tuple[Values, list[tuple[Path, Override]], list[Diagnostic]]:
    """The values with the overrides, the paths of those, and findings for those whose address is unknown."""
    laid: list[tuple[Path, Override]] = []
    findings: list[Diagnostic] = []
    copies: dict[int, Values] = {}
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
                value = _drop_other_demands(value, path, copies)
            demands.add(path[:2])
        value = _assign(value, path, item.value, copies)
        laid.append((path, item))
    return value, laid, findings


def _resolve(value: Values, item: Override, *, may_hint: bool) -> Path:
    """The path of an address. Raises `_Unknown`."""
    shape: Shape = FILE
    here: object = value
    steps = item.address.split(".")
    for index, step in enumerate(steps):
        around = ".".join(steps[:index])
        if here is not None and not isinstance(here, dict):
            raise _Unknown(f"{around} is {shown(here)}, not a mapping")
        entries = mapping_at(here)
        below = shape.below(step)
        if below is None or (index == 0 and step in NOT_SETTABLE):
            keys = [key for key in shape.keys if index or key not in NOT_SETTABLE]
            where = f" in {around}" if around else ""
            raise _Unknown(f"there is no '{step}'{where}", key_remedy(step, keys, item.value))
        adds_entry = index == len(steps) - 1 and isinstance(item.value, dict)
        if shape.kind == "entries" and step not in entries and not adds_entry:
            raise _Unknown(f"{around} has no '{step}'", did_you_mean(step, entries) if may_hint else "")
        shape, here = below, entries.get(step)
    return tuple(steps)


def _sets_demand(path: Path) -> bool:
    """A path to, or into, a demand of a corridor or of the corridors' defaults."""
    return (path[0] == "corridors" or path[:2] == ("defaults", "corridor")) and len(path) > 2 and path[2] in DEMANDS


def _drop_other_demands(value: Values, path: Path, copies: dict[int, Values]) -> Values:
    for demand in DEMANDS:
        if demand != path[2] and demand in mapping_at(value, path[:2]):
            value = _assign(value, (*path[:2], demand), None, copies)
    return value


def _assign(value: Values, path: Path, new: object, copies: dict[int, Values]) -> Values:
    """`value` with `new` at the path, copied along the path only; null on the way counts as an empty mapping.

    `copies`, by their own id, are the mappings made so far, which are changed instead of copied once more.
    """
    copy = copies.get(id(value))
    if copy is None:
        copy = dict(value)
        copies[id(copy)] = copy
    step, *rest = path
    copy[str(step)] = _assign(mapping_at(copy, (step,)), tuple(rest), new, copies) if rest else new
    return copy


def merge_defaults(value: Values) -> Values:
    """The sections with `defaults` merged into every site, fibre and corridor, nulls gone, entries in id order."""
    sections = {key: item for key, item in value.items() if key not in (*NOT_SETTABLE, "defaults")}
    for section, key in DEFAULTS_KEY.items():
        entries, defaults = sections.get(section), mapping_at(value, ("defaults", key))
        if isinstance(entries, dict):
            sections[section] = {
                name: _merge(entry, _defaults_for(entry, defaults)) if isinstance(entry, dict) else entry
                for name, entry in entries.items()
            }
    return _in_id_order(drop_nulls(sections))


def new_entry(section: str, entry: Values, defaults: Mapping[str, object]) -> Values:
    """An entry added to `sites`, `fibres` or `corridors` as it is with `defaults` merged into it."""
    return mapping_at(merge_defaults({section: {"new": entry}, "defaults": defaults}), (section, "new"))


def _defaults_for(entry: Values, defaults: Values) -> Values:
    """Without the demands of another kind than the entry's own."""
    own = [key for key in DEMANDS if entry.get(key) is not None]
    return {key: item for key, item in defaults.items() if key in own or not own or key not in DEMANDS}


def _merge(own: Values, defaults: Values) -> Values:
    result = {**defaults, **own}
    for key in own.keys() & defaults.keys():
        mine, theirs = own[key], defaults[key]
        if isinstance(mine, dict) and isinstance(theirs, dict):
            result[key] = _merge(mine, theirs)
    return result


def drop_nulls(values: Values, shape: Shape = FILE) -> Values:
    """A null under a known key, or in a free mapping, is an absent key; an unknown one stays, and so is refused."""
    kept: Values = {}
    for key, item in values.items():
        below = shape.below(key)
        if isinstance(item, dict):
            kept[key] = drop_nulls(item, below or FREE)
        elif item is not None or below is None or (shape.kind == "entries" and not is_id(key)):
            kept[key] = item
    return kept


def _in_id_order(values: Values, shape: Shape = FILE) -> Values:
    """What stands under ids in the order of these, wherever it is; a free mapping stays as it is."""
    ordered = sorted(values) if shape.kind in ("entries", "values") else values
    found: Values = {}
    for key in ordered:
        item, below = values[key], shape.below(key)
        found[key] = _in_id_order(item, below) if isinstance(item, dict) and below not in (None, FREE) else item
    return found
