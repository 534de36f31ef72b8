"""What `qplan verify` says: does the plan hold, and where not; as text, Markdown and JSON."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from qplan.assessment.checks import CheckResult
from qplan.assessment.facts import assess
from qplan.assessment.judgement import findings_of, judged
from qplan.assessment.statements import stated_violations
from qplan.errors import Exit
from qplan.explain.findings import write_setting
from qplan.inventory.reader import Reading
from qplan.inventory.rules import Spot, printable
from qplan.inventory.source.messages import counted
from qplan.outputs.text.checks import breach
from qplan.outputs.text.tables import escape_markdown, markdown_table, one_line
from qplan.outputs.text.wording import gap_percent
from qplan.outputs.verbs.documents import BrokenRule, NotReproven, VerificationDocument
from qplan.plan.model import InventoryRef, Plan, reference
from qplan.plan.verify.verifier import verify
from qplan.plan.verify.violation import Violation

EDITED = (
    "The inventory is not the one that it was made from: whether it is still the best, only planning anew can tell."
)
RULES_OF_CHOICE = frozenset(
    (
        *("disjoint-relay", "disjoint-node", "disjoint-duct", "max-relays", "max-bypass", "required"),
        *("trusted-node", "avoid-sites", "allowed-countries", "allowed-operators", "allowed-key-domains"),
        *("min-security-tier", "technology", "manufacturer", "strands", "rack-units", "power"),
        *("budget-capex", "budget-tco"),
    )
)
"""A plan that breaks these alone states everything as it is: what checks measure in it is known all the same."""


@dataclass(frozen=True)
class Proof:
    """What the optimiser proved as the plan states it: no re-check of a plan can prove that nothing is better."""

    status: str
    bound: float | None
    gap: float | None


@dataclass(frozen=True)
class Verification:
    """What a plan breaks, and whether the inventory is another than the one that the plan was made from."""

    violations: tuple[Violation, ...]
    edited: bool
    proof: Proof
    made_with: tuple[str, ...] = ()
    """The scenario and the overrides of the plan, as options, where they were not given."""
    read_otherwise: tuple[str, ...] = ()
    """What the plan says of how its inventory was read, and is not so here, though it comes to the same."""
    checks: tuple[CheckResult, ...] = ()
    """How the inventory's checks come out, where what the plan states can be relied upon."""
    unjudged: bool = False
    """The inventory has checks, and it cannot."""
    file: str = ""
    """The inventory, by the name that findings give it."""
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)
    check_places: Mapping[str, Spot] = field(default_factory=dict, repr=False)

    @property
    def holds(self) -> bool:
        return not self.violations

    @property
    def exit_code(self) -> Exit:
        """What `qplan verify` ends with."""
        failed = any(not check.ok and check.check.severity == "error" for check in self.checks)
        return Exit.DONE if self.holds and not failed else Exit.CHECK


def verification(reading: Reading, plan: Plan) -> Verification:
    """The plan held against an inventory, which may be another than its own."""
    edited = reading.effective_sha256 != plan.inventory.effective_sha256
    options = (
        made_with(plan.inventory)
        if edited and reading.scenario is None and not reading.set and not reading.built_sha256
        else ()
    )
    violations = verify(reading.inventory, plan)
    told_right = all(violation.rule in RULES_OF_CHOICE for violation in violations)
    checks = assess(reading.inventory, plan).checks if told_right and reading.inventory.checks else ()
    if not violations:
        told = stated_violations(reading.inventory, plan, checks)
        violations = (*told, *_finding_violations(reading, plan))
    return Verification(
        violations,
        edited,
        Proof(plan.status, plan.objective.bound, plan.objective.gap),
        options,
        () if edited else _read_otherwise(reference(reading), plan.inventory),
        checks,
        bool(reading.inventory.checks) and not told_right,
        printable(next(iter(reading.sources), "")),
        reading.sources,
        reading.check_places,
    )


def _read_otherwise(here: InventoryRef, stated: InventoryRef) -> tuple[str, ...]:
    return tuple(name for name in InventoryRef.model_fields if getattr(here, name) != getattr(stated, name))


def _finding_violations(reading: Reading, plan: Plan) -> Iterator[Violation]:
    """Findings that are not what they are now, where the very same files were read in the same way."""
    if "findings" not in plan.model_fields_set or reference(reading) != plan.inventory:
        return
    warnings = (*reading.warnings, *reading.shipped_warnings)
    true = Counter(findings_of(reading.inventory, plan, warnings))
    stated = Counter(plan.findings)
    for each in sorted((stated - true) + (true - stated), key=lambda finding: (finding.code, finding.address)):
        found, expected = (each.text if each in side else "none" for side in (stated, true))
        yield Violation("finding-value", f"findings.{each.code}.{each.address}", found, expected)


def verification_text(found: Verification) -> str:
    broken = [f"check {check.id}: {check.check.severity}: {breach(check)}" for check in found.checks if not check.ok]
    return "\n".join([*(violation.text() for violation in found.violations), *broken, *_verdict(found)]) + "\n"


def verification_markdown(found: Verification) -> str:
    rows = [(v.address, v.rule, v.found, v.limit) for v in found.violations]
    table = [markdown_table(("Where", "Rule", "Found", "Expected"), rows).rstrip()] if rows else []
    broken = [(check.id, check.check.severity, breach(check)) for check in found.checks if not check.ok]
    table += [markdown_table(("Check", "Severity", "Found"), broken).rstrip()] if broken else []
    return "\n\n".join([" ".join(map(escape_markdown, _verdict(found))), *table]) + "\n"


def verification_json(found: Verification) -> str:
    return VerificationDocument(
        holds=found.holds,
        only_figures_differ=bool(found.violations) and only_figures(found.violations),
        inventory_edited=found.edited,
        read_otherwise=found.read_otherwise,
        not_reproven=NotReproven(status=found.proof.status, bound=found.proof.bound, gap=found.proof.gap),
        violations=tuple(
            BrokenRule(rule=each.rule, address=each.address, found=each.found, expected=each.limit)
            for each in found.violations
        ),
        checks=tuple(judged(check) for check in found.checks),
    ).text()


FORMATS = {"text": verification_text, "json": verification_json, "markdown": verification_markdown}


def made_with(ref: InventoryRef) -> tuple[str, ...]:
    """The options that the plan was made with."""
    scenario = ("--scenario", ref.scenario) if ref.scenario else ()
    built = ("--built", "PLAN") if ref.built_sha256 else ()
    return (
        *scenario,
        *built,
        *(word for address, value in ref.set.items() for word in ("--set", shlex.quote(write_setting(address, value)))),
    )


def only_figures(violations: Sequence[Violation]) -> bool:
    """Everything that the plan builds keeps all rules, checks apart; it is the figures stated that are out of date."""
    return all(violation.rule.endswith("-value") for violation in violations)


def _kept(found: Verification) -> list[str]:
    kept, count = sum(check.ok for check in found.checks), len(found.checks)
    if found.unjudged:
        return ["The inventory's checks are not judged, as what they measure is not all as the plan states it."]
    return [f"It keeps {kept} of {counted(count, 'check')}."] if found.checks else []


def _not_reproven(proof: Proof) -> str:
    """What is taken from the plan."""
    if proof.bound is None or proof.gap is None:
        return "That a better plan may exist is taken from it: it states no bound."
    bound = f"bound {proof.bound:.15g}, gap {gap_percent(proof.gap)}"
    return f"Not proven again, but taken from the plan: status {proof.status}, {bound}."


def _otherwise(names: Sequence[str]) -> list[str]:
    """What nothing here confirms."""
    stated = f"What it says of how its inventory was read ({', '.join(names)})"
    return [f"{stated} is not so here, and taken from it; the inventory is the same."] if names else []


def _verdict(found: Verification) -> list[str]:
    made_with = [f"It was made with {one_line(' '.join(found.made_with))}."] if found.made_with else []
    if found.holds:
        proof = EDITED if found.edited else _not_reproven(found.proof)
        return ["The plan holds.", *_kept(found), proof, *made_with, *_otherwise(found.read_otherwise)]
    count = len(found.violations)
    if only_figures(found.violations):
        figures = f"{counted(count, 'figure')} {'differs' if count == 1 else 'differ'}"
        verdict = f"The plan does not hold: {figures}. What it builds still keeps every rule."
    else:
        verdict = f"The plan does not hold: {counted(count, 'rule')} broken."
    return [verdict, *_kept(found), *made_with, *_otherwise(found.read_otherwise)]
