"""Two plans compared."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass

from qplan.assessment.corridors import CorridorFacts
from qplan.assessment.exposure import ExposedSite, Party
from qplan.assessment.facts import PlanFacts
from qplan.assessment.link_budgets import LinkFacts
from qplan.comparison.columns import unlike
from qplan.comparison.elements import Addresses, compare_elements, from_the_same_ends, link_addresses, ordered_paths
from qplan.comparison.failures import compare_expectations, compare_failures, play_drills
from qplan.comparison.model import (
    Amount,
    CorridorChange,
    ExposureChange,
    Margins,
    Money,
    Pair,
    PlanChange,
    Proof,
    SightChange,
    Turnover,
    Worst,
    pair_of,
)
from qplan.costing.firmness import ILLUSTRATIVE
from qplan.inventory.model import Site

NOTHING, SHARE, WHOLE = range(3)  # what is seen of a corridor's keys


@dataclass(frozen=True)
class Sight:
    """What someone sees of each corridor, at its end or as a relay, and whether as a relay of any."""

    seen: Mapping[str, int]
    relays: bool


Sights = Mapping[str, Sight]
"""By who sees it."""
NO_SIGHT = Sight({}, relays=False)


def compare_plans(before: PlanFacts, after: PlanFacts, old_names: Mapping[str, str]) -> PlanChange:
    """What differs between two plans; things renamed go by their new addresses in both, `old_names` by those."""
    before = from_the_same_ends(before, after)
    links = link_addresses(before, after)
    changes = compare_elements(before, after, links, old_names)
    checks = {side: {result.id: result for result in facts.checks} for side, facts in enumerate((before, after))}
    played = play_drills(before), play_drills(after)
    return PlanChange(
        before=before,
        after=after,
        links=links,
        changes=changes,
        corridors=_corridors(before, after, links, {change.address for change in changes}),
        exposure=_exposure(before, after),
        money=_money(before, after),
        margins=Margins(
            Pair(_worst(before, links[0], _headroom), _worst(after, links[1], _headroom)),
            Pair(_worst(before, links[0], _unloaded), _worst(after, links[1], _unloaded)),
        ),
        failures=compare_failures(before, after, played),
        expectations=compare_expectations(before, after, played),
        checks=tuple((key, Pair(checks[0].get(key), checks[1].get(key))) for key in sorted(checks[0] | checks[1])),
        objective=Pair(before.plan.objective.name, after.plan.objective.name),
        as_of=Pair(before.plan.inventory.as_of, after.plan.inventory.as_of),
        proof=Pair(_proof(before), _proof(after)),
    )


def _turnover(before: Iterable[str], after: Iterable[str]) -> Turnover:
    old, new = set(before), set(after)
    return Turnover(tuple(sorted(new - old)), tuple(sorted(old - new)))


def _corridors(
    before: PlanFacts, after: PlanFacts, links: tuple[Addresses, Addresses], changed: Container[str]
) -> tuple[CorridorChange, ...]:
    """Those at `changed` addresses, and those whose relays others run now, or stand elsewhere."""
    old, new = ({corridor.id: corridor for corridor in facts.corridors} for facts in (before, after))
    tco = [{share.corridor: float(share.tco) for share in facts.costs.shares} for facts in (before, after)]
    found = []
    for key in sorted(old.keys() | new.keys()):
        was, now = old.get(key), new.get(key)
        each = CorridorChange(
            key,
            ends=pair_of(was, now, lambda corridor: corridor.corridor.ends),
            served=pair_of(was, now, lambda corridor: corridor.served),
            key_rate_bps=pair_of(was, now, lambda corridor: corridor.demand_bps),
            tco=Pair(tco[0].get(key) if was else None, tco[1].get(key) if now else None),
            paths=Pair(_paths(was, links[0]), _paths(now, links[1])),
            relays=_turnover(_relays(was), _relays(now)),
            operators=_turnover(_relays(was, before, _operator), _relays(now, after, _operator)),
            countries=_turnover(_relays(was, before, _country), _relays(now, after, _country)),
        )
        if f"corridors.{key}" in changed or each.operators or each.countries:
            found.append(each)
    return tuple(found)


def _paths(corridor: CorridorFacts | None, links: Addresses) -> tuple[tuple[str, ...], ...] | None:
    return None if corridor is None else tuple(path.sites for path in ordered_paths(corridor, links))


def _operator(site: Site) -> str | None:
    return site.operator


def _country(site: Site) -> str | None:
    return site.country


def _relays(
    corridor: CorridorFacts | None,
    facts: PlanFacts | None = None,
    name_of: Callable[[Site], str | None] | None = None,
) -> set[str]:
    """The relays of a corridor, or what is said of each of them."""
    relays = set(corridor.relays) if corridor else set()
    if facts is None or name_of is None:
        return relays
    return {name_of(facts.inventory.sites[relay]) or "" for relay in relays}


def _exposure(before: PlanFacts, after: PlanFacts) -> ExposureChange:
    old, new = before.exposure, after.exposure
    sites, by_site = _sights(_seen_at_sites(old.sites), _seen_at_sites(new.sites))
    operators, by_operator = _sights(_seen_by(old.operators), _seen_by(new.operators))
    countries, by_country = _sights(_seen_by(old.countries), _seen_by(new.countries))
    return ExposureChange(sites, operators, countries, by_site, by_operator, by_country)


def _seen_at_sites(sites: Iterable[ExposedSite]) -> Sights:
    return {site.id: _sight(site) for site in sites}


def _seen_by(parties: Iterable[Party]) -> Sights:
    return {party.name: _sight(party) for party in parties}


def _sight(who: ExposedSite | Party) -> Sight:
    seen = dict.fromkeys(who.shares, SHARE) | dict.fromkeys((*who.whole_keys, *who.end_of), WHOLE)
    return Sight(seen, relays=bool(who.whole_keys or who.shares))


def _sights(before: Sights, after: Sights) -> tuple[Turnover, tuple[SightChange, ...]]:
    """Who sees keys or relays them now and did not, or the other way round; and everyone who sees more or less."""
    changes, gained, lost = [], [], []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name, NO_SIGHT), after.get(name, NO_SIGHT)
        sees, relays = Pair(bool(old.seen), bool(new.seen)), Pair(old.relays, new.relays)
        gained += [name] if (sees.after and not sees.before) or (relays.after and not relays.before) else []
        lost += [name] if (sees.before and not sees.after) or (relays.before and not relays.after) else []
        corridors = sorted(old.seen.keys() | new.seen.keys())
        more = tuple(key for key in corridors if new.seen.get(key, NOTHING) > old.seen.get(key, NOTHING))
        less = tuple(key for key in corridors if new.seen.get(key, NOTHING) < old.seen.get(key, NOTHING))
        if more or less:
            changes.append(SightChange(name, Turnover(more, less), sees, relays))
    return Turnover(tuple(gained), tuple(lost)), tuple(changes)


def _money(before: PlanFacts, after: PlanFacts) -> Money:
    old, new = before.plan.costs, after.plan.costs
    apart = unlike(before, after)

    def amount(was: float, now: float, comparable: bool) -> Amount:
        return Amount(was, now, round(now - was, 2) if comparable else None)

    firmness = before.costs.firmness, after.costs.firmness
    return Money(
        currency=Pair(old.currency, new.currency),
        capex=amount(old.capex, new.capex, apart != "currency"),
        opex_per_year=amount(old.opex_per_year, new.opex_per_year, apart != "currency"),
        tco=amount(old.tco, new.tco, apart is None),
        horizon_years=pair_of(before, after, lambda facts: facts.inventory.economics.horizon_years),
        quoted_share=pair_of(*firmness, lambda each: each.quoted),
        illustrative_share=pair_of(*firmness, lambda each: each.share(ILLUSTRATIVE)),
        unpriced_lines=pair_of(*firmness, lambda each: each.unpriced_lines),
    )


def _headroom(facts: LinkFacts) -> float:
    return facts.headroom_db


def _unloaded(facts: LinkFacts) -> float:
    return -facts.utilisation


def _worst(facts: PlanFacts, addresses: Addresses, left: Callable[[LinkFacts], float]) -> Worst | None:
    """The link with least of something, the first by address among equals."""
    ranked = [(round(left(link), 6), addresses[link.link.id]) for link in facts.links]
    value, address = min(ranked, default=(0.0, ""))
    return Worst(address, abs(value)) if ranked else None


def _proof(facts: PlanFacts) -> Proof:
    return Proof(facts.plan.status, facts.plan.objective.gap)
