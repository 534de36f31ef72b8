"""Candidate links on one route that no optimal plan needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from qplan.candidates.model import CandidateLink
from qplan.candidates.prices import OwnCosts
from qplan.candidates.survey import Survey
from qplan.costing.options import Exact, Option
from qplan.inventory import plant

Scarce = tuple[plant.Room, ...]


class _Price(NamedTuple):
    """What an offer costs beside strands: any system of it, and the first one on a new link."""

    option: Option
    further: Exact
    first: Exact


class Dominance:
    """Compares the systems that a route can have, two of them but once where it is the same on every route."""

    def __init__(self, survey: Survey, costs: OwnCosts):
        self.survey, self.costs, self.options = survey, costs, costs.options
        self._prices = {s: self._priced(s) for s in survey.systems}
        self._nothing = (Decimal(0),) * len(self.options.metrics)
        self._ranks: dict[Scarce, dict[str, int]] = {}
        self._verdicts: dict[tuple[str, str, Scarce], bool | None] = {}

    def _priced(self, s: str) -> tuple[_Price, ...]:
        options, power = self.options, self.options.market.power[s]
        return tuple(
            _Price(o, options.figures(o.unit + power), options.figures(o.unit + power + o.linked))
            for o in options.of(f"qkd_systems.{s}")
        )

    def drop(self, offers: list[CandidateLink], demand_bps: float) -> list[CandidateLink]:
        """Offers on one route that no other offer matches in rate, money, strands, rack units and power.

        In any plan the better system takes over the worse one's count and load: the plan stays feasible and costs no
        more. Rate beyond the demand of all corridors that may use the route is worth nothing, nor is room where a site
        has no limit, nor money of a kind that neither the objective nor a budget asks for. A system that may be bought
        in a tier is needed for its quantity; another falls where for each of its offers the better one has an offer
        that is no dearer from the first unit on. (All this does not hold between the ends of a corridor whose paths may
        share the route and differ by the system alone.)
        """
        if len(offers) < 2:
            return offers
        sites, route = self.survey.inventory.sites, offers[0].route
        scarce = tuple(r for r in plant.ROOMS if any(getattr(sites[end], r) is not None for end in route.ends))
        ranks = self._ranks_where(scarce)
        ranked = sorted((-min(link.key_rate_bps, demand_bps), ranks[link.system], link) for link in offers)
        strand = cache(lambda: self.options.figures(self.costs.of_strands(route.fibres)))  # seldom asked for
        kept: list[CandidateLink] = []
        for _, _, link in ranked:
            if not any(self._matches(rival, link, scarce, strand) for rival in kept):
                kept.append(link)
        return kept

    def _ranks_where(self, scarce: Scarce) -> dict[str, int]:
        """The systems in an order in which, of two with one rate, none matches one before it, unless both do."""
        if scarce not in self._ranks:
            ordered = sorted(self.survey.systems, key=lambda s: (self._takes(s, scarce), self._least(s), s))
            self._ranks[scarce] = {s: rank for rank, s in enumerate(ordered)}
        return self._ranks[scarce]

    def _takes(self, s: str, scarce: Scarce) -> tuple[float, ...]:
        """Strands, and room that can matter."""
        system = self.survey.systems[s]
        return (system.strands, *(getattr(system, room) for room in scarce))

    def _least(self, s: str) -> tuple[float, ...]:
        """In each metric, for the first system on a new link."""
        firsts = (price.first for price in self._prices[s])
        return tuple(float(min(amounts)) for amounts in zip(*firsts, strict=True))

    def _matches(self, rival: CandidateLink, link: CandidateLink, scarce: Scarce, strand: Callable[[], Exact]) -> bool:
        """The rival, whose rate is no less, does for every count what the link does, at no higher cost.

        One strand on every fibre of the route costs `strand()`.
        """
        pair = rival.system, link.system, scarce
        if pair not in self._verdicts:
            self._verdicts[pair] = self._judge(*pair)
        verdict = self._verdicts[pair]
        if verdict is None:
            saved = tuple((link.strands - rival.strands) * amount for amount in strand())
            return self._is_no_dearer(rival.system, link.system, saved)
        return verdict

    def _judge(self, rival: str, s: str, scarce: Scarce) -> bool | None:
        """Whether one system matches another; None where that hangs on what the strands cost that it saves."""
        takes, asked = self._takes(rival, scarce), self._takes(s, scarce)
        if any(a > b for a, b in zip(takes, asked, strict=True)):
            return False
        if any(price.option.tier.at_least > 1 for price in self._prices[s]):
            return False
        if self._is_no_dearer(rival, s, self._nothing):
            return True
        return False if takes[0] == asked[0] else None

    def _is_no_dearer(self, rival: str, s: str, saved: Exact) -> bool:
        """For each offer of a system the rival has one that is no dearer from the first unit on, beside what it saves.

        In every metric, for the first system of a link and for every further one.
        """
        bases = [price for price in self._prices[rival] if price.option.tier.at_least <= 1]
        return all(any(self._matches_price(base, price, saved) for base in bases) for price in self._prices[s])

    def _matches_price(self, base: _Price, price: _Price, saved: Exact) -> bool:
        lacking = {f"services.{name}" for name in price.option.terms.includes - base.option.terms.includes}
        if lacking & self.options.open_services:
            return False
        return _within(base.further, price.further, saved) and _within(base.first, price.first, saved)


def _within(mine: Sequence[Decimal], other: Sequence[Decimal], saved: Exact) -> bool:
    """Amounts are no more than others and what is saved, as floats, which hide what annuities are rounded by."""
    return all(float(a) <= float(b + more) for a, b, more in zip(mine, other, saved, strict=True))
