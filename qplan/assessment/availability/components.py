"""What can fail under a plan, how often and for how long, and which of it each path needs.

A path needs in series: the QKD systems of its links, every fibre and every duct that a fibre lies in, the sites that it
is patched through, and every relay's site and key manager. A thing that several paths need occurs in each of their
sets, so shared risk is no special case.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from qplan.inventory.drills import target
from qplan.inventory.model import Inventory
from qplan.inventory.plant import length_km
from qplan.inventory.reliability import HOURS_PER_YEAR, Cuts, Repair
from qplan.plan.model import Link, Path, Plan

LOAD_TOLERANCE = 1e-6  # rates count to one millionth


@dataclass(frozen=True)
class Component:
    """Two states, up and down; `unavailability` is the share of the time that it is down."""

    address: str
    unavailability: float
    broken: float
    """Share of the time that it would be down if nothing were planned to stand still."""
    mttr_h: float
    """Mean length of one outage."""
    standstill_h: float
    """Length of one planned standstill: a year's in one piece, as the inventory does not state it."""
    basis: str
    """Where its figures stand in the inventory: `reliability.site`, say."""
    illustrative: bool

    @property
    def mtbf_h(self) -> float:
        """Mean time up between two outages or planned standstills."""
        per_h = self.broken / self.mttr_h if self.broken else 0.0
        per_h += self.planned / self.standstill_h if self.planned else 0.0
        return (1 - self.unavailability) / per_h if per_h else math.inf

    @property
    def planned(self) -> float:
        """Share of the time that only planned standstill takes."""
        return self.unavailability - self.broken


def share_down(mtbf_h: float, mttr_h: float, planned_h_per_year: float = 0.0) -> float:
    """MTTR / (MTBF + MTTR), and what is planned to stand still of the rest."""
    broken = mttr_h / (mtbf_h + mttr_h)
    planned = min(1.0, planned_h_per_year / HOURS_PER_YEAR)
    return broken + planned - broken * planned


class Components:
    """The components of a plan by address, each worked out once."""

    def __init__(self, inventory: Inventory, plan: Plan):
        self.inventory, self.reliability = inventory, inventory.reliability
        self.links = {link.id: link for link in plan.links}
        self._known: dict[str, Component] = {}
        self._of_link: dict[str, frozenset[str]] = {}
        self._km = {name: length_km(inventory, fibre) or 0.0 for name, fibre in inventory.fibres.items()}
        self._in_duct: dict[str, list[str]] = {}
        for name, fibre in inventory.fibres.items():
            for duct in set(fibre.ducts):
                self._in_duct.setdefault(duct, []).append(name)

    def __getitem__(self, address: str) -> Component:
        if address not in self._known:
            self._known[address] = self.with_repair(address, 1.0)
        return self._known[address]

    def with_repair(self, address: str, times: float) -> Component:
        """The component if its repairs took so many times as long; what is planned to stand still stays."""
        kind, name = target(address)
        return {
            "links": self._systems,
            "fibres": self._fibre,
            "ducts": self._duct,
            "sites": self._site,
            "key_managers": self._key_manager,
            "operators": self._operator,
        }[kind](name, times)

    def of_path(self, path: Path, ends: tuple[str, ...] = ()) -> frozenset[str]:
        """Addresses of what a path needs; and of the sites and key managers at the ends given."""
        links = (self.of_link(link) for link in path.links)
        return frozenset().union(*links, *(self.of_node(site) for site in (*path.relays, *ends)))

    def of_link(self, link_id: str) -> frozenset[str]:
        """The systems, fibres, ducts and patched sites of one link, and who operates them."""
        if link_id not in self._of_link:
            self._of_link[link_id] = self._link_needs(link_id)
        return self._of_link[link_id]

    def _link_needs(self, link_id: str) -> frozenset[str]:
        link = self.links[link_id]
        fibres = {name: self.inventory.fibres[name] for name in link.fibres}
        needed = {f"links.{link_id}", *(f"fibres.{name}" for name in fibres)}
        needed |= {f"ducts.{duct}" for fibre in fibres.values() for duct in fibre.ducts}
        needed |= self._operators(fibre.operator for fibre in fibres.values())
        return frozenset(needed.union(*(self._of_site(site) for site in link.bypass_sites)))

    def of_node(self, site: str) -> frozenset[str]:
        """The site, its key manager, and who operates it."""
        return frozenset({f"key_managers.{site}"} | self._of_site(site))

    def _of_site(self, site: str) -> set[str]:
        return {f"sites.{site}"} | self._operators([self.inventory.sites[site].operator])

    def _operators(self, names: Iterable[str | None]) -> set[str]:
        return {f"operators.{name}" for name in names if name in self.reliability.operators}

    def _repair(self, address: str, basis: str, repair: Repair, times: float = 1.0) -> Component:
        mttr_h, planned_h = repair.mttr_h * times, repair.planned_h_per_year
        down = share_down(repair.mtbf_h, mttr_h, planned_h)
        broken = share_down(repair.mtbf_h, mttr_h)
        illustrative = is_illustrative(repair, ("mtbf_h", "mttr_h"))
        return Component(address, down, broken, mttr_h, planned_h, basis, illustrative)

    def _site(self, name: str, times: float) -> Component:
        return self._repair(f"sites.{name}", "reliability.site", self.reliability.site, times)

    def _key_manager(self, name: str, times: float) -> Component:
        return self._repair(f"key_managers.{name}", "reliability.key_manager", self.reliability.key_manager, times)

    def _operator(self, name: str, times: float) -> Component:
        repair = self.reliability.operators[name]
        return self._repair(f"operators.{name}", f"reliability.operators.{name}", repair, times)

    def end_repair(self, link: Link) -> tuple[str, Repair]:
        """Of one end of one pair of the link's systems, and where that stands."""
        own = self.inventory.equipment.qkd_systems[link.system].reliability
        if own is None:
            return "reliability.system_end", self.reliability.system_end
        return f"equipment.qkd_systems.{link.system}.reliability", own

    def _systems(self, name: str, times: float) -> Component:
        return self.systems_of(self.links[name], *self.end_repair(self.links[name]), times)

    def systems_of(self, link: Link, basis: str, repair: Repair, times: float = 1.0) -> Component:
        """So many of a link's parallel pairs as its load needs; a pair needs both its ends."""
        end = self._repair(f"links.{link.id}", basis, repair, times)
        loaded = math.ceil(link.load_bps / link.key_rate_bps - LOAD_TOLERANCE) if link.load_bps > 0 else 1
        failed = link.count - min(link.count, max(1, loaded)) + 1
        down, broken = (at_least(failed, link.count, 2 * one - one**2) for one in (end.unavailability, end.broken))
        return replace(end, unavailability=down, broken=broken, mttr_h=end.mttr_h / failed)

    def _cuts(self, fibre: str) -> Cuts:
        cuts: Cuts = getattr(self.reliability.fibre, self.inventory.fibres[fibre].deployment)
        return cuts

    def _fibre(self, name: str, times: float) -> Component:
        """The fibre where it lies in no duct: cuts there take this fibre alone."""
        ducts = set(self.inventory.fibres[name].ducts)
        own = max(0.0, self._km[name] - math.fsum(self.duct_km(duct) for duct in ducts))
        return self._cable(f"fibres.{name}", name, own, times)

    def _duct(self, name: str, times: float) -> Component:
        """Cut as often as the most vulnerable of its fibres would be on its length."""
        fibre = max(sorted(self._in_duct[name]), key=lambda fibre: self._cuts(fibre).cuts_per_1000_km_year)
        return self._cable(f"ducts.{name}", fibre, self.duct_km(name), times)

    def duct_km(self, name: str) -> float:
        """As stated, else the length of the shortest fibre in it."""
        stated = self.reliability.ducts.get(name)
        return stated.length_km if stated else min(self._km[fibre] for fibre in self._in_duct[name])

    def _cable(self, address: str, fibre: str, km: float, times: float) -> Component:
        cuts = self._cuts(fibre)
        mttr_h = cuts.mttr_h * times
        per_h = cuts.cuts_per_1000_km_year * km / 1000 / HOURS_PER_YEAR
        down = per_h * mttr_h / (1 + per_h * mttr_h)
        basis = f"reliability.fibre.{self.inventory.fibres[fibre].deployment}"
        illustrative = is_illustrative(cuts, ("cuts_per_1000_km_year", "mttr_h"))
        return Component(address, down, down, mttr_h, 0.0, basis, illustrative)


def at_least(failed: int, count: int, down: float) -> float:
    """Probability that so many of the count or more are down at once: the binomial's tail, by logarithms."""
    if failed <= 0 or down in (0.0, 1.0):
        return float(failed <= 0 or down == 1.0)
    up, all_ways = math.log1p(-down), math.lgamma(count + 1)
    logarithms = (
        all_ways - math.lgamma(n + 1) - math.lgamma(count - n + 1) + n * math.log(down) + (count - n) * up
        for n in range(failed, count + 1)
    )
    return min(1.0, math.fsum(map(math.exp, logarithms)))


def is_illustrative(entry: Cuts | Repair, fields: tuple[str, ...]) -> bool:
    """Whether one of the figures is without a source."""
    stated = entry.provenance
    return any((stated if isinstance(stated, str) else stated.get(field)) in ("illustrative", None) for field in fields)
