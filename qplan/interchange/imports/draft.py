"""The pipeline of an import: rows → stages → the entries of an inventory, with every finding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby

from pydantic import BaseModel

from qplan.errors import Diagnostic
from qplan.interchange.imports.mapping import Assumptions
from qplan.interchange.imports.rows import CorridorRow, EquipmentRow, FibreRow, Rows, SiteRow, doubt, listed
from qplan.interchange.imports.stages import (
    buildings,
    coordinates,
    ends,
    joints,
    lengths,
    lit,
    names,
    parallels,
    parts,
    snapping,
)
from qplan.inventory.model import Corridor, Fibre, QkdSystem, Site
from qplan.inventory.source.messages import counted

Entries = dict[str, dict[str, object]]


@dataclass(frozen=True)
class Draft:
    """What an inventory gets: entries by section and id, what its file has to say besides, and every finding."""

    name: str
    sites: Entries
    fibres: Entries
    corridors: Entries
    qkd_systems: Entries
    main_part: tuple[str, ...]
    """Sites that hang together, in the largest part."""
    joints: int
    """Joints that are sites."""
    without_demand: int
    """Corridors that do not say how many keys they need."""
    lists_sites: bool
    """The source says which sites there are; else it is about a part of them, a list of measurements say."""
    findings: tuple[Diagnostic, ...]
    read: tuple[str, ...]
    offers: Entries = field(default_factory=dict)
    """None in what an import makes an inventory of."""

    @property
    def nowhere(self) -> bool:
        """No fibre states length or loss, and no site has coordinates to work one out."""
        stated = any({"length_km", "loss_db"} & value.keys() for value in self.fibres.values())
        return bool(self.fibres) and not stated and not any("lat" in value for value in self.sites.values())

    @property
    def sections(self) -> dict[tuple[str, ...], Entries]:
        """By the path of the section in an inventory."""
        return {
            ("sites",): self.sites, ("fibres",): self.fibres, ("equipment", "qkd_systems"): self.qkd_systems,
            ("corridors",): self.corridors,
        } | ({("offers",): self.offers} if self.offers else {})  # fmt: skip


def drafted(rows: Rows, assume: Assumptions, form: str, known: names.Known | None = None) -> Draft:
    """From rows to entries, step by step; `form` is the format's name, `known` the ids that an inventory has."""
    lists_sites = any(not row.there for row in rows.sites)
    rows = ends.resolved(rows)
    rows = lengths.without_great_circles(rows, assume)
    rows = coordinates.settled(rows, assume)
    rows = snapping.snapped(rows, assume)
    rows = names.with_sources(rows)
    rows = buildings.merged(rows, assume)
    rows = lengths.settled(rows, assume)
    rows = lit.marked(rows)
    rows = parallels.merged(rows)
    rows = joints.contracted(rows)
    rows = _demands_said(rows if known else parts.told(rows))
    named, rows = names.named(rows, known or {})
    main = frozenset(parts.components(rows)[0]) if rows.sites else frozenset()
    return Draft(
        rows.name or "", {key: _site(key, row, form) for key, row in named.sites.items() if not row.there},
        {key: _fibre(key, row, form) for key, row in named.fibres.items()},
        {key: _corridor(key, row, form) for key, row in named.corridors.items()},
        {key: _system(row) for key, row in named.equipment.items()},
        tuple(sorted(key for key, row in named.sites.items() if row.key in main and not row.passive)),
        sum(row.passive for row in rows.sites), sum(not _has_demand(row) for row in rows.corridors), lists_sites,
        tuple(sorted(set(rows.findings), key=lambda item: (item.code, item.file, item.line, item.message))), rows.read,
    )  # fmt: skip


def _has_demand(row: CorridorRow) -> bool:
    rekey = row.fields.get("rekey")
    return bool({"key_rate_bps", "otp_bps"} & row.fields.keys()) or (isinstance(rekey, dict) and "interval_s" in rekey)


def _demands_said(rows: Rows) -> Rows:
    open_ = [row for row in rows.corridors if not _has_demand(row)]
    if not open_:
        return rows
    message = (
        f"{counted(len(open_), 'corridor')} without a demand for keys: `defaults` gives each 256 bits every 60 s, an "
        f"illustrative value ({listed([row.called for row in open_], 5)})"
    )
    hint = "give key_rate_bps, or a rekey interval in seconds"
    return rows.adding(doubt("QP656", open_[0].origin.whole, "", message, hint))


def _site(key: str, row: SiteRow, form: str) -> dict[str, object]:
    name = row.name or row.key
    fields = {"name": name if name != key else None, "lat": _degrees(row.lat), "lon": _degrees(row.lon), **row.fields}
    return _entry(Site, fields, row.labels, row.sources, form)


def _degrees(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _fibre(key: str, row: FibreRow, form: str) -> dict[str, object]:
    fields: dict[str, object] = {"ends": list(row.ends), **row.fields}
    labels = dict(row.labels)
    words = fields.get("ducts")
    if isinstance(words, list):
        fields["ducts"] = list(dict.fromkeys(names.duct_id(word) for word in words))
        labels |= {"ducts": words} if fields["ducts"] != words else {}
    if row.route:
        places = [[round(lon, 6), round(lat, 6)] for lon, lat in row.route]
        fields["geometry"] = [place for place, _ in groupby(places)]  # pieces that were joined share a place
    return _entry(Fibre, fields, labels, row.sources, form)


def _corridor(key: str, row: CorridorRow, form: str) -> dict[str, object]:
    return _entry(Corridor, {"ends": list(row.ends), **row.fields}, row.labels, row.sources, form)


def _system(row: EquipmentRow) -> dict[str, object]:
    return _entry(QkdSystem, row.fields, row.labels, (), "")


def _entry(
    model: type[BaseModel],
    fields: Mapping[str, object],
    labels: Mapping[str, object],
    sources: tuple[str, ...],
    form: str,
) -> dict[str, object]:
    """Ends, then fields in the model's order; labels: where it comes from, and what the model does not know."""
    known = {name: fields[name] for name in ("ends", *model.model_fields) if fields.get(name) is not None}
    other = {name: value for name, value in fields.items() if name not in model.model_fields and value is not None}
    told = [f"{form}:{source}" for source in sources]
    source = {"source": told[0] if len(told) == 1 else told} if told else {}
    more = {**source, **{key: value for key, value in {**labels, **other}.items() if value not in (None, "", [])}}
    return {**known, "labels": more} if more else known
