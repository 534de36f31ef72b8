"""The event stream of a drill, as an operations centre would see it: one neutral list, which each format writes out.

Every event is marked as an exercise. Its id and its time follow from plan, drill and place alone, so that a rehearsal
can be repeated byte for byte.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from qplan.assessment.drills.board import Entry
from qplan.assessment.drills.results import Played
from qplan.inventory.drills import target
from qplan.outputs.drills.words import entry_details
from qplan.outputs.text.tables import one_line
from qplan.plan.model import Plan

CLOCK = datetime(2027, 3, 1, 2, 0, tzinfo=UTC)  # when a drill begins, unless another time is asked for
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:qplan:drill")


@dataclass(frozen=True)
class Kind:
    """What an event is called and how grave it is: OCSF severity_id, CEF 0 to 10, syslog 7 to 0."""

    title: str
    ocsf: int
    cef: int
    syslog: int
    etsi_015: str
    """Notification of ETSI GS QKD 015 V2.1.1; `alarm` and `event` are its generic ones. None is about key stores."""
    action: str
    """ECS `event.action`."""
    type: str
    category: str = "network"
    finding: str = ""
    """What it opens, updates or closes."""
    closes: bool = False
    outcome: str = "unknown"


LINK_DOWN, PERFORMANCE, OVERLOADED = "sdqkdn_link_down", "sdqkdn_link_perf_update", "sdqkdn_link_overloaded"
KINDS: dict[str, Kind] = {
    "link.down": Kind("QKD link down", 4, 7, 2, LINK_DOWN, "qkd-link-down", "end", finding="link"),
    "link.up": Kind("QKD link up", 1, 2, 5, PERFORMANCE, "qkd-link-up", "start", finding="link", closes=True),
    "link.degraded": Kind("QKD link degraded", 3, 5, 4, PERFORMANCE, "qkd-link-degraded", "change", "host", "rate"),
    "link.recovered": Kind(
        "QKD link recovered", 1, 2, 5, PERFORMANCE, "qkd-link-recovered", "change", "host", "rate", True
    ),
    "link.qber_alarm": Kind(
        "QBER alarm", 5, 9, 1, "alarm", "qkd-qber-alarm", "indicator", "intrusion_detection", "qber"
    ),
    "link.qber_cleared": Kind(
        "QBER alarm cleared", 1, 2, 5, "event", "qkd-qber-cleared", "info", "intrusion_detection", "qber", True
    ),
    "store.warning": Kind("Key store low", 3, 5, 4, OVERLOADED, "key-store-low", "info", finding="store"),
    "store.exhausted": Kind("Key store exhausted", 4, 8, 2, OVERLOADED, "key-store-exhausted", "info", finding="store"),
    "store.usable": Kind(
        "Key store usable", 1, 2, 5, "event", "key-store-usable", "info", finding="store", closes=True
    ),
    "corridor.started": Kind("Key service started", 1, 2, 6, "sdqkdn_application_new", "key-service-started", "start"),
    "corridor.rerouted": Kind("Key path changed", 2, 4, 5, "event", "key-path-changed", "change", "configuration"),
    "corridor.lost": Kind(
        "Key service lost", 5, 9, 1, "alarm", "key-service-lost", "end", finding="corridor", outcome="failure"
    ),
    "corridor.restored": Kind(
        "Key service restored",
        1,
        3,
        5,
        "event",
        "key-service-restored",
        "start",
        "network",
        "corridor",
        True,
        "success",
    ),
    "fallback.entered": Kind(
        "Crypto fallback",
        4,
        8,
        2,
        "sdqkdn_application_disconnected",
        "crypto-fallback",
        "change",
        "configuration",
        "corridor",
    ),
    "key.stale": Kind(
        "Key lifetime exceeded",
        3,
        6,
        4,
        "sdqkdn_application_qos_update",
        "key-lifetime-exceeded",
        "info",
        finding="corridor",
    ),
    "km.down": Kind("Key manager down", 5, 9, 1, "sdqkdn_interface_down", "key-manager-down", "end", finding="km"),
    "km.up": Kind("Key manager up", 1, 2, 5, "event", "key-manager-up", "start", finding="km", closes=True),
    "interface.down": Kind(
        "QKD module down", 5, 9, 1, "sdqkdn_interface_down", "qkd-module-down", "end", finding="interface"
    ),
    "interface.up": Kind(
        "QKD module up", 1, 2, 5, "sdqkdn_interface_new", "qkd-module-up", "start", finding="interface", closes=True
    ),
    "auth.exhausted": Kind("Authentication keys exhausted", 5, 9, 1, "alarm", "authentication-exhausted", "end"),
    "site.distrusted": Kind("Relay compromised", 5, 10, 1, "event", "relay-compromised", "indicator", "threat"),
    "identity.down": Kind(
        "Client certificate lapsed", 4, 7, 2, "alarm", "client-certificate-lapsed", "end", finding="identity"
    ),
    "identity.up": Kind(
        "Client certificate renewed",
        1,
        2,
        5,
        "event",
        "client-certificate-renewed",
        "start",
        finding="identity",
        closes=True,
    ),
    "demand.changed": Kind(
        "Key demand changed", 1, 2, 6, "sdqkdn_application_qos_update", "key-demand-changed", "change", "configuration"
    ),
}


@dataclass(frozen=True)
class Event:
    """One event of the stream."""

    id: str
    drill: str
    sequence: int
    t: float
    time: datetime
    name: str
    kind: Kind
    address: str
    host: str
    """The site whose equipment would report it."""
    finding: str
    """The same for all events about one trouble, from its first to its end."""
    update: bool
    """The trouble was there before."""
    message: str
    details: dict[str, object]

    @property
    def milliseconds(self) -> int:
        return round(self.time.timestamp() * 1000)

    @property
    def stamp(self) -> str:
        """ISO 8601 in UTC, to the millisecond."""
        whole = datetime.fromtimestamp(self.milliseconds // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{whole}.{self.milliseconds % 1000:03d}Z"


def event_stream(plan: Plan, played: Played, clock: datetime = CLOCK) -> Iterator[Event]:
    """The log of a drill that begins at `clock`, in its order."""
    plan_hash = hashlib.sha256(plan.to_json().encode()).hexdigest()
    hosts = _hosts(plan)
    troubles: dict[tuple[str, str], int] = {}  # how often each was opened; negative: it is open
    for sequence, entry in enumerate(played.log):
        kind = KINDS[entry.event]
        about = (kind.finding or entry.event, entry.address)
        opened = troubles.get(about, 0)
        number = abs(opened) if opened < 0 else opened + 1
        troubles[about] = number if kind.closes or not kind.finding else -number
        trouble = f"{plan_hash}:{played.id}:{about[0]}:{about[1]}:{number}"
        yield Event(
            id=str(uuid.uuid5(NAMESPACE, f"{plan_hash}:{played.id}:{sequence}")),
            drill=played.id,
            sequence=sequence,
            t=entry.t,
            time=clock + timedelta(seconds=entry.t),
            name=entry.event,
            kind=kind,
            address=entry.address,
            host=hosts.get(entry.address, target(entry.address).name),
            finding=str(uuid.uuid5(NAMESPACE, trouble)),
            update=opened < 0,
            message=one_line(_message(kind, entry)),
            details={key: one_line(value) if isinstance(value, str) else value for key, value in entry.details},
        )


def _hosts(plan: Plan) -> dict[str, str]:
    """The site at which a link or a corridor begins."""
    hosts = {f"links.{link.id}": link.ends[0] for link in plan.links}
    ends = {link.id: link.ends for link in plan.links}
    for corridor in plan.corridors:
        if corridor.paths:
            first = corridor.paths[0]
            relay = first.relays[0] if first.relays else None
            site = next(end for end in ends[first.links[0]] if end != relay)
            hosts[f"corridors.{corridor.id}"] = site
    return hosts


def _message(kind: Kind, entry: Entry) -> str:
    details = entry_details(entry)
    return f"EXERCISE: {kind.title}: {entry.address}" + (f" ({details})" if details else "")
