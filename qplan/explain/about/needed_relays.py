"""Which relays of a plan every plan needs that serves the same corridors within the rules and the budget."""

from __future__ import annotations

from qplan.candidates.links import enumerate_candidates
from qplan.candidates.model import CandidateGraph, Usability
from qplan.explain.trials import Trials
from qplan.explain.variants import apply_settings, require_corridors
from qplan.inventory.model import Inventory
from qplan.plan.model import Plan


def judge_relays(trials: Trials, inventory: Inventory, plan: Plan) -> dict[str, bool | None]:
    """Whether every plan needs it, by relay; None where that was not decided in time. Raises SolverFailed."""
    served = require_corridors(inventory, [corridor.id for corridor in plan.corridors if corridor.served])
    graph = enumerate_candidates(served)
    uses = {s: sum(s in path.relays for q in plan.corridors for path in q.paths) for s in plan.relays}
    needed: dict[str, bool | None] = {}
    for s in sorted(plan.relays, key=lambda s: (-uses[s], s)):
        without = apply_settings(served, [(f"sites.{s}.trusted_node", "forbidden")])
        possible = trials.is_feasible(without, _forbid(graph, served, s))
        needed[s] = None if possible is None else not possible
    return needed


def _forbid(graph: CandidateGraph, inventory: Inventory, s: str) -> CandidateGraph:
    """The candidates that are left where a site may not relay."""
    usable = Usability(
        {
            q: sites if s in inventory.corridors[q].ends else sites - {s}
            for q, sites in graph.usability.permitted.items()
        }
    )
    links = tuple(link for link in graph.links if usable.may_join(*link.route.ends))
    return CandidateGraph(links, (), usable, graph.bypass_limit)
