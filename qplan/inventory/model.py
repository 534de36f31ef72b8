"""The inventory: frozen models of everything that a user may declare.

The models are the single source of keys, types, defaults and limits: the reader validates with them and the JSON
Schema in `schemas/` is generated from them. `Inventory` is the effective inventory (includes, defaults, scenario and
overrides applied); `InventoryFile` adds the keys that exist only in files.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from qplan.inventory.commercial import Classical, Economics, Encryptor, Offer, Service
from qplan.inventory.drills import Drill
from qplan.inventory.existing import Existing
from qplan.inventory.fields import (
    Amount,
    AtLeastOne,
    Count,
    Countries,
    Country,
    Id,
    Ids,
    Latitude,
    Longitude,
    Model,
    Point,
    Position,
    Positive,
    Provenance,
    Share,
    Spare,
    Strands,
    TwoEnds,
    Words,
)
from qplan.inventory.key_stores import KeyStore, KeyStores
from qplan.inventory.reliability import Deployment, Reliability, Repair
from qplan.inventory.user_checks import Check


class Metadata(Model):
    name: str | None = None
    """Name of the network, shown in reports."""
    description: str | None = None
    owner: str | None = None


class Site(Model):
    """A place that can host QKD modules; it becomes a QKD node once it does."""

    name: str | None = None
    lat: Latitude | None = None
    """WGS84 latitude in degrees; give both `lat` and `lon` or neither."""
    lon: Longitude | None = None
    """WGS84 longitude in degrees."""
    address: str | None = None
    """Where equipment is delivered and installed; for quotes and orders, in no picture."""
    contact: str | None = None
    """Whom to ask there, likewise."""
    country: Country | None = None
    """ISO 3166-1 alpha-2."""
    operator: str | None = None
    key_domain: str | None = None
    security_tier: Annotated[int, Field(ge=0, le=4)] | None = None
    """0 (street cabinet) to 4 (accredited vault)."""
    trusted_node: Literal["allowed", "existing", "forbidden"] = "allowed"
    """May keys be relayed in clear here?"""
    rack_units: Amount | None = None
    """Free rack units; absent = no limit."""
    power_w: Amount | None = None
    """Free power in W; absent = no limit."""
    node_cost: Amount = 0.0
    """One-off, charged when the site hosts any QKD module."""
    node_cost_per_year: Amount = 0.0
    """Hosting per year, likewise."""
    relay_cost: Amount = 0.0
    """One-off, on top, charged when the site relays keys; waived where `trusted_node: existing`."""
    relay_cost_per_year: Amount = 0.0
    """Per year, when the site relays keys; charged also where `trusted_node: existing`."""
    bypass_loss_db: Amount | None = None
    """Loss when a quantum channel is patched through without stopping; default `policy.bypass_loss_db`."""
    labels: dict[str, object] = {}
    """Free area: any mapping."""


class FibreFields(Model):
    """What a fibre may take from `defaults.fibre`."""

    length_km: Amount | None = None
    """Route length; when absent, the ends' geodesic × 1.3."""
    loss_db: Amount | None = None
    """Measured end to end around 1550 nm; when present it is used as it is."""
    attenuation_db_per_km: Amount = 0.275
    """Used with the length when `loss_db` is absent (0.275: installed G.652 cable, ITU-T G.652 App. I)."""
    loss_1310_db: Amount | None = None
    """Measured in the O band, for systems with a wavelength below 1400 nm."""
    attenuation_1310_db_per_km: Amount = 0.35
    connectors: Count = 2
    """Mated pairs, 0.25 dB each; counted only when the band has no measured loss."""
    splices: Count = 0
    """Splices, 0.05 dB each; likewise."""
    strands: Strands = 2
    """Free strands."""
    ducts: Ids = ()
    """Shared-risk groups: ducts, bridges, tunnels."""
    fibre_type: str | None = None
    operator: str | None = None
    """Who lets or owns the fibre."""
    deployment: Deployment = "buried"
    """How the cable lies: how often it is cut."""
    setup_cost_per_strand: Amount = 0.0
    """One-off, per strand of systems bought; an offer for the fibre takes its place, and that of the leases."""
    cost_per_strand_year: Amount = 0.0
    """Lease, per strand used."""
    cost_per_strand_km_year: Amount = 0.0
    """Lease, per strand and km used."""
    amplified: bool = False
    """Optical amplifiers in the span: no QKD link can use it."""
    labels: dict[str, object] = {}
    """Free area: any mapping."""


class Fibre(FibreFields):
    """A fibre cable between two sites."""

    ends: TwoEnds
    geometry: Annotated[tuple[Position, ...], Field(strict=False, min_length=2)] | None = None
    """The route from end to end, [lon, lat] in degrees as in GeoJSON: drawn on maps, and held against the length."""


class QkdSystem(Model):
    """A QKD product: one entry is one Tx + Rx pair."""

    manufacturer: str | None = None
    model: str | None = None
    part_number: str | None = None
    technology: str | None = None
    """Free text in lower case; known: dv-bb84, dv-dps, dv-cow, cv-gmcs, bbm92."""
    wavelength_nm: Positive = 1550.0
    """Below 1400: the system works in the O band."""
    key_rate_curve: Annotated[tuple[Point, ...], Field(strict=False, min_length=1)]
    """Points [loss_db, secret bit/s], loss ascending; never extrapolated beyond the last point."""
    max_loss_db: Amount | None = None
    """Default: the last point of the curve."""
    max_length_km: Amount | None = None
    """Limit on the route's length (synchronisation, vendor's rule)."""
    clock_hz: Positive | None = None
    """When given, the curve is held against the repeaterless bound."""
    strands: AtLeastOne = 1
    """Strands taken on every fibre of the route."""
    price: Amount | None = None
    """Per pair, one-off; absent = to be quoted."""
    support_per_year: Amount = 0.0
    rack_units: Amount = 0.0
    """Per end, the larger of Tx and Rx."""
    power_w: Amount = 0.0
    """Per end, the larger of Tx and Rx."""
    life_years: AtLeastOne | None = None
    """Bought again after so long, at the same price, within the horizon."""
    lead_time_weeks: Amount | None = None
    rate_basis: Literal["mean", "guaranteed", "asymptotic", "finite_key"] | None = None
    """What the rates of the curve are."""
    key_store: KeyStore | None = None
    """What differs from `key_stores` on the QKD links of this system."""
    reliability: Repair | None = None
    """Of one end of one pair, instead of `reliability.system_end`."""
    provenance: Provenance | dict[str, Provenance] = "illustrative"
    """One word for the whole entry or a map {field: provenance}."""
    source: str | None = None
    """Where the figures come from."""
    labels: dict[str, object] = {}


class Item(Model):
    """Equipment bought beside the QKD systems, keyed by part number."""

    description: str | None = None
    manufacturer: str | None = None
    quantity: AtLeastOne = 1
    """Pieces per site."""
    price: Amount | None = None
    """Per piece, one-off; absent = to be quoted."""
    support_per_year: Amount = 0.0
    """Per piece."""
    rack_units: Amount = 0.0
    """Per piece."""
    power_w: Amount = 0.0
    """Per piece."""
    life_years: AtLeastOne | None = None
    """Bought again after so long, at the same price, within the horizon."""
    lead_time_weeks: Amount | None = None
    provenance: Provenance | dict[str, Provenance] = "illustrative"
    source: str | None = None
    labels: dict[str, object] = {}


class Equipment(Model):
    """The catalogue that the planner may buy from."""

    qkd_systems: dict[Id, QkdSystem] = {}
    node_items: dict[Id, Item] = {}
    """Bought for every site that hosts a QKD module."""
    relay_items: dict[Id, Item] = {}
    """Bought on top for every site that relays keys and is not `existing`."""
    encryptors: dict[Id, Encryptor] = {}
    """What uses the keys, named by corridors."""


class RekeyFields(Model):
    """What the rekeying of a corridor may take from `defaults.corridor.rekey`."""

    key_bits: Amount = 256.0
    interval_s: Positive | None = None
    tunnels: AtLeastOne = 1
    directions: AtLeastOne = 1


class Rekey(RekeyFields):
    """Demand of symmetric encryptors that change keys at an interval."""

    interval_s: Positive

    @property
    def rate_bps(self) -> float:
        """Secret bit/s: key_bits / interval_s × tunnels × directions."""
        return self.key_bits / self.interval_s * self.tunnels * self.directions


class CorridorFields(Model):
    """What a corridor may take from `defaults.corridor`."""

    key_rate_bps: Amount | None = None
    """Demand in secret bit/s; give exactly one of `key_rate_bps`, `rekey`, `otp_bps`."""
    rekey: RekeyFields | None = None
    """Demand as rekeying: key_bits / interval_s × tunnels × directions."""
    otp_bps: Amount | None = None
    """Demand as one-time pad: the data rate, both directions together."""
    paths: AtLeastOne = 1
    """Key-relay paths, mutually disjoint."""
    disjoint: Literal["relay", "node", "duct"] = "duct"
    """What no two paths share; read only when `paths` > 1."""
    shares_needed: AtLeastOne = 1
    """1: any one path gives the key (standby); = paths: the key is the XOR of all paths."""
    max_relays: Count | None = None
    """Trusted relays on each path; absent = no limit."""
    allowed_countries: Countries | None = None
    """Relays only here; absent = anywhere."""
    allowed_operators: Words | None = None
    allowed_key_domains: Words | None = None
    min_security_tier: Annotated[int, Field(ge=0, le=4)] | None = None
    """Relays below this tier, or that state none, are refused."""
    avoid_sites: Ids = ()
    """Never a relay for this corridor."""
    required: bool = True
    """False: served where possible, within the budget, the highest total priority first."""
    priority: Amount = 1.0
    """Weight among optional corridors."""
    classification: str | None = None
    secrecy_years: Amount | None = None
    fallback: Literal["fail_closed", "pqc", "best_effort"] | None = None
    """What the traffic does when no path holds."""
    encryptor: Id | None = None
    """What uses the keys at its ends; `owned`: already there; default `classical.encryptor`."""
    labels: dict[str, object] = {}


class Corridor(CorridorFields):
    """A data flow between two sites that needs keys."""

    ends: TwoEnds
    rekey: Rekey | None = None
    """Demand as rekeying: key_bits / interval_s × tunnels × directions."""

    @property
    def demand_bps(self) -> float:
        """Secret bit/s that every path reserves on every QKD link it uses."""
        if self.rekey is not None:
            return self.rekey.rate_bps
        rate = self.otp_bps if self.key_rate_bps is None else self.key_rate_bps
        if rate is None:
            raise ValueError("the corridor states no demand")
        return rate


class Policy(Model):
    key_rate_reserve: Share = 0.0
    """Share of every link's rate kept for authentication and refresh."""
    loss_margin_db: Amount = 0.0
    """Ageing and repair, added once to every QKD link."""
    bypass_loss_db: Amount = 0.5
    """Patch-through loss where a site sets none."""
    max_bypass_sites: Count = 2
    """Sites that a quantum channel may be patched through on one QKD link."""
    technologies: Words | None = None
    """Technologies that may be bought; absent = all."""
    manufacturers: Words | None = None
    """Manufacturers whose systems may be bought; absent = all."""
    suppliers: Words | None = None
    """Suppliers whose offers may be taken; absent = all."""
    offers: Literal["cheapest", "purchase", "lease", "managed"] | Ids = "cheapest"
    """Which offers may be taken: all, one kind, or those with these ids."""


class Budget(Model):
    capex: Amount | None = None
    """Ceiling on capex, without contingency."""
    tco: Amount | None = None


class Inventory(Model):
    """The effective inventory: what the planner, the verifier and every output read."""

    qplan: Annotated[int, Field(ge=1, le=1)]
    """Format version."""
    metadata: Metadata = Metadata()
    sites: dict[Id, Site] = {}
    fibres: dict[Id, Fibre] = {}
    equipment: Equipment = Equipment()
    corridors: dict[Id, Corridor] = {}
    policy: Policy = Policy()
    objective: Literal["tco", "capex", "relays"] = "tco"
    budget: Budget = Budget()
    economics: Economics = Economics()
    checks: dict[Id, Check] = {}
    services: dict[Id, Service] = {}
    """Work and things bought beside equipment."""
    spares: dict[Spare, AtLeastOne] = {}
    """Pieces kept in stock, by product: `qkd_systems.X`, `node_items.X` or `relay_items.X`. Each costs the least base
    price of an admissible purchase offer, outside of its tiers, else the product's own price."""
    offers: dict[Id, Offer] = {}
    """Commercial answers to the technical entries."""
    classical: Classical | None = None
    existing: Existing = Existing()
    """QKD plant that is there."""
    key_stores: KeyStores = KeyStores()
    reliability: Reliability = Reliability()
    drills: dict[Id, Drill] = {}
    moved: dict[str, str] = {}
    """Addresses that were renamed, old to new: an update in a comparison, not a delete and a create."""


class Defaults(Model):
    """Field values for every site, fibre or corridor that does not set its own."""

    site: Site = Site()
    fibre: FibreFields = FibreFields()
    corridor: CorridorFields = CorridorFields()


class Scenario(Model):
    """A named overlay, chosen with `--scenario`."""

    description: str | None = None
    set: dict[str, object] = {}
    """Values by address."""


class InventoryFile(Inventory):
    """An inventory as it stands in a file."""

    include: Words = ()
    """Fragments with the same keys, relative to this file; `catalogue:NAME` is a shipped one."""
    set: dict[str, object] = {}
    """Overrides by address, applied after all includes."""
    defaults: Defaults = Defaults()
    scenarios: dict[Id, Scenario] = {}
