"""One minimisation: root bound, a plan on the root's support, then rounds of master problem, routing and cuts.

The master problem is the design (what is built) with the directed lift and the cuts found so far. It knows the paths of
a corridor only once these have been asked for: a relaxation with few columns, whose bound holds for the whole model.
Its design is routed by the exact model on the links it installs. Where that fails, the cuts that forbid the design are
added, or, where no cut of the families of `cuts.py` does, the paths of the corridors that it fails: branch and cut with
the separation between the solves (Benders 1962; the exact model is reached at the latest when all paths are in).
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pulp

from qplan.planning.assemble import assemble
from qplan.planning.branch import Tree
from qplan.planning.cuts import Row, Separator, exclusive_cuts, hop_cuts, path_cuts
from qplan.planning.cutset import cutset_cuts
from qplan.planning.formulation import (
    Formulation,
    Goal,
    Prices,
    add_key_rate,
    add_routing_of,
    formulate,
)
from qplan.planning.hop_flows import add_hop_flows
from qplan.planning.networks import CorridorNetwork, tight_links
from qplan.planning.primal import Planner, guiding_prices
from qplan.planning.reach import Usability
from qplan.planning.root import Root, strengthen
from qplan.planning.solver import Effort, Solution, solve
from qplan.planning.task import PROOF, Known, Task, better
from qplan.planning.trees import add_trees

SUPPORT = 1e-6  # a link with less than this in the relaxation is not in its support
CENT = 0.01
ROUTING_NODES = 500  # branch-and-bound nodes of one routing of a design
ROOT_SHARE = 0.5  # of the time left, at the most, goes to the root


@dataclass(frozen=True)
class Found:
    """How a minimisation ended, and the model that was solved last."""

    stopped_by: str
    known: Known | None
    bound: float | None
    model: Formulation


def minimise(task: Task) -> Found:
    """Minimise the stage's goal over all designs that serve the required corridors."""
    model = task.design_model()
    goal = task.stage.goal(model)
    price = guiding_prices(task, goal)
    known = Planner(task, price).plan(task.served, {}, {})
    half = replace(task.limits, deadline=time.monotonic() + ROOT_SHARE * task.limits.seconds_left())
    root = strengthen(model, goal, half, None if known is None else known.value)
    if root.infeasible:
        return Found("proof", None, None, model)
    if root.bound is not None:
        known = better(known, _guided(task, model, root, price, known))
        if known is not None and task.within(known.value, root.bound):
            return Found(_reason(known.value, root.bound), known, min(root.bound, known.value), model)
    bound, rows = root.bound, root.rows
    if root.bound is not None and not root.hop_flows and not task.stage.exact:  # counts are the solver's business
        tree = Tree(task, model, root, known, price, _promising(model, root, known))
        branched = tree.run(root.bound)
        known, bound, rows = branched.known, branched.bound, (*root.rows, *branched.rows)
        if known is not None and task.within(known.value, bound):
            return Found(_reason(known.value, bound), known, min(bound, known.value), model)
    if task.limits.stop.is_set() or not task.limits.seconds_left():
        return Found("interrupt" if task.limits.stop.is_set() else "time_limit", known, bound, model)
    names = [variable.name for variable in model.columns]
    rounds = Rounds(task.on(_not_fixed(model, root, known)), names, rows, price, _promising(model, root, known))
    return rounds.run(known, bound)


def _guided(task: Task, model: Formulation, root: Root, price: Prices, known: Known | None) -> Known | None:
    """A plan by local search on the links that the relaxation or the plan known uses, guided by the relaxation."""
    links = _values(model, root, model.link)
    sites = _values(model, root, model.relay)
    planner = Planner(task, price, _promising(model, root, known))
    found = planner.searched(task.served, links, sites, root.bound)
    if known is not None and (found is None or not task.within(found.value, root.bound)):
        found = better(found, planner.improved(known))
    return found or Planner(task, price).searched(task.served, links, sites)


def _promising(model: Formulation, root: Root, known: Known | None) -> set[str]:
    """Links that the relaxation or the plan known uses."""
    used = set() if known is None else {link.id for link in known.design.links}
    if root.bound is not None:
        used |= {link for link, value in _values(model, root, model.link).items() if value > SUPPORT}
    return used


class Rounds:
    """Master problem, routing and cuts in turn on the links of a task; `known` is the best design so far."""

    def __init__(
        self, task: Task, names: list[str], rows: tuple[Row, ...], price: Prices, promising: Collection[str]
    ):  # fmt: skip
        self.task, self.price = task, price
        self.model = task.design_model()
        add_trees(self.model)
        add_hop_flows(self.model)
        self.goal = task.stage.goal(self.model)
        self.known: Known | None = None
        self.promising = set(promising)  # links among which a master's design is repaired
        self.routed: set[str] = set()  # corridors whose paths the master knows
        self.columns = tuple(self.model.index())  # without the paths that come later
        index = self.model.index_of_all()
        self._add([_moved(row, names, index) for row in rows])
        networks = list(self.model.networks)
        families = (path_cuts, hop_cuts, exclusive_cuts)
        self.separators: list[Separator] = [family(self.model, networks) for family in families]
        self.separators.append(cutset_cuts(self.model))

    def run(self, known: Known | None, bound: float | None) -> Found:
        """Rounds until proven, impossible, or stopped by a limit."""
        self.known = known
        while True:
            start = None if self.known is None else start_values(self.model, self.known)
            last = solve(self.model, self.goal, self.task.solver, self.task.limits, Effort(start=start))
            if last.infeasible:  # nothing else, or nothing at all, on these links
                bound = None if self.known is None else self.known.value
                return self._found("proof", bound)
            bound = _highest(bound, last.bound)
            if last.values is None or last.stopped_by in ("time_limit", "interrupt"):
                self._learn(last)
                return self._found(last.stopped_by, bound)
            self._learn(last)
            if self.known is not None and self.task.within(self.known.value, bound):
                return self._found(_reason(self.known.value, bound), bound)
            if not self._forbid(last):
                return self._found(last.stopped_by, bound)

    def _found(self, stopped_by: str, bound: float | None) -> Found:
        if self.known is not None and bound is not None:
            bound = min(bound, self.known.value)
        return Found(stopped_by, self.known, bound, self.model)

    def _learn(self, last: Solution) -> None:
        """Route the master's design, and see whether it is a better plan than the one known."""
        if last.values is None:
            return
        installed = {link for link, v in self.model.link.items() if last.chosen(v)}
        served = {q for q, v in self.model.served.items() if last.chosen(v)}
        planner = Planner(self.task, self.price, installed)
        found = planner.plan(served, {}, {})
        if (found is None or found.value > last.value + PROOF * abs(last.value)) and tight_links(self.task.inventory, self.task.graph):
            found = better(found, route(self.task.on(installed)))
        if found is None:
            self.promising |= installed
            repair = Planner(self.task, self.price, self.promising)
            found = repair.searched(served, dict.fromkeys(installed, 1.0), {})
        self.known = better(self.known, found)

    def _forbid(self, last: Solution) -> bool:
        """Add what the master's design violates: cuts, else the paths of the corridors that it does not serve."""
        point = np.array([round(last.values[name], 3) for name in self.columns])
        rows = [row for separate in self.separators for row in separate(point) if row.activity(point) < row.least - 0.5]
        self._add(rows)
        if rows:
            return True
        installed = {link for link, v in self.model.link.items() if last.chosen(v)}
        waiting = [network for network in self.model.networks if network.corridor not in self.routed]
        failing = [network for network in waiting if not self._served_alone(network, installed)] or waiting
        if not failing:
            return False
        tight = tight_links(self.task.inventory, self.task.graph)
        rated = {n.corridor for n in self.model.networks if any(tight.issuperset(b.links) for b in n.bundles)}
        if tight and (failing == waiting or rated.intersection(n.corridor for n in failing)):
            failing = waiting
        for network in failing:
            add_routing_of(self.model, network)
            self.routed.add(network.corridor)
        if len(failing) == len(waiting):
            add_key_rate(self.model)
        return True

    def _served_alone(self, network: CorridorNetwork, installed: Collection[str]) -> bool:
        """The corridor alone finds its paths on the links installed."""
        q = network.corridor
        corridor = self.task.inventory.corridors[q].model_copy(update={"required": True})
        inventory = self.task.inventory.model_copy(update={"corridors": {q: corridor}})
        usability = Usability({q: self.task.graph.usability.permitted[q]})
        alone = replace(self.task, inventory=inventory, graph=replace(self.task.graph, usability=usability)).on(installed)
        if Planner(alone, self.price).routable_alone(q):
            return True
        model = formulate(inventory, alone.graph)
        found = solve(model, Goal("paths", (), 1.0, self.price), self.task.solver, replace(self.task.limits, gap=0.0))
        return found.values is not None

    def _add(self, rows: list[Row]) -> None:
        for row in rows:
            terms = [(self.model.columns[c], w) for c, w in zip(row.columns, row.weights, strict=True)]
            self.model.add(terms, ">=", row.least, row.family, len(self.model.problem.constraints()))


def start_values(model: Formulation, known: Known) -> dict[str, float]:
    """Values of the design variables in a known design; links that the model lacks are left out."""
    design = known.design
    counts = {link.id: float(link.count) for link in design.links}
    nodes = {node.site for node in design.nodes}
    relays = {node.site for node in design.nodes if "relay" in node.roles}
    served = {corridor.id for corridor in design.corridors if corridor.served}
    values = {v.name: float(link in counts) for link, v in model.link.items()}
    values |= {v.name: counts.get(link, 0.0) for link, v in model.count.items()}
    for group, chosen in ((model.node, nodes), (model.relay, relays), (model.served, served)):
        values |= {v.name: float(key in chosen) for key, v in group.items()}
    return values


def route(task: Task) -> Known | None:
    """The best plan on the links of the task, by the exact model and within a number of nodes."""
    model = task.exact_model()
    limits = replace(task.limits, watch=lambda sighting: None)
    found = solve(model, task.stage.goal(model), task.solver, limits, Effort(nodes=ROUTING_NODES))
    return None if found.values is None else task.known(assemble(model, found))


def _moved(row: Row, names: list[str], columns: dict[str, int]) -> Row:
    """The row over another model's columns; what that one lacks is 0 there."""
    weights: dict[int, float] = defaultdict(float)
    for c, weight in zip(row.columns, row.weights, strict=True):
        if names[c] in columns:
            weights[columns[names[c]]] += weight
    return replace(row, columns=tuple(weights), weights=tuple(weights.values()))


def _values(model: Formulation, root: Root, variables: Mapping[str, pulp.LpVariable]) -> dict[str, float]:
    """What the relaxation gives to variables, by their keys."""
    index = model.index()
    return {key: float(root.point[index[v.name]]) for key, v in variables.items()}


def _not_fixed(model: Formulation, root: Root, known: Known | None) -> set[str]:
    """Links that a better plan may use: their reduced cost fits between the bound and the value known."""
    if known is None or root.bound is None:
        return set(model.link)
    index = model.index()
    room = known.value - root.bound + max(CENT, PROOF * abs(known.value))
    return {
        link for link, v in model.link.items()
        if root.point[index[v.name]] > SUPPORT or root.reduced_costs[index[v.name]] <= room
    }  # fmt: skip


def _highest(*bounds: float | None) -> float | None:
    return max((bound for bound in bounds if bound is not None), default=None)


def _reason(value: float, bound: float) -> str:
    return "proof" if value - bound <= PROOF * max(1.0, abs(value)) else "gap"
