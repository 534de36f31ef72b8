"""Merging an import into an inventory that is there: new measurements in, comments and hand-made rules kept."""

from __future__ import annotations

import os
from codecs import BOM_UTF8
from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from qplan.errors import Diagnostic, InvalidInput, QplanError
from qplan.interchange.imports.draft import Draft
from qplan.interchange.imports.rows import Origin, Rows, SiteRow, doubt, listed
from qplan.interchange.imports.stages.names import Known
from qplan.interchange.imports.stages.snapping import JOINT
from qplan.interchange.imports.target import Entry, Target
from qplan.interchange.imports.yaml_edit import Edits, NotEditable
from qplan.interchange.imports.yaml_text import flow
from qplan.inventory.commercial import Economics, Offer
from qplan.inventory.source.includes import Loaded, load
from qplan.inventory.source.messages import counted, shown
from qplan.inventory.source.yaml_source import Parsed, parse_yaml

FACTS = frozenset([
    "ends", "lat", "lon", "length_km", "loss_db", "loss_1310_db", "attenuation_db_per_km",
    "attenuation_1310_db_per_km", "connectors", "splices", "strands", "ducts", "fibre_type", "geometry",
    "setup_cost_per_strand", "cost_per_strand_year", "cost_per_strand_km_year", "price", "support_per_year",
    "key_rate_curve", "max_loss_db", "max_length_km",
])  # fmt: skip
"""What is measured or quoted: the newer value holds. Everything else is a rule, and the inventory's own word stands."""
OFFERED = frozenset(Offer.model_fields) - {"labels"}
"""Of an offer all that is answered anew."""


OFFERS = ("offers",)
TIER = {"from", "discount"}
LONGEST_WORD = 80  # of a list or mapping that is shown


@dataclass(frozen=True)
class Inventory:
    """An inventory file as it stands: its text, and the entries of it and of what it includes."""

    path: str
    parsed: Parsed
    loaded: Loaded
    value: Mapping[str, Any]

    @property
    def mark(self) -> str:
        """The byte order mark that the file begins with, if it does."""
        return "\ufeff" if self.loaded.files[0].data.startswith(BOM_UTF8) else ""

    def entries(self, section: tuple[str, ...]) -> Mapping[str, Any]:
        return _at(self.value, section)

    def everywhere(self, section: tuple[str, ...]) -> Mapping[str, Any]:
        return _at(self.loaded.value, section)

    @property
    def currency(self) -> str:
        """Of its amounts."""
        return str(self.everywhere(("economics",)).get("currency") or Economics().currency)

    @property
    def currencies(self) -> frozenset[str]:
        """Its own, and those that it has an exchange rate of."""
        return frozenset([self.currency, *self.everywhere(("economics", "exchange_rates"))])

    def known(self, form: str) -> Known:
        """Section → source → id: by what an import of this format wrote, else by id and name."""
        known: dict[str, dict[str, str]] = {}
        for section in ("sites", "fibres", "corridors"):
            entries = self.everywhere((section,))
            foreign = [key for key, value in entries.items() if not sources_of(value, form)]
            names = {str(entries[key]["name"]): key for key in foreign if _at(entries, (key,)).get("name")}
            own = {source: key for key, value in entries.items() for source in sources_of(value, form)}
            known[section] = {**names, **{key: key for key in foreign}, **own}
        pairs: dict[str, list[str]] = defaultdict(list)
        for key, value in self.everywhere(("fibres",)).items():
            pairs[" ".join(sorted(map(str, _list(_at({key: value}, (key,)).get("ends")))))].append(key)
        return {**known, "pairs": {ends: keys[0] for ends, keys in pairs.items() if len(keys) == 1}}

    def target(self, form: str) -> Target:
        """For rows of a format: entries by what `known` tells them by."""
        known, sites = self.known(form), self.everywhere(("sites",))
        entries: dict[str, dict[str, Entry]] = {
            "equipment": {
                key: Entry(key, {"key_rate_curve": _at({key: value}, (key,)).get("key_rate_curve")})
                for key, value in self.everywhere(("equipment", "qkd_systems")).items()
            },
            "sites": {word: Entry(key, {}) for word, key in known["sites"].items()},
        }
        for kind in ("fibres", "corridors"):
            entries[kind] = {}
            for word, key in known[kind].items():
                entry = _at(self.everywhere((kind,)), (key,))
                ends = [next(iter(sources_of(sites.get(str(end)), form)), str(end)) for end in _list(entry.get("ends"))]
                own = {name: entry[name] for name in ("key_rate_bps", "otp_bps", "rekey") if name in entry}
                entries[kind][word] = Entry(key, {**dict(zip(("from", "to"), ends, strict=False)), **own})
        return Target(self.currency, entries)

    def sites_there(self, rows: Rows, form: str) -> tuple[SiteRow, ...]:
        """Sites of the inventory that no row is about, so that fibres can end at them; joints are made anew."""
        known = self.known(form)["sites"]
        told = {known[row.key] for row in rows.sites if row.key in known}
        others = {key: value for key, value in self.everywhere(("sites",)).items() if key not in told}
        return tuple(
            _site_there(self.path, key, value, form)
            for key, value in others.items()
            if isinstance(value, dict) and not any(word.startswith(JOINT) for word in sources_of(value, form))
        )


@dataclass(frozen=True)
class Update:
    """The new text, and what was done."""

    text: str
    findings: tuple[Diagnostic, ...]
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


@dataclass
class _Merge:
    """One merge under way."""

    inventory: Inventory
    edits: Edits
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    stuck: dict[str, str] = field(default_factory=dict)

    def set(self, path: tuple[str, ...], value: object) -> bool:
        try:
            self.edits.set(path, value)
        except NotEditable as error:
            self.stuck.setdefault(".".join(path[:-1]), str(error))
            return False
        return True


def read_existing(path: str | os.PathLike[str]) -> Inventory:
    """The inventory at a path. Raises `QplanError` where it cannot be read, `InvalidInput` where it is no YAML."""
    name = os.fspath(path)
    loaded = load(name)
    errors = tuple(item for item in loaded.findings if item.severity == "error")
    if errors:
        raise InvalidInput(errors, loaded.texts)
    shown_name = next(iter(loaded.texts))
    parsed = parse_yaml(shown_name, loaded.files[0].data)
    return Inventory(shown_name, parsed, loaded, parsed.value if isinstance(parsed.value, dict) else {})


def sources_of(value: object, form: str) -> list[str]:
    """The keys that an entry has in a source of a format."""
    labels = value.get("labels") if isinstance(value, dict) else None
    source = labels.get("source") if isinstance(labels, dict) else None
    words = [source] if isinstance(source, str) else source if isinstance(source, list) else []
    return [word.removeprefix(f"{form}:") for word in words if isinstance(word, str) and word.startswith(f"{form}:")]


def updated(inventory: Inventory, draft: Draft, form: str) -> Update:
    """The inventory's text with the draft merged in. Raises `QplanError` where it cannot be changed at all."""
    merge = _Merge(inventory, Edits(inventory.parsed))
    for section, entries in draft.sections.items():
        for key, value in entries.items():
            _merge_entry(merge, section, key, value)
    try:
        text = merge.edits.text()
    except NotEditable as error:
        hint = "import into a new file (-o) and compare"
        raise QplanError(f"{inventory.path} was not changed: {error}; {hint}") from None
    findings = [*_said(merge), *_vanished(inventory, draft, form)]
    return Update(inventory.mark + text, tuple(findings), tuple(merge.added), tuple(merge.changed))


def _merge_entry(merge: _Merge, section: tuple[str, ...], key: str, value: Mapping[str, object]) -> None:
    address = ".".join((*section, key))
    own = merge.inventory.entries(section)
    there = own.get(key)
    if key not in own and key in merge.inventory.everywhere(section):
        merge.stuck[address] = "it stands in an included file: update that one"
    elif key not in own:
        try:
            merge.edits.add_entry((*section, key), {name: new for name, new in value.items() if new is not None})
            merge.added.append(address)
        except NotEditable as error:
            merge.stuck[address] = str(error)
    elif not isinstance(there, dict):
        merge.stuck[address] = "it is no mapping"
    else:
        changes = list(_changes(merge, address, there, value, OFFERED if section == OFFERS else FACTS))
        done = [words for path, new, words in changes if merge.set((*section, key, *path), new)]
        if done:
            merge.changed.append(f"{address}: {', '.join(done)}")


def _site_there(path: str, key: str, value: Mapping[str, Any], form: str) -> SiteRow:
    sources = sources_of(value, form)
    lat, lon = (
        x if isinstance(x, int | float) and not isinstance(x, bool) else None
        for x in (value.get("lat"), value.get("lon"))
    )
    word = sources[0] if sources else key
    aliases = {str(value.get("name") or key), key, *sources} - {word}
    return SiteRow(
        word,
        Origin(path),
        str(value.get("name") or key),
        lat,
        lon,
        aliases=tuple(sorted(aliases)),
        sources=(*sources, key),
        there=True,
    )


def _changes(
    merge: _Merge, address: str, there: Mapping[str, Any], value: Mapping[str, object], facts: Set[str]
) -> Iterator[tuple[tuple[str, ...], object, str]]:
    """Path within the entry, new value and words of everything that is to change; None takes a value away."""
    for name, new in value.items():
        if name == "labels":
            yield from _label_changes(there, new) if new else ()
        elif name not in there or there[name] is None:
            yield from [((name,), new, f"{name} {in_short(new)}")] if new is not None else ()
        elif not _same(name, there[name], new):
            if name in facts:
                yield (name,), new, f"{name} {in_short(there[name])} → {in_short(new)}"
            else:
                merge.kept.append(f"{address}.{name} stays {in_short(there[name])}; the source says {in_short(new)}")


def _label_changes(there: Mapping[str, Any], new: object) -> Iterator[tuple[tuple[str, ...], object, str]]:
    own = there.get("labels")
    labels = dict(new) if isinstance(new, dict) else {}
    if not isinstance(own, dict):
        yield ("labels",), labels, "labels"
        return
    sources = list(dict.fromkeys([*_list(own.get("source")), *_list(labels.get("source"))]))
    if sources:
        labels["source"] = sources[0] if len(sources) == 1 else sources
    for name, value in labels.items():
        if own.get(name) != value:
            yield ("labels", name), value, f"labels.{name}"


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else [] if value is None else [value]


def _same(name: str, there: object, new: object) -> bool:
    if name == "ends" and isinstance(there, list) and isinstance(new, list):
        return sorted(map(str, there)) == sorted(map(str, new))
    return there == new


def in_short(value: object) -> str:
    """In short: `20 % from 7, 25 % from 20`, `[support]`; a long list or mapping without what is in it."""
    if not isinstance(value, list | dict):
        return shown(value).strip("'")
    if isinstance(value, list) and value and all(isinstance(one, dict) and one.keys() == TIER for one in value):
        text = ", ".join(f"{_percent(one['discount'])} from {one['from']}" for one in value)
    else:
        text = flow(value)
    return text if len(text) <= LONGEST_WORD else "[…]"


def _percent(share: object) -> str:
    return f"{share * 100:g} %" if isinstance(share, int | float) else str(share)


def _at(value: Mapping[str, Any], section: tuple[str, ...]) -> Mapping[str, Any]:
    here: Any = value
    for step in section:
        here = here.get(step) if isinstance(here, dict) else None
    return here if isinstance(here, dict) else {}


def _said(merge: _Merge) -> Iterator[Diagnostic]:
    origin = Origin(merge.inventory.path)
    if merge.kept:
        message = f"{counted(len(merge.kept), 'value')} of the inventory kept: {listed(merge.kept)}"
        yield doubt("QP672", origin, "", message, "delete a value there to have the source's")
    if merge.edits.commented:
        told = [f"{'.'.join(map(str, path))} {shown(comment)}" for path, comment in merge.edits.commented]
        message = f"{counted(len(told), 'comment')} beside a value that has changed, kept: {listed(told)}"
        yield doubt("QP674", origin, "", message, "read them again: do they still hold?")
    for why in sorted(set(merge.stuck.values())):
        addresses = [address for address, reason in merge.stuck.items() if reason == why]
        yield doubt("QP673", origin, "", f"not changed: {listed(addresses)}: {why}")


def _vanished(inventory: Inventory, draft: Draft, form: str) -> Iterator[Diagnostic]:
    """Entries that an earlier import made and of which nothing is in the source now, if that lists sites, or most."""
    for section, entries in (("sites", draft.sites), ("fibres", draft.fibres), ("corridors", draft.corridors)):
        now = {source for value in entries.values() for source in sources_of(value, form)}
        known = {key: sources_of(value, form) for key, value in inventory.everywhere((section,)).items()}
        made = [key for key, sources in known.items() if sources]
        gone = [key for key in made if now.isdisjoint(known[key])]
        if gone and now and (draft.lists_sites or len(gone) < len(made) / 2):
            called = listed([f"{section}.{key}" for key in gone])
            message = f"no longer in the source, kept: {called}"
            yield doubt("QP671", Origin(inventory.path), "", message, "delete what is gone for good")
