"""Solvers that fail, presolve that lies, a defect within a bound: the plan stays, the bound goes, and that is said."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest.mock import Mock

import highspy
import numpy as np
import pytest
from networks import corridor, fibre, network
from oracle.random_inventories import random_inventory
from oracle.search import best_value
from planning import planned
from seeds import CASES, FRESH, seeds

from qplan.errors import SolverFailed
from qplan.inventory.model import Inventory
from qplan.optimizer.cuts.row import Row, Separator
from qplan.optimizer.cuts.witnesses import UnsoundCut
from qplan.optimizer.limits import StopReason
from qplan.optimizer.planner import Result
from qplan.optimizer.search import bound_steps, minimization, plan_steps, root
from qplan.optimizer.solvers import highs, session

WITH_STATUS = ("setOptionValue", "passModel", "addRows", "deleteRows", "changeColsBounds", "setBasis", "setSolution")
CENT = 0.0101
EVERY = 20  # call, in a suite of the usual length
RING = {f: fibre(*f, strands=2) for f in ("ab", "bc", "cd", "da")}
DEAR = {s: {"relay_cost": 10 * i, "node_cost": 5} for i, s in enumerate("abcd", start=1)}
INVENTORIES = {
    "one path": network(RING | {"ac": fibre("a", "m"), "mc": fibre("m", "c")}, {"c": corridor("a", "c")}, sites=DEAR),
    "two paths": network(
        RING, {"c": corridor("a", "c", paths=2), "d": corridor("b", "d", key_rate_bps=950.0)}, sites=DEAR
    ),
    "optional": network(
        RING, {"c": corridor("a", "c", max_relays=1), "d": corridor("b", "d", required=False)}, sites=DEAR,
        objective="relays", budget={"capex": 500},
    ),
}  # fmt: skip


class Failing:
    """HiGHS of which the n-th call (or every one from the n-th on) does nothing and says so."""

    def __init__(self, nth: int, for_good: bool = False):
        self.nth, self.for_good, self.calls = nth, for_good, 0

    def fails(self) -> bool:
        self.calls += 1
        return self.calls >= self.nth if self.for_good else self.calls == self.nth

    @property
    def failed(self) -> bool:
        return self.calls >= self.nth

    def highs(self) -> type[highspy.Highs]:
        def failing(name: str) -> Callable[..., object]:
            def method(highs: highspy.Highs, *args: object) -> object:
                return highspy.HighsStatus.kError if self.fails() else getattr(super(made, highs), name)(*args)

            return method

        def start(highs: highspy.Highs) -> object:  # what has not been started is over, without a status
            return None if self.fails() else super(made, highs).startSolve()

        members = {name: failing(name) for name in WITH_STATUS} | {"startSolve": start, "run": failing("run")}
        made = type("FailingHighs", (highspy.Highs,), members)
        return made


@contextmanager
def solver(failing: Failing) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session.highspy, "Highs", failing.highs())
        yield


def check(result: Result, optimum: float, label: str) -> None:
    """The plan holds (the planner has verified it), is said to be no better than it is, and the failure is told."""
    assert result.plan is not None, label
    value, bound = result.plan.objective.value, result.plan.objective.bound
    assert value >= optimum - CENT, label
    assert bound is None or bound <= optimum + CENT, label
    assert result.plan.status != "optimal" or value <= optimum + CENT, label
    assert any("failed" in note for note in result.plan.notes), label


@pytest.mark.parametrize("for_good", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("name", INVENTORIES)
def test_whatever_call_fails_there_is_a_plan(name, for_good):
    inventory = INVENTORIES[name]
    counted = Failing(10**9)
    with solver(counted):
        sound = planned(inventory).plan
    assert sound.status == "optimal" and not sound.notes
    step = EVERY if CASES is None else 1
    for nth in range(1 + FRESH % step, counted.calls, step):
        failing = Failing(nth, for_good)
        with solver(failing):
            result = planned(inventory)
        assert failing.failed
        check(result, sound.objective.value, f"{name}, call {nth} of {counted.calls}")


def test_without_any_plan_the_failure_is_reported(monkeypatch):
    monkeypatch.setattr(plan_steps.FirstPlan, "take", lambda self, search, standing: standing)
    with solver(Failing(1, for_good=True)), pytest.raises(SolverFailed, match="HiGHS"):
        planned(INVENTORIES["one path"])


def agrees_with_exhaustive_search(seed: int) -> None:
    """On a random inventory, and nothing is said to have failed."""
    inventory = Inventory.model_validate(random_inventory(random.Random(seed)))
    best, found = best_value(inventory), planned(inventory)
    assert (best is None) == (found.plan is None), seed
    assert best is None or found.search.value == pytest.approx(best.value, abs=CENT), seed
    assert found.search.notes == (), seed


def test_infeasible_by_presolve_alone_is_no_proof(monkeypatch):
    """HiGHS 1.14 and 1.15 have called a feasible programme infeasible: with presolve on, here it always does."""

    class Lying(highspy.Highs):
        def getModelStatus(self) -> highspy.HighsModelStatus:  # noqa: N802
            _, presolve = self.getOptionValue("presolve")
            return super().getModelStatus() if presolve == "off" else highspy.HighsModelStatus.kInfeasible

        def getDualRay(self) -> tuple:  # noqa: N802
            return highspy.HighsStatus.kOk, True, np.ones(self.getNumRow())

    monkeypatch.setattr(session.highspy, "Highs", Lying)
    for seed in (6, 60, 102, *seeds(3)):  # were it believed, the first three would end otherwise
        agrees_with_exhaustive_search(seed)


def test_a_relaxation_that_ends_without_an_answer_is_solved_anew(monkeypatch):
    """HiGHS 1.15 has ended so from a basis (a network of 994 sites): here every linear programme with presolve does."""

    class Lost(highspy.Highs):
        def getModelStatus(self) -> highspy.HighsModelStatus:  # noqa: N802
            _, presolve = self.getOptionValue("presolve")
            answered = presolve == "off" or any(self.getLp().integrality_)
            return super().getModelStatus() if answered else highspy.HighsModelStatus.kUnknown

    monkeypatch.setattr(session.highspy, "Highs", Lost)
    for name, inventory in INVENTORIES.items():
        found = planned(inventory)
        assert (found.plan.status, found.plan.notes) == ("optimal", ()), name
    for seed in seeds(3):
        agrees_with_exhaustive_search(seed)


def unsound(separate: Callable[..., Separator]) -> Callable[..., Separator]:
    """The separator with a row besides that no design keeps."""

    def build(model, *args):
        return Separator("path_cut", lambda point: [Row("path_cut", (0,), (1.0,), 2.0)])

    return build


def missing_key(separate: Callable[..., Separator]) -> Callable[..., Separator]:
    def build(model, *args):
        return Separator("path_cut", lambda point: {}["no such column"])

    return build


@pytest.mark.parametrize("defect", [unsound, missing_key])
@pytest.mark.parametrize("name", INVENTORIES)
def test_a_defect_within_a_bound_costs_that_bound_alone(monkeypatch, name, defect):
    sound = planned(INVENTORIES[name]).plan
    monkeypatch.setattr(root, "best_scope", lambda *facts: None)  # which alone may prove the plan
    monkeypatch.setattr(root, "link_ends", defect(root.link_ends))
    found = planned(INVENTORIES[name])
    assert (found.plan.status, found.plan.objective.value) == ("optimal", sound.objective.value)
    told = "excluded a plan that holds" if defect is unsound else "relaxation failed"
    assert any(told in note for note in found.plan.notes)


@pytest.mark.parametrize("where", [bound_steps.RootRelaxation, plan_steps.GuidedPlan])
def test_an_unsound_cut_leaves_no_bound_where_nothing_else_gives_one(monkeypatch, where):
    """Whether a relaxation has given one before or not."""

    def fail(self, search, standing):
        raise SolverFailed("no solver")

    def exclude(self, search, standing):
        raise UnsoundCut("path_cut", standing.incumbent)

    monkeypatch.setattr(where, "take", exclude)
    monkeypatch.setattr(plan_steps.GuidedPlan, "wanted", lambda self, search, standing: True)
    monkeypatch.setattr(plan_steps, "met", lambda task, standing: False)
    monkeypatch.setattr(minimization, "met", lambda task, standing: False)
    monkeypatch.setattr(bound_steps.ExactModel, "take", fail)
    plan = planned(INVENTORIES["one path"]).plan
    assert (plan.status, plan.solver.stopped_by, plan.objective.bound) == ("feasible", "unsound_cut", None)
    assert len(plan.notes) == 2


@pytest.mark.parametrize(("by_the_user", "reason"), [(True, StopReason.INTERRUPT), (False, StopReason.TIME_LIMIT)])
def test_highs_ended_from_here_says_by_whom(by_the_user, reason):
    """HiGHS heeds its limit late at times; the clock then ends it as the user would."""
    info = Mock(mip_dual_bound=1.0, primal_solution_status=0)
    ended = highs._ending(
        Mock(), Mock(scale=1.0), Mock(info=lambda: info), highspy.HighsModelStatus.kInterrupt, by_the_user
    )
    assert (ended.stopped_by, ended.bound) == (reason, 1.0)


@pytest.mark.parametrize(("capex", "status"), [(199_999.99, "infeasible"), (200_000, "optimal")])
def test_a_budget_a_cent_below_the_cheapest_plan_has_none(capex, status):
    """The solver takes what is by 1e-7 less than one for one, which is more than a cent."""
    cheap = {"key_rate_curve": [[14, 2e6], [26, 2e5]], "support_per_year": 10_000, "price": 100_000}
    dear = {"key_rate_curve": [[5, 1e7], [24, 1.6e5]], "price": 159_000}
    found = planned(
        {
            "qplan": 1,
            "sites": {s: {} for s in "abcd"},
            "fibres": {
                "f1": {"ends": ["a", "c"], "length_km": 1},
                "f3": {"ends": ["d", "a"], "loss_db": 1},
                "f5": {"ends": ["a", "b"], "length_km": 1},
            },
            "equipment": {"qkd_systems": {"s0": cheap, "s1": dear}},
            "corridors": {
                "c0": {"ends": ["b", "d"], "key_rate_bps": 1},
                "c2": {"ends": ["a", "c"], "key_rate_bps": 1},
            },
            "budget": {"capex": capex},
        }
    )
    assert found.search.status == status
