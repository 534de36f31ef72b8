"""OTDR traces → measured losses of the fibres of an inventory: matched, averaged over both directions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qplan.errors import Diagnostic
from qplan.interchange.imports.draft import Draft, Entries
from qplan.interchange.imports.headings import plain
from qplan.interchange.imports.mapping import ImportMap
from qplan.interchange.imports.readers.otdr import Trace
from qplan.interchange.imports.rows import doubt, listed
from qplan.interchange.imports.update import Inventory
from qplan.inventory.model import Fibre
from qplan.inventory.source.messages import counted, did_you_mean
from qplan.physics.loss import CONNECTOR_LOSS_DB

OTHER_LENGTH = 0.05  # relative: a trace so much longer or shorter than the fibre may be of another one
Entry = Mapping[str, Any]
FIELDS = list(Fibre.model_fields)


@dataclass(frozen=True)
class _Match:
    fibre: str
    trace: Trace
    forwards: bool | None
    """From the fibre's first end to its second; None: the trace does not say."""


def measured(found: Sequence[Trace], said: Sequence[Diagnostic], inventory: Inventory, mapping: ImportMap) -> Draft:
    """Partial entries of fibres: their losses, and labels that say how they were measured."""
    fibres = {key: value for key, value in inventory.everywhere(("fibres",)).items() if isinstance(value, dict)}
    words = _words_for_sites(inventory)
    findings = list(said)
    matches: list[_Match] = []
    for trace in found:
        match, more = _matched(trace, fibres, words, mapping)
        matches += [match] if match else []
        findings += more
    entries: Entries = {}
    for key, own in _grouped(matches):
        findings += _put(entries.setdefault(key, {}), own, fibres[key])
    if entries:
        message = "an OTDR does not see the connectors at both ends without a launch and a receive fibre"
        hint = f"if there were none, add {CONNECTOR_LOSS_DB:g} dB for each"
        findings.append(doubt("QP686", found[0].origin.whole, "", message, hint))
    read = tuple(f"{one.origin}: {one.loss_db:g} dB over {one.length_km:g} km at {one.measured}" for one in found)
    findings.sort(key=lambda item: (item.code, item.file, item.message))
    return Draft("", {}, _in_order(entries), {}, {}, (), 0, 0, False, tuple(findings), read)


def _in_order(entries: Entries) -> Entries:
    return {key: {name: entry[name] for name in FIELDS if name in entry} for key, entry in sorted(entries.items())}


def _words_for_sites(inventory: Inventory) -> dict[str, str]:
    """Plain id and name → id of a site."""
    sites = inventory.everywhere(("sites",))
    names = {key: value.get("name") for key, value in sites.items() if isinstance(value, dict)}
    return {plain(str(name)): key for key, name in names.items() if name} | {plain(key): key for key in sites}


def _matched(
    trace: Trace, fibres: Mapping[str, Entry], sites: Mapping[str, str], mapping: ImportMap
) -> tuple[_Match | None, list[Diagnostic]]:
    """By the mapping file, by what the trace calls the fibre, else by its two ends where one fibre joins them."""
    ends = tuple(sites.get(plain(word), "") for word in trace.ends)
    mapped = mapping.traces.get(trace.origin.file)
    if mapped is not None and mapped not in fibres:
        hint = did_you_mean(mapped, fibres)
        message = f"the mapping file names the fibre '{mapped}', which is not there"
        return None, [doubt("QP681", trace.origin, "", message, hint)]
    named = [key for key, value in fibres.items() if _names(key, value) & {plain(word) for word in trace.words}]
    joining = [key for key, value in fibres.items() if all(ends) and set(_list(value.get("ends"))) == set(ends)]
    chosen = [mapped] if mapped else [key for key in named if key in joining] or named or joining
    if len(chosen) == 1:
        first = _list(fibres[chosen[0]].get("ends"))[:1]
        forwards = [ends[0]] == first if ends[0] and ends[0] in _list(fibres[chosen[0]].get("ends")) else None
        return _Match(chosen[0], trace, forwards), []
    called = f"cable and fibre '{' '.join(trace.words)}' from '{trace.ends[0]}' to '{trace.ends[1]}'"
    message = f"{called} may be {listed(chosen)}" if chosen else f"{called} is no fibre of the inventory"
    hint = f"name the fibre in a mapping file: `traces: {{{trace.origin.file}: …}}`"
    return None, [doubt("QP681", trace.origin, "", message, hint)]


def _names(key: str, value: Entry) -> set[str]:
    labels = value.get("labels") if isinstance(value.get("labels"), dict) else {}
    sources = [str(word).partition(":")[2] for word in _list((labels or {}).get("source"))]
    return {plain(word) for word in (key, *sources, str((labels or {}).get("name", "")))} - {""}


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list) else [] if value is None else [value]


def _grouped(matches: Sequence[_Match]) -> Iterator[tuple[str, list[_Match]]]:
    """Matches of one fibre in one band."""
    groups: dict[tuple[str, str], list[_Match]] = defaultdict(list)
    for match in matches:
        groups[match.fibre, match.trace.field].append(match)
    yield from ((key, own) for (key, _), own in sorted(groups.items()))


def _put(entry: dict[str, Any], own: Sequence[_Match], fibre: Entry) -> Iterator[Diagnostic]:
    """The loss of the worst strand, each the mean of its directions."""
    strands: dict[str, dict[bool | None, list[Trace]]] = defaultdict(lambda: defaultdict(list))
    for match in own:
        strands[match.trace.strand][match.forwards].append(match.trace)
    losses, one_way = [], []
    for strand, directions in strands.items():
        means = [sum(trace.loss_db for trace in side) / len(side) for side in directions.values()]
        losses.append(sum(means) / len(means))
        one_way += [strand or "its strand"] if len(directions) < 2 else []
    first = own[0].trace
    entry[first.field] = round(max(losses), 3)
    how = "one direction" if one_way else "both directions"
    worst = f", the worst of {len(losses)} strands" if len(losses) > 1 else ""
    entry.setdefault("labels", {})[f"measured_{first.field}"] = f"OTDR, {first.measured}, {how}{worst}"
    if one_way:
        strand = f"{counted(len(one_way), 'strand')} of {own[0].fibre}"
        message = f"{strand} measured in one direction only at {first.wavelength_nm:g} nm"
        hint = "measure from the other end too: splices look different from there"
        yield doubt("QP685", first.origin, own[0].fibre, message, hint)
    yield from _length(entry, own, fibre)


def _length(entry: dict[str, Any], own: Sequence[_Match], fibre: Entry) -> Iterator[Diagnostic]:
    """The optical length where the inventory has none; a finding where it has another."""
    km = max(match.trace.length_km for match in own)
    stated = fibre.get("length_km")
    if not isinstance(stated, int | float):
        entry["length_km"] = round(km, 3)
    elif abs(km - stated) > OTHER_LENGTH * max(stated, 1.0):
        lengths = f"the trace is {km:g} km long, {own[0].fibre} in the inventory {stated:g} km"
        message = f"{lengths} (the length is kept, the loss taken)"
        hint = "is it this fibre, and is a launch fibre counted in?"
        yield doubt("QP684", own[0].trace.origin, own[0].fibre, message, hint)
