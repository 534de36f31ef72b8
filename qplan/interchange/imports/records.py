"""Records of tables → rows of sites, fibres, corridors and equipment."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from qplan.errors import Diagnostic
from qplan.interchange.imports.numbers import is_nothing
from qplan.interchange.imports.rows import (
    DEFAULTS,
    CorridorRow,
    EquipmentRow,
    FibreRow,
    Origin,
    Rows,
    SiteRow,
    doubt,
    gathered,
)
from qplan.interchange.imports.status import judged
from qplan.interchange.imports.tables import Record, Records
from qplan.inventory.source.messages import counted

NOT_FIELDS = frozenset(["id", "name", "lat", "lon", "from", "to", "length", "passive", "status", "fibre_count"])


def rows_of(records: Records, origin: Origin) -> Rows:
    """What a table says."""
    made = MAKERS[records.kind](records.rows)
    noun = {"sites": "site", "fibres": "fibre", "corridors": "corridor", "equipment": "QKD system"}[records.kind]
    how = f" ({records.how})" if records.how else ""
    read = f"{origin.table}: {counted(len(records.rows), noun)}{how}"
    return replace(made, findings=(*records.findings, *made.findings), read=(read,))


def _fields(record: Record) -> dict[str, object]:
    return {name: value for name, value in record.values.items() if name not in NOT_FIELDS}


def _labels(record: Record, **more: object) -> dict[str, object]:
    return {**record.labels, **{name: value for name, value in more.items() if value not in (None, "")}}


def site(record: Record) -> SiteRow:
    """Told by its id, or by its name where that is none or a word for none; empty where it has neither."""
    values = record.values
    word, name = (str(values.get(field, "")) for field in ("id", "name"))
    key = name if name and is_nothing(word) else word
    return SiteRow(
        key, record.origin, name or None, values.get("lat"), values.get("lon"),
        kind="joint" if values.get("passive") else "site",
        aliases=tuple(other for other in (word, name) if other not in ("", key)),
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
    ends = str(values.get("from", "")), str(values.get("to", ""))
    return CorridorRow(str(key), ends, record.origin, fields, _labels(record))


def _sites(records: Iterable[Record]) -> Rows:
    return Rows(sites=tuple(map(site, records)))


def fibres(records: Iterable[Record]) -> Rows:
    """Fibres, without those whose state says that they are none."""
    stated = [(fibre(record), str(record.values.get("status", ""))) for record in records]
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


def _corridors(records: Iterable[Record]) -> Rows:
    return Rows(corridors=tuple(map(corridor, records)))


def _equipment(records: Iterable[Record]) -> Rows:
    rows, lacking = [], []
    for record in records:
        if record.values.get("id") and record.values.get("key_rate_curve"):
            rows.append(EquipmentRow(str(record.values["id"]), record.origin, _fields(record), _labels(record)))
        else:
            lacking.append((record.origin, str(record.origin)))
    findings = gathered("QP612", lacking, "QKD system", "without an id or a key_rate_curve left out")
    return Rows(equipment=tuple(rows), findings=tuple(findings))


MAKERS: dict[str, Callable[[Iterable[Record]], Rows]] = {
    "sites": _sites, "fibres": fibres, "corridors": _corridors, "equipment": _equipment,
}  # fmt: skip
