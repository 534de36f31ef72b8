"""The root relaxation: design variables, the directed lift, and rounds of cuts until the bound stands still."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from qplan.candidates.bundles import CorridorNetwork, find_tight_links
from qplan.optimizer.cuts.components import binding_ends
from qplan.optimizer.cuts.core_shares import best_scope
from qplan.optimizer.cuts.corridor_flow_cuts import corridor_flow_cuts
from qplan.optimizer.cuts.cutset_cuts import cutset_cuts
from qplan.optimizer.cuts.dual_ascent import ascent_cuts, packed_cuts
from qplan.optimizer.cuts.end_cuts import end_cuts, end_links
from qplan.optimizer.cuts.exclusive_cuts import exclusive_cuts
from qplan.optimizer.cuts.layered_cuts import layered_cuts
from qplan.optimizer.cuts.layered_trees import layer_entries, layer_ties, layered_ascent, layered_tree_cuts
from qplan.optimizer.cuts.leaf_cuts import leaf_cuts
from qplan.optimizer.cuts.lifts import Lifts, add_layers, add_lifts
from qplan.optimizer.cuts.path_cuts import link_ends, path_cuts
from qplan.optimizer.cuts.row import Point, Row, Separator, separate_from, together
from qplan.optimizer.cuts.star_trees import star_ties, star_tree_cuts
from qplan.optimizer.cuts.tree_cuts import directed_cuts, rest_cuts, tree_balance
from qplan.optimizer.cuts.witnesses import Witnesses
from qplan.optimizer.cuts.zero_half_cuts import zero_half_cuts
from qplan.optimizer.limits import SearchParameters, Sighting
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.objectives import Goal
from qplan.optimizer.model.stage import CENT, Incumbent, better, within
from qplan.optimizer.solvers.approximate_relaxation import ApproximateRelaxation
from qplan.optimizer.solvers.relaxation import NO_LIMIT, LpEnding, Relaxation
from qplan.time_budget import OutOfTime, TimeBudget

PURGE_EVERY = 6  # rounds between clearances of slack rows
STALL_ROUNDS = 20  # rounds over which the bound must grow
PLATEAU_ROUNDS = 60  # the same where several paths' rows are halved, and the bound is far from the plan
FAR = 0.02  # of the plan's value
STILL_ROUNDS = 3  # after which all families are asked
STALL_GROWTH = 2e-4  # by this share
CLOSING = 0.1  # of what is left to the plan's value, where that is not far: branching closes it sooner
MOST_ROUNDS = 400
SKETCHED_GROWTH = 2e-3  # by this share in a few rounds, where the relaxation is but to guide a plan
GUIDED = (12, 48, 192)  # rounds in which a plan is looked for
BLIND = 3  # times as far from a plan that no relaxation has guided yet
MOST_STEPS = 5000  # of the simplex method from one round to the next
MOST_SCOPED = 160_000  # arcs of trees within a scope: beyond this the first solution takes longer than is left for it
MANY_TIES = 4000  # rows of layered trees, with which the relaxation is left to a first-order method
MANY_ARCS = 15_000  # of trees within a scope: the same
ENOUGH = 5  # cuts in a round, beyond which no more are looked for
BINDING = 1e-2  # most slack of a tie that the simplex method begins with
VIOLATED = 1e-6  # least violation of a cut at the relaxation's point


@dataclass(frozen=True)
class Root:
    """A valid bound (None where a limit came before the first), and what the relaxation leaves behind.

    `incumbent` is the best plan known by then; `rows` are the cuts that still bind; `point` and `reduced_costs` are per
    column of the model.
    """

    infeasible: bool
    bound: float | None
    rows: tuple[Row, ...]
    point: Point
    reduced_costs: np.ndarray
    relaxation: Relaxation | ApproximateRelaxation
    separators: tuple[Separator, ...]
    layered: bool  # the model has grown by layered graphs
    witnesses: Witnesses
    incumbent: Incumbent | None
    cut_short: bool = False  # by a limit
    cutoff: float = math.inf  # designs worth more are not in the relaxation
    by: str = "relaxation"

    @property
    def solved(self) -> bool:
        """At least once: what else gives a bound is none of the relaxation's."""
        return bool(self.point.any())

    @property
    def halved(self) -> bool:
        """Half-integral points are cut off, so that branching on what is left is often soon at its end."""
        return any(separator.family == "zero_half" for separator in self.separators)

    @property
    def method(self) -> str:
        """What gave the bound."""
        return f"{self.by}, {len(self.rows)} cuts"


def relax_root(
    model: Formulation,
    goal: Goal,
    parameters: SearchParameters,
    incumbent: Incumbent | None,
    guided: Callable[[Root], Incumbent | None] | None = None,
    joined: bool = False,
    hopeless: float = math.inf,
) -> Root:
    """Add the directed lift to a design model and separate cuts at its relaxation.

    The bound need not come closer to the incumbent's value than the gap asked for. `guided` makes a plan from a
    relaxation not yet at its end. `joined`: for designs in one piece only, with no plan known. Cut short where a plan
    that is so guided is more than the share `hopeless` of its value away, or the one known before by far more. Raises
    `UnsoundCut`, and OutOfTime where there is no bound yet.
    """
    clock = parameters.clock
    value = None if joined or incumbent is None else incumbent.value
    scope = None if value is None else best_scope(model, goal, value, parameters.gap, MOST_SCOPED, clock)
    narrow = scope if scope is not None and len(scope.arcs) <= MOST_SCOPED else None
    lifts = add_lifts(model, goal, joined, clock, narrow)
    if narrow is None or not lifts.trees.arcs:
        rows = ascent_cuts(model, lifts.trees, goal.prices, clock)
    else:
        rows = packed_cuts(model, lifts.trees, narrow.cuts)
    for ruled in lifts.ruled_trees:
        rows += ascent_cuts(model, ruled, goal.prices, clock)
    large = narrow is not None and len(narrow.arcs) > MANY_ARCS
    root = _begin(model, goal, lifts, rows, incumbent, clock, large)
    if scope is not None and incumbent is not None:
        bound, cutoff = min(scope.bound, incumbent.value), math.inf if narrow is None else incumbent.value
        root = replace(root, cutoff=cutoff, bound=bound, by="shares of components")
        if within(parameters, incumbent.value, bound):
            return root
    least_growth = SKETCHED_GROWTH if joined else 0.0
    stable = _keeping_cuts(model, lifts)
    return _separate_in_rounds(root, f"{goal.name}, relaxation", stable, parameters, guided, least_growth, hopeless)


def with_layers(
    root: Root,
    model: Formulation,
    goal: Goal,
    parameters: SearchParameters,
    guided: Callable[[Root], Incumbent | None] | None = None,
) -> Root:
    """The same with layered trees for limits on relays, from its cuts on; `model` is the one with the lifts.

    Raises `UnsoundCut` and OutOfTime.
    """
    clock = parameters.clock
    lifts = add_layers(model, root.witnesses.lifts)
    rows = [*root.rows, *layered_ascent(model, lifts.layered_trees, goal.prices, clock)]
    begun = _begin(model, goal, lifts, rows, root.incumbent, clock, root.relaxation.approximate)
    begun = replace(begun, bound=root.bound, cutoff=root.cutoff, by=root.by)
    new = (0, len(model.columns) - len(root.point))  # columns, of which nothing is known before the first solution
    begun = replace(begun, point=np.pad(root.point, new), reduced_costs=np.pad(root.reduced_costs, new))
    phase = f"{goal.name}, relaxation with layers"
    return _separate_in_rounds(begun, phase, _keeping_cuts(model, lifts), parameters, guided)


def _begin(
    model: Formulation,
    goal: Goal,
    lifts: Lifts,
    rows: Sequence[Row],
    incumbent: Incumbent | None,
    clock: TimeBudget,
    large: bool,
) -> Root:
    """A relaxation of a model with its lifts and some cuts, not yet solved; `large`: by a first-order method."""
    ties = list(layer_ties(model, lifts.layered_trees))
    large = large or len(ties) > MANY_TIES
    separators = _choose_separators(model, goal, lifts, [] if large else ties)
    relaxation = (
        ApproximateRelaxation(model, goal, clock, ties) if large else Relaxation(model, goal, clock, _halves(model))
    )
    if _halves(model) and not large:
        separators += (zero_half_cuts(model, lambda: relaxation.program),)
    witnesses = Witnesses(model, lifts)
    witnesses.learn(incumbent, rows)
    relaxation.add(rows)
    nothing = np.zeros(len(model.columns))
    layered = bool(lifts.layered)
    return Root(False, None, tuple(rows), nothing, nothing, relaxation, separators, layered, witnesses, incumbent)


def _keeping_cuts(model: Formulation, lifts: Lifts) -> Point:
    """A point that keeps all cuts, to be stable at first."""
    stable = np.ones(len(model.columns))
    if lifts.trees.extra is not None:
        stable[model.index()[lifts.trees.extra.name]] = 0.0
    return stable


def go_on(root: Root, phase: str, rows: Sequence[Row], parameters: SearchParameters) -> Root:
    """Where a relaxation stands after more rows that hold, if there are any, and the cuts that then follow.

    Raises `UnsoundCut`.
    """
    root.witnesses.judge(rows, root.incumbent)
    root.relaxation.clock = parameters.clock
    root.relaxation.add(rows)
    begun = replace(root, rows=(*root.rows, *rows), cut_short=False)
    return _separate_in_rounds(begun, phase, root.point, parameters, None)


def by_simplex(root: Root, model: Formulation, goal: Goal) -> Root:
    """The same with all its cuts, left to the simplex method; `model` is the one with the lifts.

    Ties of layered trees, all of which a first-order method has, come where they are needed.
    """
    ties = list(layer_ties(model, root.witnesses.lifts.layered_trees))
    binding = [row for row in ties if row.activity(root.point) < row.least + BINDING]
    rows = tuple(dict.fromkeys([*root.rows, *binding]))
    relaxation = Relaxation(model, goal, root.relaxation.clock)
    relaxation.add(rows)
    separators = (*root.separators, Separator("layered_tree_tie", separate_from(ties, len(model.columns))))
    return replace(root, relaxation=relaxation, rows=rows, separators=separators)


def _halves(model: Formulation) -> bool:
    """Several paths, and no rate that binds: points of the relaxation are often half-integral."""
    several = any(corridor.paths > 1 for corridor in model.inventory.corridors.values())
    return several and not find_tight_links(model.inventory, model.candidates)


def _choose_separators(model: Formulation, goal: Goal, lifts: Lifts, ties: list[Row]) -> tuple[Separator, ...]:
    """All families, in the order in which they are asked; `ties` are the rows of layered trees found one by one."""
    trees, layered_trees = lifts.trees, lifts.layered_trees
    priced = bool(binding_ends(model, goal))
    severed = _beyond_trees(model) if trees.arcs and not priced else list(model.networks)
    not_lifted = [network for network in model.networks if network.corridor not in lifts.layered]
    entries = [*ties, *layer_entries(model, layered_trees)]
    return (
        link_ends(model),
        together([tree_balance(model, each) for each in lifts.all_trees]),
        leaf_cuts(model, trees),
        together([directed_cuts(model, each) for each in lifts.all_trees]),
        together([rest_cuts(model, each) for each in lifts.all_trees]),
        path_cuts(model, severed),
        end_links(model, priced),
        end_cuts(model, priced),
        layered_cuts(model, not_lifted),
        cutset_cuts(model),
        Separator("layered_tree_entry", separate_from(entries, len(model.columns))),
        layered_tree_cuts(model, layered_trees),
        Separator("star_tree_tie", separate_from(list(star_ties(model, lifts.star_trees)), len(model.columns))),
        star_tree_cuts(model, lifts.star_trees),
        corridor_flow_cuts(model, severed),
        exclusive_cuts(model, severed),
    )


def _separate_in_rounds(
    root: Root,
    phase: str,
    stable: Point,
    parameters: SearchParameters,
    guided: Callable[[Root], Incumbent | None] | None,
    least_growth: float = 0.0,
    hopeless: float = math.inf,
) -> Root:
    """Solve the relaxation and add the cuts that its point violates, in turn.

    Ends where the bound grows by no more than `least_growth` of it in a few rounds, cut short where it is a `hopeless`
    share of the plan's value away.
    """
    relaxation, bounds = root.relaxation, list[float]()
    for turn in range(MOST_ROUNDS):
        if parameters.clock.interrupted:
            return replace(root, cut_short=True)
        solved = relaxation.solve(MOST_STEPS if turn else NO_LIMIT)
        if solved is LpEnding.INFEASIBLE:
            if math.isfinite(root.cutoff):
                return replace(root, bound=root.cutoff)
            return replace(root, infeasible=True, bound=None)
        if solved is LpEnding.STOPPED:
            return replace(root, cut_short=True)
        bound = min(relaxation.bound, root.cutoff)
        if root.bound is None or bound >= root.bound:  # one that is approximate may be lower
            root = replace(root, bound=bound, reduced_costs=relaxation.reduced_costs, by="relaxation")
        else:
            bound = root.bound
        bounds.append(bound)
        root = replace(root, point=relaxation.point)
        if guided is not None and turn in GUIDED:
            root = replace(root, incumbent=better(root.incumbent, guided(root)))
            root.witnesses.learn(root.incumbent, root.rows)
        value = None if root.incumbent is None else root.incumbent.value
        parameters.watch(Sighting(phase, value, bound))
        if value is not None and value - bound > (hopeless if turn >= GUIDED[0] else BLIND * hopeless) * abs(value):
            return replace(root, cut_short=True)
        enough = math.inf if relaxation.approximate else ENOUGH
        try:
            still = _stalled(bounds, STILL_ROUNDS)
            found, stable = _separate(root.separators, root.point, stable, enough, parameters.clock, still)
        except OutOfTime:
            return replace(root, cut_short=True)
        root.witnesses.judge(found, root.incumbent)
        if _is_enough(root, bounds, parameters, least_growth) or (not found and relaxation.settled):
            return root
        packed = turn == 0 and math.isfinite(root.cutoff)  # of the packings' cuts more than half are slack
        if relaxation.approximate or packed or turn % PURGE_EVERY == PURGE_EVERY - 1:
            # limits on relays may raise nothing for long: tight rows, taken out, would come again and again
            kept = relaxation.drop_slack(tight=not root.layered)
            root = replace(root, rows=tuple(row for row, stays in zip(root.rows, kept, strict=True) if stays))
            if value is not None and isinstance(relaxation, Relaxation) and relaxation.drop_columns(value + CENT):
                root = replace(root, cutoff=value)
        relaxation.add(found)
        root = replace(root, rows=(*root.rows, *found))
    return root


def _beyond_trees(model: Formulation) -> list[CorridorNetwork]:
    """Corridors whose needs the lift does not see: several paths, optional, or rules of their own on relays.

    What relaying at ends costs it never sees.
    """
    corridors, permitted = model.inventory.corridors, model.candidates.usability.permitted
    everywhere = frozenset[str]().union(*permitted.values())
    return [
        network
        for network in model.networks
        if corridors[network.corridor].paths > 1
        or not corridors[network.corridor].required
        or permitted[network.corridor] != everywhere
    ]


def _separate(
    separators: Sequence[Separator], point: Point, stable: Point, enough: float, clock: TimeBudget, still: bool
) -> tuple[list[Row], np.ndarray]:
    """In-out separation (Ben-Ameur & Neto 2007): at the middle of the point and a stable one, then at the point.

    Ends where there are `enough` cuts. Families that take long are looked at only where others give few, or where the
    bound stands still. Raises OutOfTime.
    """
    found: list[Row] = []
    for at in (0.5 * (point + stable), point):
        for separator in separators if len(found) < enough else ():
            if not separator.dear:
                clock.check()
                found += (row for row in separator.separate(at) if row.violated(point, VIOLATED))
    for separator in separators if still or len(found) < ENOUGH else ():
        if separator.dear:
            clock.check()
            found += separator.violated(point, VIOLATED)
    return list(dict.fromkeys(found)), 0.5 * (stable + point)


def _is_enough(root: Root, bounds: list[float], parameters: SearchParameters, least_growth: float) -> bool:
    """The last of the bounds is all that was asked for, or has grown too little to go on."""
    bound, value = bounds[-1], None if root.incumbent is None else root.incumbent.value
    room = math.inf if value is None else (value - bound) / max(abs(value), 1e-9)
    patient = root.halved and room > FAR and not root.relaxation.approximate
    stalled = _stalled(bounds, PLATEAU_ROUNDS if patient else STALL_ROUNDS)
    if value is not None and room < FAR and not root.relaxation.approximate:
        stalled = _stalled(bounds, STALL_ROUNDS, CLOSING * (value - bound))
    if least_growth:
        stalled |= _stalled(bounds, STILL_ROUNDS, least_growth * abs(bound))
    return stalled or (value is not None and within(parameters, value, bound))


def _stalled(bounds: list[float], rounds: int, growth: float = 0.0) -> bool:
    """The bound has grown by less than that, or next to nothing, over so many rounds."""
    if len(bounds) <= rounds:
        return False
    return bounds[-1] - bounds[-1 - rounds] < max(growth, STALL_GROWTH * abs(bounds[-1]))
