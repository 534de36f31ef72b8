"""The plan file (`plan.json`): frozen models and a JSON round trip with the same bytes for the same plan."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from qplan.inventory.reader import Reading

FORMAT_VERSION = "1.0"
SAID = Field(exclude_if=lambda value: value is None)  # a key that is left out where there is nothing to say


class Record(BaseModel):
    """A frozen part of a plan file; what a later qplan has added to it is left out."""

    model_config = ConfigDict(frozen=True, extra="ignore", serialize_by_alias=True, validate_by_name=True)


class FileHash(Record):
    path: str
    """Relative to the inventory's folder; `catalogue:NAME` for a shipped one."""
    sha256: str


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError("expected a day, YYYY-MM-DD") from None


class InventoryRef(Record):
    """Which inventory the plan was made from."""

    name: str
    sha256: str
    """Over the bytes of the main file."""
    files: tuple[FileHash, ...]
    scenario: str | None
    set: dict[str, object]
    effective_sha256: str
    """Over the bytes of `inventory.json`."""
    as_of: Annotated[str, AfterValidator(_day)] | None = None
    """The day (YYYY-MM-DD) by which quotes are judged; null: none runs out."""
    built_sha256: Annotated[str | None, SAID] = None
    """Of the plan whose plant counts as there (`--built`)."""


def reference(reading: Reading) -> InventoryRef:
    """What a plan records of the inventory that it is made from."""
    return InventoryRef(
        name=reading.name,
        sha256=reading.sha256,
        files=tuple(FileHash(path=path, sha256=digest) for path, digest in reading.files),
        scenario=reading.scenario,
        set=reading.set,
        effective_sha256=reading.effective_sha256,
        as_of=reading.as_of,
        built_sha256=reading.built_sha256,
    )


class Objective(Record):
    name: Literal["tco", "capex", "relays"]
    value: float
    bound: float | None
    gap: float | None
    """(value − bound) / max(|value|, 1e-9)."""
    change_cost: Annotated[float | None, SAID] = None
    """What each change against an earlier plan counts in the objective; absent: nothing."""
    changes: Annotated[int | None, SAID] = None
    """QKD links and relays that only one of this plan and the earlier one has; absent where none counted."""


class Node(Record):
    site: str
    roles: tuple[Literal["end", "relay"], ...]


class Budget(Record):
    """What the loss of a QKD link is made of, in dB."""

    fibre: float
    """A measured loss whole, its connectors and splices included."""
    connectors: float
    splices: float
    patching: float
    margin: float


class Link(Record):
    """A QKD link: a route, a system and a count of parallel systems."""

    id: str
    ends: tuple[str, str]
    system: str
    count: Annotated[int, Field(ge=1)]
    fibres: tuple[str, ...]
    bypass_sites: tuple[str, ...]
    length_km: float
    loss_db: float
    key_rate_bps: float
    """Net rate of one system on this link."""
    capacity_bps: float
    load_bps: float
    offer: str | None = None
    """On which its systems are bought; where none is, that of the existing ones; null: at the product's own price."""
    existing: Annotated[int, Field(ge=0)] = 0
    """How many of its systems were there."""
    tx: str | None = None
    """Site of the transmitters: the first end, but for a link that was there."""
    budget_db: Annotated[Budget | None, SAID] = None
    """The parts of `loss_db`; absent where a fibre cannot carry the system's band."""

    @property
    def proper_id(self) -> str:
        """What its ends, system and fibres make."""
        return link_id(self.ends, self.system, self.fibres)

    @property
    def bought(self) -> int:
        return self.count - self.existing

    @property
    def transmitters_at(self) -> str:
        return self.ends[0] if self.tx is None else self.tx

    @property
    def tx_rx(self) -> tuple[str, str]:
        """Both ends, that of the transmitters first."""
        a, b = self.ends
        return (a, b) if self.transmitters_at == a else (b, a)


class Path(Record):
    links: tuple[str, ...]
    relays: tuple[str, ...]


class ServedCorridor(Record):
    id: str
    served: bool
    key_rate_bps: float
    """The demand."""
    paths: tuple[Path, ...]


class Years(Record):
    """Money of every one of the years `first` to `last`."""

    first: int = Field(validation_alias="from", serialization_alias="from")
    last: int = Field(validation_alias="to", serialization_alias="to")
    opex: float
    refresh: float
    """What is bought again, at the end of its life."""


class Costs(Record):
    currency: str
    capex: float
    contingency: float
    opex_per_year: float
    """Of year 1."""
    tco: float
    by_year: Annotated[tuple[Years, ...] | None, SAID] = None
    """Years alike in a row, none where the horizon is 0; absent where the inventory states no terms."""


class BoughtOffer(Record):
    """An offer of which something is bought, or by which a service is charged."""

    id: str
    product: str = Field(validation_alias="for", serialization_alias="for")
    units: int
    """That the plan needs."""
    paid: int
    """At least the quantity from which the tier holds."""
    tier_from: int
    unit_price: float
    """One-off, in the plan's currency."""


class Solver(Record):
    name: str
    version: str
    stopped_by: Literal["proof", "gap", "time_limit", "interrupt", "route_limit", "unsound_cut", "solver_failed"] = (
        "proof"
    )
    """`proof`: optimal within the gap asked for; otherwise what ended the search before that."""
    gap_asked: float = 0.0
    method: str = ""
    """What gave the bound: relaxation, branch and cut, or master problem."""


class Finding(Record):
    """A warning about the inventory that touches the plan."""

    code: str
    address: str
    text: str


class JudgedCheck(Record):
    """How one of the inventory's checks came out."""

    id: str
    metric: str
    where: dict[str, str | int] = {}
    """What of the plan it is about; empty: the whole."""
    value: float | None
    """null: the plan has nothing that it is about."""
    limits: dict[str, float]
    """By `min` or `max`."""
    ok: bool
    severity: Literal["error", "warning"] = "error"
    message: str | None = None


class Plan(Record):
    format_version: str = FORMAT_VERSION
    qplan_version: str
    inventory: InventoryRef
    status: Literal["optimal", "feasible"]
    objective: Objective
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    corridors: tuple[ServedCorridor, ...]
    costs: Costs
    offers: tuple[BoughtOffer, ...] = ()
    solver: Solver
    notes: tuple[str, ...] = ()
    """What a reader must know about the result: limits hit, shortcuts taken."""
    start_sha256: str | None = None
    """Of the plan that this one began from (`--start`)."""
    findings: tuple[Finding, ...] = ()
    """Warnings about the inventory that touch the plan, by code and address."""
    checks: tuple[JudgedCheck, ...] = ()
    """The inventory's checks, by id."""

    def to_json(self) -> str:
        """The text of `plan.json`."""
        return self.model_dump_json(indent=2) + "\n"

    @property
    def sha256(self) -> str:
        """Over the bytes of `plan.json`."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    @property
    def relays(self) -> tuple[str, ...]:
        """The sites that relay keys, sorted."""
        return tuple(node.site for node in self.nodes if "relay" in node.roles)


def link_id(ends: tuple[str, str], system: str, fibres: tuple[str, ...]) -> str:
    """Id of a QKD link: ends, system and a short hash of the route, so that it depends on these alone."""
    digest = hashlib.sha256("\n".join((*ends, system, *fibres)).encode()).hexdigest()[:8]
    return f"{ends[0]}--{ends[1]}--{system}--{digest}"
