"""What a design takes of everything that the inventory limits: strands, room, power, rate, loss, relays, money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from qplan.candidates.design import Design
from qplan.costing.cost import tco
from qplan.costing.market import market_of
from qplan.costing.unit_costs import system_cost
from qplan.inventory import plant
from qplan.inventory.admissible import permitted_systems
from qplan.inventory.model import Inventory
from qplan.physics.loss import SPLICE_LOSS_DB
from qplan.plan.model import Plan

SLACK = 1e-9  # a limit is kept up to this, relative above 1
REPAIR_DB = 2 * SPLICE_LOSS_DB  # the least loss that a repair adds: a piece of cable, spliced in at both ends


@dataclass(frozen=True)
class Taken:
    """A limit at a place, and how much of it the design takes.

    `least` is the least that more of the same would take: what is left beyond `taken` is of no use below it.
    """

    limit: str
    """strands | rack_units | power_w | key_rate | loss_db | length_km | max_relays | max_bypass_sites | capex | tco"""
    kind: str
    """fibres | sites | links | corridors | policy | budget"""
    id: str
    taken: float
    free: float
    least: float = 0.0

    @property
    def where(self) -> str:
        """`fibres.f`, `sites.s`, and so on."""
        return f"{self.kind}.{self.id}"

    @property
    def left(self) -> float:
        return self.free - self.taken

    @property
    def exceeded(self) -> bool:
        return self.left < -SLACK * max(1.0, self.free)

    @property
    def used_up(self) -> bool:
        """Nothing more of the same fits."""
        return self.left < self.least - SLACK * max(1.0, self.free)


def occupancy(inventory: Inventory, design: Design | Plan) -> tuple[Taken, ...]:
    """Every limit that the design meets with, kind by kind."""
    return (
        *losses(inventory, design),
        *lengths(inventory, design),
        *key_rates(inventory, design),
        *strands(inventory, design),
        *room(inventory, design, "rack_units"),
        *room(inventory, design, "power_w"),
        *relays(inventory, design),
        patching(inventory, design),
        *money(inventory, design),
    )


def strands(inventory: Inventory, design: Design | Plan) -> Iterator[Taken]:
    least = min((system.strands for system in permitted_systems(inventory).values()), default=1)
    for f, count in plant.strands_taken(inventory, design.links).items():
        yield Taken("strands", "fibres", f, count, inventory.fibres[f].strands, least)


def room(inventory: Inventory, design: Design | Plan, resource: plant.Room) -> Iterator[Taken]:
    """Rack units (`rack_units`) or W (`power_w`) at every node that states a limit."""
    systems = inventory.equipment.qkd_systems
    least = min((getattr(system, resource) for system in permitted_systems(inventory).values()), default=0.0)
    for node in design.nodes:
        free = getattr(inventory.sites[node.site], resource)
        if free is None:
            continue
        items = plant.items_at(inventory, node.site, relays="relay" in node.roles)
        modules = sum(getattr(systems[x.system], resource) * x.count for x in design.links if node.site in x.ends)
        taken = round(plant.items_room(items, resource) + modules, 9)
        yield Taken(resource, "sites", node.site, taken, free, least)


def key_rates(inventory: Inventory, design: Design | Plan) -> Iterator[Taken]:
    """Demand of the inventory on every link, even where the design was made for another; the rate of its systems."""
    load: dict[str, float] = defaultdict(float)
    for corridor in design.corridors:
        for path in corridor.paths:
            for used in path.links:
                load[used] += inventory.corridors[corridor.id].demand_bps
    least = min((q.demand_bps for q in inventory.corridors.values()), default=0.0)
    for link in design.links:
        yield Taken("key_rate", "links", link.id, load[link.id], link.count * link.key_rate_bps, least)


def losses(inventory: Inventory, design: Design | Plan) -> Iterator[Taken]:
    for link in design.links:
        limit = plant.max_loss_db(inventory.equipment.qkd_systems[link.system])
        yield Taken("loss_db", "links", link.id, link.loss_db, limit, REPAIR_DB)


def lengths(inventory: Inventory, design: Design | Plan) -> Iterator[Taken]:
    for link in design.links:
        limit = inventory.equipment.qkd_systems[link.system].max_length_km
        if limit is not None:
            yield Taken("length_km", "links", link.id, link.length_km, limit, 1.0)


def relays(inventory: Inventory, design: Design | Plan) -> Iterator[Taken]:
    """Relays on the longest path of every served corridor that limits them."""
    for served in design.corridors:
        most = inventory.corridors[served.id].max_relays
        if served.paths and most is not None:
            longest = max(len(path.relays) for path in served.paths)
            yield Taken("max_relays", "corridors", served.id, longest, most, 1.0)


def patching(inventory: Inventory, design: Design | Plan) -> Taken:
    """Sites in a row that a quantum channel is patched through."""
    most = max((len(link.bypass_sites) for link in design.links), default=0)
    return Taken("max_bypass_sites", "policy", "max_bypass_sites", most, inventory.policy.max_bypass_sites, 1.0)


def money(inventory: Inventory, design: Design | Plan) -> Iterator[Taken]:
    """The budget's ceilings; the least that more would cost is one more system, without fibre and site."""
    market = market_of(inventory)
    systems = [system_cost(market, s, ()) for s in permitted_systems(inventory)]
    least = {
        "capex": min((float(cost.capex) for cost in systems), default=0.0),
        "tco": min((float(tco(inventory.economics, cost)) for cost in systems), default=0.0),
    }
    for metric, each in least.items():
        ceiling = getattr(inventory.budget, metric)
        if ceiling is not None:
            yield Taken(metric, "budget", metric, getattr(design.costs, metric), ceiling, each)
