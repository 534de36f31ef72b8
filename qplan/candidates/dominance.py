"""Candidate links on one route that no optimal plan needs."""

from __future__ import annotations

from dataclasses import dataclass

from qplan.candidates.model import CandidateLink
from qplan.candidates.prices import OwnCosts
from qplan.candidates.survey import Survey
from qplan.costing.options import Amounts, Option, Options


@dataclass(frozen=True)
class _Judged:
    """A link in every respect that can matter: what it gives and leaves, and what it costs on each of its offers."""

    link: CandidateLink
    rate_bps: float
    leaves: tuple[float, ...]
    prices: tuple[tuple[Option, Amounts, Amounts], ...]
    """Per offer: of any system, and of the first one on a new link."""

    @property
    def order(self) -> tuple[object, ...]:
        """The better first, as far as one figure after the other says."""
        least = (min(amounts) for amounts in zip(*(first for _, _, first in self.prices), strict=True))
        return (-self.rate_bps, *least, *(-left for left in self.leaves), self.link.system)


def drop_dominated(
    survey: Survey, costs: OwnCosts, offers: list[CandidateLink], demand_bps: float
) -> list[CandidateLink]:
    """Offers on one route that no other offer matches in rate, money, strands, rack units and power.

    In any plan the better system takes over the worse one's count and load: the plan stays feasible and costs no more.
    Rate beyond the demand of all corridors that may use the route is worth nothing, nor is room where a site has no
    limit, nor money of a kind that neither the objective nor a budget asks for. A system that may be bought in a tier
    is needed for its quantity; another falls where for each of its offers the better one has an offer that is no dearer
    from the first unit on. (All this does not hold between the ends of a corridor whose paths may share the route and
    differ by the system alone.)
    """
    if len(offers) < 2:
        return offers
    kept: list[_Judged] = []
    for judged in sorted((_judge(survey, costs, link, demand_bps) for link in offers), key=lambda each: each.order):
        if not any(_matches(costs.options, rival, judged) for rival in kept):
            kept.append(judged)
    return [judged.link for judged in kept]


def _judge(survey: Survey, costs: OwnCosts, link: CandidateLink, demand_bps: float) -> _Judged:
    own, options = costs.of(link), costs.options
    prices = tuple(
        (option, options.money(option.unit + own), options.money(option.unit + own + option.linked))
        for option in options.of(f"qkd_systems.{link.system}")
    )
    return _Judged(link, min(link.key_rate_bps, demand_bps), _leave(survey, link), prices)


def _matches(options: Options, rival: _Judged, judged: _Judged) -> bool:
    """The rival does for every count what the link does, at no higher cost."""
    if rival.rate_bps < judged.rate_bps or any(a < b for a, b in zip(rival.leaves, judged.leaves, strict=True)):
        return False
    if any(option.tier.at_least > 1 for option, _, _ in judged.prices):
        return False
    bases = [price for price in rival.prices if price[0].tier.at_least <= 1]
    return all(any(_is_no_dearer(options, base, price) for base in bases) for price in judged.prices)


def _is_no_dearer(
    options: Options, base: tuple[Option, Amounts, Amounts], price: tuple[Option, Amounts, Amounts]
) -> bool:
    """In every metric, for the first system of a link and for every further one."""
    lacking = {f"services.{name}" for name in price[0].terms.includes - base[0].terms.includes}
    if lacking & options.open_services:
        return False
    return all(
        a <= b for mine, other in zip(base[1:], price[1:], strict=True) for a, b in zip(mine, other, strict=True)
    )


def _leave(survey: Survey, link: CandidateLink) -> tuple[float, ...]:
    """What a link leaves of strands and room, the more the better, where that can matter."""
    system = survey.systems[link.system]
    ends = [survey.inventory.sites[end] for end in link.route.ends]
    return (
        -link.strands,
        *([-system.rack_units] if any(site.rack_units is not None for site in ends) else []),
        *([-system.power_w] if any(site.power_w is not None for site in ends) else []),
    )
