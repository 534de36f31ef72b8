"""Parts of a programme: their multipliers against the whole, and a method that begins on a part."""

from __future__ import annotations

import numpy as np
from optimizer.flow_programs import flow_program, with_random_cuts
from optimizer.test_products import assert_same_products
from scipy.optimize import Bounds, LinearConstraint, milp
from seeds import seeds

from qplan.optimizer.solvers import first_order
from qplan.optimizer.solvers.first_order import bound_by_first_order
from qplan.optimizer.solvers.iterate import Iterate
from qplan.optimizer.solvers.linear_program import weak_duality
from qplan.optimizer.solvers.parts import part_of
from qplan.time_budget import UNLIMITED

INSTANCES = 60
STOOD_STILL = 1044588725  # its bound did, at a third of the optimum, where the point was far from keeping its rows


def test_what_is_left_out_pays_for_its_ties(monkeypatch):
    """Nothing is lost in the bound of the whole unless the part is said to lack something."""
    complete = lost = 0
    for seed in seeds(INSTANCES):
        program = flow_program(seed, monkeypatch)
        if program is None:
            continue
        program, rng = with_random_cuts(program, seed), np.random.default_rng(seed)
        size = 10.0 ** rng.integers(-3, 3)
        frozen = rng.standard_normal(len(program.row_lower)) * size
        part = part_of(program, rng.random(program.ties.count) < rng.random(), frozen)
        if part.program is program:
            continue
        assert_same_products(part.program.matrix, part.program.copies, seed)
        dual = rng.standard_normal(len(part.program.row_lower)) * size
        promised, _ = weak_duality(part.program, dual)
        priced = part.price(Iterate(np.zeros(len(part.program.cost)), dual, 1.0), promised)
        bound, reduced = weak_duality(program, priced.iterate.dual)
        assert priced.bound == bound
        out = ~part.columns & (program.upper > 0)
        assert (reduced[out] > -1e-9).all(), f"seed {seed}"
        if part.lacking(priced).any():
            lost += 1
        else:
            complete += 1
            np.testing.assert_allclose(promised, bound, rtol=1e-9, atol=1e-6, err_msg=f"seed {seed}")
    assert complete > INSTANCES // 4 and lost > INSTANCES // 20


def test_a_part_is_filled_up_until_the_whole_has_its_bound(monkeypatch):
    """It begins with the flows of an optimal point; the multipliers of others say what these must not cost."""
    filled = 0
    fill = first_order.part_of

    def counted(*given):
        nonlocal filled
        filled += 1
        return fill(*given)

    monkeypatch.setattr(first_order, "part_of", counted)
    for seed in [STOOD_STILL, *seeds(INSTANCES)]:
        program = flow_program(seed, monkeypatch)
        if program is None:
            continue
        rows = LinearConstraint(program.matrix, program.row_lower, program.row_upper)
        optimal = milp(program.cost, constraints=rows, bounds=Bounds(program.lower, program.upper))
        if optimal.x is None:
            continue
        carrying = np.zeros(program.ties.count, dtype=bool)
        carrying[program.ties.groups[optimal.x[program.ties.columns] > 1e-9]] = True
        first = part_of(program, carrying, np.zeros(len(program.row_lower)))
        monkeypatch.setattr(first_order, "all_of", lambda program, first=first: first)
        solved = bound_by_first_order(program, UNLIMITED, np.inf, lambda bound: None)
        assert solved is not None and solved.bound <= optimal.fun * (1 + 1e-7) + 1e-6, f"seed {seed}"
        assert solved.bound >= 0.98 * optimal.fun - 1e-6, f"seed {seed}: {solved.bound} of {optimal.fun}"
    assert filled > INSTANCES // 6
