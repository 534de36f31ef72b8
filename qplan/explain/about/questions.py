"""Questions about a plan, by address; and what can be said of it at a glance."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from qplan.candidates.resource_usage import occupancy
from qplan.costing.bill import bill_of_materials
from qplan.costing.views import CorridorShare, by_corridor
from qplan.errors import WrongUsage
from qplan.explain.about.alternatives import Replanner
from qplan.explain.about.answers import PLAN_WIDE, Answer
from qplan.explain.about.corridor import answer_corridor
from qplan.explain.about.limits import LimitState, judge_limits
from qplan.explain.about.link import answer_link
from qplan.explain.about.site import answer_site
from qplan.explain.trials import Trials
from qplan.inventory.model import Inventory
from qplan.inventory.source.messages import did_you_mean
from qplan.plan.model import Plan

GLANCE_S = 10.0  # for what binds, in an overview
KINDS = ("sites", "links", "corridors")


class UnknownAddress(WrongUsage):
    """The address names nothing that can be asked about; the message says what was found and what could be meant."""


@dataclass(frozen=True)
class Overview:
    """What binds the plan, and what each corridor costs."""

    limits: tuple[LimitState, ...]
    """Those that are used up; of money and patching it is known whether they bind."""
    shares: tuple[CorridorShare, ...]


def sum_up(trials: Trials, inventory: Inventory, plan: Plan) -> Overview:
    """What binds a plan, found within a few seconds, and what each corridor costs. Raises SolverFailed."""
    brief = Trials(
        trials.solver, trials.parameters, min(GLANCE_S, trials.parameters.clock.seconds_left()), trials.defaults
    )
    everywhere = {each.where for each in occupancy(inventory, plan)}
    limits, _ = judge_limits(Replanner(brief, inventory, plan), (), everywhere, len(PLAN_WIDE))
    return Overview(limits, by_corridor(inventory, plan, bill_of_materials(inventory, plan)))


def ask(trials: Trials, inventory: Inventory, plan: Plan, address: str) -> Answer:
    """All about one site, link or corridor. Raises UnknownAddress, SolverFailed."""
    kind, name = split_address(address, KINDS)
    replanner = Replanner(trials, inventory, plan)
    if kind == "links":
        links = {link.id: link for link in plan.links}
        return answer_link(replanner, links[_look_up_link(name, links)])
    if kind == "sites":
        return answer_site(replanner, look_up(name, kind, inventory.sites))
    corridors = {corridor.id: corridor for corridor in plan.corridors}
    return answer_corridor(replanner, corridors[look_up(name, kind, corridors)])


def split_address(address: str, kinds: Collection[str]) -> tuple[str, str]:
    """`sites`, `x` of `sites.x`. Raises UnknownAddress."""
    kind, dot, name = address.partition(".")
    if kind not in kinds or not dot or not name:
        expected = " or ".join(f"{one}.ID" for one in kinds)
        hint = did_you_mean(kind, kinds)
        if kind in KINDS and kind not in kinds:
            hint = "sites and links have an address only in a plan: name its folder instead of the inventory"
        raise UnknownAddress(f"the address {address!r} is not of the form {expected}" + (f"; {hint}" if hint else ""))
    return kind, name


def look_up(name: str, kind: str, entries: Collection[str]) -> str:
    """The name, where there is such an entry. Raises UnknownAddress."""
    if name in entries:
        return name
    hint = did_you_mean(name, entries) or f"there are {', '.join(sorted(entries)[:8]) or 'none'}"
    raise UnknownAddress(f"there is no {kind}.{name} here; {hint}")


def _look_up_link(name: str, links: Collection[str]) -> str:
    """A link by its id or by the beginning of it (`a--b`), in either direction where that is one link."""
    if name in links:
        return name
    a, dashes, b = name.partition("--")
    beginnings = (name, f"{b}--{a}") if dashes and b else (name,)
    for start in beginnings:
        found = [link for link in sorted(links) if link.startswith(start)]
        if len(found) == 1:
            return found[0]
        if found:
            raise UnknownAddress(f"several links begin so: {', '.join(f'links.{link}' for link in found[:8])}")
    return look_up(name, "links", links)
