"""A small plan made by hand, for tests of whatever reads a plan."""

from __future__ import annotations

from qplan.costing.choice import Choices, cost_of, without_choice
from qplan.costing.market import Market
from qplan.costing.planned import installed, state_costs, state_offers
from qplan.costing.quantities import quantities_of
from qplan.inventory.model import Inventory
from qplan.inventory.plant import band_of, length_km, loss_db, route_loss_db
from qplan.physics.key_rate import rate_at_bps
from qplan.plan.model import (
    FileHash,
    InventoryRef,
    Link,
    Node,
    Objective,
    Path,
    Plan,
    ServedCorridor,
    Solver,
    link_id,
)

SAMPLE = {
    "qplan": 1,
    "metadata": {"name": "Zürich metro", "owner": "netplan@example.org"},
    "sites": {
        "zrh-dc1": {
            "name": "Zürich DC 1", "lat": 47.38, "lon": 8.54, "country": "CH", "operator": "acme",
            "key_domain": "core", "security_tier": 3, "node_cost": 12000.0, "node_cost_per_year": 9000.0,
            "rack_units": 20.0, "power_w": 3000.0,
        },
        "win-co": {
            "name": "Winterthur CO", "lat": 47.5, "lon": 8.72, "country": "CH", "operator": "acme",
            "key_domain": "core", "security_tier": 2, "node_cost": 8000.0, "node_cost_per_year": 6000.0,
            "relay_cost": 60000.0, "relay_cost_per_year": 4000.0,
        },
        "uster-hut": {"name": "Uster hut", "lat": 47.35, "lon": 8.72, "country": "CH", "trusted_node": "forbidden"},
        "rap-pop": {
            "name": "Rapperswil PoP", "lat": 47.23, "lon": 8.82, "country": "CH", "operator": "acme",
            "key_domain": "core", "security_tier": 3, "trusted_node": "existing", "node_cost": 5000.0,
            "node_cost_per_year": 3000.0, "relay_cost": 50000.0, "relay_cost_per_year": 2500.5,
        },
        "sg-hq": {
            "name": "St. Gallen HQ", "lat": 47.42, "lon": 9.37, "country": "CH", "operator": "acme",
            "key_domain": "core", "security_tier": 4, "node_cost": 12000.0, "node_cost_per_year": 7000.0,
        },
    },
    "fibres": {
        "f-zrh-win": {
            "ends": ("zrh-dc1", "win-co"), "length_km": 27.4, "loss_db": 6.1, "strands": 4, "ducts": ("a1",),
            "setup_cost_per_strand": 500.0, "cost_per_strand_km_year": 240.0,
        },
        "f-win-sg": {
            "ends": ("win-co", "sg-hq"), "length_km": 58.3, "loss_db": 14.2, "strands": 4, "ducts": ("a1-east",),
            "setup_cost_per_strand": 500.0, "cost_per_strand_km_year": 240.0,
        },
        "f-zrh-ust": {"ends": ("zrh-dc1", "uster-hut"), "length_km": 19.6, "loss_db": 4.9, "ducts": ("s5",)},
        "f-ust-rap": {
            "ends": ("uster-hut", "rap-pop"), "length_km": 18.2, "loss_db": 4.4, "ducts": ("s5-south",),
            "cost_per_strand_year": 3600.0,
        },
        "f-rap-sg": {"ends": ("rap-pop", "sg-hq"), "length_km": 66.0, "loss_db": 16.4, "ducts": ("ricken",)},
    },
    "equipment": {
        "qkd_systems": {
            "cv-long": {
                "manufacturer": "Sample Quantum", "model": "LR-7", "technology": "cv-gmcs",
                "key_rate_curve": ((2.0, 4.0e5), (20.0, 2.0e3)), "strands": 1, "rack_units": 3.0, "power_w": 220.0,
                "provenance": "datasheet", "source": "sample data sheet, revision 2",
            },
            "dv-metro": {
                "manufacturer": "Example Photonics", "model": "QX-1", "part_number": "QX-1-PAIR",
                "technology": "dv-bb84", "key_rate_curve": ((2.0, 2.6e6), (14.5, 3.0e5), (24.0, 1.0e3)),
                "strands": 2, "price": 150000.0, "support_per_year": 15000.0, "rack_units": 2.0, "power_w": 150.0,
                "lead_time_weeks": 16.0, "rate_basis": "mean",
                "provenance": {"price": "quote", "key_rate_curve": "datasheet"}, "source": "offer of the vendor",
                "labels": {"quote_ref": "Q-2291", "quote_valid_until": "2031-03-31"},
            },
        },
        "node_items": {
            "KMS-1": {
                "description": "Key manager (KME)", "manufacturer": "Example Photonics", "price": 30000.0,
                "support_per_year": 5000.0, "rack_units": 1.0, "power_w": 80.0,
            },
        },
        "relay_items": {
            "HSM-2": {
                "description": "Hardware security module", "quantity": 2, "price": 20000.0,
                "support_per_year": 2000.0, "rack_units": 1.0, "power_w": 60.0,
            },
        },
    },
    "corridors": {
        "bank-a": {
            "ends": ("zrh-dc1", "sg-hq"), "key_rate_bps": 2000.0, "paths": 2, "disjoint": "duct",
            "allowed_countries": ("CH",), "classification": "regulated", "fallback": "fail_closed",
        },
        "grid-b": {
            "ends": ("zrh-dc1", "win-co"),
            "rekey": {"key_bits": 256.0, "interval_s": 60.0, "tunnels": 8, "directions": 2},
        },
    },
    "economics": {"currency": "CHF", "horizon_years": 10, "discount_rate": 0.05, "contingency": 0.1},
}  # fmt: skip


def sample() -> tuple[Inventory, Plan]:
    """Five sites, four of them nodes: bank-a has a path by win-co (a new relay) and one by rap-pop (an existing one,
    over a patch-through at uster-hut); grid-b shares the first link. The system cv-long has no price.
    """
    inventory = Inventory.model_validate(SAMPLE)
    east = make_link(inventory, ("zrh-dc1", "win-co"), "dv-metro", ("f-zrh-win",), load_bps=2000.0 + 256 / 60 * 16)
    far_east = make_link(inventory, ("win-co", "sg-hq"), "dv-metro", ("f-win-sg",), load_bps=2000.0)
    south = make_link(
        inventory, ("zrh-dc1", "rap-pop"), "dv-metro", ("f-zrh-ust", "f-ust-rap"), ("uster-hut",), load_bps=2000.0
    )
    far_south = make_link(inventory, ("rap-pop", "sg-hq"), "cv-long", ("f-rap-sg",), load_bps=2000.0)
    corridors = {
        "bank-a": (
            Path(links=(east.id, far_east.id), relays=("win-co",)),
            Path(links=(south.id, far_south.id), relays=("rap-pop",)),
        ),
        "grid-b": (Path(links=(east.id,), relays=()),),
    }
    return inventory, make_plan(inventory, (east, far_east, south, far_south), corridors)


def turned() -> tuple[Inventory, Plan]:
    """The sample with the transmitters of some links at the second end, where those of existing links may stand."""
    inventory, plan = sample()
    links = (link.model_copy(update={"tx": link.ends[link.system == "dv-metro"]}) for link in plan.links)
    return inventory, plan.model_copy(update={"links": tuple(links)})


def make_link(
    inventory: Inventory,
    ends: tuple[str, str],
    system_id: str,
    fibres: tuple[str, ...],
    bypass_sites: tuple[str, ...] = (),
    count: int = 1,
    load_bps: float = 0.0,
) -> Link:
    """A link with the loss, the length and the rates that follow from its route and system."""
    system = inventory.equipment.qkd_systems[system_id]
    route = [inventory.fibres[fibre] for fibre in fibres]
    loss = route_loss_db(inventory, (loss_db(inventory, fibre, band_of(system)) for fibre in route), bypass_sites)
    rate = rate_at_bps(system.key_rate_curve, loss) * (1 - inventory.policy.key_rate_reserve)
    return Link(
        id=link_id(ends, system_id, fibres), ends=ends, system=system_id, count=count, fibres=fibres,
        bypass_sites=bypass_sites, length_km=round(sum(length_km(inventory, fibre) for fibre in route), 9),
        loss_db=loss, key_rate_bps=rate, capacity_bps=count * rate, load_bps=load_bps,
    )  # fmt: skip


def make_plan(
    inventory: Inventory,
    links: tuple[Link, ...],
    corridors: dict[str, tuple[Path, ...]],
    choices: Choices | None = None,
) -> Plan:
    """A plan of these links and paths (a corridor without paths is not served), with its nodes and costs.

    `choices` are offers and tiers, by default none.
    """
    relays = sorted({site for paths in corridors.values() for path in paths for site in path.relays})
    ends = {site for corridor, paths in corridors.items() if paths for site in inventory.corridors[corridor].ends}
    node_sites = sorted({site for link in links for site in link.ends})
    market = Market(inventory)
    need = quantities_of(market, installed(links), node_sites, relays, [q for q, paths in corridors.items() if paths])
    choices = choices or without_choice(market, need)
    costs = state_costs(inventory, cost_of(market, need, choices))
    digest = "0" * 64
    return Plan(
        qplan_version="0.1.0",
        inventory=InventoryRef(
            name=inventory.metadata.name or "sample", sha256=digest,
            files=(FileHash(path="sites.yaml", sha256=digest),), scenario=None, set={}, effective_sha256=digest,
        ),
        status="optimal",
        objective=Objective(name="tco", value=costs.tco, bound=costs.tco, gap=0.0),
        nodes=tuple(
            Node(site=site, roles=("end",) * (site in ends) + ("relay",) * (site in relays)) for site in node_sites
        ),
        links=tuple(sorted(links, key=lambda link: link.id)),
        corridors=tuple(
            ServedCorridor(
                id=corridor, served=bool(paths), key_rate_bps=inventory.corridors[corridor].demand_bps, paths=paths
            )
            for corridor, paths in sorted(corridors.items())
        ),
        costs=costs,
        offers=state_offers(market, need, choices),
        solver=Solver(name="HiGHS", version="1.15.0"),
    )  # fmt: skip
