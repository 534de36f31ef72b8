"""How much of the year each corridor has its keys, what takes them away, and what would change that."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from qplan.assessment.availability.combined import contributions, left_out, some_down, unavailability
from qplan.assessment.availability.components import LOAD_TOLERANCE, Component, Components
from qplan.assessment.availability.restoration import Bounds, bounds
from qplan.assessment.network import CorridorInPlay, Network, network_of
from qplan.inventory.drills import target
from qplan.inventory.model import Inventory
from qplan.inventory.reliability import HOURS_PER_YEAR
from qplan.plan.model import Plan, ServedCorridor

MINUTES_PER_YEAR = HOURS_PER_YEAR * 60
SPARE_H = 8.0  # illustrative: a spare within reach is put in on the same working day
FASTER = 0.5  # of the present time to repair


@dataclass(frozen=True)
class Contributor:
    """Downtime that would go if the component never failed."""

    address: str
    min_per_year: float


@dataclass(frozen=True)
class Improvement:
    """What a corridor's downtime would be with one thing changed."""

    change: str
    """spare, path or repair."""
    address: str
    downtime_min_per_year: float
    bought: bool = False
    """A spare that the plan buys already; its repairs are counted as if it were not there."""


@dataclass(frozen=True)
class Masked:
    """Downtime that is left when full stores bridge what is repaired soon enough, by how long repairs take."""

    exponential_min_per_year: float
    """The length of a repair is spread exponentially about its mean."""
    fixed_min_per_year: float
    """Every repair takes its mean time."""
    refill_h: float
    """Of the slowest store on the paths, from its floor to the full with what the plan leaves spare."""


@dataclass(frozen=True)
class CorridorAvailability:
    id: str
    unavailability: float
    """Over the planned paths, exact for independent components."""
    contributors: tuple[Contributor, ...]
    """The greatest first; of parallel paths each counts only so far as the others are down."""
    improvements: tuple[Improvement, ...]
    with_stores: Masked
    any_chain: Bounds | None
    """Share of time without keys when any chain of installed links may be used that has the corridor's rate to spare;
    None: shares, planned paths only, or not asked for."""
    left_out: int = 0
    """Of very many paths so many are not looked at: unavailability is at most what is said."""

    @property
    def availability(self) -> float:
        return 1 - self.unavailability

    @property
    def downtime_min_per_year(self) -> float:
        return self.unavailability * MINUTES_PER_YEAR


@dataclass(frozen=True)
class Availability:
    """Of all served corridors, by id, and the figures that it rests on."""

    corridors: tuple[CorridorAvailability, ...]
    with_ends: bool
    bases: tuple[tuple[str, bool], ...]
    """Places in the inventory whose figures were used, and whether they are illustrative."""
    standstill: tuple[str, ...]
    """Those of them that state planned standstill, which is taken to come in one piece a year."""
    equipment_min_per_year: float
    """Mean over the corridors of what modules, key managers and sites contribute; and of what cables do."""
    cable_min_per_year: float
    unstated_ducts: tuple[str, ...]
    """Taken to be as long as their shortest fibre."""


def assess_availability(
    inventory: Inventory, plan: Plan, with_ends: bool = False, any_chain: bool = False
) -> Availability:
    """`with_ends`: a corridor is down too when the site or the key manager at one of its ends is.

    `any_chain`: bounds over any chain of installed links besides, which take longer than all the rest.
    """
    components = Components(inventory, plan)
    network = network_of(inventory, plan)
    in_play = {corridor.id: corridor for corridor in network.corridors}
    served = sorted((entry for entry in plan.corridors if entry.served), key=lambda entry: entry.id)
    found = tuple(
        _Corridor(components, network, in_play[entry.id], entry, with_ends).assessed(any_chain) for entry in served
    )
    used = {address for entry in served for path in entry.paths for address in components.of_path(path)}
    return Availability(
        found,
        with_ends,
        tuple(sorted({(components[address].basis, components[address].illustrative) for address in used})),
        tuple(sorted({components[address].basis for address in used if components[address].standstill_h})),
        _mean_of(found, ("links", "sites", "key_managers")),
        _mean_of(found, ("fibres", "ducts")),
        tuple(
            sorted(
                target(address).name
                for address in used
                if address.startswith("ducts.") and target(address).name not in inventory.reliability.ducts
            )
        ),
    )


def _mean_of(corridors: tuple[CorridorAvailability, ...], kinds: tuple[str, ...]) -> float:
    total = math.fsum(
        contributor.min_per_year
        for corridor in corridors
        for contributor in corridor.contributors
        if target(contributor.address).kind in kinds
    )
    return total / len(corridors) if corridors else 0.0


class _Corridor:
    """One corridor's components and the questions about them."""

    def __init__(
        self, components: Components, network: Network, in_play: CorridorInPlay, entry: ServedCorridor, with_ends: bool
    ):
        self.components, self.network, self.in_play, self.entry = components, network, in_play, entry
        self.ends = in_play.ends if with_ends else ()
        self.paths = [components.of_path(path, self.ends) for path in entry.paths]
        self.needed = len(self.paths) if in_play.shares else 1
        self.down = {address: components[address].unavailability for path in self.paths for address in path}

    def assessed(self, any_chain: bool) -> CorridorAvailability:
        now = self._without_keys(self.down)
        contributors = [
            Contributor(address, share * MINUTES_PER_YEAR)
            for address, share in contributions(self.paths, self.down, self.needed).items()
        ]
        contributors.sort(key=lambda item: (-item.min_per_year, item.address))
        return CorridorAvailability(
            self.entry.id,
            now,
            tuple(contributors),
            tuple(self._improvements(contributors)),
            self._masked(),
            self._any_chain() if any_chain and not self.in_play.shares else None,
            left_out(self.paths, self.down, self.needed),
        )

    def _without_keys(self, down: Mapping[str, float]) -> float:
        return unavailability(self.paths, down, self.needed)

    def _improvements(self, contributors: list[Contributor]) -> list[Improvement]:
        found = []
        system = next((target(item.address).name for item in contributors if item.address.startswith("links.")), None)
        if system is not None:
            found.append(self._spare(self.components.links[system].system))
        if not self.in_play.shares:
            best = min(some_down(path, self.down) for path in self.paths)
            found.append(Improvement("path", "", self._without_keys(self.down) * best * MINUTES_PER_YEAR))
        if contributors:
            faster = self.components.with_repair(contributors[0].address, FASTER)
            down = self.down | {faster.address: faster.unavailability}
            found.append(Improvement("repair", faster.address, self._without_keys(down) * MINUTES_PER_YEAR))
        return found

    def _spare(self, system: str) -> Improvement:
        """One spare pair of a system, for whichever link of these paths fails."""
        down = dict(self.down)
        for link in self.components.links.values():
            address = f"links.{link.id}"
            if address in down and link.system == system:
                basis, repair = self.components.end_repair(link)
                quick = repair.model_copy(update={"mttr_h": min(SPARE_H, repair.mttr_h)})
                down[address] = self.components.systems_of(link, basis, quick).unavailability
        bought = f"qkd_systems.{system}" in self.components.inventory.spares
        left = self._without_keys(down) * MINUTES_PER_YEAR
        return Improvement("spare", f"equipment.qkd_systems.{system}", left, bought)

    def _masked(self) -> Masked:
        """λ·MTTR·e^(−τ/MTTR) of repairs spread exponentially, λ·max(0, MTTR − τ) of fixed ones, τ the stores' time."""
        bridged = self._bridged_h()
        exponential, fixed = (
            self._without_keys({at: _left(self.components[at], bridged_h, share) for at, bridged_h in bridged.items()})
            * MINUTES_PER_YEAR
            for share in (_of_spread_outages, _of_fixed_outages)
        )
        return Masked(exponential, fixed, max(map(self._refill_h, self._links()), default=0.0))

    def _links(self) -> list[int]:
        return sorted({link for chain in self.in_play.paths for link in chain})

    def _bridged_h(self) -> dict[str, float]:
        """How long full stores carry on without each component: 0 where it takes a store out of reach."""
        lasts: dict[str, float] = {}
        for number in self._links():
            for address in self.components.of_link(self.network.links[number].id):
                lasts[address] = min(lasts.get(address, math.inf), self._lasts_h(number))
        nodes = {site for path in self.entry.paths for site in path.relays}.union(self.ends)
        beyond = {address for site in nodes for address in self.components.of_node(site)}
        return {
            address: 0.0 if address in beyond or target(address).kind == "operators" else lasts[address]
            for address in self.down
        }

    def _lasts_h(self, number: int) -> float:
        link = self.network.links[number]
        load = self.components.links[link.id].load_bps
        return link.usable_bits / load / 3600 if load else math.inf

    def _refill_h(self, number: int) -> float:
        link, spare = self.network.links[number], self._spare_bps(number)
        return link.usable_bits / spare / 3600 if spare > 0 else math.inf

    def _any_chain(self) -> Bounds:
        links = self.network.links
        needs = {number: self.components.of_link(link.id) for number, link in enumerate(links)}
        relays = {site: self.components.of_node(site) for link in links for site in link.ends}
        ends = [address for site in self.ends for address in self.components.of_node(site)]
        every = {address for group in (*needs.values(), *relays.values(), ends) for address in group}
        down = {address: self.components[address].unavailability for address in every}
        own = set(self._links())
        spare = (
            number for number, link in enumerate(links) if number in own or self._spare_bps(number) >= self._asked()
        )
        return bounds(self.network, self.in_play, needs, relays, frozenset(ends), down, frozenset(spare))

    def _spare_bps(self, number: int) -> float:
        """What the plan leaves unreserved on a link."""
        link = self.network.links[number]
        return link.rate_bps - self.components.links[link.id].load_bps

    def _asked(self) -> float:
        return self.in_play.rate_bps * (1 - LOAD_TOLERANCE)


def _left(component: Component, bridged_h: float, share: Callable[[float, float], float]) -> float:
    """Share of time down beyond what is bridged; planned standstills are all of one length."""
    left_of_planned = component.planned * _of_fixed_outages(bridged_h, component.standstill_h)
    return component.broken * share(bridged_h, component.mttr_h) + left_of_planned


def _of_spread_outages(bridged_h: float, mean_h: float) -> float:
    return math.exp(-bridged_h / mean_h) if mean_h else 0.0


def _of_fixed_outages(bridged_h: float, length_h: float) -> float:
    return max(0.0, 1 - bridged_h / length_h) if length_h else 0.0
