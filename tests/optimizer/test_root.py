"""The root relaxation comes to its end, whichever method solves it."""

from __future__ import annotations

import pytest
from benchmarks.cases import Case, Network
from benchmarks.instances import inventory

from qplan.candidates.links import enumerate_candidates
from qplan.optimizer.cuts.layered_trees import layer_ties
from qplan.optimizer.limits import SearchParameters
from qplan.optimizer.model.design_rows import formulate_design
from qplan.optimizer.model.objectives import cost_goal
from qplan.optimizer.search import root
from qplan.time_budget import UNLIMITED, TimeBudget

LIMITED = Case("", "", Network("metro", 60, bypass=1, cities=14), 14, 0.0, 60, hub=False, extra_relays=2)
ASKED = SearchParameters(0.0, UNLIMITED)


def solved(first_order: bool) -> root.Root:
    """By the simplex method: from nothing, or from the cuts that a first-order method has found, and no tie."""
    built = inventory(LIMITED)
    model = formulate_design(built, enumerate_candidates(built))
    goal = cost_goal(model, "capex", None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(root, "BINDING", -1.0)
        if first_order:
            patch.setattr(root, "MANY_TIES", 0)
        found = root.with_layers(root.relax_root(model, goal, ASKED, None), model, goal, ASKED)
        assert found.relaxation.approximate == first_order
        return root.go_on(root.by_simplex(found, model, goal), "", [], ASKED) if first_order else found


def test_relays_that_are_limited_leave_no_cut_violated():
    """The optimum without limits costs as much as the first relaxations, whose bound stands still for many rounds."""
    both = [solved(first_order=False), solved(first_order=True)]
    for found in both:
        assert not [row for each in found.separators for row in each.violated(found.point, root.VIOLATED)]
        ties = layer_ties(found.witnesses.model, found.witnesses.lifts.layered_trees)
        assert not [row for row in ties if row.violated(found.point, root.VIOLATED)]
    assert both[0].bound == pytest.approx(both[1].bound)


def test_layers_for_which_the_time_is_over_leave_the_first_relaxation():
    """What guides plans and takes links out is that of the bound."""
    built = inventory(LIMITED)
    model = formulate_design(built, enumerate_candidates(built))
    goal = cost_goal(model, "capex", None)
    first = root.relax_root(model, goal, ASKED, None)
    found = root.with_layers(first, model, goal, SearchParameters(0.0, TimeBudget.of(0.0)))
    assert found.cut_short and found.bound == first.bound and len(found.point) == len(model.columns)
    for mine, its in ((found.point, first.point), (found.reduced_costs, first.reduced_costs)):
        assert its.any() and (mine[: len(its)] == its).all() and not mine[len(its) :].any()
