"""Questions about a plan, by address; and what can be said of it at a glance."""

from __future__ import annotations

from dataclasses import dataclass

from qplan.candidates.resource_usage import occupancy
from qplan.costing.bill import bill_of_materials
from qplan.costing.views import CorridorShare, by_corridor
from qplan.explain.about.addresses import KINDS, UnknownAddress, find_links, look_up, split_address
from qplan.explain.about.alternatives import Replanner
from qplan.explain.about.answers import PLAN_WIDE, Answer
from qplan.explain.about.cables import answer_duct, answer_fibre, list_ducts
from qplan.explain.about.corridor import answer_corridor
from qplan.explain.about.limits import LimitState, judge_limits
from qplan.explain.about.link import answer_link
from qplan.explain.about.site import answer_site
from qplan.explain.about.unused_link import answer_unused_link
from qplan.explain.trials import Trials
from qplan.inventory.model import Inventory
from qplan.plan.model import Plan

GLANCE_S = 10.0  # for what binds, in an overview


@dataclass(frozen=True)
class Overview:
    """What binds the plan, and what each corridor costs."""

    limits: tuple[LimitState, ...]
    """Those that are used up; of money and patching it is known whether they bind."""
    shares: tuple[CorridorShare, ...]


def sum_up(trials: Trials, inventory: Inventory, plan: Plan) -> Overview:
    """What binds a plan, found within a few seconds, and what each corridor costs. Raises SolverFailed."""
    brief = Trials(
        trials.solver, trials.parameters, min(GLANCE_S, trials.parameters.clock.seconds_left()), trials.as_read
    )
    everywhere = {each.where for each in occupancy(inventory, plan)}
    limits, _ = judge_limits(Replanner(brief, inventory, plan), (), everywhere, len(PLAN_WIDE))
    return Overview(limits, by_corridor(inventory, plan, bill_of_materials(inventory, plan)))


def ask(trials: Trials, inventory: Inventory, plan: Plan, address: str) -> Answer:
    """All about one site, link, corridor, fibre or duct. Raises UnknownAddress, SolverFailed."""
    kind, name = split_address(address, KINDS)
    replanner = Replanner(trials, inventory, plan)
    if kind == "links":
        return _ask_link(replanner, name)
    if kind == "sites":
        return answer_site(replanner, look_up(name, kind, inventory.sites))
    if kind == "fibres":
        return answer_fibre(replanner, look_up(name, kind, inventory.fibres))
    if kind == "ducts":
        return answer_duct(replanner, look_up(name, kind, list_ducts(inventory)))
    corridors = {corridor.id: corridor for corridor in plan.corridors}
    return answer_corridor(replanner, corridors[look_up(name, kind, corridors)])


def _ask_link(replanner: Replanner, name: str) -> Answer:
    links = {link.id: link for link in replanner.plan.links}
    found = find_links(name, links)
    if len(found) > 1:
        raise UnknownAddress(f"several links begin so: {', '.join(f'links.{link}' for link in found[:8])}")
    return answer_link(replanner, links[found[0]]) if found else answer_unused_link(replanner, name)
