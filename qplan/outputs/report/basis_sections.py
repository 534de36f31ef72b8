"""The report's sections on what the plan rests on: checks, assumptions and limits, where figures come from."""

from __future__ import annotations

import json
from collections.abc import Iterable

from qplan.assessment.checks import CheckResult
from qplan.assessment.facts import PlanFacts
from qplan.assessment.fibre_knowledge import FibreKnowledge
from qplan.inventory.model import Inventory, Item, QkdSystem
from qplan.inventory.source.messages import counted
from qplan.outputs.report.document import Section, Table
from qplan.outputs.text import wording
from qplan.outputs.text.checks import check_limits, check_name, check_value

FINDINGS = "Findings of the inventory that touch this plan"
POSITIONS = (
    "National positions: NSA, NCSC (2025-08), ANSSI/BSI/NLNCSA/Sweden (2024-01) and BSI TR-02102-1 (v2026-01) advise "
    "PQC first and do not recommend QKD for their governments; the US DoW PQC strategy (2026-04-01) prohibits it with "
    "a waiver path; the EU roadmap for PQC has milestones in 2026, 2030 and 2035."
)


def checks_section(facts: PlanFacts) -> Section:
    return Section("checks", "Checks", tables=(checks_table(facts.checks, facts.plan.costs.currency),))


def checks_table(results: Iterable[CheckResult], currency: str) -> Table:
    rows = []
    for result in results:
        check = result.check
        verdict = "ok" if result.ok else "exceeded" if check.severity == "error" else "exceeded (warning)"
        short = f"not kept by {wording.listed(result.short)}" if result.short else ""
        note = "" if result.ok else "; ".join(filter(None, (check.message, short)))
        measured = (check_name(check), check_value(result, currency), check_limits(result, currency))
        rows.append((result.id, *measured, verdict, note))
    return Table("Limits set in the inventory", ("Check", "Of", "Value", "Limit", "Result", "Note"), tuple(rows))


def assumptions_section(facts: PlanFacts) -> Section:
    points = [
        "QKD complements post-quantum cryptography (PQC): it does not replace it, and it does not authenticate. Every "
        "link and every user of keys needs authentication by pre-shared keys or PQC.",
        "Keys are in clear at both ends of a corridor and at every trusted node that relays them. Between trusted "
        "nodes the protection is physical; at them it is the operator's.",
        POSITIONS,
        *_rate_points(facts),
        *_fibre_points(facts.fibres),
        *_duct_points(facts),
        _margin_point(facts.inventory),
        "Every system takes the strands that its entry states. Light of other channels on the same strand is not "
        "modelled: a strand given to QKD is taken to be dark apart from the system's own channels.",
        "Prices are estimates until they are quoted.",
        *_energy_point(facts),
    ]
    rows = tuple((finding.code, finding.address, finding.text) for finding in facts.plan.findings)
    tables = (Table(FINDINGS, ("Rule", "At", "Finding"), rows),) if rows else ()
    return Section("assumptions", "Assumptions and limits", points=tuple(points), tables=tables)


def _energy_point(facts: PlanFacts) -> list[str]:
    if facts.inventory.economics.energy_per_kwh is not None or not any(node.power_w.used for node in facts.nodes):
        return []
    return ["Power costs nothing here: economics.energy_per_kwh is not stated."]


def _rate_points(facts: PlanFacts) -> list[str]:
    bases: dict[str, list[str]] = {}
    for key, system in facts.systems.items():
        bases.setdefault(system.rate_basis or "basis not stated", []).append(key)
    if not bases:
        return []
    stated = "; ".join(f"{basis.replace('_', ' ')} ({wording.listed(keys)})" for basis, keys in sorted(bases.items()))
    points = [f"Key rates are read off each system's curve, never beyond its last point; the curves state: {stated}."]
    if "asymptotic" in bases:
        points.append("Asymptotic rates leave out finite-key effects: a link in service gives less.")
    cow = [key for key, system in facts.systems.items() if (system.technology or "").lower() == "dv-cow"]
    if cow:
        listed = wording.listed(cow)
        points.append(f"The original security proof of coherent one-way ({listed}) does not hold at published rates.")
    if facts.inventory.policy.key_rate_reserve:
        share = wording.stated_percent(facts.inventory.policy.key_rate_reserve)
        points.append(f"Of every rate {share} is kept for authentication and refresh before corridors are served.")
    return points


def _fibre_points(fibres: FibreKnowledge) -> list[str]:
    total = len(fibres.used)
    points = []
    if fibres.computed:
        points.append(
            f"Loss is computed, not measured, on {len(fibres.computed)} of {counted(total, 'fibre')} used: "
            f"{wording.listed(fibres.computed)}. Measure them before buying."
        )
    elif total:
        points.append(f"Loss is as stated in the inventory on every fibre used ({total}).")
    if fibres.derived_length:
        points.append(
            "Length is derived from the ends' coordinates (geodesic × 1.3) on "
            f"{counted(len(fibres.derived_length), 'fibre')}: {wording.listed(fibres.derived_length)}."
        )
    if fibres.unknown_length:
        points.append(
            f"Length is not known, and counted as 0 km in lease costs, on "
            f"{counted(len(fibres.unknown_length), 'fibre')}: {wording.listed(fibres.unknown_length)}."
        )
    return points


def _duct_points(facts: PlanFacts) -> list[str]:
    """Where corridors have several paths: fibres of which it is not known what they share with others."""
    used = facts.fibres.used
    silent = [fibre for fibre in used if not facts.inventory.fibres[fibre].ducts]
    if not silent or all(len(corridor.paths) < 2 for corridor in facts.corridors):
        return []
    return [
        f"No duct is stated for {len(silent)} of {counted(len(used), 'fibre')} used ({wording.listed(silent)}): "
        "whether two paths of a corridor share a trench or a bridge there is not known."
    ]


def _margin_point(inventory: Inventory) -> str:
    margin = inventory.policy.loss_margin_db
    if margin:
        return f"Every link's loss includes {wording.db(margin)} for ageing and repair."
    return "No margin for ageing and repair is included in the losses (policy.loss_margin_db is 0)."


def provenance_section(facts: PlanFacts) -> Section:
    entries: list[tuple[str, QkdSystem | Item]] = [*facts.systems.items(), *facts.items]
    figures = Table(
        "Equipment used",
        ("Entry", "Product", "Figures", "Provenance", "Source of the entry"),
        tuple(row for key, entry in entries for row in _provenance_rows(key, entry)),
    )
    plan, ref = facts.plan, facts.plan.inventory
    scenario = (("Scenario", ref.scenario),) if ref.scenario else ()
    origin = Table(
        "This plan",
        ("What", "Value"),
        (
            ("qplan", plan.qplan_version),
            ("Solver", f"{plan.solver.name} {plan.solver.version}"),
            *((f"{file.path}, SHA-256", file.sha256) for file in ref.files),
            *scenario,
            *((f"Set: {address}", json.dumps(value, ensure_ascii=False)) for address, value in sorted(ref.set.items())),
            ("Effective inventory, SHA-256", ref.effective_sha256),
        ),
    )
    return Section("provenance", "Where the figures come from", tables=(figures, origin))


def _provenance_rows(key: str, entry: QkdSystem | Item) -> list[tuple[str, ...]]:
    if isinstance(entry, QkdSystem):
        product = " ".join(word for word in (entry.manufacturer, entry.model) if word) or entry.technology
    else:
        product = entry.description
    stated, source = entry.provenance, entry.source or "not stated"
    if isinstance(stated, str):
        return [(key, product or "–", "all", stated, source)]
    by_word = {word: ", ".join(sorted(name for name in stated if stated[name] == word)) for word in stated.values()}
    figures = [*((names, word) for word, names in sorted(by_word.items())), ("the rest", "not stated")]
    (names, word), *others = figures
    return [(key, product or "–", names, word, source), *(("", "", names, word, "") for names, word in others)]
