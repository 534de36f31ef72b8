"""What `qplan verify` says as pipelines read it: checks that are not kept, at their line, and what does not hold."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

from qplan.assessment.checks import CheckResult
from qplan.errors import Diagnostic
from qplan.inventory.rules import Spot, finding
from qplan.inventory.validation import Report, Validated
from qplan.outputs.text.checks import breach
from qplan.outputs.verbs.findings import junit_text, repository_path
from qplan.outputs.verbs.verification import Verification


def as_report(found: Verification) -> Report:
    """The same as findings about the inventory."""
    findings = tuple(_findings(found))
    return Report((Validated(found.file, findings, (), None, found.sources),))


def _findings(found: Verification) -> Iterator[Diagnostic]:
    for check in found.checks:
        if not check.ok:
            yield _broken(check, found.check_places.get(check.id, Spot(found.file)))
    for each in found.violations:
        message = f"the plan does not hold: {each.text()}"
        yield finding("QP902", Spot(found.file), each.address, message, found=each.found, expected=each.limit)


def _broken(check: CheckResult, spot: Spot) -> Diagnostic:
    message = f"the plan does not keep checks.{check.id}: {breach(check)}"
    severity = check.check.severity
    return finding("QP901", spot, f"checks.{check.id}", message, hint=check.check.message or "", severity=severity)


def junit(found: Verification) -> str:
    """A test case for the plan and one for every check; a check that only warns passes with output."""
    path = repository_path(found.file)
    holds = ElementTree.Element("testcase", classname=path, name="the plan holds")
    if not found.holds:
        said = "\n".join(each.text() for each in found.violations)
        ElementTree.SubElement(holds, "failure", type="QP902", message="the plan does not hold").text = said
    return junit_text("qplan verify", [(path, [holds, *(_case(check, path) for check in found.checks)])])


def _case(check: CheckResult, path: str) -> ElementTree.Element:
    case = ElementTree.Element("testcase", classname=path, name=f"checks.{check.id}")
    if not check.ok and check.check.severity == "error":
        ElementTree.SubElement(case, "failure", type="QP901", message=breach(check)).text = check.check.message or ""
    elif not check.ok:
        ElementTree.SubElement(case, "system-out").text = breach(check)
    return case
