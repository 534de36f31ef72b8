"""Every engine alone against exhaustive search: formulations, cut families, heuristics, searches.

What minimises must find the optimum, what bounds must not exceed it, what makes plans must not fall below it.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from unittest.mock import Mock

import numpy as np
import pytest
from networks import LINE, ONE, corridor, fibre, network, system
from oracle.engine_instances import KINDS, engine_instance, with_printed_budget
from oracle.search import Oracle, best_value
from planning import PATIENCE_S, plan_on_some_links, planned, singles_apart
from seeds import seeds

from qplan.candidates.links import enumerate_candidates
from qplan.candidates.model import CandidateGraph
from qplan.candidates.precheck import precheck
from qplan.inventory.model import Inventory
from qplan.optimizer.cuts import core_shares, trees
from qplan.optimizer.cuts.components import frame, trees_bind, ways_apart
from qplan.optimizer.cuts.core_shares import scope_of
from qplan.optimizer.cuts.corridor_flow_cuts import corridor_flow_cuts
from qplan.optimizer.cuts.cutset_cuts import exclusive_cutset_cuts
from qplan.optimizer.cuts.exclusive_flow_cuts import exclusive_flow_cuts
from qplan.optimizer.cuts.layered_flows import add_layered_flows
from qplan.optimizer.cuts.layered_trees import add_layered_trees
from qplan.optimizer.cuts.leaf_cuts import leaf_cuts
from qplan.optimizer.cuts.lifts import Lifts
from qplan.optimizer.cuts.ruled_trees import add_ruled_trees
from qplan.optimizer.cuts.star_trees import add_star_trees, star_ties, star_tree_cuts
from qplan.optimizer.cuts.tree_cuts import directed_cuts
from qplan.optimizer.cuts.trees import Scope, add_trees
from qplan.optimizer.cuts.witnesses import Witnesses
from qplan.optimizer.heuristics.guided_search import GuidedSearch
from qplan.optimizer.limits import SearchParameters
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.stage import Found, Task
from qplan.optimizer.search import bound_steps, plan_steps, root, standing
from qplan.optimizer.search.arc_flow import add_flows, arc_flow, merge
from qplan.optimizer.search.flow_branching import FlowTree
from qplan.optimizer.search.guidance import guide
from qplan.optimizer.search.minimization import minimize
from qplan.optimizer.search.stages import ENDS_ALONE, bound_of_ends, stages
from qplan.optimizer.search.standing import Minimization, Standing, Step
from qplan.time_budget import TimeBudget

INSTANCES = 100
BUDGETED = 4  # one of so many instances has the optimum's cost as its budget
CENT = 0.0101
FAMILIES = 15  # of cuts, in the order of `_choose_separators`


@dataclass
class Case:
    """An instance with its optimum."""

    seed: int
    inventory: Inventory
    best: Oracle | None

    @cached_property
    def candidates(self) -> CandidateGraph:
        return enumerate_candidates(self.inventory)

    @property
    def task(self) -> Task:
        """With time that begins now: engines are many, and so may cases be."""
        parameters = SearchParameters(0.0, TimeBudget.of(PATIENCE_S))
        return Task(self.inventory, self.candidates, stages(self.inventory)[-1], (), None, "highs", parameters)

    def equals(self, found: Found) -> None:
        """The optimum was found and proven."""
        assert found.infeasible == (self.best is None)
        if self.best is not None:
            assert found.incumbent.value == pytest.approx(self.best.value, abs=CENT)
            assert found.bound == pytest.approx(self.best.value, abs=CENT)

    def encloses(self, found: Found) -> None:
        """What is said of value and bound is true."""
        self.bounds(found.bound, found.infeasible)
        if found.incumbent is not None:
            assert self.best is not None and found.incumbent.value >= self.best.value - CENT

    def bounds(self, bound: float | None, infeasible: bool = False) -> None:
        assert not infeasible or self.best is None
        assert bound is None or self.best is None or bound <= self.best.value + CENT


def case(seed: int) -> Case:
    document = engine_instance(seed)
    best = best_value(Inventory.model_validate(document))
    if best is not None and seed // len(KINDS) % BUDGETED == 0:
        document = with_printed_budget(document, best)
    return Case(seed, Inventory.model_validate(document), best)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [case(seed) for seed in seeds(INSTANCES)]


def take(case: Case, *taken: Step) -> Found:
    """These steps alone."""
    found = minimize(case.task, taken, known=True)
    assert not found.notes
    return found


class Branching(bound_steps.Branching):
    """Whatever the root is like that the simplex method has solved; its bound is looked at first."""

    def __init__(self, case: Case):
        self.case = case

    def wanted(self, search: Minimization, standing: Standing) -> bool:
        root = standing.root
        return root is not None and standing.bound is not None and not root.relaxation.approximate

    def take(self, search: Minimization, standing: Standing) -> Standing:
        self.case.bounds(standing.bound)
        return super().take(search, standing)


class PoorPlan(plan_steps.FirstPlan):
    """A first plan on some of the links, which is not often the best; where there is none, on all."""

    def __init__(self, case: Case):
        self.rng = random.Random(case.seed)

    def take(self, search: Minimization, standing: Standing) -> Standing:
        links = [link.id for link in search.task.candidates.links if self.rng.random() < 0.7]
        found = GuidedSearch(search.task, search.prices, links).plan(search.task.served, {}, {})
        return super().take(search, standing) if found is None else replace(standing, incumbent=found)


def relaxed(case: Case, lift: Callable[[Formulation], Lifts], families: range = range(FAMILIES)) -> root.Root:
    """The root relaxation with some lift and some families of cuts."""
    choose = root._choose_separators
    model = case.task.design_model()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(root, "add_lifts", lambda model, *_: lift(model))
        patch.setattr(root, "_choose_separators", lambda *args: tuple(choose(*args)[i] for i in families))
        return root.relax_root(model, case.task.stage.goal(model), case.task.parameters, None)


def bounded(case: Case, lift: Callable[[Formulation], Lifts], families: range = range(FAMILIES)) -> None:
    found = relaxed(case, lift, families)
    case.bounds(found.bound, found.infeasible)


ON_LAYERS = (bound_steps.RootRelaxation(), bound_steps.LayeredRelaxation(), bound_steps.SimplexRelaxation())


def exact(case: Case) -> None:
    case.equals(take(case, bound_steps.ExactModel()))


def benders_loop(case: Case) -> None:
    case.equals(take(case, bound_steps.Rounds()))


def root_and_branching(case: Case) -> None:
    """The root relaxation with all lifts and cuts, for some by a first-order method first; then branch and cut."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bound_steps, "LOOSE", -1.0)  # layered trees wherever limits on relays permit them
        if case.seed // len(KINDS) % 2 == 0:
            patch.setattr(root, "MANY_TIES", 0)
        case.encloses(take(case, *ON_LAYERS, Branching(case)))


def all_steps(case: Case) -> None:
    """As the planner takes them, for some as on large networks: what one proves is not lost in the next."""
    with pytest.MonkeyPatch.context() as patch:
        if case.seed // len(KINDS) % 3 == 0:
            patch.setattr(standing, "MANY_SITES", 0)
            patch.setattr(standing, "VERY_FEW_SITES", 0)
        if case.seed // len(KINDS) % 2 == 0:
            patch.setattr(bound_steps, "LOOSE", -1.0)
        case.equals(minimize(case.task, known=True))


def scoped(model: Formulation, scope: Scope | None) -> Lifts:
    return Lifts(add_trees(model, binding=model.node, scope=scope))


def shares_of_components(case: Case) -> None:
    """What trees of designs as good as the optimum may use has room for this, by itself and from a plan on."""
    model = case.task.design_model()
    if trees_bind(case.inventory):
        value = case.best.value if case.best else 1e9
        for apart in ways_apart(model, model.node):
            parts, pairs = frame(model, None, apart)
            goal, clock = case.task.stage.goal(model), case.task.clock
            scope = scope_of(model, goal, pairs, parts, apart, value, value + 1, clock)
            case.bounds(scope and scope.bound, scope is None)
            bounded(case, partial(scoped, scope=scope), range(5))
        limits = ({}, {"MANY_ARCS": -1}, {"MOST_SCOPED": -1})  # by a first-order method first; without its arcs
        with pytest.MonkeyPatch.context() as patch:
            if case.seed // len(KINDS) % 2 == 0:
                patch.setattr(core_shares, "ways_apart", singles_apart)
            for limit, most in limits[case.seed // len(KINDS) % 3].items():
                patch.setattr(root, limit, most)
            patch.setattr(bound_steps, "LOOSE", -1.0)
            case.encloses(take(case, PoorPlan(case), *ON_LAYERS, Branching(case)))


def heuristics(case: Case) -> None:
    """Corridor by corridor with local search, then many orders, and the best of them shaken; without a relaxation."""
    greedy = take(case, plan_steps.FirstPlan())
    case.encloses(greedy)
    goal = case.task.stage.goal(case.task.design_model())
    found = guide(case.task, goal.prices, greedy.incumbent, {}, {}, None)
    case.encloses(replace(greedy, incumbent=found))


def lift_of_trees(case: Case) -> None:
    bounded(case, lambda model: Lifts(add_trees(model, binding=model.node)), range(5))


def lift_of_trees_that_counts_links_beyond(case: Case) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trees, "ways_apart", singles_apart)
        lift_of_trees(case)


def lift_with_a_rest(case: Case) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trees, "MOST_COLUMNS", 1)
        bounded(case, lambda model: Lifts(add_trees(model, binding=model.node)), range(5))


def lift_of_ruled_trees(case: Case) -> None:
    bounded(case, lambda model: Lifts(ruled_trees=tuple(add_ruled_trees(model))), range(5))


def lift_of_layered_trees(case: Case) -> None:
    """By the simplex method, and by a first-order method."""
    for most in (root.MANY_TIES, 0):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(root, "MANY_TIES", most)
            bounded(case, lambda model: Lifts(layered_trees=tuple(add_layered_trees(model))), range(10, 12))


def lift_of_layered_flows(case: Case) -> None:
    bounded(case, lambda model: Lifts(layered_flows=frozenset(add_layered_flows(model))), range(0))


def cut_family(case: Case) -> None:
    """Without a lift, in turn from instance to instance."""
    family = (0, 5, 6, 7, 8, 9, 14)[case.seed // len(KINDS) % 7]
    bounded(case, lambda model: Lifts(), range(family, family + 1))


def arc_flows(case: Case) -> None:
    """On the design alone; for some on top of a root relaxation too, which its multipliers bring to the same bound."""
    model, task = case.task.design_model(), case.task
    found = arc_flow(task, model, (), None)
    assert found is not None or case.best is None
    case.bounds(found and found.bound)
    if case.seed // len(KINDS) % 3 == 0:
        on_cuts = root.relax_root(model, task.stage.goal(model), task.parameters, None)
        on_rows = arc_flow(task, model, on_cuts.rows, None)
        case.bounds(on_rows and on_rows.bound)
        for flows in (found, on_rows):
            shadow = flows and not on_cuts.relaxation.approximate and flows.shadow()
            if shadow and not on_cuts.infeasible:
                on_cuts = root.go_on(on_cuts, "", [shadow], task.parameters)
                case.bounds(on_cuts.bound, on_cuts.infeasible)
                assert on_cuts.infeasible or on_cuts.bound > flows.bound - 1e-5 * max(1.0, abs(flows.bound))


def branching_on_flows(case: Case) -> None:
    """As far as it comes in a moment, held against the best value or against twice as much."""
    model, task = case.task.design_model(), replace(case.task, parameters=SearchParameters(0.0, TimeBudget.of(0.2)))
    if case.seed // len(KINDS) % 2 == 0 and (found := arc_flow(task, model, (), None)):
        value = (case.best.value if case.best else 1e6) * (1 + case.seed % 2)
        known = Mock(value=value, design=Mock(used_links=frozenset()))
        case.bounds(FlowTree(task, model, found.solved, known, task.stage.goal(model).prices, found.links).run())


def corridors_alone(case: Case) -> None:
    """One that is impossible by itself proves that there is no plan; said by the exact model alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GuidedSearch, "routable_alone", lambda *_: False)
        case.encloses(take(case, bound_steps.CorridorsAlone()))


def reach(case: Case) -> None:
    """What could be built leaves the optimum possible."""
    assert case.best is None or case.task.candidates.links
    assert case.best is None or not precheck(case.inventory, case.task.candidates).impossible


def ends_alone(case: Case) -> None:
    """What is said of the cost before any search."""
    case.bounds(bound_of_ends(case.inventory, case.candidates)[0])


ENGINES = (
    reach, corridors_alone, ends_alone, exact, lift_of_trees, lift_of_trees_that_counts_links_beyond, lift_with_a_rest,
    lift_of_ruled_trees, lift_of_layered_trees, lift_of_layered_flows, cut_family, arc_flows, branching_on_flows,
    root_and_branching, all_steps, shares_of_components, benders_loop, heuristics,
)  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.__name__)
def test_engine_alone(cases, engine):
    for case in (case for case in cases if case.task.candidates.links or engine is reach):
        try:
            engine(case)
        except Exception as wrong:
            raise AssertionError(f"seed {case.seed}, {KINDS[case.seed % len(KINDS)].__name__}: {wrong}") from wrong


def test_instances_are_what_they_should_be(cases):
    feasible = Counter(KINDS[case.seed % len(KINDS)].__name__ for case in cases if case.best)
    assert set(feasible) == {kind.__name__ for kind in KINDS}, feasible
    assert sum(feasible.values()) > len(cases) / 4, feasible


def test_cuts_of_trees_hold_for_designs_whatever_the_point(cases):
    """Designs on some of the links, which often have cycles and ends that do not relay, apart or not."""
    judged = Counter[str]()
    for case in cases:
        task, rng = case.task, random.Random(case.seed)
        model = task.design_model()
        with pytest.MonkeyPatch.context() as patch:
            if case.seed % 2:
                patch.setattr(trees, "ways_apart", singles_apart)
            lifted = add_trees(model, binding=model.node)
        if case.best is None or not lifted.arcs:
            continue
        ruled = add_ruled_trees(model)
        witnesses, goal = Witnesses(model, Lifts(lifted, tuple(ruled))), task.stage.goal(model)
        for _ in range(6):
            witnesses.learn(plan_on_some_links(task, goal.prices, rng), ())
        by_rules = [directed_cuts(model, each) for each in ruled]
        separators = directed_cuts(model, lifted), leaf_cuts(model, lifted), *by_rules
        for _ in range(10):
            point = np.array([rng.choice((0.0, rng.random(), 1.0)) * float(v.upBound) for v in model.columns])
            for rows in (separator.separate(point) for separator in separators):
                witnesses.judge(rows, None)
                judged.update(row.family for row in rows)
    assert judged["leaf_cut"] > 0 and judged.total() > len(cases)


def test_star_trees_hold_for_designs_whatever_the_point(cases):
    """Designs that serve some of the corridors, all of which are optional here."""
    judged = Counter[str]()
    for case in cases:
        optional = {
            q: corridor.model_copy(update={"required": False}) for q, corridor in case.inventory.corridors.items()
        }
        task = replace(case.task, inventory=case.inventory.model_copy(update={"corridors": optional}))
        rng, model = random.Random(case.seed), task.design_model()
        stars = tuple(add_star_trees(model))
        witnesses, goal = Witnesses(model, Lifts(star_trees=stars)), task.stage.goal(model)
        for _ in range(4):
            served = {q for q in optional if rng.random() < 0.7}
            liked = {link.id: rng.random() for link in task.candidates.links}
            found = GuidedSearch(task, goal.prices).plan(served, liked, {})
            witnesses.learn(found, list(star_ties(model, stars)))
        for _ in range(10):
            point = np.array([rng.choice((0.0, rng.random(), 1.0)) * float(v.upBound) for v in model.columns])
            rows = star_tree_cuts(model, stars).separate(point)
            witnesses.judge(rows, None)
            judged.update(row.family for row in rows if witnesses.points)
    assert judged["star_tree_cut"] > len(cases), judged


def test_cuts_of_flows_hold_for_designs_whatever_the_point(cases):
    judged = Counter[str]()
    for case in cases:
        task, rng = case.task, random.Random(case.seed)
        model = task.design_model()
        flows = add_flows(model, merge(model))
        prices, witnesses = task.stage.goal(model).prices, []
        for _ in range(4 if case.best else 0):
            found = GuidedSearch(task, prices).plan(None, {link.id: rng.random() for link in task.candidates.links}, {})
            witnesses += [flows.point_of(found.design)] if found else []
        of_flows = exclusive_flow_cuts(flows.paths, flows.sites, task.clock)
        separators = of_flows, exclusive_cutset_cuts(model), corridor_flow_cuts(model, model.networks)
        for turn in range(10 if witnesses else 0):
            point = np.array([rng.choice((0.5 * (turn % 2), rng.random(), 1.0)) for _ in range(flows.columns)])
            rows = [row for separator in separators for row in separator.separate(point)]
            assert not any(row.violated(witness, 1e-6) for row in rows for witness in witnesses), case.seed
            judged.update(row.family for row in rows)
    rarest = min(judged[family] for family in ("exclusive_flow", "corridor_flow"))
    assert 3 * rarest > len(cases) and judged["exclusive_cutset"], judged


def test_a_plan_enters_flows_of_corridors_that_run_either_way():
    ring = {f: fibre(*f) for f in ("am", "mb", "an", "nb")}
    inventory = network(ring, {"c": corridor("a", "b", paths=2), "d": corridor("b", "a", paths=2)})
    case = Case(0, inventory, best_value(inventory))
    model = case.task.design_model()
    flows = add_flows(model, merge(model))
    (flow,), point = flows.paths, np.zeros(flows.columns)
    found = GuidedSearch(case.task, case.task.stage.goal(model).prices).plan(None, {}, {})
    flow.enter(found.design, point)
    assert sorted(point[flow.columns].tolist()) == pytest.approx([0.0] * 4 + [1.0] * 4)


@pytest.mark.parametrize("disjoint", ["relay", "node", "duct"])
def test_relayed_by_one_path_patched_through_by_another(disjoint):
    """Over ax keys must be relayed at x, over xa they are patched through there; around x all is dear."""
    fibres = {"ax": 7.0, "xa": 5.0, "xb": 4.0, "bx": 4.0, "ay": 9.0, "yb": 9.0}
    inventory = network(
        {f: fibre(*f, loss_db=loss_db) for f, loss_db in fibres.items()},
        {"c": corridor("a", "b", paths=2, disjoint=disjoint)},
        sites={"y": {"relay_cost": 1000}},
        policy={"max_bypass_sites": 1, "bypass_loss_db": 0.0},
    )
    case = Case(0, inventory, best_value(inventory))
    assert case.best.value == (300 if disjoint == "relay" else 1300)
    for engine in ENGINES:
        engine(case)


def test_ends_that_only_corridors_under_other_rules_join():
    """From a to z, past m, keys pass where the rules of the other corridors refuse it; these meet at t, no relay."""
    inventory = network(
        {way: fibre(*way) for way in ("ab", "at", "tz", "am", "mz")},
        {way: corridor(*way, avoid_sites=[] if way == "az" else ["m"]) for way in ("ab", "at", "tz", "az")},
        sites={"t": {"trusted_node": "forbidden"}},
    )
    case = Case(0, inventory, best_value(inventory))
    assert case.best.value == 500 and [each.rooted for each in add_ruled_trees(case.task.design_model())] == [1]
    for engine in ENGINES:
        engine(case)


@pytest.mark.parametrize("kind", ["under other rules", "that are optional"])
def test_trees_that_only_corridors_of_another_kind_join(kind):
    """A design is in one piece by x alone, which no tree of ab, ac and de passes: by rules, or as it may not relay."""
    ways, rules = ("ab", "ac", "de"), {"avoid_sites": ["x"]} if kind == "under other rules" else {}
    others = {"bd": {}} if rules else {way: {"required": False, "priority": 1} for way in ("bx", "xd")}
    inventory = network(
        {way: fibre(*way) for way in ("ab", "ac", "bx", "xd", "de")},
        {way: corridor(*way, **rules) for way in ways} | {way: corridor(*way, **asks) for way, asks in others.items()},
        sites={} if rules else {"x": {"trusted_node": "forbidden"}},
    )
    found = planned(inventory).search
    assert (found.status, found.value, found.notes) == ("optimal", 500, ())


@pytest.mark.parametrize(("relay", "cost"), [("allowed", None), ("existing", 200)])
def test_items_of_an_existing_relay_stand_elsewhere(relay, cost):
    """Room for a key manager and two systems at the site between, but not for a module of security besides."""
    inventory = network(
        LINE,
        ONE,
        sites={"m": {"rack_units": 3, "trusted_node": relay}},
        systems={"q": system(rack_units=1)},
        items={"node_items": {"KMS": {"rack_units": 1}}, "relay_items": {"HSM": {"rack_units": 1, "price": 40}}},
    )
    case = Case(0, inventory, best_value(inventory))
    assert (case.best and case.best.value) == cost
    for engine in ENGINES:
        engine(case)


def test_a_root_whose_corridors_use_different_links():
    """From r to t a link gives 100 bit/s, enough for one corridor, too little for the others; around by s is dear."""
    asked = {"s": 900, "u": 900, "t": 100}
    inventory = network(
        {
            "rs": fibre("r", "s"),
            "ru": fibre("r", "u"),
            "rt": fibre("r", "t", 10.0),
            "st": fibre("s", "t", setup_cost_per_strand=500),
        },
        {f"to-{end}": corridor("r", end, key_rate_bps=rate, max_relays=1) for end, rate in asked.items()},
        systems={"q": system(key_rate_curve=[[0, 1000], [8, 1000], [10, 100]])},
    )
    case = Case(0, inventory, best_value(inventory))
    assert case.best.value == 300
    for engine in ENGINES:
        engine(case)


@pytest.mark.parametrize(("ducts", "possible"), [(("de", "ef", "df"), False), (("de", "ef", "g"), True)])
def test_one_corridor_that_is_impossible_by_itself_is_proof(ducts, possible):
    """Three ways through one site each, any two of which share a duct that the third has not: no piece is on all."""
    ways = dict(zip("xyz", ducts, strict=True))
    fibres = {f"{end}{s}": fibre(end, s, ducts=list(ways[s])) for s in ways for end in "ab"}
    corridors = {"c": corridor("a", "b", paths=2, disjoint="duct"), "d": corridor("a", "x")}
    inventory = network(fibres, corridors)
    case = Case(0, inventory, best_value(inventory))
    assert not precheck(inventory, case.candidates).impossible
    found = take(case, plan_steps.FirstPlan(), bound_steps.CorridorsAlone())
    assert found.infeasible is not possible and (found.incumbent is not None) is possible


def test_nodes_at_the_ends_are_a_bound_before_any_search():
    """EUR 30 at each of two ends, 7 for the items; neither what relays cost nor an optional corridor is among it."""
    inventory = network(
        LINE,
        {**ONE, "optional": corridor("a", "m", required=False)},
        sites={s: {"node_cost": 30, "relay_cost": 1000} for s in "amb"},
        items={"node_items": {"KMS": {"price": 7}}},
    )
    assert bound_of_ends(inventory, enumerate_candidates(inventory)) == (74.0, ENDS_ALONE)
