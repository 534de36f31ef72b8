"""The verdict on a plan: its one-line summary, what no reader may miss, and the key figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from qplan.assessment.facts import PlanFacts
from qplan.costing.money_text import round_money
from qplan.inventory.source.messages import counted
from qplan.outputs.text import wording

OBJECTIVES = {"tco": "least TCO", "capex": "least capex", "relays": "fewest relays, then least TCO"}


def plan_line(facts: PlanFacts) -> str:
    """The verdict in one line: what is built, what it costs, what is proven."""
    plan, costs, unpriced = facts.plan, facts.plan.costs, facts.lines_to_be_quoted
    tco = f"{wording.tco_label(facts.inventory.economics)} {round_money(costs.tco, costs.currency)}"
    capex = round_money(costs.capex, costs.currency) + (f" (+ {unpriced} to be quoted)" if unpriced else "")
    nodes, links = counted(len(plan.nodes), "node"), counted(len(plan.links), "link")
    return (
        f"Plan: {nodes} to build, {links} to light. Capex {capex}, "
        f"opex {round_money(costs.opex_per_year, costs.currency)}/yr, {tco}. {wording.proof(plan)}."
    )


def warnings(facts: PlanFacts) -> tuple[str, ...]:
    """What no reader may miss, the gravest first."""
    plan, found = facts.plan, []
    for result in facts.failed_checks:
        severity = "Check failed" if result.check.severity == "error" else "Check exceeded (warning)"
        found.append(f"{severity}: {result.id}" + (f" ({result.check.message})" if result.check.message else ""))
    if plan.status != "optimal":
        found.append(f"{wording.proof(plan)}. A better plan may exist.")
    found += [note[:1].upper() + note[1:] for note in plan.notes]
    found += _one_operator(facts)
    if facts.unserved:
        ids = [corridor.id for corridor in facts.unserved]
        found.append(f"Not served: {counted(len(ids), 'optional corridor')} ({wording.listed(ids)}).")
    return tuple(found)


def _one_operator(facts: PlanFacts) -> Iterator[str]:
    """Corridors whose shares keep single relays from the key, but not an operator, foreign to its ends, of several."""
    sites = facts.inventory.sites
    for corridor in facts.corridors:
        needed, own = corridor.corridor.shares_needed, {sites[s].operator for s in corridor.corridor.ends}
        passed = Counter(o for path in corridor.paths for o in {sites[s].operator for s in path.relays})
        for operator in sorted(o for o, paths in passed.items() if o is not None and paths >= needed > 1):
            if operator not in own:
                yield (
                    f"{corridor.id}: {operator} runs a relay on {passed[operator]} of {len(corridor.paths)} paths, so "
                    "this operator can put the shares of the key together."
                )


def figures(facts: PlanFacts) -> tuple[tuple[str, str], ...]:
    plan, costs = facts.plan, facts.plan.costs
    new = [relay for relay in facts.relays if not relay.existing]
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
        (wording.tco_label(facts.inventory.economics), round_money(costs.tco, costs.currency)),
        ("Prices", _firmness(facts)),
    )


def _firmness(facts: PlanFacts) -> str:
    """How much of the capex rests on illustrative prices, and how many lines have none."""
    unpriced, capex = facts.lines_to_be_quoted, facts.plan.costs.capex
    illustrative = sum(line.line_total or Decimal(0) for line in facts.bill if line.provenance == "illustrative")
    words = [f"{counted(unpriced, 'line')} to be quoted (in no total)"] if unpriced else []
    if capex:
        share = float(illustrative) / capex
        words.insert(0, f"{wording.percent(share)} of capex is illustrative")
    return "; ".join(words) or "none needed"
