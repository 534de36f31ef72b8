"""Does a plan hold for an inventory? Everything is worked out again from the plan's lists.

Nothing of the optimiser, of the costing or of the plant's losses is imported: the verifier has the model to itself.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from qplan.inventory.model import Inventory
from qplan.plan.model import Plan
from qplan.plan.verify import recompute
from qplan.plan.verify.corridors import corridor_violations
from qplan.plan.verify.links import link_violations, resource_violations
from qplan.plan.verify.money import Account, Totals, route_of, totals
from qplan.plan.verify.terms import existing_violations, term_violations
from qplan.plan.verify.violation import Violation, close, close_money, exact, in_cents, show

GAP_TOLERANCE = Decimal("1e-9")


def verify(inventory: Inventory, plan: Plan, earlier: Plan | None = None) -> tuple[Violation, ...]:
    """Every rule that the plan breaks; empty when it holds. Names that the inventory lacks are violations too.

    `earlier` is the plan that changes are counted against; without it their stated number is believed.
    """
    walks = recompute.follow(inventory, plan)
    nodes, relays = _nodes(plan), _relays(walks)
    account = Account(inventory, plan, nodes, relays)
    costs = totals(inventory, account.money())
    used = {link.id for walk in walks for link in walk.links}
    kept = frozenset(route_of(link) for link in inventory.existing.links.values() if link.keep)
    return (
        *link_violations(inventory, plan, walks, kept),
        *existing_violations(inventory, plan, account, used),
        *term_violations(inventory, plan, account),
        *resource_violations(inventory, plan, relays),
        *_node_violations(inventory, plan, nodes, relays),
        *corridor_violations(inventory, plan, walks),
        *_cost_violations(inventory, plan, costs),
        *_objective_violations(inventory, plan, costs, relays),
        *_change_violations(plan, relays, earlier),
    )


def _nodes(plan: Plan) -> frozenset[str]:
    """Sites where a system ends."""
    return frozenset(end for link in plan.links for end in link.ends)


def _relays(walks: tuple[recompute.Walk, ...]) -> frozenset[str]:
    return frozenset(relay for walk in walks for relay in walk.relays)


def _node_violations(
    inventory: Inventory, plan: Plan, nodes: frozenset[str], relays: frozenset[str]
) -> Iterator[Violation]:
    """The node list is exactly the sites where a system ends, sorted, with the roles that the paths give them."""
    listed = [node.site for node in plan.nodes]
    if listed != sorted(listed):
        yield Violation("nodes-order", "nodes", "not sorted", "sorted by site")
    for site_id in sorted(nodes - set(listed)):
        yield Violation("nodes-list", f"sites.{site_id}", "not in the list", "listed: a system ends there")
    for site_id, times in sorted(Counter(listed).items()):
        if times > 1 or site_id not in nodes:
            yield Violation("nodes-list", f"sites.{site_id}", f"listed {times} times", str(int(site_id in nodes)))
    served = (entry.id for entry in plan.corridors if entry.served and entry.id in inventory.corridors)
    ends = {end for corridor_id in served for end in inventory.corridors[corridor_id].ends}
    for node in plan.nodes:
        roles = ("end",) * (node.site in ends) + ("relay",) * (node.site in relays)
        if node.roles != roles:
            found = ", ".join(node.roles) or "none"
            yield Violation("roles", f"sites.{node.site}", found, ", ".join(roles) or "none")


def _cost_violations(inventory: Inventory, plan: Plan, costs: Totals) -> Iterator[Violation]:
    """The cost block is the cost of the lists, and within the budget."""
    currency = inventory.economics.currency
    if plan.costs.currency != currency:
        yield Violation("currency", "costs.currency", plan.costs.currency, currency)
    for name in ("capex", "contingency", "opex_per_year", "tco"):
        stated, true = getattr(plan.costs, name), getattr(costs, name)
        if not close_money(stated, true):
            found, expected = _money(stated, plan.costs.currency), _money(true, currency)
            yield Violation(f"{name.replace('_', '-')}-value", f"costs.{name}", found, expected)
    for name, ceiling in (("capex", inventory.budget.capex), ("tco", inventory.budget.tco)):
        true = getattr(costs, name)
        if ceiling is not None and in_cents(true) > exact(ceiling):
            most = f"at most {_money(exact(ceiling), currency)}"
            yield Violation(f"budget-{name}", f"costs.{name}", _money(true, currency), most)

    if plan.costs.by_year is None:  # plans of earlier versions have no such list
        return
    stated = [(row.first, row.last, row.opex, row.refresh) for row in plan.costs.by_year]
    alike = len(stated) == len(costs.by_year) and all(
        row[:2] == true[:2] and close_money(row[2], true[2]) and close_money(row[3], true[3])
        for row, true in zip(stated, costs.by_year, strict=True)
    )
    if not alike:
        expected = "; ".join(f"{a} to {b}: {opex:.2f}, {again:.2f}" for a, b, opex, again in costs.by_year) or "none"
        found = "; ".join(f"{a} to {b}: {opex:.2f}, {again:.2f}" for a, b, opex, again in stated) or "none"
        yield Violation("by-year", "costs.by_year", found, expected)


def _money(amount: float | Decimal, currency: str) -> str:
    return f"{currency} {amount:.2f}"


def _objective_violations(
    inventory: Inventory, plan: Plan, costs: Totals, relays: frozenset[str]
) -> Iterator[Violation]:
    """The objective is the inventory's and the figure it names; bound, gap and status say no more than was proven."""
    objective = plan.objective
    if objective.name != inventory.objective:
        yield Violation("objective-name", "objective.name", objective.name, inventory.objective)
    true = {"tco": costs.tco, "capex": costs.capex, "relays": Decimal(len(relays))}[objective.name]
    if objective.name != "relays" and objective.change_cost is not None:
        true += exact(objective.change_cost) * (objective.changes or 0)
    if not close_money(objective.value, true):
        yield Violation("objective-value", "objective.value", str(objective.value), f"{true:.2f}")
    if (objective.bound is None) != (objective.gap is None):
        yield Violation("gap", "objective.gap", str(objective.gap), "null exactly where bound is null")
    if objective.bound is not None and objective.gap is not None and math.isfinite(objective.value):
        yield from _gap_violations(exact(objective.value), objective.bound, objective.gap)
    asked = plan.solver.gap_asked
    if not 0 <= asked <= 1:
        yield Violation("gap-asked", "solver.gap_asked", str(asked), "0 to 1")
    if plan.status != "optimal":
        return
    if objective.gap is None or not objective.gap <= asked + float(GAP_TOLERANCE):
        yield Violation("optimal", "status", f"optimal with gap {objective.gap}", f"gap {asked} or less")
    if plan.solver.stopped_by in ("time_limit", "interrupt", "route_limit", "unsound_cut", "solver_failed"):
        yield Violation("optimal", "status", f"optimal, but stopped by {plan.solver.stopped_by}", "feasible")


def _change_violations(plan: Plan, relays: frozenset[str], earlier: Plan | None) -> Iterator[Violation]:
    """The number of QKD links and relays that only one of the two plans has."""
    if plan.objective.change_cost is not None and plan.objective.changes is None:
        yield Violation("changes", "objective.changes", "null", "a number where changes cost something")
    if earlier is None or plan.objective.changes is None:
        return
    here, there = ({(frozenset(link.ends), *route_of(link)) for link in each.links} for each in (plan, earlier))
    true = len(here ^ there) + len(relays ^ set(earlier.relays))
    if plan.objective.changes != true:
        yield Violation("changes", "objective.changes", str(plan.objective.changes), str(true))


def _gap_violations(value: Decimal, bound: float, gap: float) -> Iterator[Violation]:
    if not math.isfinite(bound) or exact(bound) > value + GAP_TOLERANCE * max(Decimal(1), abs(value)):
        yield Violation("bound", "objective.bound", str(bound), f"at most {show(value)}")
        return
    true = (value - exact(bound)) / max(abs(value), Decimal("1e-9"))
    if not close(gap, true, GAP_TOLERANCE * max(Decimal(1), abs(true))):
        yield Violation("gap", "objective.gap", str(gap), show(true))
