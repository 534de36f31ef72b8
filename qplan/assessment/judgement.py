"""What the inventory says of a plan beside the plan itself: findings that touch it, and how its checks came out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict

from qplan.assessment.checks import CheckResult
from qplan.assessment.facts import assess
from qplan.assessment.link_budgets import link_facts
from qplan.errors import Diagnostic
from qplan.inventory.model import Inventory
from qplan.inventory.plant import is_existing_relay
from qplan.plan.model import Budget, Finding, JudgedCheck, Link, Plan

ABOUT_FILES = ("QP0", "QP1")
"""Families of findings about how files are written, which touch no plan."""


def judge(inventory: Inventory, plan: Plan, warnings: Iterable[Diagnostic]) -> Plan:
    """The plan with the loss budgets of its links, the findings that touch it and the results of all checks."""
    links = tuple(link.model_copy(update={"budget_db": stated_budget(inventory, link)}) for link in plan.links)
    told = {"links": links, "findings": findings_of(inventory, plan, warnings), "checks": judge_checks(inventory, plan)}
    return plan.model_copy(update=told)


def findings_of(inventory: Inventory, plan: Plan, warnings: Iterable[Diagnostic]) -> tuple[Finding, ...]:
    """The warnings that touch the plan, as they stand in it."""
    found = {
        Finding(code=item.code, address=item.address, text=_text(item)) for item in _touching(inventory, plan, warnings)
    }
    return tuple(sorted(found, key=lambda finding: (finding.code, finding.address, finding.text)))


def stated_budget(inventory: Inventory, link: Link) -> Budget | None:
    """As it stands in a plan."""
    found = link_facts(inventory, link).budget
    return None if found is None else Budget(**asdict(found))


def judge_checks(inventory: Inventory, plan: Plan) -> tuple[JudgedCheck, ...]:
    """How every check of the inventory comes out for the plan."""
    return tuple(map(judged, assess(inventory, plan).checks if inventory.checks else ()))


def judged(result: CheckResult) -> JudgedCheck:
    """As it stands in a plan."""
    return JudgedCheck(
        id=result.id,
        metric=result.check.metric,
        where=result.check.where.model_dump(exclude_none=True),
        value=result.value,
        limits=result.limits,
        ok=result.ok,
        severity=result.check.severity,
        message=result.check.message,
    )


def _text(item: Diagnostic) -> str:
    return item.message + (f"; {item.hint}" if item.hint else "")


def _touching(inventory: Inventory, plan: Plan, warnings: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """Those about something that the plan uses, or about no single thing."""
    sites = {node.site for node in plan.nodes} | {site for link in plan.links for site in link.bypass_sites}
    equipment = inventory.equipment
    new_relays = [site for site in plan.relays if not is_existing_relay(inventory, site)]
    used = {
        "sites": sites,
        "fibres": {fibre for link in plan.links for fibre in link.fibres},
        "equipment.qkd_systems": {link.system for link in plan.links},
        "equipment.node_items": set(equipment.node_items if plan.nodes else ()),
        "equipment.relay_items": set(equipment.relay_items if new_relays else ()),
    }
    for item in warnings:
        if item.code.startswith(ABOUT_FILES):
            continue
        section, _, rest = item.address.partition(".")
        if section == "equipment":
            kind, _, rest = rest.partition(".")
            section = f"{section}.{kind}"
        name = rest.partition(".")[0].partition("[")[0]
        if name in used.get(section, {name}):
            yield item
