"""The last lines of `qplan optimize`: new trusted nodes, what to ask next, where everything is."""

from __future__ import annotations

import shlex
from pathlib import Path

from qplan.assessment.facts import PlanFacts
from qplan.inventory.rules import printable
from qplan.outputs.text.names import SiteNames


def plan_ending(facts: PlanFacts, folder: Path) -> str:
    """Of a plan that has been written to the folder."""
    new = [relay.id for relay in facts.relays if relay.site.trusted_node != "existing"]
    names = SiteNames(facts.inventory)
    lines = [f"New trusted nodes: {names.join(new)}"] if new else []
    shown = printable(shlex.quote(str(folder)))
    asked = [(f"qplan explain {shown}", "what binds the plan, and what each corridor costs")]
    if new:
        asked.insert(0, (f"qplan explain {shown} sites.{new[0]}", "why it is there, and the best plan without it"))
    width = max(len(command) for command, _ in asked)
    lines += [f"{'Next:' if i == 0 else '':<6}{command:<{width}}  {why}" for i, (command, why) in enumerate(asked)]
    lines.append(f"Written to {printable(str(folder))}: open {printable(str(folder / 'report.html'))} first.")
    return "\n" + "\n".join(map(printable, lines)) + "\n"


def explanation_ending(folder: Path, stale: bool) -> str:
    """Of an explanation that has been written to the folder; `stale`: an earlier plan is in it still."""
    shown = printable(str(folder / "explanation.md"))
    lines = [f"Written to {shown}."]
    if stale:
        plan = printable(str(folder / "plan.json"))
        lines.append(f"{plan} is an earlier plan, and not of this inventory: it stays as it was.")
    return "\n" + "\n".join(lines) + "\n"
