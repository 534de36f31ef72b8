"""The search that makes plans without the solver: its moves gain, and its books agree with the plan they stand for."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from networks import corridor, fibre, network
from oracle.random_inventories import random_inventory
from planning import PATIENCE_S
from seeds import seeds

from qplan.candidates.arrays import CandidateArrays
from qplan.candidates.design import Design
from qplan.candidates.disjoint_paths import keep_apart
from qplan.candidates.links import enumerate_candidates
from qplan.candidates.model import CandidateGraph
from qplan.inventory.model import Inventory
from qplan.optimizer.heuristics.guided_search import GuidedSearch, shake
from qplan.optimizer.heuristics.local_search import construct, improve, orders, perturb
from qplan.optimizer.heuristics.segment_moves import Tried, exchange_segments
from qplan.optimizer.limits import SearchParameters
from qplan.optimizer.model.stage import Task
from qplan.optimizer.search.minimization import minimize
from qplan.optimizer.search.plan_steps import FirstPlan, ServeMore
from qplan.optimizer.search.stages import stages
from qplan.time_budget import TimeBudget


def never() -> bool:
    return False


def indexed(inventory: Inventory) -> tuple[Task, CandidateArrays, float]:
    """The last stage's task, its reach graph in integers, and the factor on prices there."""
    graph: CandidateGraph = enumerate_candidates(inventory)
    limits = SearchParameters(0.0, TimeBudget.of(PATIENCE_S))
    task = Task(inventory, graph, stages(inventory)[-1], (), None, "highs", limits)
    goal = task.stage.goal(task.design_model())
    return task, CandidateArrays(inventory, graph, goal.prices), goal.scale


def test_a_first_plan_where_patched_links_take_the_strands_of_others():
    """Relays are dear and every fibre has one strand: whoever is routed before the neighbours patches them out."""
    sites = range(13)
    single = {f"m{i:02}": corridor(f"s{i}", f"s{i + 1}") for i in sites[:-1]}
    double = {f"{'az'[i // 2 % 2]}{i:02}": corridor(f"s{i}", f"s{i + 2}") for i in sites[:-2:2]}
    inventory = network(
        {f"f{i}": fibre(f"s{i}", f"s{i + 1}") for i in sites[:-1]},
        single | double,
        sites={f"s{i}": {"relay_cost": 10_000, "bypass_loss_db": 0.0} for i in sites},
        policy={"max_bypass_sites": 1},
    )
    task, _, _ = indexed(inventory)
    found = minimize(task, (FirstPlan(),), known=True)
    assert found.incumbent is not None and found.incumbent.value == 12 * 100 + 6 * 10_000


def test_paths_over_a_stretch_move_together():
    """Six keys over a span of 24 dB take four systems; relayed half-way one system per hop carries all of them.

    Two such spans lie side by side, so that keeping off one leads to the other, and no path alone pays for the relay.
    """

    def fibre(a: str, b: str) -> dict:
        return {"ends": [a, b], "loss_db": 12.0, "length_km": 50, "strands": 9}

    inventory = Inventory.model_validate({
        "qplan": 1,
        "sites": {s: {"node_cost": 1, "relay_cost": 50, "bypass_loss_db": 0} for s in ("east", "hut", "west")},
        "fibres": {f"{a}-{n}": fibre(a, "hut") for a in ("east", "west") for n in (1, 2)},
        "equipment": {"qkd_systems": {"pair": {"key_rate_curve": [[12, 6.0], [24, 1.5]], "price": 100}}},
        "corridors": {f"q{n}": {"ends": ["east", "west"], "key_rate_bps": 1.0} for n in range(6)},
    })  # fmt: skip
    _, index, scale = indexed(inventory)
    state = construct(index, sorted(index.commodities), 1.0, 1.0)
    assert state.price / scale == pytest.approx(2 + 4 * 100)
    exchange_segments(state, never, Tried())
    assert state.price / scale == pytest.approx(3 + 50 + 2 * 100)


def test_books_agree_with_the_plan():
    for seed in seeds(24):
        inventory = Inventory.model_validate(random_inventory(random.Random(seed)))
        task, index, scale = indexed(inventory)
        planner = GuidedSearch(task, task.stage.goal(task.design_model()).prices)
        for order in orders(index, sorted(index.commodities), 3):
            state = construct(index, order, 1.0, 1.0)
            if state is None:
                continue
            improve(state, never)
            for found in (state, *perturb(state, random.Random(seed), 3, never)):
                assert all(keep_apart(index, index.commodities[q], paths) for q, paths in found.paths.items()), (
                    f"seed {seed}"
                )
                known = planner._incumbent(found)
                assert known is None or known.value == pytest.approx(found.price / scale, abs=0.02), f"seed {seed}"


def grid(rng: random.Random) -> Inventory:
    """Corridors across a square of sites that relay at different prices."""
    names = [f"s{row}{column}" for row in range(5) for column in range(5)]
    pairs = [(a, b) for a in names for b in names if int(b[1:]) - int(a[1:]) in (1, 10)]
    relays = {site: {"relay_cost": rng.randrange(10, 100)} for site in names}
    corridors = {f"q{n}": corridor(*rng.sample(names, 2)) for n in range(8)}
    return network({f"{a}-{b}": fibre(a, b) for a, b in pairs}, corridors, sites=relays)


def test_the_best_of_all_shaken_plans_is_kept(monkeypatch):
    """On whatever links are drawn, and with dearer plans on the way, as none is improved; the same every time."""
    monkeypatch.setattr("qplan.optimizer.heuristics.local_search.improve", lambda *_: None)
    monkeypatch.setattr("qplan.optimizer.heuristics.local_search.TOLERATED", 1.0)
    gained = dearer = 0
    for seed in seeds(6):
        task, _, _ = indexed(grid(random.Random(seed)))
        prices, values = task.stage.goal(task.design_model()).prices, list[float]()

        def measure(design: Design, measure=task.stage.measure, values=values) -> float:
            values.append(measure(design))
            return values[-1]

        first = GuidedSearch(task, prices).plan(task.served, {}, {})
        shaken = shake(replace(task, stage=replace(task.stage, measure=measure)), prices, first, (), None)
        assert shaken.value == min(first.value, *values), f"seed {seed}"
        assert shake(task, prices, first, (), None).design == shaken.design, f"seed {seed}"
        gained += shaken.value < first.value
        dearer += values != sorted(values, reverse=True)
    assert gained and dearer


@pytest.mark.parametrize(
    ("priorities", "capex", "at_first", "at_last"),
    [
        ({"c": 5, "d": 3, "e": 3}, 200, 6, 6),  # c costs as much as d and e
        ({"c": 5, "d": 3}, 200, 3, 5),  # d is worth more for its price, but leaves no room for c
        ({"c": 0, "d": 3}, 300, 3, 3),
    ],
)
def test_a_budget_is_spent_where_it_gives_most_priority(priorities, capex, at_first, at_last):
    """Corridor c is two links long, the others one; each link costs 100."""
    fibres = {"c1": fibre("c1", "cx"), "c2": fibre("cx", "c2"), "d": fibre("d1", "d2"), "e": fibre("e1", "e2")}
    corridors = {q: corridor(f"{q}1", f"{q}2", required=False, priority=p) for q, p in priorities.items()}
    inventory = network(fibres, corridors, budget={"capex": capex})
    graph, limits = enumerate_candidates(inventory), SearchParameters(0.0)
    task = Task(inventory, graph, stages(inventory)[0], (), None, "highs", limits)
    totals = [
        -minimize(task, taken, known=True).incumbent.value for taken in ((FirstPlan(),), (FirstPlan(), ServeMore()))
    ]
    assert totals == [at_first, at_last]
