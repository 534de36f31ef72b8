"""Words for what exists: what of it a plan uses, keeps and retires, and what it adds."""

from __future__ import annotations

from qplan.assessment.facts import PlanFacts
from qplan.assessment.link_budgets import LinkFacts
from qplan.inventory.source.messages import counted
from qplan.outputs.text import wording

STATES = {
    "new": "new",
    "extended": "existing, extended",
    "used": "existing",
    "kept": "existing, without load",
}
KEPT = "existing QKD link"
RETIRED = "retired QKD link"


def to_do(facts: PlanFacts) -> str:
    """`4 nodes to build, 6 links to light, 1 link to retire`: what is to be done for the plan."""
    states = [link.state for link in facts.links]
    parts = [
        f"{counted(len(facts.new_nodes), 'node')} to build",
        f"{counted(states.count('new'), 'link')} to light",
    ]
    for count, what in ((states.count("extended"), "extend"), (len(facts.retired), "retire")):
        parts += [f"{counted(count, 'link')} to {what}"] if count else []
    return ", ".join(parts)


def state(facts: LinkFacts) -> str:
    """`existing, extended (1 of 3 systems is there)` for a link of a plan beside existing plant."""
    link, word = facts.link, STATES[facts.state]
    verb = "is" if link.existing == 1 else "are"
    return word + (f" ({link.existing} of {link.count} systems {verb} there)" if facts.state == "extended" else "")


def summary(facts: PlanFacts) -> str:
    """What becomes of the plant that exists, in one line."""
    states = [link.state for link in facts.links]
    in_use = states.count("used") + states.count("extended")
    extended = f" ({states.count('extended')} extended)" if "extended" in states else ""
    parts = [f"{counted(in_use, 'link')} in use{extended}"]
    parts += [f"{states.count('kept')} kept without load"] if "kept" in states else []
    parts += [f"{len(facts.retired)} retired ({wording.listed(facts.retired)})"] if facts.retired else []
    there = len(facts.nodes) - len(facts.new_nodes)
    return f"{', '.join(parts)}; {there} of {counted(len(facts.nodes), 'node')} there"


def changes(facts: PlanFacts) -> str:
    """How far the plan is from the one that changes were counted against; "" where none were."""
    count, cost = facts.plan.objective.changes, facts.plan.objective.change_cost
    if count is None:
        return ""
    priced = f", each counted as {cost:g} {facts.plan.costs.currency} in the objective" if cost else ""
    return f"{counted(count, 'change')} of links and relays against the earlier plan{priced}"
