"""The user's `checks`, judged on a plan."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from qplan.assessment.exposure import ExposedSite
from qplan.assessment.link_budgets import LinkFacts
from qplan.assessment.network import NotPlayable
from qplan.costing.firmness import Firmness
from qplan.costing.views import CorridorShare
from qplan.inventory.link_names import pair_names
from qplan.inventory.model import Inventory, Site
from qplan.inventory.user_checks import Check, Metric, Where
from qplan.plan.model import Plan, ServedCorridor

if TYPE_CHECKING:
    from qplan.assessment.drills.playing import Field

MONEY_METRICS = frozenset({"capex", "opex_per_year", "tco", "cost_of"})
SHARE_METRICS = frozenset({"load", "quoted_share", "survives", "availability"})
DIGITS = 6  # of a dB, or of a share: finer differences are rounding
FINE_DIGITS = 12  # of an availability: its nines count
OF_WORST_CORRIDOR = frozenset({"relays_on_path", "availability", "max_gap_s"})


@dataclass(frozen=True)
class CheckResult:
    """What a check measures in a plan. Money is to the cent; None where the plan has nothing that it is about."""

    id: str
    check: Check
    value: float | None
    hindrance: str = ""
    """Why it could not be measured, which is no way to keep it."""
    short: tuple[str, ...] = ()
    """Corridors that do not keep it, where it measures the worst of all."""

    @property
    def limits(self) -> dict[str, float]:
        """By `min` or `max`."""
        stated = {"min": self.check.min, "max": self.check.max}
        return {word: limit for word, limit in stated.items() if limit is not None}

    @property
    def broken(self) -> str | None:
        """`min` or `max`, whichever is not kept."""
        kept: Mapping[str, Callable[[float, float], bool]] = {"min": float.__ge__, "max": float.__le__}
        value = None if self.value is None else float(self.value)
        return next(
            (word for word, limit in self.limits.items() if value is not None and not kept[word](value, limit)), None
        )

    @property
    def ok(self) -> bool:
        return self.broken is None and not self.hindrance


@dataclass(frozen=True)
class Basis:
    """What of a plan's facts checks measure."""

    inventory: Inventory
    plan: Plan
    links: tuple[LinkFacts, ...]
    relays: tuple[ExposedSite, ...]
    shares: tuple[CorridorShare, ...]
    firmness: Firmness

    @cached_property
    def field(self) -> Field:
        """What drills are played on."""
        from qplan.assessment.drills.playing import field_of

        return field_of(self.inventory, self.plan)

    @cached_property
    def served(self) -> tuple[ServedCorridor, ...]:
        return tuple(corridor for corridor in self.plan.corridors if corridor.served)


Measure = Callable[[Basis, Where], float | None]


def check_results(basis: Basis) -> tuple[CheckResult, ...]:
    """Every check of the inventory, in the order of their ids."""
    checks = sorted(basis.inventory.checks.items())
    return tuple(_measured(basis, key, check) for key, check in checks)


def _measured(basis: Basis, key: str, check: Check) -> CheckResult:
    measure = MEASURES[check.metric]
    try:
        result = CheckResult(key, check, measure(basis, check.where))
    except NotPlayable as error:
        return CheckResult(key, check, None, str(error))
    if result.ok or check.metric not in OF_WORST_CORRIDOR or check.where.corridor is not None:
        return result
    alone = {q.id: measure(basis, check.where.model_copy(update={"corridor": q.id})) for q in basis.served}
    return replace(result, short=tuple(sorted(q for q in alone if not replace(result, value=alone[q]).ok)))


def _trusted_nodes(basis: Basis, where: Where) -> float:
    return sum(selects(where, relay.id, relay.site) for relay in basis.relays)


def _new_trusted_nodes(basis: Basis, where: Where) -> float:
    return sum(selects(where, relay.id, relay.site) for relay in basis.relays if not relay.existing)


def _corridors_seen(basis: Basis, where: Where) -> float:
    """Corridors that end at a selected site, or of whose paths so many as shares are needed have one as a relay."""
    sites = {key for key, site in basis.inventory.sites.items() if selects(where, key, site)}
    seen = 0
    for corridor in basis.served:
        declared = basis.inventory.corridors[corridor.id]
        paths = sum(not sites.isdisjoint(path.relays) for path in corridor.paths)
        seen += not sites.isdisjoint(declared.ends) or paths >= declared.shares_needed
    return seen


def selects(where: Where, key: str, site: Site) -> bool:
    """Whether a site is one of those that a check is about; one that states no tier may be of any."""
    named: tuple[tuple[str | None, str | None], ...] = (
        (where.site, key),
        (where.country, site.country),
        (where.operator, site.operator),
        (where.key_domain, site.key_domain),
    )
    tier = -1 if site.security_tier is None else site.security_tier
    below = where.security_tier_below is None or tier < where.security_tier_below
    return below and all(wanted is None or wanted == found for wanted, found in named)


def _links(basis: Basis, where: Where) -> Iterator[LinkFacts]:
    used = {
        link
        for corridor in basis.served
        if where.corridor in (None, corridor.id)
        for path in corridor.paths
        for link in path.links
    }
    for facts in basis.links:
        joins = where.link in (None, *pair_names(facts.link.ends))
        if joins and (where.corridor is None or facts.link.id in used):
            yield facts


def _headroom_db(basis: Basis, where: Where) -> float | None:
    return _rounded(min((link.headroom_db for link in _links(basis, where)), default=None))


def _load(basis: Basis, where: Where) -> float | None:
    return _rounded(max((link.utilisation for link in _links(basis, where)), default=None))


def _relays_on_path(basis: Basis, where: Where) -> float | None:
    chosen = (corridor for corridor in basis.served if where.corridor in (None, corridor.id))
    return max((len(path.relays) for corridor in chosen for path in corridor.paths), default=None)


def _cost_of(basis: Basis, where: Where) -> float | None:
    return next((float(share.tco) for share in basis.shares if share.corridor == where.corridor), None)


def _of_failure(metric: Metric) -> Measure:
    """One that drills know; nothing where nothing ever ends."""

    def measure(basis: Basis, where: Where) -> float | None:
        from qplan.assessment.drills.metrics import METRICS

        value = METRICS[metric](basis.field, where.model_dump(exclude_none=True))
        digits = FINE_DIGITS if metric == "availability" else DIGITS
        return round(value, digits) if math.isfinite(value) else None

    return measure


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)


MEASURES: Mapping[Metric, Measure] = {
    "capex": lambda basis, where: basis.plan.costs.capex,
    "opex_per_year": lambda basis, where: basis.plan.costs.opex_per_year,
    "tco": lambda basis, where: basis.plan.costs.tco,
    "relays": lambda basis, where: len(basis.plan.relays),
    "nodes": lambda basis, where: len(basis.plan.nodes),
    "links": lambda basis, where: len(basis.plan.links),
    "trusted_nodes": _trusted_nodes,
    "new_trusted_nodes": _new_trusted_nodes,
    "corridors_seen": _corridors_seen,
    "headroom_db": _headroom_db,
    "load": _load,
    "relays_on_path": _relays_on_path,
    "cost_of": _cost_of,
    "quoted_share": lambda basis, where: _rounded(basis.firmness.quoted),
    "unpriced_lines": lambda basis, where: basis.firmness.unpriced_lines,
    "survives": _of_failure("survives"),
    "availability": _of_failure("availability"),
    "max_gap_s": _of_failure("max_gap_s"),
    "autonomy_h": _of_failure("autonomy_h"),
}
