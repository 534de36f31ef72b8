"""Questions about inventories and plans."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qplan.api.inventories import Overrides, PathName, load
from qplan.api.planning import GAP, TIME_LIMIT_S, Result, Solver, as_read, is_plan, load_result, search_parameters
from qplan.errors import Exit, WrongUsage

if TYPE_CHECKING:
    from qplan.candidates.listing import CandidateList
    from qplan.explain.about.answers import Answer
    from qplan.explain.about.questions import Overview
    from qplan.explain.findings import Explanation
    from qplan.inventory.model import Inventory
    from qplan.inventory.reader import Reading
    from qplan.optimizer.limits import SearchParameters
    from qplan.outputs.verbs.plan_view import PlanView
    from qplan.plan.model import InventoryRef, Plan


GLANCE_S = 10.0


@dataclass(frozen=True)
class Statement:
    """What `explain` says, with the inventory and the plan that it speaks of."""

    answer: Explanation | Answer | Overview
    inventory: Inventory
    ref: InventoryRef
    plan: Plan | None = None

    @property
    def exit_code(self) -> Exit:
        """What `qplan explain` ends with."""
        from qplan.explain.about.answers import Answer
        from qplan.explain.findings import Explanation

        if isinstance(self.answer, Explanation):
            ends = {"servable": Exit.DONE, "infeasible": Exit.INFEASIBLE}
            return ends.get(self.answer.status, Exit.LIMIT)
        return Exit.LIMIT if isinstance(self.answer, Answer) and self.answer.undecided else Exit.DONE

    def __str__(self) -> str:
        from qplan.api.words import render

        return render(self)


@dataclass(frozen=True)
class Candidates:
    """What could be built, all of it or about one address, with the inventory; `note` says why there is nothing."""

    found: CandidateList
    inventory: Inventory
    note: str | None = None

    def __str__(self) -> str:
        from qplan.api.words import render_candidates

        return render_candidates(self)


def load_subject(
    path: PathName, *, scenario: str | None = None, set: Overrides = (), demand_factor: float | None = None
) -> Reading | Result:
    """A plan with its inventory, or an inventory: whichever the path leads to. Raises as `load` and `load_result`."""
    if not is_plan(path):
        return load(path, scenario=scenario, set=set, demand_factor=demand_factor)
    if scenario is not None or set or demand_factor is not None:
        raise WrongUsage("a plan was made with its own --scenario and --set: give none with PLAN")
    return load_result(path)


def explain(
    subject: Reading | Result,
    address: str | None = None,
    *,
    gap: float = GAP,
    time_limit: float = TIME_LIMIT_S,
    solver: Solver = "highs",
    threads: int = 1,
    stop: threading.Event | None = None,
) -> Statement:
    """Why a corridor cannot be served, why a site or a link was chosen, and what would change it.

    Of an inventory: whether all its corridors can be served; at `corridors.c`: whether this one can, as if it were the
    only one. Of a result: what binds its plan and what each corridor costs, or why there is no plan; at the address of
    a site, a link or a corridor: all about it. Changes are planned anew in the time given. `print` shows text. Raises
    WrongUsage (no such address), SolverFailed.
    """
    from qplan.explain.about.questions import ask, sum_up
    from qplan.explain.trials import Trials
    from qplan.plan.model import reference

    parameters = search_parameters(gap, time_limit, solver, threads, stop)
    if not isinstance(subject, Result):
        return _of_inventory(subject, address, solver, parameters)
    inventory, plan = subject.inventory.inventory, subject.plan
    if plan is None:
        if address is None and subject.explanation is not None:
            return Statement(subject.explanation, inventory, reference(subject.inventory))
        return _of_inventory(subject.inventory, address, solver, parameters)
    trials = Trials(solver, parameters, as_read=as_read(subject.inventory))
    answer = sum_up(trials, inventory, plan) if address is None else ask(trials, inventory, plan, address)
    return Statement(answer, inventory, plan.inventory, plan)


def show(result: Result, *, time_limit: float = GLANCE_S, gap: float = GAP, solver: Solver = "highs") -> PlanView:
    """A plan at a glance: its facts, which relays every plan needs (looked for so long), what is left of the fibres.

    Raises WrongUsage (there is no plan), SolverFailed.
    """
    from qplan.assessment.spare_fibres import list_spare_fibres
    from qplan.explain.about.needed_relays import judge_relays
    from qplan.explain.trials import Trials
    from qplan.outputs.verbs.plan_view import PlanView

    if result.facts is None:
        raise WrongUsage("there is no plan to show")
    inventory, plan = result.facts.inventory, result.facts.plan
    trials = Trials(solver, search_parameters(gap, time_limit, solver, 1, None))
    return PlanView(result.facts, judge_relays(trials, inventory, plan), list_spare_fibres(inventory, plan))


def list_candidates(inventory: Inventory, address: str | None = None) -> Candidates:
    """Every QKD link that could be built, with its loss budget, and what is refused, with figures.

    At `links.a--b` what joins two sites, at `sites.x` what ends there, at `fibres.f` what runs over it. Raises
    WrongUsage (no such address).
    """
    from qplan.candidates import listing
    from qplan.explain.about.addresses import find_pair, look_up, split_address

    found = listing.list_candidates(inventory)
    if address is None:
        return Candidates(found, inventory)
    kind, name = split_address(address, ("links", "sites", "fibres"))
    if kind == "sites":
        site = look_up(name, kind, inventory.sites)
        return Candidates(found.select(lambda route: site in route.ends), inventory)
    if kind == "fibres":
        fibre = look_up(name, kind, inventory.fibres)
        return Candidates(found.select(lambda route: fibre in route.fibres), inventory)
    pair = find_pair(name, inventory.sites)
    if pair is None:
        for site in name.split("--"):
            look_up(site, "sites", inventory.sites)
        raise WrongUsage(f"the address links.{name} is not of the form links.a--b, with two different sites a and b")
    between = found.select(lambda route: set(pair) == set(route.ends))
    note = None if between.links or between.refused else listing.describe_gap(inventory, pair)
    return Candidates(between, inventory, note)


def _of_inventory(reading: Reading, address: str | None, solver: Solver, parameters: SearchParameters) -> Statement:
    from qplan.candidates.links import enumerate_candidates
    from qplan.explain.about.addresses import IN_A_PLAN, look_up, split_address
    from qplan.explain.infeasibility.explanation import explain_inventory
    from qplan.plan.model import reference

    inventory = reading.inventory
    if address is None:
        found = explain_inventory(inventory, enumerate_candidates(inventory), solver, parameters, as_read(reading))
        return Statement(found, inventory, reference(reading))
    corridor = look_up(split_address(address, ("corridors",), IN_A_PLAN)[1], "corridors", inventory.corridors)
    return _of_corridor(reading, corridor, solver, parameters)


def _of_corridor(reading: Reading, corridor: str, solver: Solver, parameters: SearchParameters) -> Statement:
    """As if it were the only one."""
    from qplan.explain.about.corridor import answer_alone
    from qplan.explain.infeasibility.explanation import explain_corridor
    from qplan.explain.trials import Trials
    from qplan.explain.variants import require_corridors
    from qplan.plan.model import reference

    trials = Trials(solver, parameters, as_read=as_read(reading))
    alone = require_corridors(reading.inventory, [corridor])
    found = explain_corridor(reading.inventory, corridor, trials)
    if found.status == "servable":
        planned = answer_alone(trials, reading.inventory, reference(reading), corridor)
        if planned is not None:
            plan, answer = planned
            return Statement(answer, alone, plan.inventory, plan)
    return Statement(found, alone, reference(reading))
