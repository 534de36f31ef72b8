"""A QKD link that could be built, why another could not, and all of them: values without decisions."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from qplan.inventory.source.messages import counted
from qplan.physics.key_rate import RATE_TOLERANCE


@dataclass(frozen=True)
class Route:
    """A path in the fibre graph between two sites, patched through optically at `bypass_sites`."""

    ends: tuple[str, str]  # in id order
    fibres: tuple[str, ...]
    bypass_sites: tuple[str, ...]


@dataclass(frozen=True)
class CandidateLink:
    """A QKD link that could be built, or is there: a route and a system, with what one system on it gives and takes."""

    id: str
    route: Route
    system: str
    length_km: float
    loss_db: float
    key_rate_bps: float  # net, of one system
    max_count: int  # no optimal plan needs more, no site or fibre holds more
    strands: int
    existing: int = 0  # systems that are there, and are used before any is bought
    kept: bool = False  # they stay, used or not

    @property
    def most_bought(self) -> int:
        """Systems that a plan may buy for it."""
        return max(0, self.max_count - self.existing)


@dataclass(frozen=True)
class Refusal:
    """Why a system cannot work, or cannot be built, on a route."""

    route: Route
    system: str
    reason: str
    value: float | None
    limit: float | None


@dataclass(frozen=True)
class Usability:
    """Which sites may be nodes at all, and for which corridors."""

    permitted: Mapping[str, frozenset[str]]  # corridor -> its ends and the sites that may relay for it

    @cached_property
    def _alike(self) -> dict[frozenset[str], list[str]]:
        """Corridors that permit the same sites, which most do."""
        alike: dict[frozenset[str], list[str]] = defaultdict(list)
        for q, sites in self.permitted.items():
            alike[sites].append(q)
        return dict(alike)

    @cached_property
    def _merged(self) -> dict[tuple[int, ...], tuple[str, ...]]:
        return {}

    def corridors_of(self, a: str, b: str) -> tuple[str, ...]:
        """Corridors whose paths may use a link between the two sites, in the order of `permitted`."""
        key = tuple(number for number, sites in enumerate(self._alike) if a in sites and b in sites)
        if key not in self._merged:
            parts = list(self._alike.values())
            mine = {q for number in key for q in parts[number]}
            self._merged[key] = tuple(q for q in self.permitted if q in mine)
        return self._merged[key]

    def may_join(self, a: str, b: str) -> bool:
        """Some corridor may use a link between the two sites."""
        return any(a in sites and b in sites for sites in self._alike)


@dataclass(frozen=True)
class Standing:
    """Existing QKD plant that stays in every plan, whether a path uses it or not."""

    links: tuple[CandidateLink, ...] = ()
    """Every kept link with its existing systems, also those that no path can use (their rate is 0)."""
    sites: frozenset[str] = frozenset()
    """Their ends: nodes in every plan."""
    fibres: frozenset[str] = frozenset()
    strands: Mapping[str, int] = field(default_factory=dict)
    """That they take, by fibre."""
    modules: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """Rack units and W that their modules take, by site and key of the room."""


@dataclass(frozen=True)
class BypassLimit:
    """Routes through more patched sites were left out."""

    patched: int
    in_time: bool
    """There are too many of them; else the time ended first."""

    @property
    def text(self) -> str:
        return f"Only QKD links through at most {counted(self.patched, 'patched site')} were considered: {self.why}."

    @property
    def why(self) -> str:
        if self.in_time:
            return "the fibre graph has too many routes to consider all"
        return "the routes were not all looked at in time"


@dataclass(frozen=True)
class CandidateGraph:
    """All candidate links, and what stays in every plan.

    Of links that are alike for a path it takes the first: they are in id order, but for those that are asked about.
    `bypass_limit` is set where routes were left out; `counted` are links whose use is looked at one by one, since
    changes against an earlier plan count.
    """

    links: tuple[CandidateLink, ...]
    refusals: tuple[Refusal, ...]
    usability: Usability
    bypass_limit: BypassLimit | None = None
    standing: Standing = field(default_factory=lambda: Standing())
    counted: frozenset[str] = frozenset()

    def among(self, corridors: Collection[str]) -> CandidateGraph:
        """The candidates of an inventory that has only some of the corridors that they were enumerated for."""
        usable = Usability({q: sites for q, sites in self.usability.permitted.items() if q in corridors})
        links = tuple(link for link in self.links if usable.may_join(*link.route.ends))
        return replace(self, links=links, refusals=(), usability=usable)


def systems_needed(load_bps: float, key_rate_bps: float) -> int:
    """Parallel systems that carry a load: at least one, and as many as the rate asks for."""
    return 1 if load_bps <= key_rate_bps else math.ceil(load_bps / key_rate_bps * (1 - RATE_TOLERANCE))
