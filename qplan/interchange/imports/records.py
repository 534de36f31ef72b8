"""Records of tables → rows of sites, fibres, corridors and equipment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from qplan.errors import Diagnostic
from qplan.interchange.imports.rows import (
    DEFAULTS,
    CorridorRow,
    EquipmentRow,
    FibreRow,
    Origin,
    Rows,
    SiteRow,
    doubt,
    listed,
)
from qplan.interchange.imports.status import judged
from qplan.interchange.imports.tables import Record, Records
from qplan.inventory.source.messages import counted

NOT_FIELDS = frozenset(["id", "name", "lat", "lon", "from", "to", "length", "passive", "status", "fibre_count"])


def rows_of(records: Records, origin: Origin) -> Rows:
    """What a table says. Rows that lack what every row needs are left out, and said."""
    made = MAKERS[records.kind](records.rows)
    noun = {"sites": "site", "fibres": "fibre", "corridors": "corridor", "equipment": "QKD system"}[records.kind]
    how = f" ({records.how})" if records.how else ""
    read = f"{origin.table}: {counted(len(records.rows), noun)}{how}"
    lacking = _lacking(records)
    return replace(made, findings=(*records.findings, *lacking, *made.findings), read=(read,))


def _lacking(records: Records) -> list[Diagnostic]:
    needed = {"sites": "an id or a name", "equipment": "an id or a key_rate_curve"}.get(records.kind, "both ends")
    bad = [record for record in records.rows if not complete(records.kind, record.values)]
    if not bad:
        return []
    lines = listed([str(record.origin.line or record.index + 1) for record in bad])
    message = f"{counted(len(bad), 'row')} without {needed} left out: {'row' if len(bad) == 1 else 'rows'} {lines}"
    return [doubt("QP612", bad[0].origin, "", message)]


def complete(kind: str, values: Mapping[str, object]) -> bool:
    if kind == "sites":
        return bool(values.get("id") or values.get("name"))
    return all(values.get(name) for name in (("id", "key_rate_curve") if kind == "equipment" else ("from", "to")))


def _fields(record: Record) -> dict[str, object]:
    return {name: value for name, value in record.values.items() if name not in NOT_FIELDS}


def _labels(record: Record, **more: object) -> dict[str, object]:
    return {**record.labels, **{name: value for name, value in more.items() if value not in (None, "")}}


def site(record: Record) -> SiteRow:
    values = record.values
    key, name = str(values.get("id") or values["name"]), values.get("name")
    return SiteRow(
        key, record.origin, str(name) if name else None, values.get("lat"), values.get("lon"),
        kind="joint" if values.get("passive") else "site", aliases=(str(name),) if name and name != key else (),
        fields=_fields(record), labels=_labels(record),
    )  # fmt: skip


def fibre(record: Record) -> FibreRow:
    values = record.values
    key, name = values.get("id") or values.get("name") or "", values.get("name")
    labels = _labels(record, name=name if name != key else None, fibre_count=values.get("fibre_count"))
    return FibreRow(
        str(key), (str(values.get("from", "")), str(values.get("to", ""))), record.origin, values.get("length"),
        record.unit or None, there=record.there, fields=_fields(record), labels=labels,
    )  # fmt: skip


def corridor(record: Record) -> CorridorRow:
    fields = _fields(record)
    rekey = {key: fields.pop(key) for key in ("key_bits", "interval_s", "tunnels") if key in fields}
    fields |= {"rekey": rekey} if rekey else {}
    values = record.values
    key = values.get("id") or values.get("name") or ""
    return CorridorRow(str(key), (str(values["from"]), str(values["to"])), record.origin, fields, _labels(record))


def equipment(record: Record) -> EquipmentRow:
    return EquipmentRow(str(record.values["id"]), record.origin, _fields(record), _labels(record))


def _sites(records: Iterable[Record]) -> Rows:
    return Rows(sites=tuple(site(record) for record in records if complete("sites", record.values)))


def fibres(records: Iterable[Record], has_ends: Callable[[Record], bool]) -> Rows:
    """Fibres, without those whose state says that they are none; `has_ends` where the ends are known otherwise."""
    stated = [(fibre(record), str(record.values.get("status", ""))) for record in records if has_ends(record)]
    rows, findings = judged(stated)
    return Rows(fibres=tuple(rows), findings=(*findings, *fibre_counts(rows)))


def fibre_counts(rows: Iterable[FibreRow]) -> list[Diagnostic]:
    """That a cable has so many fibres does not say how many of them are free."""
    counts = [row for row in rows if "fibre_count" in row.labels and "strands" not in row.fields]
    if not counts:
        return []
    message = (
        f"{counted(len(counts), 'cable')} with a number of fibres, which says nothing about how many are free: kept as "
        f"labels.fibre_count; {counted(DEFAULTS.strands, 'strand')} are planned with"
    )
    return [doubt("QP653", counts[0].origin.whole, "", message, "state the free strands as `strands`")]


def _fibres(records: Iterable[Record]) -> Rows:
    return fibres(records, lambda record: complete("fibres", record.values))


def _corridors(records: Iterable[Record]) -> Rows:
    return Rows(corridors=tuple(corridor(record) for record in records if complete("corridors", record.values)))


def _equipment(records: Iterable[Record]) -> Rows:
    return Rows(equipment=tuple(equipment(record) for record in records if complete("equipment", record.values)))


MAKERS: dict[str, Callable[[Iterable[Record]], Rows]] = {
    "sites": _sites, "fibres": _fibres, "corridors": _corridors, "equipment": _equipment,
}  # fmt: skip
