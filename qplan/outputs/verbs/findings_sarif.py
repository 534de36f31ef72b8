"""What `qplan validate` found as SARIF 2.1.0, for code scanning."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from urllib.parse import quote

from qplan import __version__
from qplan.errors import Diagnostic
from qplan.inventory.explanations import Explanation, explanations
from qplan.inventory.rules import RULES
from qplan.inventory.validation import Report
from qplan.outputs.verbs.findings import fingerprints, located, sentence

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
TOP = "%SRCROOT%"
INDEX = {code: index for index, code in enumerate(RULES)}


def sarif(report: Report) -> str:
    """One run: every rule, every finding, and the suppressed ones with their reason."""
    driver = {"name": "qplan", "semanticVersion": __version__, "rules": list(_rules())}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {TOP: {"description": {"text": "The top of the git repository."}}},
        "results": list(_results(report)),
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _rules() -> Iterator[dict[str, object]]:
    explained = explanations()
    for code, rule in RULES.items():
        yield {
            "id": code,
            "shortDescription": {"text": rule.title},
            "fullDescription": {"text": explained[code].text},
            "help": _help(explained[code]),
            "defaultConfiguration": {"level": rule.severity},
        }


def _help(explained: Explanation) -> dict[str, str]:
    text, markdown = explained.text, explained.text
    for title, example in (("For example", explained.before), ("Better", explained.after)):
        if example:
            text += f"\n\n{title}:\n{example}"
            markdown += f"\n\n{title}:\n\n```yaml\n{example}```"
    return {"text": text, "markdown": markdown}


def _results(report: Report) -> Iterator[dict[str, object]]:
    found = list(located(report, report.findings + report.suppressed))
    for (item, path), fingerprint in zip(found, fingerprints(found), strict=True):
        suppressions = [{"kind": "inSource", "justification": item.reason}] if item.reason else []
        yield {
            "ruleId": item.code,
            "ruleIndex": INDEX[item.code],
            "level": item.severity,
            "message": {"text": _plain(sentence(item))},
            "locations": [_location(item, path)],
            "partialFingerprints": {"qplanFinding/v1": fingerprint},
            "suppressions": suppressions,
        }


def _plain(text: str) -> str:
    """Without what SARIF reads as a link, `[…](…)`, or as a placeholder, `{0}`."""
    return re.sub(r"\{(?=[0-9])", "{ ", text.replace("](", "] ("))


def _location(item: Diagnostic, path: str) -> dict[str, object]:
    place: dict[str, object] = {"artifactLocation": {"uri": quote(path), "uriBaseId": TOP}}
    if item.line:
        region = {"startLine": item.line, "startColumn": item.column}
        place["region"] = region | ({"endColumn": item.end_column} if item.end_column else {})
    logical = [{"fullyQualifiedName": item.address}] if item.address else []
    return {"physicalLocation": place, "logicalLocations": logical}
