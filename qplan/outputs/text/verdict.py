"""The verdict on a plan: its one-line summary, what no reader may miss, and the key figures."""

from __future__ import annotations

from collections.abc import Iterator

from qplan.assessment.facts import PlanFacts
from qplan.costing.money_text import round_money
from qplan.inventory.source.messages import counted
from qplan.outputs.text import existing, money, wording
from qplan.outputs.text.checks import breaker
from qplan.outputs.text.tables import isolated

OBJECTIVES = {"tco": "least TCO", "capex": "least capex", "relays": "fewest relays, then least TCO"}


def plan_line(facts: PlanFacts) -> str:
    """The verdict in one line: what is built, what it costs, what is proven."""
    plan, unpriced, decided = facts.plan, facts.lines_to_be_quoted, money.decided_text(facts)
    tco = f"{wording.tco_label(facts.inventory.economics)} {money.tco_text(facts)}"
    capex = money.capex_text(facts) + (f" (+ {unpriced} to be quoted)" if unpriced else "")
    variant = wording.variant(plan.inventory)
    return (
        f"Plan{variant and f' ({variant})'}: {existing.to_do(facts)}{decided and f'; {decided}'}. "
        f"Capex {capex}, opex {money.opex_text(facts)}{wording.a_year(plan.costs)}, {tco}. {wording.proof(plan)}."
    )


def title(facts: PlanFacts) -> str:
    """What the plan is called: the network's name, and what was varied of its inventory."""
    variant = wording.variant(facts.plan.inventory)
    name = facts.inventory.metadata.name or facts.plan.inventory.name
    return f"{isolated(name)} ({variant})" if variant else name


def warnings(facts: PlanFacts) -> tuple[str, ...]:
    """What no reader may miss, the gravest first."""
    plan, found = facts.plan, [] if facts.corridors else ["No corridor asks for keys, so the plan builds nothing."]
    for result in facts.failed_checks:
        severity = "Check failed" if result.check.severity == "error" else "Check exceeded (warning)"
        found.append(f"{severity}: {breaker(result)}" + (f" ({result.check.message})" if result.check.message else ""))
    if plan.status != "optimal":
        found.append(f"{wording.proof(plan)}. A better plan may exist.")
    found += [note[:1].upper() + note[1:] for note in plan.notes]
    found += [unstated] if (unstated := money.unstated_text(facts)) else []
    found += _one_operator(facts)
    return (*found, *unserved(facts))


def _one_operator(facts: PlanFacts) -> Iterator[str]:
    """Corridors whose shares keep single relays from the key, but not an operator, foreign to its ends, of several."""
    sites = facts.inventory.sites
    corridors = {corridor.id: corridor for corridor in facts.corridors}
    joined = [(key, party.name) for party in facts.exposure.operators if party.name for key in party.joined]
    for key, operator in sorted(joined):
        corridor = corridors[key]
        if operator not in {sites[end].operator for end in corridor.corridor.ends}:
            passed = sum(any(sites[relay].operator == operator for relay in path.relays) for path in corridor.paths)
            yield (
                f"{key}: {operator} runs a relay on {passed} of {len(corridor.paths)} paths, so this operator can put "
                "the shares of the key together."
            )


def figures(facts: PlanFacts) -> tuple[tuple[str, str], ...]:
    plan, ref = facts.plan, facts.plan.inventory
    new = [relay for relay in facts.relays if not relay.existing]
    scenario = (("Scenario", ref.scenario),) if ref.scenario else ()
    varied = (*scenario, *((("Set", wording.settings(ref)),) if ref.set else ()))
    relays = f"{len(facts.relays)} relay keys in clear ({len(new)} new)" if facts.relays else "none relays keys"
    served = len(facts.corridors) - len(facts.unserved)
    return (
        *varied,
        ("Result", f"{wording.proof(plan)} (objective: {OBJECTIVES[plan.objective.name]})"),
        ("Corridors served", f"{served} of {len(facts.corridors)}"),
        ("QKD nodes", f"{len(plan.nodes)}, of which {relays}"),
        ("QKD links", f"{len(plan.links)} with {counted(facts.system_count, 'system')}"),
        *((("Existing plant", existing.summary(facts)),) if facts.beside_existing else ()),
        *((("Changes", existing.changes(facts)),) if plan.objective.changes is not None else ()),
        *money_figures(facts),
        ("Prices", money.firmness_text(facts)),
    )


def money_figures(facts: PlanFacts) -> tuple[tuple[str, str], ...]:
    """Capex, opex and TCO."""
    costs = facts.plan.costs
    contingency = f" + {round_money(costs.contingency, costs.currency)} contingency" if costs.contingency else ""
    return (
        ("Capex", money.capex_text(facts) + contingency),
        (wording.opex_label(costs), money.opex_text(facts)),
        (wording.tco_label(facts.inventory.economics), money.tco_text(facts)),
    )


def unserved(facts: PlanFacts) -> tuple[str, ...]:
    """The corridors that are not served, in a sentence; nothing where all are."""
    ids = [corridor.id for corridor in facts.unserved]
    return (f"Not served: {counted(len(ids), 'optional corridor')} ({wording.listed(ids)}).",) if ids else ()
