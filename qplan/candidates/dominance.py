"""Candidate links on one route that no optimal plan needs."""

from __future__ import annotations

from decimal import Decimal

from qplan.candidates.model import CandidateLink
from qplan.candidates.survey import Survey
from qplan.costing.unit_costs import tco


def drop_dominated(survey: Survey, offers: list[CandidateLink], demand_bps: float) -> list[CandidateLink]:
    """Offers on one route that no other offer matches in rate, money, strands, rack units and power.

    In any plan the better system takes over the worse one's count and load: the plan stays feasible and costs no more.
    Rate beyond the demand of all corridors that may use the route is worth nothing, nor is room where a site has no
    limit, nor money of a kind that neither the objective nor a budget asks for. (All this does not hold between the
    ends of a corridor whose paths may share the route and differ by the system alone.)
    """
    kept: list[CandidateLink] = []
    for link in sorted(offers, key=lambda link: [*(-gain for gain in _gains(survey, link, demand_bps)), link.system]):
        gains = _gains(survey, link, demand_bps)
        rivals = (_gains(survey, other, demand_bps) for other in kept)
        if not any(all(a >= b for a, b in zip(rival, gains, strict=True)) for rival in rivals):
            kept.append(link)
    return kept


def _gains(survey: Survey, link: CandidateLink, demand_bps: float) -> tuple[float | Decimal, ...]:
    """What a link offers, the more the better, in every respect that can matter."""
    inventory, cost = survey.inventory, link.unit_cost
    system = survey.systems[link.system]
    ends = [inventory.sites[end] for end in link.route.ends]
    capex_matters = inventory.objective == "capex" or inventory.budget.capex is not None
    tco_matters = inventory.objective != "capex" or inventory.budget.tco is not None
    return (
        min(link.key_rate_bps, demand_bps),
        *([-cost.capex] if capex_matters else []),
        *([-tco(inventory.economics, cost)] if tco_matters else []),
        -link.strands,
        *([-system.rack_units] if any(site.rack_units is not None for site in ends) else []),
        *([-system.power_w] if any(site.power_w is not None for site in ends) else []),
    )
