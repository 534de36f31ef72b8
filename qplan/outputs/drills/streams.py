"""The event stream in the formats that security monitoring reads; one line an event."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from qplan import __version__
from qplan.outputs.drills.events import Event

OCSF_VERSION = "1.8.0"
ECS_VERSION = "8.17.0"
EXERCISE = "exercise"
FACILITY = 16  # local0
ENTERPRISE = 32473  # for examples and documentation, RFC 5612
OCSF_SEVERITY = ("Unknown", "Informational", "Low", "Medium", "High", "Critical", "Fatal")
NEW, UPDATED, CLOSED = 1, 2, 3


def ocsf_line(event: Event) -> str:
    """OCSF Detection Finding (class 2004). Events about one trouble share `finding_info.uid`."""
    kind = event.kind
    activity = CLOSED if kind.closes else UPDATED if event.update else NEW
    return _json(
        {
            "activity_id": activity,
            "activity_name": ("Create", "Update", "Close")[activity - 1],
            "category_uid": 2,
            "category_name": "Findings",
            "class_uid": 2004,
            "class_name": "Detection Finding",
            "type_uid": 200400 + activity,
            "time": event.milliseconds,
            "severity_id": kind.ocsf,
            "severity": OCSF_SEVERITY[kind.ocsf],
            "status_id": 4 if kind.closes else 1,
            "status": "Resolved" if kind.closes else "New",
            "is_alert": kind.ocsf >= 4,
            "message": event.message,
            "finding_info": {
                "uid": event.finding,
                "title": kind.title,
                "types": [event.name],
                "desc": event.message,
            },
            "resources": [{"uid": event.address, "name": event.address, "type": event.address.partition(".")[0]}],
            "metadata": {
                "version": OCSF_VERSION,
                "uid": event.id,
                "sequence": event.sequence,
                "event_code": kind.action,
                "correlation_uid": event.finding,
                "labels": [EXERCISE],
                "product": {
                    "name": "qplan",
                    "vendor_name": "qplan",
                    "version": __version__,
                    "feature": {"name": "drill"},
                },
            },
            "unmapped": {
                EXERCISE: True,
                "drill": event.drill,
                "t_s": round(event.t, 6),
                "etsi_015": kind.etsi_015,
                **_details(event),
            },
        }
    )


def ecs_line(event: Event) -> str:
    """Elastic Common Schema."""
    kind = event.kind
    return _json(
        {
            "@timestamp": event.stamp,
            "ecs": {"version": ECS_VERSION},
            "message": event.message,
            "event": {
                "id": event.id,
                "kind": "alert" if kind.ocsf >= 5 else "event",
                "category": [kind.category],
                "type": [kind.type],
                "action": kind.action,
                "outcome": kind.outcome,
                "severity": kind.cef,
                "dataset": "qplan.drill",
                "module": "qplan",
                "provider": "qplan",
                "sequence": event.sequence,
            },
            "observer": {"name": event.host, "type": "qkd-node", "product": "qplan", "version": __version__},
            "labels": {
                EXERCISE: True,
                "drill": event.drill,
                "address": event.address,
                "finding": event.finding,
                "etsi_015": kind.etsi_015,
                **{key: _text(value) for key, value in _details(event).items()},
            },
            "tags": [EXERCISE],
        }
    )


def cef_line(event: Event) -> str:
    """ArcSight Common Event Format."""
    kind, details = event.kind, _details(event)
    head = [f"CEF:0|qplan|drill|{__version__}", event.name, kind.title]
    fields = {
        "rt": event.milliseconds,
        "externalId": event.id,
        "dvchost": event.host,
        "cat": kind.action,
        "cs1Label": "corridor" if event.address.startswith("corridors.") else "address",
        "cs1": event.address.removeprefix("corridors."),
        "cs2Label": "drill",
        "cs2": event.drill,
        "cs3Label": "etsi015",
        "cs3": kind.etsi_015,
        "cs6Label": EXERCISE,
        "cs6": "true",
    }
    if "store_bits" in details:
        fields |= {"cn1Label": "storeBits", "cn1": round(float(str(details["store_bits"])))}
    fields |= {"outcome": kind.outcome, "msg": event.message}
    extension = " ".join(f"{key}={_cef_value(str(value))}" for key, value in fields.items())
    return "|".join([head[0], *map(_cef_head, head[1:]), str(kind.cef), extension])


def syslog_line(event: Event) -> str:
    """RFC 5424, facility local0; the details are structured data of the enterprise number for documentation."""
    kind = event.kind
    data = {
        EXERCISE: "true",
        "id": event.id,
        "drill": event.drill,
        "address": event.address,
        "etsi015": kind.etsi_015,
        **{key: _text(value) for key, value in _details(event).items()},
    }
    elements = " ".join(f'{key}="{_syslog_value(value)}"' for key, value in data.items())
    text = event.message if event.message.isascii() else "\ufeff" + event.message
    head = f"<{FACILITY * 8 + kind.syslog}>1 {event.stamp} {event.host} qplan - {event.name}"
    return f"{head} [qplan@{ENTERPRISE} {elements}] {text}"


def json_line(event: Event) -> str:
    """qplan's own words."""
    return _json(
        {
            "time": event.stamp,
            "id": event.id,
            "drill": event.drill,
            "sequence": event.sequence,
            "t": round(event.t, 6),
            "event": event.name,
            "address": event.address,
            "host": event.host,
            "severity": OCSF_SEVERITY[event.kind.ocsf],
            "finding": event.finding,
            "etsi_015": event.kind.etsi_015,
            "message": event.message,
            EXERCISE: True,
            "details": _details(event),
        }
    )


STREAMS: dict[str, Callable[[Event], str]] = {
    "ocsf": ocsf_line,
    "ecs": ecs_line,
    "cef": cef_line,
    "syslog": syslog_line,
    "json": json_line,
}


def stream_text(style: str, events: Iterable[Event]) -> str:
    return "".join(STREAMS[style](event) + "\n" for event in events)


def _details(event: Event) -> dict[str, object]:
    return {
        key: list(value) if isinstance(value, tuple) else round(value, 3) if isinstance(value, float) else value
        for key, value in event.details.items()
    }


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _json(document: dict[str, object]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _cef_head(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


def _cef_value(text: str) -> str:
    return text.replace("\\", "\\\\").replace("=", "\\=").replace("\n", "\\n").replace("\r", "\\r")


def _syslog_value(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")
