"""Products that go through a copied block once, against those of the matrix that spells it out."""

from __future__ import annotations

import numpy as np
import pytest
from optimizer.flow_programs import flow_program, with_random_cuts
from scipy.sparse import csr_array
from seeds import seeds

from qplan.optimizer.solvers.linear_program import Copies
from qplan.optimizer.solvers.products import Products

INSTANCES = 60


def assert_same_products(matrix: csr_array, copies: tuple[Copies, ...], seed: int) -> None:
    rng, products = np.random.default_rng(seed), Products(matrix, copies)
    x, y = rng.standard_normal(matrix.shape[1]), rng.standard_normal(matrix.shape[0])
    row, column = products.row_order, products.column_order
    assert sorted(row) == list(range(len(y))) and sorted(column) == list(range(len(x)))
    np.testing.assert_allclose(products.times(x[column]), (matrix @ x)[row], atol=1e-9, err_msg=f"seed {seed}")
    np.testing.assert_allclose(products.times_transposed(y[row]), (matrix.T @ y)[column], atol=1e-9)


def test_flows_are_the_copies_that_they_are_said_to_be(monkeypatch):
    several = 0
    for seed in seeds(INSTANCES):
        program = flow_program(seed, monkeypatch)
        if program is None:
            continue
        program = with_random_cuts(program, seed)
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
