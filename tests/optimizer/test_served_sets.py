"""Which optional corridors a budget has room for: sets that are too dear, and the best of those that are not."""

from __future__ import annotations

import random
from itertools import combinations
from unittest.mock import Mock

import pytest
from networks import corridor, fibre, network
from oracle.engine_instances import engine_instance
from oracle.search import best_value
from planning import REF
from seeds import seeds

from qplan.candidates.links import enumerate_candidates
from qplan.inventory.model import Inventory
from qplan.optimizer.limits import SearchParameters, StopReason
from qplan.optimizer.model.stage import Incumbent, Task
from qplan.optimizer.planner import optimize
from qplan.optimizer.search import served_sets
from qplan.optimizer.search.served_sets import serve_most
from qplan.optimizer.search.stages import stages
from qplan.time_budget import TimeBudget

BY_A_CENT = 1684327256  # the seed of a budget that is so much too small


def task_of(inventory: Inventory, seconds: float = 600.0) -> Task:
    parameters = SearchParameters(0.0, TimeBudget.of(seconds))
    return Task(inventory, enumerate_candidates(inventory), stages(inventory)[0], (), None, "highs", parameters)


def test_as_much_is_served_as_exhaustive_search_serves():
    """Budgets, of either kind or both, from less than the required corridors need to enough for all."""
    outcomes = set()
    for seed in [BY_A_CENT, *seeds(60, 77_000)]:
        rng, document = random.Random(seed), engine_instance(seed)
        whole = best_value(Inventory.model_validate(document))
        if whole is None:
            continue
        for q, each in document["corridors"].items():
            document["corridors"][q] = each | {"required": rng.random() < 0.2, "priority": rng.choice((1, 2, 2.5))}
        kinds = rng.choice((["capex"], ["tco"], ["capex", "tco"]))
        document["budget"] = {kind: round(whole.value * rng.uniform(0.3, 1.1), 2) for kind in kinds}
        inventory = Inventory.model_validate(document)
        optional = [q for q, each in inventory.corridors.items() if not each.required]
        if not optional:
            continue
        best, found = best_value(inventory), serve_most(task_of(inventory), optional)
        assert found.stopped_by is StopReason.PROOF and not found.notes, seed
        assert found.infeasible == (best is None), seed
        if best is not None:
            assert -found.incumbent.value == pytest.approx(best.priority) == -found.bound, seed
        outcomes.add("too dear" if best is None else "some" if best.priority < len(optional) else "all")
    assert outcomes == {"too dear", "some", "all"}


def test_an_earlier_plan_that_serves_less_does_not_stand_for_one_that_serves_more():
    """Prices have fallen since: the budget has room now for what the earlier plan leaves out."""
    fibres = {"f": fibre("a", "b"), "g": fibre("b", "d")}
    corridors = {"c": corridor("a", "b", required=False), "e": corridor("b", "d", required=False, priority=0.5)}
    inventory = network(fibres, corridors, budget={"capex": 1500})
    whole = optimize(inventory, REF, "highs", SearchParameters(0.0)).plan
    assert [q.served for q in whole.corridors] == [True, True]
    dear = inventory.model_copy(update={"budget": inventory.budget.model_copy(update={"capex": whole.costs.capex - 1})})
    earlier = optimize(dear, REF, "highs", SearchParameters(0.0)).plan
    assert [q.served for q in earlier.corridors] == [True, False]
    for started in ({"earlier": earlier}, {"keep": earlier}):
        found = optimize(inventory, REF, "highs", SearchParameters(0.0), **started).plan
        assert [q.served for q in found.corridors] == [True, True]


@pytest.mark.parametrize("seed", range(20))
def test_sets_are_shrunk_and_the_best_that_is_left_is_found(monkeypatch, seed):
    """Corridors that cost what they weigh together, and more in some pairs, under every kind of budget."""
    rng = random.Random(seed)
    names = [f"q{i}" for i in range(7)]
    weight = {q: rng.randint(0, 9) for q in names}
    dear_pairs = [set(rng.sample(names, 2)) for _ in range(2)]
    most = rng.randint(0, sum(weight.values()))
    ways = {q: fibre(f"{q}a", f"{q}b") for q in names}
    asked = {q: corridor(f"{q}a", f"{q}b", required=False, priority=rng.randint(1, 5)) for q in names}
    asked["r"] = corridor("q0a", "q0b")

    def too_dear(chosen) -> bool:
        return sum(weight[q] for q in chosen) + 5 * sum(pair <= set(chosen) for pair in dear_pairs) > most

    def value(chosen) -> int:
        return -sum(asked[q]["priority"] for q in chosen)

    class Weighed(served_sets._Sets):
        def _is_too_dear(self, chosen, steps):
            if not too_dear(chosen) and (self.best is None or value(chosen) < self.best.value):
                self.best = Incumbent(Mock(), value(chosen))
            return too_dear(chosen)

        def _guess(self):
            pass

        def _by_savings(self, chosen):
            return sorted(chosen)

    sets = Weighed(task_of(network(ways, asked, budget={"capex": 1})), names)
    found = sets.run()
    every = [frozenset(chosen) for size in range(8) for chosen in combinations(names, size)]
    assert found.incumbent.value == found.bound == min(value(chosen) for chosen in every if not too_dear(chosen))
    for one in sets.too_dear:
        assert too_dear(one) and not any(too_dear(one - {q}) for q in one)


def test_what_was_not_decided_in_time_bounds_all_the_same(monkeypatch):
    """One of two corridors fits; that both do not is not found out. No end may relay."""
    ways = {q: fibre(f"{q}a", f"{q}b") for q in "cde"}
    sites = {end: {"trusted_node": "forbidden"} for way in ways.values() for end in way["ends"]}
    asked = {q: corridor(f"{q}a", f"{q}b", required=q == "c", priority=2) for q in "cde"}
    task, least = task_of(network(ways, asked, sites, budget={"capex": 200})), served_sets.minimize
    monkeypatch.setattr(served_sets, "minimize", lambda part, steps, known: least(
        part if len(part.inventory.corridors) < 3 or part is task else part.part(0.0), steps, known
    ))  # fmt: skip
    found = serve_most(task, ["d", "e"])
    assert (found.stopped_by, found.incumbent.value, found.bound, found.notes) == (StopReason.TIME_LIMIT, 0, -4, ())
