"""What things cost beside their own prices: offers, services, the years of a plan, and the classical design."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from qplan.inventory.fields import (
    Amount,
    AtLeastOne,
    Count,
    Currency,
    Day,
    Id,
    Model,
    Month,
    Positive,
    Product,
    Provenance,
    Share,
    Words,
)

Kind = Literal["purchase", "lease", "managed"]
Per = Literal["node", "relay", "link", "system", "fibre", "corridor", "plan"]
Growth = Annotated[float, Field(ge=-1, le=10, allow_inf_nan=False)]


class Tier(Model):
    """A discount from a quantity on."""

    at_least: AtLeastOne = Field(alias="from")
    """Units of this offer paid in the plan, without spares, from which the tier holds."""
    discount: Share
    """Share of the list price, in place of the offer's own discount."""


class Sla(Model):
    """What a supplier promises; text for people, but for the key rate, which is held against a link's load."""

    availability: Share | None = None
    key_rate_bps: Amount | None = None
    """Per system, in secret bit/s."""
    restoration_h: Amount | None = None


class Offer(Model):
    """A commercial answer to a technical entry: a purchase with tiers, or a lease or managed service with a term."""

    product: Product = Field(alias="for")
    """What is offered: `qkd_systems.X`, `encryptors.X`, `node_items.X`, `relay_items.X`, `services.X`, `fibres.X`."""
    supplier: str | None = None
    kind: Kind = "purchase"
    list_price: Amount | None = None
    """Of a purchase: one-off, per unit."""
    discount: Share = 0.0
    """Share of the list price."""
    tiers: Annotated[tuple[Tier, ...], Field(strict=False)] = ()
    """Discounts by the total quantity paid of this offer in the plan. Spares neither count nor get them."""
    support_per_year: Amount | None = None
    """Per unit; default that of the product."""
    setup_fee: Amount = 0.0
    """Of a lease or managed offer: one-off, per unit."""
    fee_per_month: Amount | None = None
    """Of a lease or managed offer, per unit."""
    term_months: Count | None = None
    """Of a lease or managed offer: paid for whole terms until the horizon is covered."""
    includes: Words = ()
    """`support`, and services per system or link, that are not charged besides."""
    spares: str | Count | None = None
    """What the offer says of spares; text for people."""
    sla: Sla | None = None
    currency: Currency | None = None
    """Default `economics.currency`; else `economics.exchange_rates` must have it."""
    quote_ref: str | None = None
    quoted: Day | None = None
    valid_until: Day | None = None
    """Last day of the quote."""
    lead_time_weeks: Amount | None = None
    warranty_months: Amount | None = None
    provenance: Provenance = "illustrative"
    source: str | None = None
    labels: dict[str, object] = {}
    """Free area: any mapping."""


class Service(Model):
    """Work and things bought beside equipment."""

    description: str | None = None
    per: Per
    """What is counted: nodes, relays, links, systems, fibres, served corridors, or one for the plan."""
    effort_days: Amount | None = None
    """Person-days per unit, at `economics.day_rate`."""
    price: Amount | None = None
    """One-off, per unit, on top of the effort."""
    price_per_year: Amount = 0.0
    """Per unit, also for what exists."""
    covers: Literal["authentication"] | None = None
    """What this is that every QKD link needs: its authentication (pre-shared keys, or PQC certificates). Without a
    service that covers it the bill has a line to be quoted."""
    provenance: Provenance = "illustrative"
    source: str | None = None
    labels: dict[str, object] = {}


class Escalation(Model):
    """Growth of yearly costs, from year 2."""

    lease: Growth = 0.0
    support: Growth = 0.0
    energy: Growth = 0.0


class Economics(Model):
    currency: Currency = "EUR"
    horizon_years: Count = 10
    discount_rate: Amount = 0.05
    contingency: Amount = 0.0
    """Share of capex."""
    exchange_rates: dict[Currency, Positive] = {}
    """Worth of one unit of another currency in `currency`."""
    exchange_rates_as_of: Day | None = None
    start: Month | None = None
    """Month in which year 1 begins: ages of existing plant."""
    day_rate: Amount | None = None
    """Of one person-day of effort."""
    escalation: Escalation = Escalation()
    energy_per_kwh: Amount | None = None
    """Absent: power costs nothing, and the report says so."""


class Certification(Model):
    scheme: str
    id: str | None = None
    until: Day | None = None


class Encryptor(Model):
    """What uses the keys; part of the classical design and of the quantum one."""

    manufacturer: str | None = None
    model: str | None = None
    part_number: str | None = None
    layer: str | None = None
    """Free text in lower case, such as ipsec or macsec."""
    line_rate_gbps: Amount | None = None
    key_inputs: Words = ()
    kem: Words = ()
    signature: Words = ()
    certification: Annotated[tuple[Certification, ...], Field(strict=False)] = ()
    upgrade: Literal["in_firmware", "new_hardware", "not_possible"] | None = None
    """How it comes to post-quantum algorithms."""
    price: Amount | None = None
    """Per piece, one-off."""
    support_per_year: Amount = 0.0
    pqc_licence_per_year: Amount = 0.0
    qkd_licence_per_year: Amount = 0.0
    """Per encryptor: `classical.per_end` of them at both ends of every served corridor whose `encryptor`, or where it
    names none `classical.encryptor`, is this one."""
    rack_units: Amount = 0.0
    power_w: Amount = 0.0
    life_years: AtLeastOne | None = None
    lead_time_weeks: Amount | None = None
    provenance: Provenance | dict[str, Provenance] = "illustrative"
    source: str | None = None
    labels: dict[str, object] = {}


class WorkItem(Model):
    """An item of a programme of work."""

    item: str
    effort_days: Amount = 0.0
    price: Amount = 0.0
    provenance: Provenance = "illustrative"
    """Of effort and price."""
    source: str | None = None


class Classical(Model):
    """The hardened classical (PQC) design: its costs are in no plan, budget or bill."""

    encryptor: Id | None = None
    """Of every corridor that names none; `owned`: already there."""
    per_end: AtLeastOne = 1
    """Encryptors at each end of a corridor."""
    effort_days_per_tunnel: Amount = 0.0
    provenance: Provenance = "illustrative"
    """Of the effort per tunnel."""
    programme: Annotated[tuple[WorkItem, ...], Field(strict=False)] = ()
    per_site: Annotated[tuple[WorkItem, ...], Field(strict=False)] = ()
