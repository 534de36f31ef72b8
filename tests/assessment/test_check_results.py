"""The user's checks, judged on the figures of a plan."""

from __future__ import annotations

import pytest
from plan_fixtures import SAMPLE, sample

from qplan.assessment.facts import assess
from qplan.inventory.model import Inventory

VALUES = {"capex": 709_000, "opex_per_year": 148_836.5, "tco": None, "relays": 2, "nodes": 4, "links": 4}


@pytest.mark.parametrize("metric", VALUES)
def test_a_check_fails_above_its_limit_and_not_at_it(metric):
    _, plan = sample()
    value = VALUES[metric] or plan.costs.tco
    checks = {"at": {"metric": metric, "max": value}, "below": {"metric": metric, "max": value - 0.01}}
    facts = assess(Inventory.model_validate({**SAMPLE, "checks": checks}), plan)
    assert [(result.id, result.value, result.ok) for result in facts.checks] == [
        ("at", value, True),
        ("below", value, False),
    ]
    assert [result.id for result in facts.failed_checks] == ["below"]
