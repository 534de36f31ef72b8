"""What an event does to a network: which links stand still, which stores are out of reach, who asks for more."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from qplan.assessment.network import Network, NotPlayable
from qplan.inventory.drills import ACTIONS, Drill, DrillEvent, target
from qplan.inventory.link_names import link_names
from qplan.inventory.model import Inventory
from qplan.inventory.source.messages import did_you_mean, joined
from qplan.plan.model import Plan

Numbers = tuple[int, ...]
Index = dict[str, list[int]]
KINDS = ("sites", "fibres", "ducts", "links", "key_managers", "operators")


@dataclass(frozen=True)
class Disturbance:
    """A state of things from `at_s` until `until_s`, in numbers of links and corridors."""

    at_s: float
    action: str
    address: str
    until_s: float = math.inf
    down: Numbers = ()
    """Links that make no key, and restart afterwards."""
    hidden: Numbers = ()
    """Links whose stores no corridor reaches."""
    unstored: Numbers = ()
    """Links whose key is lost as it is made."""
    stopped: Numbers = ()
    """Corridors that get no keys delivered."""
    systems: Numbers = ()
    """Links with one system less."""
    degraded: Numbers = ()
    factor: float = 1.0
    """Of the rate of the links degraded, or of the demand of the corridors surged."""
    added_loss_db: float = 0.0
    surged: Numbers = ()
    key_managers: tuple[str, ...] = ()
    """Sites whose key manager is down."""
    distrusted: str | None = None


class Effects:
    """What the loss of a thing takes with it, on one plan: address → `Disturbance` from 0 on, for ever."""

    def __init__(self, inventory: Inventory, plan: Plan, network: Network):
        self.inventory, self.plan, self.network = inventory, plan, network
        self.nodes = set(network.at_site)
        systems = {link.id: link.system for link in plan.links}
        self._named: Index = {}
        self._passing: Index = {}  # sites where a link ends or is patched through
        self._on_fibre: Index = {}
        self._in_duct: Index = {}
        self._pairs: set[str] = set()
        for number, link in enumerate(network.links):
            names = link_names(link.id, link.ends, systems[link.id])
            self._pairs.add(names[1])
            for index, keys in (
                (self._named, names),
                (self._passing, (*link.ends, *link.bypass_sites)),
                (self._on_fibre, link.fibres),
                (self._in_duct, link.ducts),
            ):
                for key in set(keys):
                    index.setdefault(key, []).append(number)

    def check(self, address: str) -> None:
        """Raises `NotPlayable` where nothing of the inventory is at the address that could be lost."""
        kind, name = target(address)
        sites, fibres = self.inventory.sites, self.inventory.fibres
        known = {
            "sites": set(sites),
            "key_managers": set(sites),
            "fibres": set(fibres),
            "ducts": {duct for fibre in fibres.values() for duct in fibre.ducts},
            "operators": self._operators(sites, fibres),
        }
        if kind in ("links", "systems"):
            self.named(name)
        elif kind not in known:
            raise NotPlayable(
                f"'{address}' is no address of what can be lost; expected {joined(ACTIONS['fail'])} and an id"
            )
        elif name not in known[kind]:
            hint = did_you_mean(name, known[kind])
            raise NotPlayable(
                f"there is no '{name}' among the {kind.replace('_', ' ')}" + (f"; {hint}" if hint else "")
            )

    def loss(self, address: str) -> Disturbance:
        """Its loss from 0 on, for ever. Raises `NotPlayable` where the plan has no such link."""
        kind, name = target(address)
        none = Disturbance(0.0, "fail", address)
        makers: dict[str, Callable[[], Disturbance]] = {
            "sites": lambda: self._sites(none, {name}),
            "fibres": lambda: replace(none, down=_of(self._on_fibre, {name})),
            "ducts": lambda: replace(none, down=_of(self._in_duct, {name})),
            "links": lambda: replace(none, down=self.named(name)),
            "systems": lambda: replace(none, systems=self.named(name)),
            "key_managers": lambda: self._key_managers(none, {name}),
            "operators": lambda: self._operator(none, name),
        }
        return makers[kind]()

    def named(self, name: str) -> Numbers:
        """The links that a name stands for (`A--B`, `A--B--SYSTEM` or a whole id)."""
        if name not in self._named:
            hint = did_you_mean(name, self._pairs)
            raise NotPlayable(f"the plan has no link '{name}'" + (f"; {hint}" if hint else ""))
        return tuple(self._named[name])

    def _corridors(self, ends: set[str]) -> Numbers:
        return _of(self.network.ending_at, ends)

    def _key_managers(self, none: Disturbance, sites: set[str]) -> Disturbance:
        """No store of a link that ends there is reached, nothing is stored, and nothing delivered."""
        ending = _of(self.network.at_site, sites)
        managers = tuple(sorted(sites & self.nodes))
        return replace(none, hidden=ending, unstored=ending, stopped=self._corridors(sites), key_managers=managers)

    def _sites(self, none: Disturbance, sites: set[str]) -> Disturbance:
        """A key manager is gone with its site, and so are the links that end there or are patched through."""
        return replace(self._key_managers(none, sites), down=_of(self._passing, sites), unstored=())

    def _operator(self, none: Disturbance, operator: str) -> Disturbance:
        sites = {name for name, site in self.inventory.sites.items() if site.operator == operator}
        fibres = {name for name, fibre in self.inventory.fibres.items() if fibre.operator == operator}
        gone = self._sites(none, sites)
        return replace(gone, down=tuple(sorted({*gone.down, *_of(self._on_fibre, fibres)})))

    def _operators(self, sites: Iterable[str], fibres: Iterable[str]) -> set[str]:
        """Who runs one of these."""
        stated = [self.inventory.sites[site].operator for site in sites]
        stated += [self.inventory.fibres[fibre].operator for fibre in fibres]
        return {operator for operator in stated if operator}

    def addresses(self, kinds: Iterable[str] = KINDS) -> tuple[str, ...]:
        """What the plan stands on and what can be lost, by kind and id; a thing that touches no link is left out."""
        links = self.network.links
        sites = {site for link in links for site in (*link.ends, *link.bypass_sites)}
        fibres = {fibre for link in links for fibre in link.fibres}
        operators = self._operators(sites, fibres)
        names = {
            "sites": sites,
            "fibres": fibres,
            "ducts": {duct for link in links for duct in link.ducts},
            "links": {link.id for link in links},
            "key_managers": self.nodes,
            "operators": operators,
            "systems": {link.id for link in links if link.systems > 1},
        }
        return tuple(f"{kind}.{name}" for kind in kinds for name in sorted(names[kind]))


def _of(index: Mapping[str, Sequence[int]], keys: Iterable[str]) -> Numbers:
    """What stands under one of the keys."""
    return tuple(sorted({number for key in keys for number in index.get(key, ())}))


def disturbances_of(effects: Effects, drill: Drill) -> tuple[Disturbance, ...]:
    """The events of a drill, in the order of the file. Raises `NotPlayable` where one names no link of the plan."""
    return tuple(_disturbance(effects, event) for event in drill.events)


def _disturbance(effects: Effects, event: DrillEvent) -> Disturbance:
    action, address = event.action, event.address
    _, name = target(address)
    none = Disturbance(0.0, action, address)
    if action in ("fail", "maintain"):
        found = effects.loss(address)
    elif action == "surge":
        ids = [corridor.id for corridor in effects.network.corridors]
        asking = tuple(number for number, corridor in enumerate(ids) if corridor == name)
        found = replace(none, surged=asking, factor=1.0 if event.factor is None else event.factor)
    elif action == "degrade":
        factor = 1.0 if event.factor is None else event.factor
        added = event.added_loss_db or 0.0
        found = replace(none, degraded=effects.loss(address).down, factor=factor, added_loss_db=added)
    elif action == "alarm":
        found = replace(none, hidden=effects.named(name))
    elif action == "distrust":
        found = replace(none, distrusted=name)
    elif action == "identity_down":
        found = replace(none, stopped=effects.loss(f"sites.{name}").stopped)
    else:
        found = replace(none, down=effects.named(name))
    until = math.inf if event.lasts_s is None else event.at_s + event.lasts_s + _restart_s(effects, found)
    return replace(found, at_s=event.at_s, until_s=until, action=action)


def _restart_s(effects: Effects, found: Disturbance) -> float:
    """One system among others makes key again when it has restarted; a link of which none ran restarts as a whole."""
    return max((effects.network.links[link].restart_s for link in found.systems), default=0.0)
