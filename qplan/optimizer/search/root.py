"""The root relaxation: design variables, the directed lift, and rounds of cuts until the bound stands still."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import highspy
import numpy as np

from qplan.optimizer.cuts.cutset_cuts import cutset_cuts
from qplan.optimizer.cuts.dual_ascent import ascent_cuts
from qplan.optimizer.cuts.exclusive_cuts import exclusive_cuts
from qplan.optimizer.cuts.layered_cuts import layered_cuts
from qplan.optimizer.cuts.layered_flows import add_layered_flows
from qplan.optimizer.cuts.layered_trees import (
    add_layered_trees,
    layer_entries,
    layer_ties,
    layered_ascent,
    layered_tree_cuts,
)
from qplan.optimizer.cuts.path_cuts import link_ends, path_cuts
from qplan.optimizer.cuts.row import Row, Separator, listed
from qplan.optimizer.cuts.tree_cuts import directed_cuts, rest_cuts, tree_balance
from qplan.optimizer.cuts.trees import add_trees
from qplan.optimizer.cuts.witnesses import Witnesses
from qplan.optimizer.limits import SearchLimits, Sighting
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.objectives import Goal
from qplan.optimizer.model.stage import Incumbent, better
from qplan.optimizer.search.relaxation import Relaxation

PURGE_EVERY = 6  # rounds between clearances of slack rows
STALL_ROUNDS = 20  # rounds over which the bound must grow
STALL_GROWTH = 2e-4  # by this share
MOST_ROUNDS = 400
GUIDED = (12, 48, 192)  # rounds in which a plan is looked for
MOST_STEPS = 5000  # of the simplex method from one round to the next
MANY_TIES = 10_000  # rows of layered trees, with which the relaxation is left to the interior point method
ENOUGH = 5  # cuts in a round, beyond which no more are looked for


@dataclass(frozen=True)
class Root:
    """A valid bound (None where a limit came before the first), and what the relaxation leaves behind.

    `incumbent` is the best plan known by then; `rows` are the cuts that still bind; `point` and `reduced_costs` are per
    column of the model.
    """

    infeasible: bool
    bound: float | None
    rows: tuple[Row, ...]
    point: np.ndarray
    reduced_costs: np.ndarray
    relaxation: Relaxation
    separators: tuple[Separator, ...]
    layered: bool  # the model has grown by layered graphs
    witnesses: Witnesses
    incumbent: Incumbent | None
    cut_short: bool = False  # by a limit

    @property
    def method(self) -> str:
        """What gave the bound."""
        return f"relaxation, {len(self.rows)} cuts"


def relax_root(
    model: Formulation,
    goal: Goal,
    limits: SearchLimits,
    incumbent: Incumbent | None,
    guided: Callable[[Root], Incumbent | None] | None = None,
    joined: bool = False,
) -> Root:
    """Add the directed lift to a design model and separate cuts at its relaxation.

    The bound need not come closer to the incumbent's value than the gap asked for. `guided` makes a plan from a
    relaxation not yet at its end. Raises `UnsoundCut`. `joined`: for designs in one piece only, with no plan known.
    """
    trees = add_trees(model, joined)
    hops = add_layered_trees(model)
    lifted = add_layered_flows(model).union(*(tree.corridors for tree in hops))
    separators: list[Separator] = [link_ends(model), tree_balance(model, trees), directed_cuts(model, trees)]
    separators.append(rest_cuts(model, trees))
    severed = [network for network in model.networks if not trees.arcs or _beyond_trees(model, network.corridor)]
    not_lifted = [network for network in model.networks if network.corridor not in lifted]
    separators += [path_cuts(model, severed), layered_cuts(model, not_lifted), cutset_cuts(model)]
    ties, entries = list(layer_ties(model, hops)), list(layer_entries(model, hops))
    large = len(ties) > MANY_TIES
    separators += [listed(entries if large else [*ties, *entries], len(model.columns)), layered_tree_cuts(model, hops)]
    separators.append(exclusive_cuts(model, severed))
    relaxation = Relaxation(model, goal, limits, ties if large else (), large)
    witnesses = Witnesses(model, trees, hops)
    rows = ascent_cuts(model, trees, goal.prices, limits) + layered_ascent(model, hops, goal.prices, limits)
    witnesses.learn(incumbent, rows)
    relaxation.add(rows)
    bounds: list[float] = []
    stable = np.ones(len(model.columns))
    nothing = np.zeros(0)
    lift = bool(lifted)
    last = Root(False, None, (), nothing, nothing, relaxation, tuple(separators), lift, witnesses, incumbent)
    for turn in range(MOST_ROUNDS):
        solved = None if limits.stop.is_set() else relaxation.solve(MOST_STEPS if turn else highspy.kHighsIInf)
        if solved is False:
            return replace(last, infeasible=True, bound=None)
        if solved is None:
            return replace(last, cut_short=True)
        point = relaxation.point
        if last.bound is None or relaxation.bound >= last.bound:  # one by interior points may be lower
            last = replace(last, bound=relaxation.bound, reduced_costs=relaxation.reduced_costs)
        bounds.append(last.bound)
        last = replace(last, rows=tuple(rows), point=point)
        if guided is not None and turn in GUIDED:
            incumbent = better(incumbent, guided(last))
            witnesses.learn(incumbent, rows)
            last = replace(last, incumbent=incumbent)
        value = None if incumbent is None else incumbent.value
        limits.watch(Sighting(f"{goal.name}, relaxation", value, last.bound))
        found, stable = _separate(separators, point, stable, math.inf if relaxation.interior else ENOUGH)
        witnesses.judge(found, incumbent)
        near = value is not None and value - last.bound <= limits.gap * abs(value)
        if not found or near or _stalled(bounds):
            return last
        if relaxation.interior or turn % PURGE_EVERY == PURGE_EVERY - 1:
            rows = [row for row, kept in zip(rows, relaxation.drop_slack(), strict=True) if kept]
        relaxation.add(found)
        rows += found
    return last


def _beyond_trees(model: Formulation, q: str) -> bool:
    """A corridor whose needs the lift does not see: several paths, optional, or rules of its own on relays."""
    corridor, permitted = model.inventory.corridors[q], model.candidates.usability.permitted
    everywhere = frozenset().union(*permitted.values())
    return corridor.paths > 1 or not corridor.required or permitted[q] != everywhere


def _separate(
    separators: list[Separator], point: np.ndarray, stable: np.ndarray, enough: float
) -> tuple[list[Row], np.ndarray]:
    """In-out separation (Ben-Ameur & Neto 2007): at the middle of the point and a stable one, then at the point.

    Ends where there are `enough` cuts. The last family, which takes longest, is looked at only where others give few.
    """
    *families, last = separators
    found: list[Row] = []
    for at in (0.5 * (point + stable), point):
        for separate in families if len(found) < enough else ():
            found += (row for row in separate(at) if row.activity(point) < row.least - 1e-6)
    if len(found) < ENOUGH:
        found += (row for row in last(point) if row.activity(point) < row.least - 1e-6)
    return list(dict.fromkeys(found)), 0.5 * (stable + point)


def _stalled(bounds: list[float]) -> bool:
    if len(bounds) <= STALL_ROUNDS:
        return False
    return bounds[-1] - bounds[-1 - STALL_ROUNDS] < STALL_GROWTH * abs(bounds[-1])
