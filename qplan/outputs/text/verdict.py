"""The verdict on a plan: its one-line summary, what no reader may miss, and the key figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from qplan.assessment.facts import Facts
from qplan.costing.bill import BillLine
from qplan.inventory.model import Inventory
from qplan.inventory.plant import is_existing_relay
from qplan.inventory.source.messages import counted
from qplan.outputs.text import wording
from qplan.outputs.text.tables import round_money
from qplan.plan.model import Plan
from qplan.plan.verify.verifier import failed_checks

OBJECTIVES = {"tco": "least TCO", "capex": "least capex", "relays": "fewest relays, then least TCO"}


def plan_line(inventory: Inventory, plan: Plan, bill: tuple[BillLine, ...]) -> str:
    """The verdict in one line: what is built, what it costs, what is proven."""
    costs = plan.costs
    unpriced = sum(line.to_be_quoted for line in bill)
    capex = round_money(costs.capex, costs.currency) + (f" (+ {unpriced} to be quoted)" if unpriced else "")
    nodes, links = counted(len(plan.nodes), "node"), counted(len(plan.links), "link")
    return (
        f"Plan: {nodes} to build, {links} to light. Capex {capex}, "
        f"opex {round_money(costs.opex_per_year, costs.currency)}/yr, "
        f"{wording.tco_label(inventory.economics)} {round_money(costs.tco, costs.currency)}. {wording.proof(plan)}."
    )


def warnings(inventory: Inventory, plan: Plan, facts: Facts) -> tuple[str, ...]:
    """What no reader may miss, the gravest first."""
    found = []
    for result in failed_checks(inventory, plan):
        severity = "Check failed" if result.severity == "error" else "Check exceeded (warning)"
        found.append(f"{severity}: {result.name}" + (f" ({result.message})" if result.message else ""))
    if plan.status != "optimal":
        found.append(f"{wording.proof(plan)}. A better plan may exist.")
    found += [note[:1].upper() + note[1:] for note in plan.notes]
    found += _one_operator(inventory, facts)
    if facts.unserved:
        ids = [corridor.id for corridor in facts.unserved]
        found.append(f"Not served: {counted(len(ids), 'optional corridor')} ({wording.listed(ids)}).")
    return tuple(found)


def _one_operator(inventory: Inventory, facts: Facts) -> Iterator[str]:
    """Corridors whose shares keep single relays from the key, but not an operator, foreign to its ends, of several."""
    for corridor in facts.corridors:
        needed, own = corridor.corridor.shares_needed, {inventory.sites[s].operator for s in corridor.corridor.ends}
        passed = Counter(o for path in corridor.paths for o in {inventory.sites[s].operator for s in path.relays})
        for operator in sorted(o for o, paths in passed.items() if o is not None and paths >= needed > 1):
            if operator not in own:
                yield (
                    f"{corridor.id}: {operator} runs a relay on {passed[operator]} of {len(corridor.paths)} paths, so "
                    "this operator can put the shares of the key together."
                )


def figures(inventory: Inventory, plan: Plan, facts: Facts, bill: tuple[BillLine, ...]) -> tuple[tuple[str, str], ...]:
    costs, new = plan.costs, [relay for relay in facts.relays if not is_existing_relay(relay.site)]
    scenario = (("Scenario", plan.inventory.scenario),) if plan.inventory.scenario else ()
    relays = f"{len(facts.relays)} relay keys in clear ({len(new)} new)" if facts.relays else "none relays keys"
    served = len(facts.corridors) - len(facts.unserved)
    contingency = f" + {round_money(costs.contingency, costs.currency)} contingency" if costs.contingency else ""
    return (
        *scenario,
        ("Result", f"{wording.proof(plan)} (objective: {OBJECTIVES[plan.objective.name]})"),
        ("Corridors served", f"{served} of {len(facts.corridors)}"),
        ("QKD nodes", f"{len(plan.nodes)}, of which {relays}"),
        ("QKD links", f"{len(plan.links)} with {counted(facts.system_count, 'system')}"),
        ("Capex", round_money(costs.capex, costs.currency) + contingency),
        ("Opex per year", round_money(costs.opex_per_year, costs.currency)),
        (wording.tco_label(inventory.economics), round_money(costs.tco, costs.currency)),
        ("Prices", _firmness(plan, bill)),
    )


def _firmness(plan: Plan, bill: tuple[BillLine, ...]) -> str:
    """How much of the capex rests on illustrative prices, and how many lines have none."""
    unpriced = sum(line.to_be_quoted for line in bill)
    illustrative = sum(line.line_total or Decimal(0) for line in bill if line.provenance == "illustrative")
    words = [f"{counted(unpriced, 'line')} to be quoted (in no total)"] if unpriced else []
    if plan.costs.capex:
        share = float(illustrative) / plan.costs.capex
        words.insert(0, f"{wording.percent(share)} of capex is illustrative")
    return "; ".join(words) or "none needed"
