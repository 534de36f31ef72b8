"""The policies in examples/policy read what qplan writes; Rego by an interpreter of it."""

from __future__ import annotations

import json
from pathlib import Path as File

import pytest
from plan_fixtures import SAMPLE
from test_comparison import ends_at_newco
from test_review import base, moved_east

from qplan.assessment.judgement import judge
from qplan.comparison.comparing import compare
from qplan.inventory.model import Inventory
from qplan.outputs.review.document import comparison_json

POLICIES = File(__file__).parents[2] / "examples" / "policy"


def said(package: str, rule: str, text: str) -> list[str]:
    """What a rule answers of a JSON document."""
    engine = pytest.importorskip("hobofan_regorus").Engine()
    engine.add_policy_from_file(str(POLICIES / f"{package}.rego"))
    engine.set_input_json(text)
    return json.loads(engine.eval_rule_as_json(f"data.{package}.{rule}"))


def test_a_plan_is_denied_for_what_it_breaks_and_for_no_proof():
    facts = base()
    checks = {"few": {"metric": "relays", "max": 1.0}}
    inventory = Inventory.model_validate({**SAMPLE, "checks": checks})
    plan = judge(inventory, facts.plan, ())
    assert said("plan", "deny", plan.to_json()) == ["checks.few: relays=2"]
    assert said("plan", "warn", plan.to_json()) == ["corridors.grid-b: one path only"]
    unproven = plan.model_copy(update={"status": "feasible", "checks": ()})
    assert said("plan", "deny", unproven.to_json()) == ["the plan is not proven (feasible, stopped by proof)"]


def test_a_change_is_denied_for_who_newly_sees_keys_and_for_what_is_loosened():
    away = comparison_json(compare(base(), moved_east()))
    assert said("change", "deny", away) == ["loosened: corridors.bank-a.paths: 2, now 1"]
    assert said("change", "warn", away) == ["relays or ends keys no longer, erase its stores: rap-pop"]
    back = said("change", "deny", comparison_json(compare(moved_east(), base())))
    assert back == ["loosened: budget.tco: 4000000, now null", "the TCO grows by 78%"]
    new = said("change", "deny", comparison_json(compare(ends_at_newco("zrh-dc1"), ends_at_newco("par"))))
    assert new == ["newly sees keys in clear: country FR", "newly sees keys in clear: operator newco"]
