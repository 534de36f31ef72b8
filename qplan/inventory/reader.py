"""Reading an inventory: files → overrides → defaults → models → checks, with every finding at once."""

from __future__ import annotations

import gc
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date

from qplan.errors import Diagnostic, InvalidInput
from qplan.inventory.checks.checks import check
from qplan.inventory.checks.view import View
from qplan.inventory.fields import is_id
from qplan.inventory.model import Inventory, InventoryFile
from qplan.inventory.rules import Spot, finding
from qplan.inventory.source.built import Built, lay_built
from qplan.inventory.source.includes import Loaded, is_shipped, load
from qplan.inventory.source.messages import did_you_mean
from qplan.inventory.source.model_errors import parse, parse_what_is_right
from qplan.inventory.source.overlay import (
    Override,
    drop_nulls,
    find_overrides,
    find_unknown_addresses,
    merge_defaults,
    override,
    parse_overrides,
)
from qplan.inventory.source.relative import expand_overrides, scale_demands
from qplan.inventory.source.source_map import DEFAULTS_KEY, Declared, SourceMap, Values, dotted, mapping_at, paths_in
from qplan.inventory.source.suppressions import apply_suppressions, find_suppressions, report_unused
from qplan.inventory.source.yaml_source import MAX_NODES

ID_SECTIONS = (
    ("sites",),
    ("fibres",),
    ("corridors",),
    ("checks",),
    ("drills",),
    ("equipment", "qkd_systems"),
    ("equipment", "node_items"),
    ("equipment", "relay_items"),
    ("equipment", "encryptors"),
    ("services",),
    ("offers",),
    ("existing", "links"),
)

ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")  # plain in JSON; in YAML not allowed, or line breaks


@dataclass(frozen=True)
class Reading:
    """An inventory that may be planned for, and what it was made from."""

    inventory: Inventory
    """The effective inventory: includes, overrides, scenario and defaults applied."""
    name: str
    """The network's name, else the main file's."""
    sha256: str
    """Over the bytes of the main file."""
    files: tuple[tuple[str, str], ...]
    """Path relative to the main file's folder (`catalogue:NAME` for a shipped one) and SHA-256, sorted by path."""
    scenario: str | None
    set: dict[str, object]
    """The values of `--set` by address."""
    effective_sha256: str
    """Over the bytes of `effective_json`."""
    effective_json: str = field(repr=False)
    """The effective inventory as JSON, itself an inventory file."""
    defaults: Mapping[str, object] = field(default_factory=dict, repr=False)
    """The values of `defaults`, which an entry takes that is added."""
    scenarios: Mapping[str, object] = field(default_factory=dict, repr=False)
    """As they are declared, by name."""
    demand_factor: float = 1.0
    """By which every demand was multiplied at last."""
    warnings: tuple[Diagnostic, ...] = ()
    suppressed: tuple[Diagnostic, ...] = ()
    """The warnings that a comment suppresses, with its reason."""
    shipped_warnings: tuple[Diagnostic, ...] = ()
    """The warnings inside shipped catalogues: they count for no one, and matter where what they speak of is bought."""
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The text of every file by the name that findings give it."""
    check_places: Mapping[str, Spot] = field(default_factory=dict, repr=False)
    """Where each of the checks is declared, by its id."""
    as_of: str | None = None
    """The day by which quotes are judged; None: nothing runs out."""
    built_sha256: str | None = None
    """Of the plan whose plant counts as declared."""


def read_inventory(
    path: str | os.PathLike[str],
    *,
    scenario: str | None = None,
    overrides: Sequence[str] = (),
    demand_factor: float | None = None,
    as_of: date | None = None,
    built: Built | None = None,
) -> Reading:
    """Read an inventory file with its includes, a scenario, and overrides given as `address=value`.

    Every demand, however stated, is multiplied by `demand_factor` (above 0) at last. Quotes are judged as of a day; by
    None none has run out. What is `built` counts as declared in the file.

    Raises `QplanError` where the main file cannot be read, and `InvalidInput` with every finding where anything in the
    files, the scenario or the overrides is wrong.
    """
    with _no_garbage_collection():
        loaded = load(os.fspath(path))
    stated = loaded.declared if built is None else lay_built(loaded.declared, built)
    declared, overlay_findings = _overlay(stated, scenario)
    declared, command_line, override_findings = _override(declared, overrides, demand_factor)
    source = SourceMap(declared.places)
    findings = loaded.findings + overlay_findings + override_findings + _find_null_entries(declared, source)
    too_large = _find_large_defaults(declared, source)
    if too_large:
        raise InvalidInput(_judge([*findings, *too_large], loaded, as_declared=False)[0], loaded.texts)
    effective: Values = {"qplan": 1, **merge_defaults(declared.value)}
    file_only: Values = {key: declared.value[key] for key in ("set", "defaults", "scenarios") if key in declared.value}
    findings += parse(InventoryFile, {"qplan": 1, **drop_nulls(file_only)}, source)[1]
    inventory, model_findings = parse(Inventory, effective, source)
    findings += model_findings
    if inventory is not None:
        right = parse_what_is_right(Inventory, effective) if model_findings else None
        view = View(inventory, source, _collect_ids(effective), as_of)
        referring = None if right is None else replace(view, inventory=right)
        ids_known = loaded.complete and isinstance(effective.get("sites", {}), dict)
        all_valid = not _errors(findings)
        findings += check(view, ids_known=ids_known, all_valid=all_valid, referring=referring)
    own = [item for item in findings if item.severity == "error" or not is_shipped(item.file)]
    kept, suppressed = _judge(own, loaded, as_declared=scenario is None and not command_line and built is None)
    if inventory is None or _errors(kept):
        raise InvalidInput(kept, loaded.texts, suppressed)
    defaults = mapping_at(declared.value, ("defaults",))
    shipped = _drop_repeated(item for item in findings if item.severity != "error" and is_shipped(item.file))
    reading = _reading(inventory, loaded, scenario, command_line, defaults, kept, suppressed, shipped)
    return replace(
        reading,
        check_places={name: source.at_key(("checks", name)) for name in inventory.checks},
        as_of=None if as_of is None else as_of.isoformat(),
        built_sha256=built and built.sha256,
        demand_factor=1.0 if demand_factor is None else demand_factor,
        scenarios=mapping_at(declared.value, ("scenarios",)),
    )


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Reading makes a great many objects that stay, and searching them for garbage takes half of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _overlay(declared: Declared, scenario: str | None) -> tuple[Declared, list[Diagnostic]]:
    """`set`, then the scenario's `set`; the addresses of the other scenarios are looked at."""
    declared, findings = override(declared, find_overrides(declared, ("set",)))
    scenarios = mapping_at(declared.value, ("scenarios",))
    for name in scenarios:
        if name != scenario:
            findings += find_unknown_addresses(declared, find_overrides(declared, ("scenarios", name, "set")))
    if scenario is not None and scenario not in scenarios:
        hint = did_you_mean(scenario, scenarios) or f"declared: {', '.join(scenarios) or 'none'}"
        findings.append(finding("QP017", Spot("--scenario"), "", f"unknown scenario '{scenario}'", hint=hint))
    elif scenario is not None:
        declared, more = override(declared, find_overrides(declared, ("scenarios", scenario, "set")))
        findings += more
    return declared, findings


def _override(
    declared: Declared, texts: Sequence[str], demand_factor: float | None
) -> tuple[Declared, list[Override], list[Diagnostic]]:
    """The command line's overrides, then the factor: what is declared with them, and they as addresses and values."""
    asked, findings = parse_overrides(texts)
    overrides, expand_findings = expand_overrides(declared, asked)
    declared, lay_findings = override(declared, overrides)
    if demand_factor is not None:
        scaled = scale_demands(declared, demand_factor)
        declared, overrides = override(declared, scaled)[0], [*overrides, *scaled]
    return declared, overrides, findings + expand_findings + lay_findings


def _find_null_entries(declared: Declared, source: SourceMap) -> list[Diagnostic]:
    """Entries written as `id:` with nothing after; an override may take an entry away by null on purpose."""
    found = []
    for section in ID_SECTIONS:
        for name, entry in mapping_at(declared.value, section).items():
            place = source.place((*section, name))
            if entry is None and is_id(name) and place.key is not None and place.key.value == name:
                message = f"{dotted((*section, name))} is null and so left out"
                hint = "write {} for an entry without keys"
                found.append(finding("QP019", place.at_key(), dotted((*section, name)), message, hint=hint))
    return found


def _find_large_defaults(declared: Declared, source: SourceMap) -> list[Diagnostic]:
    """Defaults that would fill the memory, written out for every entry."""
    found = []
    for section, key in DEFAULTS_KEY.items():
        entries = mapping_at(declared.value, (section,))
        values = sum(1 for _ in paths_in(mapping_at(declared.value, ("defaults", key))))
        if values * len(entries) > MAX_NODES:
            message = f"defaults.{key}, written out for {len(entries)} {section}, has more than {MAX_NODES} values"
            found.append(finding("QP003", source.at_key(("defaults", key)), f"defaults.{key}", message))
    return found


def _collect_ids(effective: Values) -> dict[str, frozenset[str]]:
    return {dotted(section): frozenset(mapping_at(effective, section)) for section in ID_SECTIONS}


def _errors(findings: Iterable[Diagnostic]) -> bool:
    return any(item.severity == "error" for item in findings)


def _drop_repeated(findings: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """By file name, line and column; of findings by one rule at one place (a default of many entries) the first stands.

    What is said of a key that is not text, is not said again as unknown or malformed.
    """
    first: dict[tuple[object, ...], Diagnostic] = {}
    findings = list(findings)
    not_text = {(item.file, item.line, item.column) for item in findings if item.code == "QP007"}
    for item in findings:
        if item.code in ("QP102", "QP106") and (item.file, item.line, item.column) in not_text:
            continue
        place = (item.file, item.line, item.column, item.code)
        first.setdefault(place if item.line else (*place, item.address, item.message), item)
    return tuple(sorted(first.values()))


def _judge(
    findings: Iterable[Diagnostic], loaded: Loaded, *, as_declared: bool
) -> tuple[tuple[Diagnostic, ...], tuple[Diagnostic, ...]]:
    """The findings that stand, and those that are suppressed.

    That a suppression is not used can be told only of a valid inventory, read as it is declared.
    """
    suppressions, malformed = find_suppressions(loaded.texts, loaded.places)
    kept, suppressed, unused = apply_suppressions(_drop_repeated([*findings, *malformed]), suppressions)
    if as_declared and not _errors(kept):
        kept = tuple(sorted([*kept, *report_unused(unused)]))
    return kept, suppressed


def _reading(
    inventory: Inventory,
    loaded: Loaded,
    scenario: str | None,
    command_line: list[Override],
    defaults: Mapping[str, object],
    warnings: tuple[Diagnostic, ...],
    suppressed: tuple[Diagnostic, ...],
    shipped_warnings: tuple[Diagnostic, ...],
) -> Reading:
    text = effective_json(inventory)
    main = loaded.files[0]
    return Reading(
        inventory=inventory,
        name=inventory.metadata.name or main.path,
        sha256=main.sha256,
        files=tuple(sorted((file.path, file.sha256) for file in loaded.files)),
        scenario=scenario,
        set={item.address: item.value for item in command_line},
        effective_sha256=hashlib.sha256(text.encode()).hexdigest(),
        effective_json=text,
        defaults=defaults,
        warnings=warnings,
        suppressed=suppressed,
        shipped_warnings=shipped_warnings,
        sources=loaded.texts,
    )


def effective_json(inventory: Inventory) -> str:
    """The text of `inventory.json`: what is set, in the models' order; JSON that YAML reads to an equal inventory."""
    text = json.dumps(inventory.model_dump(mode="json", exclude_unset=True), indent=2, ensure_ascii=False)
    return ESCAPED.sub(lambda character: f"\\u{ord(character[0]):04x}", text) + "\n"
