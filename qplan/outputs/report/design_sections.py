"""The report's sections on the design: what is built where, what each corridor gets, who sees keys in clear."""

from __future__ import annotations

from qplan.assessment.corridors import CorridorFacts, PathFacts
from qplan.assessment.facts import PlanFacts
from qplan.assessment.link_budgets import LinkFacts
from qplan.assessment.nodes import NodeFacts, Space
from qplan.outputs.report.document import Section, Table
from qplan.outputs.text import existing, wording
from qplan.outputs.text.names import SiteNames
from qplan.outputs.text.tables import format_number

NOT_STATED = "not stated"
ARROW = " → "
FIGURES = ("Fibres", "Length", "Loss", "Limit", "Headroom", "Key rate", "Reserved", "Load")


def built_section(facts: PlanFacts, names: SiteNames) -> Section:
    nodes = Table(
        "QKD nodes",
        ("Site", "Id", "Roles", "Country", "Operator", "Tier", "Rack units used", "Power used"),
        tuple(_node_row(node, names) for node in facts.nodes),
        right=("Tier", "Rack units used", "Power used"),
    )
    reading = (
        "Loss is the whole route's, patch-throughs and margin included; the limit is the system's. Headroom is what "
        "may still be lost before that limit is met or, where it says key rate, before what is reserved no longer "
        "fits. Key rate is the net rate of all systems on the link at that loss, reserved what the corridors take of "
        "it. The loss of a fibre that was measured holds its connectors and splices."
    )
    there = (f"{existing.summary(facts)}.",) if facts.beside_existing else ()
    tables = (nodes, links_table(facts, names), *_retired(facts, names), _budgets(facts, names))
    return Section("built", "What is built where", (*there, reading), tables)


def _retired(facts: PlanFacts, names: SiteNames) -> tuple[Table, ...]:
    """The existing links that the plan does without."""
    entries = [(name, facts.inventory.existing.links[name]) for name in facts.retired]
    rows = tuple(
        (name, names.join(link.ends, ARROW), f"{link.count} × {link.system}", ", ".join(link.fibres))
        for name, link in entries
    )
    return (Table("Retired QKD links", ("Link", "Route", "System", "Fibres"), rows),) if rows else ()


def links_table(facts: PlanFacts, names: SiteNames) -> Table:
    return Table(
        "QKD links",
        ("Route", "System", *(("State",) if facts.beside_existing else ()), *FIGURES),
        tuple(_link_row(link, names, facts.beside_existing) for link in facts.links),
        right=("Length", "Loss", "Limit", "Headroom", "Key rate", "Reserved", "Load"),
    )


def _budgets(facts: PlanFacts, names: SiteNames) -> Table:
    """What the loss of every link is made of."""
    parts = ("Fibre", "Connectors", "Splices", "Patching", "Margin", "Sum", "Limit", "Headroom")
    return Table(
        "Loss budgets",
        ("Route", "System", *parts),
        tuple(_budget_row(link, names) for link in facts.links),
        right=parts,
    )


def _budget_row(facts: LinkFacts, names: SiteNames) -> tuple[str, ...]:
    budget = facts.budget
    parts = () if budget is None else (budget.fibre, budget.connectors, budget.splices, budget.patching, budget.margin)
    return (
        _route(facts, names),
        facts.link.system,
        *(map(wording.db, parts) if parts else ["–"] * 5),
        wording.db(facts.link.loss_db),
        wording.db(facts.limit_db),
        wording.headroom(facts),
    )


def _node_row(facts: NodeFacts, names: SiteNames) -> tuple[str, ...]:
    site = facts.site
    relay = "trusted node (existing)" if facts.existing else "trusted node"
    roles = [relay if role == "relay" else role for role in facts.node.roles]
    tier = NOT_STATED if site.security_tier is None else str(site.security_tier)
    return (
        names[facts.node.site],
        facts.node.site,
        ", ".join(roles) or "existing, without load",
        site.country or NOT_STATED,
        site.operator or NOT_STATED,
        tier,
        _space(facts.rack_units, "U"),
        _space(facts.power_w, "W"),
    )


def _space(space: Space, unit: str) -> str:
    used = format_number(space.used)
    return f"{used} {unit}" if space.free is None else f"{used} of {format_number(space.free)} {unit}"


def _link_row(facts: LinkFacts, names: SiteNames, beside_existing: bool) -> tuple[str, ...]:
    link = facts.link
    return (
        _route(facts, names),
        f"{link.count} × {link.system}",
        *((existing.state(facts),) if beside_existing else ()),
        ", ".join(link.fibres),
        wording.km(facts.length_km),
        wording.db(link.loss_db),
        wording.db(facts.limit_db),
        wording.headroom(facts),
        wording.bps(link.capacity_bps),
        wording.bps(link.load_bps),
        wording.load(facts.utilisation),
    )


def _route(facts: LinkFacts, names: SiteNames) -> str:
    link = facts.link
    via = f" (patched through {names.join(link.bypass_sites)})" if link.bypass_sites else ""
    return names.join(link.ends, ARROW) + via


def corridors_table(facts: PlanFacts, names: SiteNames) -> Table:
    """Every corridor in one short row."""
    return Table(
        "Corridors at a glance",
        ("Corridor", "Ends", "Demand", "Spare", "Keys in clear at", "Relays by path"),
        tuple(_short_row(corridor, names) for corridor in facts.corridors),
        right=("Demand", "Spare"),
    )


def _short_row(facts: CorridorFacts, names: SiteNames) -> tuple[str, ...]:
    ends, demand = names.join(facts.corridor.ends, " – "), wording.bps(facts.demand_bps)
    if not facts.served:
        return (facts.id, ends, demand, "–", "–", "not served (optional)")
    seen = "its ends only" if not facts.relays else "every relay" if facts.relay_sees_key else "no single relay"
    relays = " / ".join(_relay_list(path, names) for path in facts.paths)
    return (facts.id, ends, demand, wording.bps(facts.spare_bps), seen, relays)


def _relay_list(path: PathFacts, names: SiteNames) -> str:
    count = f"{len(path.relays)}: " if len(path.relays) > 2 else ""
    return count + names.join(path.relays) or "direct"


def corridors_section(facts: PlanFacts, names: SiteNames) -> Section:
    overview = Table(
        "Demand and protection",
        (
            "Corridor",
            "Ends",
            "Served",
            "Demand",
            "Spare",
            "Survives the loss of",
            "Cut off by the loss of",
            "When no path holds",
            "Classification",
            "Secret for",
        ),
        tuple(_corridor_row(corridor, names) for corridor in facts.corridors),
        right=("Demand", "Spare", "Secret for"),
    )
    paths = Table(
        "Key-relay paths",
        ("Corridor", "Path", "Route", "Systems", "Length", "Reserved", "Spare"),
        tuple(
            _path_row(corridor, number, path, names)
            for corridor in facts.corridors
            for number, path in enumerate(corridor.paths, 1)
        ),
        right=("Length", "Reserved", "Spare"),
    )
    reading = (
        "Each path reserves the corridor's whole demand on every link. Spare is the least of capacity minus "
        "reservations along a path, never a sum; corridors that meet on a link share it. What a corridor survives "
        "leaves its own two ends aside, and what fails with an operator: that is under “If this is lost”. What cuts it "
        "off is the smallest set: how many pieces, and one out of each group of them, joined by +."
    )
    return Section("corridors", "Corridors", (reading,), (overview, paths))


def _corridor_row(facts: CorridorFacts, names: SiteNames) -> tuple[str, ...]:
    corridor = facts.corridor
    years = corridor.secrecy_years
    return (
        facts.id,
        names.join(corridor.ends, " – "),
        "yes" if facts.served else "not served (optional)",
        wording.bps(facts.demand_bps),
        wording.bps(facts.spare_bps) if facts.served else "–",
        wording.survives(corridor, len(facts.paths)) if facts.served else "–",
        wording.smallest_set(facts.cut_off_by, names.piece) if facts.served else "–",
        wording.FALLBACK[corridor.fallback],
        corridor.classification or NOT_STATED,
        NOT_STATED if years is None else f"{format_number(years)} year{'' if years == 1 else 's'}",
    )


def _path_row(facts: CorridorFacts, number: int, path: PathFacts, names: SiteNames) -> tuple[str, ...]:
    return (
        facts.id,
        f"{number} of {len(facts.paths)}",
        names.join(path.sites, ARROW),
        ", ".join(path.systems),
        wording.km(path.length_km),
        wording.bps(facts.demand_bps),
        wording.bps(path.spare_bps),
    )
