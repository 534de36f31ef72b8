"""One neutral diagram of a plan, from which every picture of the topology is written.

A diagram knows what is shown and what it means; it knows nothing of shapes, colours or file formats. Its nodes and
links have ids of their own (n1, l1), so that no name can break a format.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from qplan.assessment.facts import PlanFacts
from qplan.assessment.link_budgets import LinkFacts
from qplan.assessment.nodes import NodeFacts
from qplan.comparison.model import Action
from qplan.inventory.installed import sites_along
from qplan.inventory.source.messages import counted
from qplan.outputs.text import existing, wording
from qplan.outputs.text.names import SiteNames
from qplan.outputs.text.tables import one_line
from qplan.outputs.text.verdict import title
from qplan.plan.model import Plan

MOST_SITES = 60
"""Of a larger inventory only what the plan uses is drawn."""
MOST_LAID_OUT = 500
"""More sites without coordinates stand in rows: a layout takes too long."""
Kind = Literal["end", "relay", "end_relay", "existing", "end_existing", "idle", "bypass", "unused"]
MEANING: dict[Kind, str] = {
    "end": "end of a corridor",
    "relay": "trusted node: sees keys in clear",
    "end_relay": "end and trusted node: sees keys in clear",
    "existing": "existing trusted node: sees keys in clear",
    "end_existing": "end and existing trusted node: sees keys in clear",
    "idle": "existing QKD node without a corridor",
    "bypass": "patched through: links that pass leave no keys here",
    "unused": "site without QKD in this plan",
}
ROLE: dict[Kind, str] = {
    "end": "",
    "relay": "trusted node",
    "end_relay": "end + trusted node",
    "existing": "trusted node (existing)",
    "end_existing": "end + trusted node (existing)",
    "idle": "no corridor",
    "bypass": "patched through",
    "unused": "",
}
UNUSED_FIBRE = "fibre without QKD in this plan"


@dataclass(frozen=True)
class DiagramNode:
    """A site; where some links end and others are patched through, these pass a second node of the site."""

    id: str
    site: str
    name: str
    kind: Kind
    roles: tuple[str, ...]
    """As in the plan; empty where no link ends."""
    detail: str
    """One sentence for a tooltip or a screen reader."""
    place: tuple[float, float] | None
    """WGS84 latitude and longitude in degrees."""
    change: Action | None = None


@dataclass(frozen=True)
class DiagramLink:
    """A QKD link over all sites of its route, or a fibre that no QKD link uses."""

    id: str
    source: str
    """Id of the link in the plan, or of the fibre in the inventory."""
    name: str
    nodes: tuple[str, ...]
    """Diagram ids from the first end over the patched-through sites to the second."""
    lines: tuple[str, ...]
    """The label; none for a fibre."""
    system: str | None
    """None for a fibre, and for a link that is retired."""
    detail: str
    existing: bool = False
    """Nothing is bought for it."""
    fibres: tuple[str, ...] = ()
    """From site to site, where all sites of the route are among the nodes."""
    change: Action | None = None

    @property
    def retired(self) -> bool:
        return self.system is None and bool(self.lines)


@dataclass(frozen=True)
class Diagram:
    title: str
    subtitle: str
    hint: str
    """What of the inventory is not shown; empty when all is."""
    nodes: tuple[DiagramNode, ...]
    links: tuple[DiagramLink, ...]
    legend: tuple[Kind, ...]
    systems: tuple[str, ...]
    """In the legend, in this order."""
    catalogue: tuple[str, ...]
    """All systems of the inventory, which must not look alike."""
    compared: bool = False
    """Lines tell what changes, not systems."""

    @property
    def shows_fibres(self) -> bool:
        return any(link.system is None and not link.lines for link in self.links)

    @property
    def shows_existing(self) -> bool:
        return any(link.existing and link.system is not None for link in self.links)

    @property
    def shows_retired(self) -> bool:
        return any(link.retired for link in self.links)


def diagram(facts: PlanFacts, gone: tuple[LinkFacts, ...] = ()) -> Diagram:
    """What the topology shows: QKD nodes, QKD links, patched-through sites, and the unused plant where it is small.

    `gone` are links of an earlier plan, which are drawn where the inventory still has their ends.
    """
    inventory, names = facts.inventory, SiteNames(facts.inventory)
    whole = len(inventory.sites) <= MOST_SITES
    earlier = {site for link in gone for site in link.sites} & inventory.sites.keys()
    sites = sorted(inventory.sites if whole else _used_sites(facts.plan) | earlier)
    ids = _number(sites, facts)
    nodes = _nodes(ids, facts, names)
    users = facts.usage.links
    links = [_link(link, f"l{number}", users[link.link.id], ids, names) for number, link in enumerate(facts.links, 1)]
    routes = {(link.link.system, link.link.fibres) for link in gone}
    links += _retired(facts, ids, names, routes, start=len(links) + 1)
    links += _gone(gone, ids, names, start=len(links) + 1)
    if whole:
        links += _unused_fibres(facts, ids, names, start=len(links) + 1)
    kinds = {node.kind for node in nodes}
    return Diagram(
        title=one_line(title(facts)),
        subtitle=_subtitle(facts),
        hint=_hint(len(inventory.sites) - len(sites), nodes),
        nodes=nodes,
        links=tuple(links),
        legend=tuple(kind for kind in MEANING if kind in kinds),
        systems=tuple(facts.systems),
        catalogue=tuple(sorted(inventory.equipment.qkd_systems)),
    )


@dataclass(frozen=True)
class _Ids:
    """Diagram ids by site: of all that are shown, and of what links pass by where others end."""

    sites: dict[str, str]
    passed: dict[str, str]

    def along(self, route: Sequence[str]) -> tuple[str, ...]:
        """From end to end, without the sites on the way that are not shown."""
        between = (self.passed.get(s) or self.sites.get(s) for s in route[1:-1])
        return (self.sites[route[0]], *filter(None, between), self.sites[route[-1]])


def _number(sites: Sequence[str], facts: PlanFacts) -> _Ids:
    both = sorted({node.node.site for node in facts.nodes} & _patched(facts))
    return _Ids(
        {site: f"n{number}" for number, site in enumerate(sites, 1)},
        {site: f"n{number}" for number, site in enumerate(both, len(sites) + 1)},
    )


def _patched(facts: PlanFacts) -> set[str]:
    return {site for entry in facts.links for site in entry.link.bypass_sites}


def _used_sites(plan: Plan) -> set[str]:
    return {node.site for node in plan.nodes} | {site for link in plan.links for site in link.bypass_sites}


def _hint(hidden: int, nodes: tuple[DiagramNode, ...]) -> str:
    left_out = f"Only what the plan uses is shown: {counted(hidden, 'site')} of the inventory left out."
    in_rows = len(nodes) > MOST_LAID_OUT and any(node.place is None for node in nodes)
    rows = "Not all sites have coordinates, and there are too many to lay out: they stand in rows."
    return " ".join([left_out] * bool(hidden) + [rows] * in_rows)


def _subtitle(facts: PlanFacts) -> str:
    plan = facts.plan
    relays = counted(len(plan.relays), "trusted node")
    nodes, links = counted(len(plan.nodes), "QKD node"), counted(len(plan.links), "QKD link")
    corridors, unserved = len(facts.corridors), len(facts.unserved)
    served = f"{corridors - unserved} of {counted(corridors, 'corridor')} served"
    return f"{nodes} (with {relays}), {links}, {served}. {wording.proof(plan)}."


def _kind(node: NodeFacts | None, bypassed: bool) -> Kind:
    if node is None:
        return "bypass" if bypassed else "unused"
    if not node.node.roles:
        return "idle"
    if "relay" not in node.node.roles:
        return "end"
    relay: Kind = "existing" if node.existing else "relay"
    if "end" not in node.node.roles:
        return relay
    return "end_existing" if node.existing else "end_relay"


def _nodes(ids: _Ids, facts: PlanFacts, names: SiteNames) -> tuple[DiagramNode, ...]:
    built, patched = {node.node.site: node for node in facts.nodes}, _patched(facts)
    shown: list[tuple[str, str, NodeFacts | None]] = [(key, site, built.get(site)) for site, key in ids.sites.items()]
    shown += [(key, site, None) for site, key in ids.passed.items()]
    relays = {relay.id: relay for relay in facts.relays}
    nodes = []
    for diagram_id, site_id, node in shown:
        site, relay = facts.inventory.sites[site_id], relays.get(site_id) if node else None
        kind = _kind(node, site_id in patched)
        seen = f" Whole keys: {wording.listed(relay.whole_keys)}." if relay and relay.whole_keys else ""
        seen += f" One share: {wording.listed(relay.shares)}." if relay and relay.shares else ""
        nodes.append(
            DiagramNode(
                id=diagram_id,
                site=site_id,
                name=one_line(names.alone(site_id)),
                kind=kind,
                roles=node.node.roles if node else (),
                detail=one_line(f"{names[site_id]} ({site_id}): {MEANING[kind]}.{seen}"),
                place=None if site.lat is None or site.lon is None else (site.lat, site.lon),
            )
        )
    return tuple(nodes)


def _link(facts: LinkFacts, diagram_id: str, users: tuple[str, ...], ids: _Ids, names: SiteNames) -> DiagramLink:
    link = facts.link
    system = link.system if link.count == 1 else f"{link.count} × {link.system}"
    rate = wording.bps(link.capacity_bps)
    load = wording.load(facts.utilisation)
    name = names.join(link.ends, " – ")
    there = "" if facts.state == "new" else f"{existing.state(facts)}, "
    detail = (
        f"{name}: {there}{link.count} × {link.system}, {wording.db(link.loss_db)} of at most "
        f"{wording.db(facts.limit_db)}, {rate}, load {wording.bps(link.load_bps)} ({load}); "
        f"{wording.listed(users) if facts.carries else 'no corridor'}"
    )
    return DiagramLink(
        id=diagram_id,
        source=link.id,
        name=one_line(name),
        nodes=ids.along(facts.sites),
        lines=(f"{system}, {wording.db(link.loss_db)}", f"{rate}, load {load}", *_state(facts)),
        system=link.system,
        detail=one_line(detail),
        existing=facts.state in ("used", "kept"),
        fibres=link.fibres,
    )


def _state(facts: LinkFacts) -> tuple[str, ...]:
    return () if facts.state == "new" else (existing.STATES[facts.state],)


def _gone(gone: tuple[LinkFacts, ...], ids: _Ids, names: SiteNames, start: int) -> Iterable[DiagramLink]:
    shown = [facts for facts in gone if set(facts.link.ends) <= ids.sites.keys()]
    for number, facts in enumerate(shown, start):
        link, name = facts.link, names.join(facts.link.ends, " – ")
        what = f"{link.count} × {link.system}, {wording.db(link.loss_db)}"
        detail = one_line(f"{name}: {what}, no longer in the plan")
        yield DiagramLink(f"l{number}", link.id, one_line(name), ids.along(facts.sites), (what,), None, detail)


def _retired(
    facts: PlanFacts, ids: _Ids, names: SiteNames, shown_already: Container[object], start: int
) -> Iterable[DiagramLink]:
    """Existing links that the plan does without, where their ends are shown."""
    links = [(name, facts.inventory.existing.links[name]) for name in facts.retired]
    entries = [(name, link) for name, link in links if (link.system, link.fibres) not in shown_already]
    shown = [(name, link) for name, link in entries if set(link.ends) <= ids.sites.keys()]
    for number, (name, link) in enumerate(shown, start):
        sites = sites_along(facts.inventory, link.ends[0], link.fibres) or link.ends
        ends = one_line(names.join(link.ends, " – "))
        yield DiagramLink(
            id=f"l{number}",
            source=name,
            name=ends,
            nodes=ids.along(sites),
            lines=(f"retired: {link.count} × {link.system}",),
            system=None,
            detail=one_line(f"{ends}: {name}, {existing.RETIRED}, {link.count} × {link.system}"),
            existing=True,
            fibres=link.fibres if set(sites) <= ids.sites.keys() else (),
        )


def _unused_fibres(facts: PlanFacts, ids: _Ids, names: SiteNames, start: int) -> Iterable[DiagramLink]:
    fibres = facts.inventory.fibres
    unused = sorted(fibres.keys() - set(facts.fibres.used))
    for number, fibre_id in enumerate(unused, start):
        ends = fibres[fibre_id].ends
        name = one_line(names.join(ends, " – "))
        yield DiagramLink(
            id=f"l{number}",
            source=fibre_id,
            name=name,
            nodes=ids.along(ends),
            lines=(),
            system=None,
            detail=f"{name}: {fibre_id}, {UNUSED_FIBRE}",
            fibres=(fibre_id,),
        )
