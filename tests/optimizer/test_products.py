"""Products that go through a copied block once, against those of the matrix that spells it out."""

from __future__ import annotations

import random

import numpy as np
import pytest
from oracle.engine_instances import engine_instance
from planning import PATIENCE_S
from scipy.sparse import csr_array
from seeds import seeds

from qplan.candidates.links import enumerate_candidates
from qplan.inventory.model import Inventory
from qplan.optimizer.cuts.row import Row
from qplan.optimizer.limits import SearchParameters
from qplan.optimizer.model.stage import Task
from qplan.optimizer.search import arc_flow
from qplan.optimizer.search.stages import stages
from qplan.optimizer.solvers.linear_program import Copies, relax
from qplan.optimizer.solvers.products import Products
from qplan.time_budget import TimeBudget

INSTANCES = 60


def assert_same_products(matrix: csr_array, copies: tuple[Copies, ...], seed: int) -> None:
    rng, products = np.random.default_rng(seed), Products(matrix, copies)
    x, y = rng.standard_normal(matrix.shape[1]), rng.standard_normal(matrix.shape[0])
    row, column = products.row_order, products.column_order
    assert sorted(row) == list(range(len(y))) and sorted(column) == list(range(len(x)))
    np.testing.assert_allclose(products.times(x[column]), (matrix @ x)[row], atol=1e-9, err_msg=f"seed {seed}")
    np.testing.assert_allclose(products.times_transposed(y[row]), (matrix.T @ y)[column], atol=1e-9)


def test_flows_are_the_copies_that_they_are_said_to_be(monkeypatch):
    monkeypatch.setattr(arc_flow, "FEWEST_COPIES", 1)
    several = 0
    for seed in seeds(INSTANCES):
        content, rng = engine_instance(seed), random.Random(seed)
        for corridor in content["corridors"].values():  # flows of optional ones are no copies
            corridor["required"] = rng.random() < 0.7
        inventory = Inventory.model_validate(content)
        candidates, parameters = enumerate_candidates(inventory), SearchParameters(0.0, TimeBudget.of(PATIENCE_S))
        stage = stages(inventory)[-1]
        model = Task(inventory, candidates, stage, (), None, "highs", parameters).design_model()
        flows = arc_flow.add_flows(model, arc_flow.merge(model))
        if not flows.paths:
            continue
        program = flows.added_to(relax(model, stage.goal(model), []))
        cuts = [tuple(sorted(rng.sample(range(flows.columns), min(3, flows.columns)))) for _ in range(4)]
        program = program.with_rows([Row("any", cut, tuple(rng.random() for _ in cut), 1.0) for cut in cuts])
        assert_same_products(program.matrix, program.copies, seed)
        several += any(copies.columns.shape[1] > 1 for copies in program.copies)
    assert several > INSTANCES // 4


@pytest.mark.parametrize("weights", [[3.0, 0.0, 2.0], [0.0, 0.0, 0.0]])
def test_rows_are_shared_by_weight(weights):
    rng = np.random.default_rng(1)
    own, common, shared, rest = (rng.integers(-1, 2, size) for size in ((4, 5), (4, 2), (2, 5), (3, 2)))
    matrix = np.zeros((3 + 4 * 3, 2 + 5 * 3))
    matrix[:3, :2] = rest
    rows, columns = 3 + np.arange(12).reshape(4, 3), 2 + rng.permutation(15).reshape(5, 3)
    for k, weight in enumerate(weights):
        matrix[np.ix_(rows[:, k], columns[:, k])], matrix[rows[:, k], :2] = own, common
        matrix[np.ix_([0, 2], columns[:, k])] = weight * shared
    matrix[1, 2:] = rng.random(15)  # shared by nobody
    assert_same_products(csr_array(matrix), (Copies(columns, rows, np.array([0, 2]), np.array(weights)),), 1)
