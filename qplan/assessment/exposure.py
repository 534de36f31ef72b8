"""Who can learn keys: the sites where they are in clear, and what one operator or country can put together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from qplan.assessment.corridors import CorridorFacts
from qplan.assessment.link_budgets import LinkFacts
from qplan.inventory.model import Inventory, Site
from qplan.inventory.plant import is_existing_relay


@dataclass(frozen=True)
class ExposedSite:
    """A site where keys are in clear: those of corridors that end there, and those that it relays."""

    id: str
    site: Site
    existing: bool
    """The site is a trusted relay already."""
    end_of: tuple[str, ...]
    whole_keys: tuple[str, ...]
    """Corridors whose keys the site sees by itself as a relay."""
    shares: tuple[str, ...]
    """Corridors of which it sees one share, as a relay, that gives no key alone."""

    @property
    def relays(self) -> bool:
        return bool(self.whole_keys or self.shares)


@dataclass(frozen=True)
class PatchedSite:
    """A site that quantum channels run through without stopping: no key is there, but the fibre can be reached."""

    id: str
    site: Site
    corridors: tuple[str, ...]
    third_party: bool
    """Its operator is not stated, or runs neither end of one of the corridors."""


@dataclass(frozen=True)
class Party:
    """An operator, or a country, with all that is in clear at its sites together."""

    name: str
    """"" where it is not stated."""
    sites: tuple[str, ...]
    end_of: tuple[str, ...]
    whole_keys: tuple[str, ...]
    """Corridors whose key its relays give, one of them or several together."""
    joined: tuple[str, ...]
    """Of these, the ones whose key it must put together from shares seen at several sites."""
    shares: tuple[str, ...]
    """Corridors of which its relays see shares, but too few for the key."""
    patched: tuple[str, ...]
    """Corridors that are patched through its sites."""


@dataclass(frozen=True)
class Exposure:
    """All who can learn keys; lists are sorted by id or name, those without a name last."""

    sites: tuple[ExposedSite, ...]
    patched: tuple[PatchedSite, ...]
    operators: tuple[Party, ...]
    countries: tuple[Party, ...]

    @cached_property
    def relays(self) -> tuple[ExposedSite, ...]:
        """The sites that see keys of corridors which do not end there."""
        return tuple(site for site in self.sites if site.relays)


def exposure(inventory: Inventory, corridors: Iterable[CorridorFacts], links: Iterable[LinkFacts]) -> Exposure:
    """Who can learn the keys of the corridors that are served."""
    served = [corridor for corridor in corridors if corridor.served]
    sites, patched = _exposed_sites(inventory, served), _patched_sites(inventory, served, links)
    return Exposure(
        sites,
        patched,
        operators=_parties(sites, patched, served, lambda site: site.operator),
        countries=_parties(sites, patched, served, lambda site: site.country),
    )


def _exposed_sites(inventory: Inventory, corridors: Iterable[CorridorFacts]) -> tuple[ExposedSite, ...]:
    end_of, whole_keys, shares = _lists(), _lists(), _lists()
    for corridor in corridors:
        for end in corridor.corridor.ends:
            end_of[end].append(corridor.id)
        for relay in corridor.relays:
            (whole_keys if corridor.relay_sees_key else shares)[relay].append(corridor.id)
    return tuple(
        ExposedSite(
            site,
            inventory.sites[site],
            is_existing_relay(inventory, site),
            tuple(end_of[site]),
            tuple(whole_keys[site]),
            tuple(shares[site]),
        )
        for site in sorted({*end_of, *whole_keys, *shares})
    )


def _patched_sites(
    inventory: Inventory, corridors: Iterable[CorridorFacts], links: Iterable[LinkFacts]
) -> tuple[PatchedSite, ...]:
    bypass_sites = {entry.link.id: entry.link.bypass_sites for entry in links}
    users = _lists()
    foreign: set[str] = set()
    for corridor in corridors:
        own = {inventory.sites[end].operator for end in corridor.corridor.ends}
        for site in {site for path in corridor.paths for link in path.links for site in bypass_sites[link]}:
            users[site].append(corridor.id)
            operator = inventory.sites[site].operator
            if operator is None or operator not in own:
                foreign.add(site)
    sites = inventory.sites
    return tuple(PatchedSite(site, sites[site], tuple(users[site]), site in foreign) for site in sorted(users))


def _parties(
    sites: Iterable[ExposedSite],
    patched: Iterable[PatchedSite],
    corridors: Iterable[CorridorFacts],
    name_of: Callable[[Site], str | None],
) -> tuple[Party, ...]:
    name_at = {entry.id: name_of(entry.site) or "" for entry in sites}
    places, end_of, through = _lists(), _lists(), _lists()
    for entry in sites:
        places[name_at[entry.id]].append(entry.id)
        end_of[name_at[entry.id]] += entry.end_of
    for patch in patched:
        through[name_of(patch.site) or ""] += patch.corridors
    whole, joined, shares = _lists(), _lists(), _lists()
    for corridor in corridors:
        needed = corridor.corridor.shares_needed
        for name, paths in Counter(n for p in corridor.paths for n in {name_at[r] for r in p.relays}).items():
            (whole if paths >= needed else shares)[name].append(corridor.id)
            if paths >= needed > 1:
                joined[name].append(corridor.id)
    return tuple(
        Party(name, *(tuple(sorted(set(lists[name]))) for lists in (places, end_of, whole, joined, shares, through)))
        for name in sorted({*places, *through}, key=lambda name: (not name, name))
    )


def _lists() -> defaultdict[str, list[str]]:
    """A list of ids by name."""
    return defaultdict(list)
