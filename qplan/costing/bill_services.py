"""Lines of services: what they cost once, every year, and what of it is not known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from qplan.costing.bill import BillLine, Category
from qplan.costing.bill_products import BilledProduct, as_quoted, billed_service, lines_on_terms, on_offer
from qplan.costing.bill_scope import BillScope, Need
from qplan.costing.choice import link_units, offered
from qplan.costing.cost import Cost
from qplan.costing.usage import NO_CORRIDOR
from qplan.inventory.commercial import Service
from qplan.inventory.model import Inventory

ONE = Decimal(1)


def service_lines(scope: BillScope) -> Iterator[BillLine]:
    """The services that the plan calls for, in id order."""
    for name, service in sorted(scope.inventory.services.items()):
        bought, used = _needs(scope, name, service)
        if used:
            yield from _lines(scope, name, service, bought, used)


def _lines(scope: BillScope, name: str, service: Service, bought: list[Need], used: list[Need]) -> Iterator[BillLine]:
    terms, product = scope.terms(f"services.{name}"), billed_service(name, service)
    if terms.offer is None:
        yield from _at_its_own_price(scope, name, service, product, bought)
    else:
        yield from lines_on_terms(scope, product, terms, bought, used)
    yearly = terms.yearly.support
    if yearly:
        line = scope.line(
            Category.YEARLY_SERVICE, name, product.description, f"{service.per}-year", yearly, used, service
        )
        line = replace(
            as_quoted(scope, line, service), cost=Cost(support=yearly * line.quantity), provenance=service.provenance
        )
        yield on_offer(scope, line, terms.offer)


def _at_its_own_price(
    scope: BillScope, name: str, service: Service, product: BilledProduct, needs: list[Need]
) -> Iterator[BillLine]:
    """Price and effort as far as they are known; a line to be quoted for what is not."""
    if not needs:
        return
    known = _is_known(scope.inventory, service)
    if known:
        price = scope.terms(f"services.{name}").tiers[0].unit_price
        line = scope.line(Category.SERVICE, name, product.description, service.per, price, needs, service)
        yield replace(
            as_quoted(scope, line, service), cost=Cost(capex=price * line.quantity), provenance=service.provenance
        )
    effort = _lacks_day_rate(scope.inventory, service)
    if is_unpriced(scope.inventory, service):
        days = f", effort of {service.effort_days:g} days" if effort else ""
        line = scope.line(Category.SERVICE, name, product.description + days, service.per, None, needs)
        yield replace(line, provenance="", variant="effort" if effort and known else "")


def is_unpriced(inventory: Inventory, service: Service) -> bool:
    """Whether something of what it costs once, at its own price, is not stated."""
    known = _is_known(inventory, service) or bool(service.price_per_year)
    return _lacks_day_rate(inventory, service) or not known


def _is_known(inventory: Inventory, service: Service) -> bool:
    """Whether price or effort is."""
    day_rate = inventory.economics.day_rate
    return service.price is not None or (service.effort_days is not None and day_rate is not None)


def _lacks_day_rate(inventory: Inventory, service: Service) -> bool:
    return bool(service.effort_days) and inventory.economics.day_rate is None


def _needs(scope: BillScope, name: str, service: Service) -> tuple[list[Need], list[Need]]:
    """Units bought, and units in use, with their users."""
    usage = scope.usage
    match service.per:
        case "node":
            return _at_sites(scope.new_nodes), _at_sites(usage.nodes)
        case "relay":
            return _at_sites(scope.new_relays), _at_sites(usage.relays)
        case "fibre":
            return _on_fibres(scope, bought=True), _on_fibres(scope, bought=False)
        case "corridor":
            needs = [Need(ONE, (q,), scope.inventory.corridors[q].ends) for q in scope.served if q != NO_CORRIDOR]
            return needs, needs
        case "plan":
            return [Need(ONE, scope.served, ())], [Need(ONE, scope.served, ())]
        case _:
            return _on_links(scope, name)


def _at_sites(sites: dict[str, tuple[str, ...]]) -> list[Need]:
    return [Need(ONE, users, (site,)) for site, users in sites.items()]


def _on_fibres(scope: BillScope, *, bought: bool) -> list[Need]:
    """One for each fibre with strands of links, or of links on which something is bought."""
    links: dict[str, list[str]] = {}
    for link in scope.plan.links:
        for fibre in link.fibres if link.bought or not bought else ():
            links.setdefault(fibre, []).append(link.id)
    needs = []
    for fibre, on in sorted(links.items()):
        users = {corridor for link in on for corridor in scope.usage.links[link]}
        needs.append(Need(ONE, tuple(sorted(users)), scope.inventory.fibres[fibre].ends, tuple(on)))
    return needs


def _on_links(scope: BillScope, name: str) -> tuple[list[Need], list[Need]]:
    bought: list[Need] = []
    used: list[Need] = []
    needed = {need.id: need for need in scope.quantities.links}
    for link in scope.plan.links:
        terms = offered(scope.market, f"qkd_systems.{link.system}", link.offer) if link.bought else None
        units = link_units(scope.market, f"services.{name}", needed[link.id], terms)
        users = scope.usage.links[link.id]
        for count, needs in ((units.bought, bought), (units.used, used)):
            needs += [Need(Decimal(count), users, link.ends, (link.id,))] if count else []
    return bought, used
