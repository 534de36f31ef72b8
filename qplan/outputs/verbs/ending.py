"""The last lines of `qplan optimize`: new trusted nodes, what to ask next, where everything is."""

from __future__ import annotations

import shlex
from pathlib import Path

from qplan.assessment.facts import PlanFacts
from qplan.costing.money_text import round_money
from qplan.inventory.rules import printable
from qplan.inventory.source.messages import counted
from qplan.outputs.text import wording
from qplan.outputs.text.names import SiteNames
from qplan.plan.model import InventoryRef, Plan
from qplan.plan.reader import Earlier


def plan_ending(facts: PlanFacts, folder: Path) -> str:
    """Of a plan that has been written to the folder."""
    new = [relay.id for relay in facts.relays if not relay.existing]
    names = SiteNames(facts.inventory)
    lines = [f"New trusted nodes: {', '.join(map(names.alone, new))}"] if new else []
    shown = printable(shlex.quote(str(folder)))
    explain = (f"qplan explain {shown}", "what binds the plan, and what each corridor costs")
    if new:
        explain = (f"{explain[0]} sites.{new[0]}", "why it is there, and the best plan without it")
    asked = [explain, (f"qplan report {shown} --format markdown", "all of it, for a pull request")]
    if not facts.corridors:
        asked = [("qplan rules QP406", "how to state who needs keys")]
    width = max(len(command) for command, _ in asked)
    lines += [f"{'Next:' if i == 0 else '':<6}{command:<{width}}  {why}" for i, (command, why) in enumerate(asked)]
    lines.append(f"Written to {printable(str(folder))}: open {printable(str(folder / 'report.html'))} first.")
    return "\n" + "\n".join(map(printable, lines)) + "\n"


def explanation_ending(folder: Path, earlier: Earlier | None, ref: InventoryRef) -> str:
    """Of an explanation that has been written to the folder, in which an earlier plan may lie still."""
    lines = [f"Written to {printable(str(folder / 'explanation.md'))}."]
    if earlier is not None:
        whose = "of this inventory" if earlier.is_of(ref) else "not of this inventory"
        lines.append(f"{folder / 'plan.json'} is an earlier plan, {whose}, and stays as it was{_told(earlier.plan)}.")
    return "\n" + "\n".join(map(printable, lines)) + "\n"


def _told(plan: Plan | None) -> str:
    """Which plan it is."""
    if plan is None:
        return ""
    variant, costs = wording.variant(plan.inventory), plan.costs
    name = plan.inventory.name + (f" ({variant})" if variant else "")
    cost, proof = f"TCO {round_money(costs.tco, costs.currency)}", wording.proof(plan)
    return f": {name}, {counted(len(plan.links), 'link')}, {cost}, {proof[:1].lower()}{proof[1:]}"
