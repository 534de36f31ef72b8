"""Relaxations in which sums are said by what they have beyond their parts, against the same as they are."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from oracle.engine_instances import common_roots, engine_instance, mixed
from oracle.search import best_value
from planning import PATIENCE_S
from seeds import seeds

from qplan.candidates.links import enumerate_candidates
from qplan.inventory.model import Inventory
from qplan.optimizer.cuts.row import Row
from qplan.optimizer.cuts.tree_cuts import directed_cuts
from qplan.optimizer.cuts.trees import Trees, add_trees
from qplan.optimizer.limits import SearchParameters
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.objectives import Goal
from qplan.optimizer.model.stage import Task
from qplan.optimizer.search.stages import stages
from qplan.optimizer.solvers.relaxation import NO_LIMIT, LpEnding, Relaxation
from qplan.time_budget import UNLIMITED, TimeBudget

INSTANCES = 40
WITHOUT_COLUMNS = mixed(random.Random(1_047_076_758))
WITHOUT_POINT = common_roots(random.Random(1_000_000_241))  # once cuts are in: HiGHS' interior points end in an error


def lifted(document: dict) -> tuple[Formulation, Trees, Goal]:
    """The design's model of an inventory with its trees, and the goal of the last stage."""
    inventory = Inventory.model_validate(document)
    candidates, parameters = enumerate_candidates(inventory), SearchParameters(0.0, TimeBudget.of(PATIENCE_S))
    stage = stages(inventory)[-1]
    model = Task(inventory, candidates, stage, (), None, "highs", parameters).design_model()
    return model, add_trees(model, binding=model.node), stage.goal(model)


def test_bounds_are_the_same_whatever_columns_are_fixed():
    compared = 0
    for seed in seeds(INSTANCES):
        rng, (model, trees, goal) = random.Random(seed), lifted(engine_instance(seed))
        upper = np.array([float(v.upBound) for v in model.columns])
        pair = [Relaxation(model, goal, UNLIMITED, as_is) for as_is in (True, False)]
        links = sorted({model.index()[v.name] for v in model.link.values()})
        if not links or not len(pair[1]._sums.rows):
            continue
        rows = directed_cuts(model, trees).separate(np.zeros(len(upper)))
        for _ in range(6):
            fixed = {c: (float(at),) * 2 for c, at in ((rng.choice(links), rng.randint(0, 1)) for _ in range(2))}
            tried, to = rng.choice(links), float(rng.randint(0, 1))
            ends, bounds = [], []
            for relaxation in pair:
                relaxation.add(rows)
                relaxation.set_bounds(fixed, upper)
                ends.append(relaxation.solve())
                bounds.append(relaxation.bound)
            assert ends[0] == ends[1], f"seed {seed}"
            if ends[0] is LpEnding.SOLVED:
                assert bounds[1] == pytest.approx(bounds[0], abs=0.01), f"seed {seed}"
                back = (0.0, float(upper[tried]))
                raised = [one.try_bounds(tried, (to, to), back, NO_LIMIT) for one in pair if tried not in fixed]
                assert not raised or raised[1] <= raised[0] + 0.01, f"seed {seed}"  # sums may be too large in a trial
                compared += 1
            point = pair[1].point
            rows = directed_cuts(model, trees).separate(point)
    assert compared > INSTANCES


def test_columns_that_no_better_point_pays_for_may_go():
    dropped = 0
    for seed in seeds(INSTANCES):
        rng, (model, trees, goal) = random.Random(seed), lifted(engine_instance(seed))
        upper = np.array([float(v.upBound) for v in model.columns])
        if not model.link:
            continue
        whole, part = (Relaxation(model, goal, UNLIMITED, as_is) for as_is in (True, False))
        least = math.inf
        for _ in range(6):
            ends = [whole.solve(), part.solve()]
            if ends[0] is not LpEnding.SOLVED:
                break
            if ends[1] is LpEnding.INFEASIBLE:
                best = best_value(Inventory.model_validate(engine_instance(seed)))  # cheaper points had fractions
                assert best is None or best.value >= least - 0.01, f"seed {seed}"
                break
            assert min(part.bound, least) >= min(whole.bound, least) - 0.01, f"seed {seed}"  # fractions may be gone
            rows, most = directed_cuts(model, trees).separate(part.point), part.bound * (1 + rng.random() / 10)
            if part.drop_columns(most):
                least, dropped = min(least, most), dropped + 1
                gone = np.setdiff1d(np.flatnonzero(upper == 1), [*part._kept, *part._sums.columns]).tolist()
                for column in rng.sample(gone, min(4, len(gone))):  # who has it whole is worth as much
                    whole.set_bounds({column: (1.0, 1.0)}, upper)
                    assert whole.solve() is LpEnding.INFEASIBLE or whole.bound >= least - 0.01, f"seed {seed}"
                whole.set_bounds({}, upper)
            whole.add(rows)
            part.add(rows)
    assert dropped > INSTANCES / 4


def test_a_model_without_columns_is_judged_by_its_rows():
    model, _, goal = lifted(WITHOUT_COLUMNS)
    assert not model.columns and Relaxation(model, goal, UNLIMITED).solve() is LpEnding.INFEASIBLE


def test_interior_points_lead_to_the_same_bounds(monkeypatch):
    documents = {f"seed {seed}": engine_instance(seed) for seed in seeds(INSTANCES)}
    for name, document in (documents | {"no columns": WITHOUT_COLUMNS, "no point": WITHOUT_POINT}).items():
        model, trees, goal = lifted(document)
        pair, rows = [Relaxation(model, goal, UNLIMITED) for _ in range(2)], list[Row]()
        for most in (NO_LIMIT, 0, 0):  # further solutions without a step of the simplex method, so below the optimum
            ends = []
            for relaxation, many in zip(pair, (5000, 0), strict=True):
                monkeypatch.setattr("qplan.optimizer.solvers.relaxation.MANY_ROWS", many)
                relaxation.add(rows)
                ends.append(relaxation.solve(most if many == 0 else NO_LIMIT))
            assert ends[0] == ends[1], name
            if ends[0] is not LpEnding.SOLVED:
                break
            simplex, interior = (relaxation.bound for relaxation in pair)
            assert interior <= simplex + 0.01, name
            assert pair[1].approximate or interior >= simplex - 0.01, name
            rows = directed_cuts(model, trees).separate(pair[0].point)
