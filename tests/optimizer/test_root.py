"""The root relaxation comes to its end, whichever method solves it."""

from __future__ import annotations

import pytest
from benchmarks.cases import Case, Network
from benchmarks.instances import inventory

from qplan.candidates.links import enumerate_candidates
from qplan.optimizer.limits import SearchParameters
from qplan.optimizer.model.design_rows import formulate_design
from qplan.optimizer.model.objectives import cost_goal
from qplan.optimizer.search import root
from qplan.time_budget import UNLIMITED

LIMITED = Case("", "", Network("metro", 60, bypass=1, cities=12), 12, 0.0, 60, hub=False, extra_relays=2)
ASKED = SearchParameters(0.0, UNLIMITED)


@pytest.fixture
def model():
    built = inventory(LIMITED)
    return formulate_design(built, enumerate_candidates(built))


def solved(model, ties: int, monkeypatch) -> root.Root:
    """With layered trees of more rows than that by a first-order method first, then from its cuts alone."""
    monkeypatch.setattr(root, "MANY_TIES", ties)
    monkeypatch.setattr(root, "BINDING", -1.0)
    goal = cost_goal(model, "capex", None)
    found = root.relax_root(model, goal, ASKED, None)
    return root.go_on(root.by_simplex(found, model, goal), "", [], ASKED) if ties == 0 else found


@pytest.mark.parametrize("ties", [0, 4000])
def test_relays_that_are_limited_leave_no_cut_violated(model, ties, monkeypatch):
    """The optimum without limits costs as much as the first relaxations, whose bound stands still for many rounds."""
    found = solved(model, ties, monkeypatch)
    assert not found.relaxation.approximate
    assert not [row for each in found.separators for row in each.violated(found.point, root.VIOLATED)]
    assert found.bound == pytest.approx(2_773_412, abs=1)
