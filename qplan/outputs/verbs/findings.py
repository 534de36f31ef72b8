"""What `qplan validate` found, for people and for machines: text, JSON, GitHub, JUnit and GitLab code quality.

SARIF has a module of its own. A suppressed finding is exported where the format knows such a thing.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import PurePath
from xml.etree import ElementTree

from qplan.errors import Diagnostic
from qplan.inventory.model import Inventory
from qplan.inventory.source.boundary import enclosing_repository
from qplan.inventory.source.includes import is_shipped
from qplan.inventory.source.messages import counted
from qplan.inventory.source.rendering import render
from qplan.inventory.validation import Report, Validated
from qplan.outputs.verbs.documents import Finding, Findings, FindingsSummary, SuppressedFinding

GITLAB_SEVERITY = {"error": "major", "warning": "minor"}


def text(report: Report) -> str:
    """The findings with their source lines, the valid files with what is in them, and the counts."""
    valid = "".join(_valid_line(file, file.inventory) for file in report.files if file.inventory is not None)
    rendered = render(report.findings, report.sources, len(report.suppressed), report.errors_not_shown)
    *blocks, last = rendered.splitlines(keepends=True) or [""]
    return "".join(blocks) + valid + last


def _valid_line(file: Validated, inventory: Inventory) -> str:
    state = "invalid under --strict" if any(item.severity == "error" for item in file.findings) else "valid"
    parts: dict[str, Collection[str]] = {
        "site": inventory.sites,
        "fibre": inventory.fibres,
        "QKD system": inventory.equipment.qkd_systems,
        "corridor": inventory.corridors,
    }
    return f"{file.file}: {state} ({', '.join(counted(len(entries), noun) for noun, entries in parts.items())})\n"


def as_json(report: Report) -> str:
    """The versioned contract: every finding with its place (null where there is none), the suppressed ones, counts."""
    return Findings(
        files=tuple(file.file for file in report.files),
        findings=tuple(Finding.model_validate(_entry(item)) for item in report.findings),
        suppressed=tuple(SuppressedFinding.model_validate(_entry(item)) for item in report.suppressed),
        summary=FindingsSummary(
            errors=report.count("error"),
            warnings=report.count("warning"),
            suppressed=len(report.suppressed),
            errors_not_shown=report.errors_not_shown,
        ),
    ).text()


def _entry(item: Diagnostic) -> dict[str, object]:
    entry = asdict(item) | {"suppressed": bool(item.reason)}
    return entry | {key: entry[key] or None for key in ("line", "column", "end_column")}


def github(report: Report) -> str:
    """Workflow commands that GitHub shows as annotations of the changed lines."""
    return "".join(_annotation(item, path) for item, path in located(report, report.findings))


def _annotation(item: Diagnostic, path: str) -> str:
    place = {"file": path}
    if item.line:
        place |= {"line": str(item.line), "col": str(item.column)}
        place |= {"endColumn": str(item.end_column)} if item.end_column else {}
    properties = ",".join(f"{key}={_property(value)}" for key, value in {**place, "title": item.code}.items())
    return f"::{item.severity} {properties}::{_data(sentence(item))}\n"


def _data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")


def code_quality(report: Report) -> str:
    """GitLab's code quality report."""
    found = list(located(report, report.findings))
    return _dumped(
        [
            {
                "description": f"{item.code}: {sentence(item)}",
                "check_name": item.code,
                "fingerprint": fingerprint,
                "severity": GITLAB_SEVERITY[item.severity],
                "location": {"path": path, "lines": {"begin": item.line or 1}},
            }
            for (item, path), fingerprint in zip(found, fingerprints(found), strict=True)
        ]
    )


def junit(report: Report) -> str:
    """A test suite per inventory and a test case per finding: errors fail, warnings pass with output, suppressed ones
    are skipped; an inventory without findings is one case that passes."""
    suites = []
    for file in report.files:
        path = repository_path(file.file)
        cases = [*(_case(item, path) for item in file.findings), *(_case(item, path) for item in file.suppressed)]
        suites.append((path, cases or [ElementTree.Element("testcase", classname=path, name="no findings")]))
    return junit_text("qplan validate", suites)


def junit_text(name: str, suites: Iterable[tuple[str, list[ElementTree.Element]]]) -> str:
    """JUnit XML of test suites by name, with their test cases."""
    root = ElementTree.Element("testsuites", name=name)
    for suite_name, cases in suites:
        suite = ElementTree.SubElement(root, "testsuite", {"name": suite_name, **_counts(cases)})
        suite.extend(cases)
    for key, value in _counts(list(root.iter("testcase"))).items():
        root.set(key, value)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _case(item: Diagnostic, path: str) -> ElementTree.Element:
    where = f"{item.file}:{item.line}:{item.column}" if item.line else item.file
    case = ElementTree.Element("testcase", classname=path, name=f"{item.code} {where} {item.address}".rstrip())
    if item.reason:
        ElementTree.SubElement(case, "skipped", message=f"suppressed: {item.reason}")
    elif item.severity == "error":
        ElementTree.SubElement(case, "failure", type=item.code, message=sentence(item)).text = item.text()
    else:
        ElementTree.SubElement(case, "system-out").text = item.text()
    return case


def _counts(cases: list[ElementTree.Element]) -> dict[str, str]:
    holding = Counter(kind.tag for case in cases for kind in case)
    failures, skipped = str(holding["failure"]), str(holding["skipped"])
    return {"tests": str(len(cases)), "failures": failures, "errors": "0", "skipped": skipped}


def sentence(item: Diagnostic) -> str:
    return item.message + (f"; {item.hint}" if item.hint else "")


def located(report: Report, findings: Iterable[Diagnostic]) -> Iterator[tuple[Diagnostic, str]]:
    """Findings with the path of their file in the repository; that of the inventory for one about the command line."""
    main = {item: file.file for file in report.files for item in (*file.findings, *file.suppressed)}
    paths: dict[str, str] = {}
    for item in findings:
        name = main[item] if is_shipped(item.file) or not item.line else item.file
        if name not in paths:
            paths[name] = repository_path(name)
        yield _in_repository(item), paths[name]


def _in_repository(item: Diagnostic) -> Diagnostic:
    """An error inside a shipped catalogue, which no line of the repository holds, told without a place of its own."""
    if not is_shipped(item.file):
        return item
    return replace(item, line=0, column=0, end_column=0, message=f"{item.file}:{item.line}: {item.message}")


def repository_path(name: str) -> str:
    """A file's path from the top of its git repository, else from the working folder, with `/`."""
    path = os.path.abspath(name)
    return PurePath(os.path.relpath(path, enclosing_repository(os.path.dirname(path)) or os.getcwd())).as_posix()


def fingerprints(found: Iterable[tuple[Diagnostic, str]]) -> Iterator[str]:
    """For each finding a hash that stays when lines move: of its rule, file and address, and its place among equals."""
    seen: Counter[tuple[str, str, str]] = Counter()
    for item, path in found:
        key = (item.code, path, item.address)
        seen[key] += 1
        yield hashlib.sha256("\n".join([*key, str(seen[key])]).encode()).hexdigest()


def _dumped(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
