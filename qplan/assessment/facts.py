"""All that is known of a plan, worked out once: `assess` makes the one value that every output and comparison reads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from qplan.assessment.checks import Basis, CheckResult, check_results
from qplan.assessment.corridors import CorridorFacts, corridors_facts
from qplan.assessment.exposure import ExposedSite, Exposure, exposure
from qplan.assessment.fibre_knowledge import FibreKnowledge, fibre_knowledge
from qplan.assessment.link_budgets import LinkFacts, link_facts
from qplan.assessment.nodes import NodeFacts, node_facts
from qplan.assessment.unstated import Unstated, unstated_costs
from qplan.costing.bill import BillLine, bill_of_materials
from qplan.costing.costs import CostReport, cost_report
from qplan.costing.usage import Usage, usage_of
from qplan.costing.views import Installation, by_site
from qplan.inventory.existing import Existing
from qplan.inventory.installed import paid_nodes, paid_relays
from qplan.inventory.model import Inventory, Item, QkdSystem
from qplan.plan.model import Plan

if TYPE_CHECKING:
    from qplan.assessment.availability.corridors import Availability
    from qplan.assessment.drills.playing import Field
    from qplan.assessment.losses import Loss


@dataclass(frozen=True)
class PlanFacts:
    """A plan, the inventory that it was made from, and what follows from both. Lists are sorted by id."""

    inventory: Inventory
    plan: Plan
    nodes: tuple[NodeFacts, ...]
    links: tuple[LinkFacts, ...]
    corridors: tuple[CorridorFacts, ...]
    exposure: Exposure
    fibres: FibreKnowledge
    systems: dict[str, QkdSystem]
    """Used in the plan."""
    items: tuple[tuple[str, Item], ...]
    """Bought, by part number."""
    usage: Usage
    bill: tuple[BillLine, ...]
    installations: tuple[Installation, ...]
    costs: CostReport
    unstated: tuple[Unstated, ...]
    """What the costs count as 0."""
    basis: Basis
    """What checks measure."""
    checks: tuple[CheckResult, ...]

    @property
    def field(self) -> Field:
        """What drills are played on; what was played for a check is not played again."""
        return self.basis.field

    @cached_property
    def losses(self) -> tuple[Loss, ...]:
        """What the loss of each single thing does, the worst first."""
        from qplan.assessment.losses import losses

        return losses(self.field)

    @property
    def availability(self) -> Availability:
        """Over the planned paths, without outages at the corridors' own ends."""
        return self.field.availability

    @property
    def system_count(self) -> int:
        return sum(facts.link.count for facts in self.links)

    @property
    def relays(self) -> tuple[ExposedSite, ...]:
        """Sites that see keys of corridors which do not end there."""
        return self.exposure.relays

    @property
    def unserved(self) -> tuple[CorridorFacts, ...]:
        return tuple(facts for facts in self.corridors if not facts.served)

    @property
    def delivered_bps(self) -> dict[str, float]:
        """The key rate of each corridor that is served, by id."""
        return {facts.id: facts.demand_bps for facts in self.corridors if facts.served}

    @property
    def unpriced(self) -> tuple[str, ...]:
        """Products bought without a price: counted as 0, they decided what the plan is."""
        return next((each.missing for each in self.unstated if each.what == "price"), ())

    @property
    def failed_checks(self) -> tuple[CheckResult, ...]:
        return tuple(check for check in self.checks if not check.ok)

    @property
    def beside_existing(self) -> bool:
        """Whether the inventory states QKD plant that is there."""
        return self.inventory.existing != Existing()

    @property
    def new_nodes(self) -> tuple[str, ...]:
        """Sites where a QKD node is set up for the plan."""
        there = paid_nodes(self.inventory)
        return tuple(node.node.site for node in self.nodes if node.node.site not in there)

    @property
    def retired(self) -> tuple[str, ...]:
        """Ids of the existing links that are not in the plan."""
        planned = {(link.system, frozenset(link.fibres)) for link in self.plan.links}
        entries = self.inventory.existing.links.items()
        return tuple(name for name, link in sorted(entries) if (link.system, frozenset(link.fibres)) not in planned)

    @property
    def lines_to_be_quoted(self) -> int:
        return sum(line.to_be_quoted for line in self.bill)


def assess(inventory: Inventory, plan: Plan) -> PlanFacts:
    """All facts of a plan that holds for the inventory."""
    systems = inventory.equipment.qkd_systems
    carrying = {link for corridor in plan.corridors for path in corridor.paths for link in path.links}
    links = {link.id: link_facts(inventory, link, link.id in carrying) for link in plan.links}
    corridors = corridors_facts(inventory, plan, links)
    bill, items = bill_of_materials(inventory, plan), _items(inventory, plan)
    used = {key: systems[key] for key in sorted({link.system for link in plan.links})}
    bought = {key: used[key] for key in sorted({link.system for link in plan.links if link.bought})}
    exposed, costs = exposure(inventory, corridors, links.values()), cost_report(inventory, plan, bill)
    basis = Basis(inventory, plan, tuple(links.values()), exposed.relays, costs.shares, costs.firmness)
    return PlanFacts(
        inventory=inventory,
        plan=plan,
        nodes=tuple(node_facts(inventory, plan, node) for node in plan.nodes),
        links=tuple(links.values()),
        corridors=corridors,
        exposure=exposed,
        fibres=fibre_knowledge(inventory, plan),
        systems=used,
        items=items,
        usage=usage_of(plan),
        bill=bill,
        installations=by_site(inventory, plan),
        costs=costs,
        unstated=unstated_costs(inventory, plan, {**bought, **dict(items)}, bill),
        basis=basis,
        checks=check_results(basis),
    )


def _items(inventory: Inventory, plan: Plan) -> tuple[tuple[str, Item], ...]:
    """Node items where a node is built, relay items where a relay is."""
    new = any(node.site not in paid_nodes(inventory) for node in plan.nodes)
    bought = [*inventory.equipment.node_items.items()] if new else []
    if set(plan.relays) - paid_relays(inventory):
        bought += inventory.equipment.relay_items.items()
    return tuple(sorted(bought, key=lambda entry: entry[0]))
