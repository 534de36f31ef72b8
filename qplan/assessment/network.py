"""What a plan is drilled on: its QKD links with their key stores, and the corridors with their paths.

Links and corridors are numbered by their places here; everything in drills and availability speaks of these numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from qplan.candidates.usability import find_usable_sites
from qplan.errors import Exit, QplanError
from qplan.inventory.drills import DrillPolicy
from qplan.inventory.key_stores import KeyStore
from qplan.inventory.model import Inventory
from qplan.inventory.plant import max_loss_db
from qplan.physics.key_rate import Curve, rate_at_bps
from qplan.plan.model import Link, Plan, ServedCorridor

Chain = tuple[int, ...]  # links from a corridor's first end to its second


class NotPlayable(QplanError):
    """The inventory and the plan give nothing that a drill could be played on."""

    exit_code = Exit.INVALID


@dataclass(frozen=True)
class LinkInPlay:
    """A QKD link and its store; all its parallel systems together."""

    id: str
    ends: tuple[str, str]
    rate_bps: float
    """Net rate of all systems."""
    capacity_bits: float
    floor_bits: float
    resume_bits: float
    """Above the floor: an exhausted store is usable again from here on."""
    initial_bits: float
    restart_s: float = 0.0
    systems: int = 1
    fibres: tuple[str, ...] = ()
    ducts: frozenset[str] = frozenset()
    bypass_sites: tuple[str, ...] = ()
    length_km: float = 0.0
    curve: Curve = ()
    loss_db: float = 0.0
    limit_db: float = math.inf

    @property
    def usable_bits(self) -> float:
        """What corridors may use of a full store."""
        return max(0.0, self.capacity_bits - self.floor_bits)

    def share_with_loss(self, added_db: float) -> float:
        """What remains of the rate when the route loses so many dB more; 0 beyond the system's limit."""
        loss = self.loss_db + added_db
        full = rate_at_bps(self.curve, self.loss_db)
        return rate_at_bps(self.curve, loss) / full if full > 0 and loss <= self.limit_db else 0.0


@dataclass(frozen=True)
class CorridorInPlay:
    id: str
    ends: tuple[str, str]
    rate_bps: float
    paths: tuple[Chain, ...]
    """In the order of preference."""
    shares: bool = False
    """All paths are needed: the key is the XOR of what they bring."""
    priority: float = 1.0
    lifetime_s: float = 0.0
    """How long the encryptors go on with the last key, where the policy says nothing else."""
    fallback: str = "fail_closed"
    fallback_stated: bool = True
    may_relay: frozenset[str] = frozenset()
    """Sites that the corridor's rules allow as relays."""
    max_relays: float = math.inf
    disjoint: str = "duct"

    @cached_property
    def links_of_paths(self) -> tuple[frozenset[int], ...]:
        return tuple(map(frozenset, self.paths))


@dataclass(frozen=True)
class Network:
    links: tuple[LinkInPlay, ...]
    corridors: tuple[CorridorInPlay, ...]

    @cached_property
    def at_site(self) -> dict[str, list[int]]:
        """The links that end at each site."""
        return _by_end(link.ends for link in self.links)

    @cached_property
    def ending_at(self) -> dict[str, list[int]]:
        """The corridors that end at each site."""
        return _by_end(corridor.ends for corridor in self.corridors)

    @cached_property
    def on_link(self) -> tuple[frozenset[int], ...]:
        """The corridors with a planned path over each link."""
        found: list[set[int]] = [set() for _ in self.links]
        for number, corridor in enumerate(self.corridors):
            for chain in corridor.paths:
                for link in chain:
                    found[link].add(number)
        return tuple(map(frozenset, found))

    @cached_property
    def _relays(self) -> dict[tuple[str, Chain], tuple[str, ...]]:
        return {}

    def relays(self, corridor: CorridorInPlay, chain: Chain) -> tuple[str, ...]:
        """The sites where a chain's links join, from the corridor's first end on."""
        site = corridor.ends[0]
        key = (site, chain)
        if key not in self._relays:
            relays = []
            for link in chain[:-1]:
                a, b = self.links[link].ends
                site = b if site == a else a
                relays.append(site)
            self._relays[key] = tuple(relays)
        return self._relays[key]


def _by_end(pairs: Iterable[tuple[str, str]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, ends in enumerate(pairs):
        for end in ends:
            found.setdefault(end, []).append(number)
    return found


def network_of(inventory: Inventory, plan: Plan) -> Network:
    """The plan's links in the order of their ids, and its served corridors in the order of theirs."""
    links = tuple(_link(inventory, link) for link in sorted(plan.links, key=lambda link: link.id))
    number = {link.id: place for place, link in enumerate(links)}
    served = sorted((entry for entry in plan.corridors if entry.served), key=lambda entry: entry.id)
    usable = find_usable_sites(inventory).permitted
    return Network(links, tuple(_corridor(inventory, entry, number, usable[entry.id]) for entry in served))


def store_of(inventory: Inventory, link: Link) -> KeyStore:
    """The key store that the inventory gives to a link."""
    system = inventory.equipment.qkd_systems[link.system].key_store
    return inventory.key_stores.of_link(link.id, link.ends, link.system, system)


def _link(inventory: Inventory, link: Link) -> LinkInPlay:
    store, system = store_of(inventory, link), inventory.equipment.qkd_systems[link.system]
    return LinkInPlay(
        id=link.id,
        ends=link.ends,
        rate_bps=link.capacity_bps,
        capacity_bits=store.capacity_bits,
        floor_bits=store.floor_bits,
        resume_bits=store.resume,
        initial_bits=store.initial_bits,
        restart_s=store.restart_s,
        systems=link.count,
        fibres=link.fibres,
        ducts=frozenset(duct for fibre in link.fibres for duct in inventory.fibres[fibre].ducts),
        bypass_sites=link.bypass_sites,
        length_km=link.length_km,
        curve=system.key_rate_curve,
        loss_db=link.loss_db,
        limit_db=max_loss_db(system),
    )


def _corridor(
    inventory: Inventory, entry: ServedCorridor, number: dict[str, int], usable: frozenset[str]
) -> CorridorInPlay:
    corridor = inventory.corridors[entry.id]
    return CorridorInPlay(
        id=entry.id,
        ends=corridor.ends,
        rate_bps=entry.key_rate_bps,
        paths=tuple(tuple(number[link] for link in path.links) for path in entry.paths),
        shares=corridor.shares_needed > 1,
        priority=corridor.priority,
        lifetime_s=corridor.rekey.interval_s if corridor.rekey else 0.0,
        fallback=corridor.fallback or "fail_closed",
        fallback_stated=corridor.fallback is not None,
        may_relay=usable.difference(corridor.ends),
        max_relays=math.inf if corridor.max_relays is None else corridor.max_relays,
        disjoint=corridor.disjoint,
    )


def classes_of(corridors: Sequence[CorridorInPlay], policy: DrillPolicy) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """The distinct reserves that a policy keeps from some corridors (bits, 0 first), and the class of each corridor."""
    reserve = [policy.reserve_bits.get(f"{corridor.priority:g}", 0.0) for corridor in corridors]
    levels = tuple(sorted({0.0, *reserve}))
    return levels, tuple(levels.index(bits) for bits in reserve)
