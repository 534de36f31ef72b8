"""What a plan states of its loss budgets and its checks, held against what they are.

`plan.verify` works everything else out again; these rest on assessment, as they did when the plan was judged.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from qplan.assessment.checks import CheckResult
from qplan.assessment.judgement import judged, stated_budget
from qplan.inventory.model import Inventory
from qplan.plan.model import JudgedCheck, Plan
from qplan.plan.verify.violation import Violation

BUDGET_TOLERANCE_DB = 1e-5
VALUE_TOLERANCE = 1e-9  # relative, of what a check measures


def stated_violations(inventory: Inventory, plan: Plan, results: Iterable[CheckResult]) -> tuple[Violation, ...]:
    """What is not as a plan that keeps all rules states it; `results` are those of the inventory's checks."""
    return *_budget_violations(inventory, plan), *_check_violations(results, plan)


def _budget_violations(inventory: Inventory, plan: Plan) -> Iterator[Violation]:
    """Loss budgets that are not what they are now."""
    for link in plan.links:
        if link.budget_db is not None:
            stated, true = dict(link.budget_db), dict(stated_budget(inventory, link) or {})
            for part, value in stated.items():
                if abs(value - true.get(part, math.inf)) > BUDGET_TOLERANCE_DB:
                    address = f"links.{link.id}.budget_db.{part}"
                    yield Violation("budget-value", address, f"{value:.10g}", f"{true.get(part, math.nan):.10g}")


def _check_violations(results: Iterable[CheckResult], plan: Plan) -> Iterator[Violation]:
    """Results of checks that are not what they are now; a plan that does not say them at all may."""
    found = {check.id: check for check in plan.checks}
    for check in plan.checks:
        if found[check.id] is not check:
            yield Violation("check-value", f"checks.{check.id}", f"{_result(check)}, and another", "one result")
    for result in results if "checks" in plan.model_fields_set else ():
        true = judged(result)
        stated = found.pop(true.id, None)
        if not _alike(stated, true):
            yield Violation("check-value", f"checks.{true.id}", _result(stated), _result(true))
    for stated in found.values():
        yield Violation("check-value", f"checks.{stated.id}", _result(stated), _result(None))


def _alike(stated: JudgedCheck | None, true: JudgedCheck) -> bool:
    """The same, but for rounding that differs from machine to machine."""
    if stated is None or (stated.value is None) != (true.value is None):
        return False
    close = true.value is None or math.isclose(stated.value or 0.0, true.value, rel_tol=VALUE_TOLERANCE)
    return close and stated.model_copy(update={"value": true.value}) == true


def _result(check: JudgedCheck | None) -> str:
    if check is None:
        return "none"
    limits = ", ".join(f"{word} {limit:.15g}" for word, limit in check.limits.items())
    where = "".join(f", {key} {value}" for key, value in check.where.items())
    value = "none" if check.value is None else f"{check.value:.15g}"
    severity = f"{check.severity}, {check.message}" if check.message else check.severity
    return f"{check.metric}{where} {value} of {limits}: {'kept' if check.ok else 'not kept'}, severity {severity}"
