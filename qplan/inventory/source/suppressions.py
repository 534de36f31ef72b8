"""In-line suppressions: `# qplan-ignore: QP303 reason` in the line of a finding, or alone in the lines above it.

Where a value stands in the line below its key, the two lines are one to a comment, as `fmt` would write them.
Only warnings can be suppressed: an error stops the reading, so nothing could be planned without it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeAlias

import yaml

from qplan.errors import Diagnostic
from qplan.inventory.rules import IMPORTS, PLANS, RULES, Spot, finding, printable
from qplan.inventory.source.messages import did_you_mean
from qplan.inventory.source.source_map import Path, Place
from qplan.inventory.source.surrogates import hide_pairs

MARK = "qplan-ignore"
LINE_ENDS = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # as libyaml counts lines
COMMENT = re.compile(rf"(?<!\S)#[ \t]*{MARK}\b([^\n\r\x85\u2028\u2029]*)")
CODES_AND_REASON = re.compile(r"\s*:\s*(QP\w*(?:\s*,\s*QP\w*)*)[\s:,]*(.*)", re.IGNORECASE)
ABOUT_SUPPRESSIONS = frozenset(["QP020", "QP021"])
OF_INVENTORIES = [code for code in RULES if not code.startswith((IMPORTS, PLANS))]
SUPPRESSIBLE = frozenset(code for code in OF_INVENTORIES if RULES[code].severity == "warning") - ABOUT_SUPPRESSIONS
PROPERTIES = (yaml.AnchorToken, yaml.TagToken)
LEADING = (yaml.KeyToken, yaml.ValueToken, yaml.BlockEntryToken, *PROPERTIES)
BLOCK_STARTS = (yaml.BlockMappingStartToken, yaml.BlockSequenceStartToken)
FLOW_STARTS = (yaml.FlowMappingStartToken, yaml.FlowSequenceStartToken)
FLOW_ENDS = (yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)
VALUES = (yaml.ScalarToken, yaml.AliasToken, *FLOW_STARTS, *PROPERTIES)
Lines: TypeAlias = tuple[tuple[str, int], ...]  # of each its file and number
FORM = f"write '# {MARK}: QP303 reason'"


@dataclass(frozen=True)
class Suppression:
    """One rule that a comment suppresses, at findings in its lines."""

    code: str
    reason: str
    covers: Lines
    at: Spot
    of_scenario: bool  # stands in a scenario, and so may have its finding only there


def find_suppressions(
    texts: Mapping[str, str], places: Mapping[Path, Place]
) -> tuple[list[Suppression], list[Diagnostic]]:
    """The suppressions in all files, and the findings about those that say too little to be followed."""
    suppressions: list[Suppression] = []
    findings: list[Diagnostic] = []
    marked: dict[str, dict[Path, Place]] = {file: {} for file, text in texts.items() if MARK in text}
    for path, place in places.items() if marked else ():
        if place.file in marked:
            marked[place.file][path] = place
    for file, here in marked.items():
        for item in _read(file, texts[file], here):
            if isinstance(item, Suppression):
                suppressions.append(item)
            else:
                findings.append(item)
    return suppressions, findings


def apply_suppressions(
    findings: Iterable[Diagnostic], suppressions: Iterable[Suppression]
) -> tuple[tuple[Diagnostic, ...], tuple[Diagnostic, ...], list[Suppression]]:
    """The findings that stand, those that are suppressed (with the reason), and the suppressions without a finding."""
    by_place = {(*place, item.code): item for item in suppressions for place in item.covers}
    unused = dict.fromkeys(by_place.values())
    kept, suppressed = [], []
    for item in findings:
        suppression = by_place.get((item.file, item.line, item.code))
        if suppression is None:
            kept.append(item)
        else:
            suppressed.append(replace(item, reason=suppression.reason))
            unused.pop(suppression, None)
    return tuple(kept), tuple(suppressed), list(unused)


def report_unused(unused: Iterable[Suppression]) -> list[Diagnostic]:
    """One for every suppression of a whole inventory that suppresses nothing."""
    return [
        finding(
            "QP021", item.at, "", f"no finding {item.code} stands here to be suppressed", hint="take the comment out"
        )
        for item in unused
        if not item.of_scenario
    ]


def _read(file: str, text: str, here: Mapping[Path, Place]) -> Iterator[Suppression | Diagnostic]:
    comments = list(COMMENT.finditer(text))
    positions = [comment.start() for comment in comments]
    nodes = [node for place in here.values() for node in (place.key, place.value) if isinstance(node, yaml.ScalarNode)]
    inside_text = _inside(positions, nodes)
    in_scenario = _inside(positions, [place.value for path, place in here.items() if path[:1] == ("scenarios",)])
    covered = _covered_lines(LINE_ENDS.split(text))
    together = _lines_together(text)
    begins = [0, *(end.end() for end in LINE_ENDS.finditer(text))]
    for comment, position in zip(comments, positions, strict=True):
        if position in inside_text:
            continue
        line = bisect_right(begins, position)
        column = position - begins[line - 1] + 1
        at = Spot(file, line, column, column + len(comment.group().rstrip()))
        covers = tuple((printable(file), about) for about in together.get(covered[line], [covered[line]]))
        yield from _entries(comment.group(1), covers, at, position in in_scenario)


def _entries(body: str, covers: Lines, at: Spot, of_scenario: bool) -> Iterator[Suppression | Diagnostic]:
    match = CODES_AND_REASON.fullmatch(body.rstrip())
    if not match:
        yield finding("QP020", at, "", "this suppression names no rule", hint=FORM)
        return
    reason = printable(match[2].strip())
    if not reason:
        yield finding("QP020", at, "", "this suppression gives no reason, so it is not followed", hint=FORM)
    for code in re.split(r"\s*,\s*", match[1]):
        if code not in RULES:
            hint = did_you_mean(code, OF_INVENTORIES)
            yield finding("QP020", at, "", f"there is no rule '{code}' to suppress", hint=hint)
        elif code in ABOUT_SUPPRESSIONS:
            yield finding("QP020", at, "", f"{code} is about suppressions and cannot itself be suppressed")
        elif code not in SUPPRESSIBLE:
            yield finding("QP020", at, "", f"{code} is an error, which cannot be suppressed", hint="mend it")
        elif reason:
            yield Suppression(code, reason, covers, at, of_scenario)


def _covered_lines(lines: list[str]) -> list[int]:
    """For every line (from 1) itself, or the first below that is no comment where it is nothing but a comment."""
    covered = list(range(len(lines) + 1))
    for line in range(len(lines) - 1, 0, -1):
        if lines[line - 1].lstrip(" \t").startswith("#"):
            covered[line] = covered[line + 1]
    return covered


def _lines_together(text: str) -> dict[int, list[int]]:
    """For each line (from 1) that `fmt` would join, all that become one: a key and its value, a `-` and its entry."""
    hidden = hide_pairs(text)
    together: dict[int, list[int]] = {}
    before: yaml.Token | None = None
    with suppress(yaml.YAMLError):  # a text that cannot be read has that finding, which nothing suppresses
        for token in yaml.scan(hidden.text if hidden else text, Loader=yaml.CSafeLoader):
            if before is not None and token.start_mark.line > before.end_mark.line and _leads_to(before, token):
                lines = together.setdefault(before.end_mark.line + 1, [before.end_mark.line + 1])
                lines.append(token.start_mark.line + 1)
                together[token.start_mark.line + 1] = lines
            before = token
    return together


def _leads_to(before: yaml.Token, token: yaml.Token) -> bool:
    if isinstance(before, yaml.BlockEntryToken) and isinstance(token, BLOCK_STARTS):
        return True
    if isinstance(before, FLOW_STARTS):
        return isinstance(token, FLOW_ENDS)
    return isinstance(token, yaml.ValueToken) or (isinstance(before, LEADING) and isinstance(token, VALUES))


def _inside(positions: list[int], nodes: Iterable[yaml.Node | None]) -> set[int]:
    """The positions (ascending) that lie in one of the nodes: in a text, say, where a '#' begins no comment."""
    inside: set[int] = set()
    for node in {id(node): node for node in nodes if node is not None}.values():  # each once, whatever the aliases
        first = bisect_left(positions, node.start_mark.index)
        inside.update(positions[first : bisect_left(positions, node.end_mark.index)])
    return inside
