"""How the bound of a search becomes the bound of a plan, and what stages hold of one another."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
from networks import corridor, fibre, network

from qplan.candidates.links import enumerate_candidates
from qplan.optimizer.heuristics.guided_search import GuidedSearch
from qplan.optimizer.limits import SearchParameters, Sighting
from qplan.optimizer.model.stage import Task
from qplan.optimizer.search.flow_branching import say_more
from qplan.optimizer.search.minimization import minimize
from qplan.optimizer.search.plan_steps import FirstPlan
from qplan.optimizer.search.stages import _round_bound, search_plan, stages


@pytest.mark.parametrize(
    ("objective", "value", "bound", "said"),
    [
        ("relays", 5.0, 3.0 + 1e-9, 3.0),  # the solver's rounding is no relay
        ("relays", 5.0, 3.1, 4.0),
        ("relays", 3.0, 3.1, 3.0),
        ("tco", 2e8, 1e8, 99_999_999.9),  # a share of 1e-9 may be the solver's rounding
        ("tco", 100.0, 99.998, 100.0),
        ("capex", 100.0, 12.349, 12.34),
        ("capex", 100.0, -1.0, 0.0),
    ],
)
def test_a_bound_is_rounded_to_the_safe_side(objective, value, bound, said):
    assert _round_bound(objective, value, bound) == pytest.approx(said, rel=1e-12)


def test_a_later_stage_begins_with_the_design_of_the_one_before(monkeypatch):
    """Also where local search finds none that keeps what the stage before has found."""
    fibres = {"f": fibre("a", "x", setup_cost_per_strand=900), "g": fibre("x", "b")}
    fibres |= {way: fibre(*way) for way in ("ay", "yz", "zb")}
    inventory, tasks = network(fibres, {"c": corridor("a", "b")}, objective="relays"), list[Task]()
    found = search_plan(inventory, enumerate_candidates(inventory), "highs", SearchParameters(0.0), tasks.append)
    relays, money = tasks
    assert relays.before is None and money.before is not None and money.before.relay_count == found.value == 1
    monkeypatch.setattr(GuidedSearch, "plan", lambda *_: None)
    assert minimize(money, (FirstPlan(),), known=True).incumbent.value == pytest.approx(found.design.costs.tco)


@pytest.mark.parametrize(
    ("objective", "bound", "least"),
    [("relays", 4.2, 5), ("relays", 4 + 1e-9, 4), ("relays", 3e6 + 0.5, 3e6 + 0.5), ("tco", 4.2, 4.2)],
)
def test_relays_are_whole(objective, bound, least):
    inventory = network({"f": fibre("a", "b")}, {"c": corridor("a", "b")}, objective=objective)
    stage = stages(inventory)[0]
    task = Task(inventory, enumerate_candidates(inventory), stage, (), None, "highs", SearchParameters(0.0))
    assert task.least(bound) == pytest.approx(least, rel=1e-9)
    assert task.within(5.0, bound) is (least >= 5)


@pytest.mark.parametrize(
    ("priorities", "capex", "sure"),
    [
        ((5, 3, 1), 300, "cde"),
        ((5, 3, 1), 200, "cd"),  # without e 1 is lost, without any other more
        ((5, 3, 1), 100, "c"),
        ((3, 3, 3), 200, ""),  # any two of them
        ((0.1, 0.2, 0.3), 100, "e"),  # c and d are worth as much, but too dear together
        ((0.1, 0.2, 0.3), 300, "cde"),
        ((5, 0, 1), 300, "ce"),
    ],
)
def test_corridors_without_which_priority_is_lost_are_required_once_it_is_known(priorities, capex, sure):
    """Three corridors side by side, each of which costs 100, and one that no plan serves."""
    fibres = {q: fibre(f"{q}1", f"{q}2") for q in "cde"} | {"f": fibre("f1", "x"), "g": fibre("y", "f2")}
    corridors = {
        q: corridor(f"{q}1", f"{q}2", required=False, priority=priority)
        for q, priority in zip("cde", priorities, strict=True)
    }
    corridors["f"] = corridor("f1", "f2", required=False, priority=4)
    inventory, tasks = network(fibres, corridors, budget={"capex": capex}), list[Task]()
    found = search_plan(inventory, enumerate_candidates(inventory), "highs", SearchParameters(0.0), tasks.append)
    assert [len([q for q in task.inventory.corridors.values() if q.required]) for task in tasks] == [0, len(sure)]
    assert {q for q, each in tasks[-1].inventory.corridors.items() if each.required} == set(sure)
    assert found.status == "optimal" and found.design.costs.capex <= capex


@pytest.mark.parametrize(
    ("flows", "cuts", "rules", "branched"),
    [(84.0, 80.0, (), True), (81.0, 80.0, (), False), (81.0, 80.0, ("trees",), True), (81.0, None, (), True)],
)
def test_flows_are_branched_on_where_they_say_much_more_than_cuts(flows, cuts, rules, branched):
    """Against a plan of 100."""
    root = Mock(bound=cuts, **{"witnesses.lifts.ruled_trees": rules})
    assert say_more(Mock(bound=flows), root, Mock(value=100.0)) is branched
    assert say_more(Mock(bound=flows), None, Mock(value=100.0))


def test_who_watches_is_told_what_is_known_while_a_solver_knows_less():
    inventory, seen = network({"f": fibre("a", "b")}, {"c": corridor("a", "b")}), list[Sighting]()
    limits = SearchParameters(0.0, watch=seen.append)
    task = Task(inventory, enumerate_candidates(inventory), stages(inventory)[0], (), None, "highs", limits)
    known = minimize(task).incumbent
    seen.clear()
    for value, bound in ((None, None), (known.value + 1, 1.0), (known.value - 1, 3.0)):
        task.knowing(known, 2.0).parameters.watch(Sighting("tco", value, bound))
    task.knowing(None, None).parameters.watch(Sighting("tco", None, None))
    told = [(known.value, 2.0), (known.value, 2.0), (known.value - 1, 3.0), (None, None)]
    assert [(each.value, each.bound) for each in seen] == told
