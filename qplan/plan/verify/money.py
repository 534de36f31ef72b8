"""What a plan costs, once more from its lists: terms of offers, existing plant, services, and money by year.

Written from the definition alone. A system, fibre, site or offer that the inventory does not know counts as nothing.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from functools import cached_property

from qplan.inventory.commercial import Offer
from qplan.inventory.existing import ExistingLink
from qplan.inventory.model import Inventory, Item
from qplan.plan.model import Link, Plan
from qplan.plan.verify import recompute
from qplan.plan.verify.violation import exact

ZERO = Decimal(0)
MOST_YEARS = 1000  # that are added up one by one


@dataclass
class Money:
    """One-off and yearly money: S, L, W and G of the definition, fees by term, and what is bought again when."""

    capex: Decimal = ZERO
    support: Decimal = ZERO
    lease: Decimal = ZERO
    watts: Decimal = ZERO
    hosting: Decimal = ZERO
    fees: defaultdict[int, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    again: defaultdict[tuple[int, int], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    """By (life, age)."""


@dataclass(frozen=True)
class Totals:
    """The cost figures of a plan, in the inventory's currency."""

    capex: Decimal
    contingency: Decimal
    opex_per_year: Decimal
    tco: Decimal
    by_year: tuple[tuple[int, int, Decimal, Decimal], ...]
    """First and last year, opex and refresh, exact; equal years together."""


def route_of(link: Link | ExistingLink) -> tuple[str, frozenset[str]]:
    """System and route, the same for both directions (a route has no fibre twice)."""
    return link.system, frozenset(link.fibres)


class Ledger:
    """What the inventory says of money."""

    def __init__(self, inventory: Inventory):
        self.inventory = inventory
        self.economics = inventory.economics
        self.existing = {route_of(link): link for link in inventory.existing.links.values()}
        self.built_nodes = set(inventory.existing.nodes).union(*(e.ends for e in inventory.existing.links.values()))
        self.built_relays = {name for name, site in inventory.sites.items() if site.trusted_node == "existing"}
        self.built_relays.update(inventory.existing.relays)

    def admissible(self, product: str) -> list[str]:
        """Ids of the offers for a product that the policy allows, sorted."""
        return self._admissible.get(product, [])

    @cached_property
    def _admissible(self) -> dict[str, list[str]]:
        policy, names = self.inventory.policy, defaultdict[str, list[str]](list)
        for name, offer in sorted(self.inventory.offers.items()):
            by_kind = policy.offers in ("cheapest", offer.kind) if isinstance(policy.offers, str) else None
            if policy.suppliers is not None and offer.supplier not in policy.suppliers:
                continue
            if name in policy.offers if by_kind is None else by_kind:
                names[offer.product].append(name)
        return names

    def rate(self, offer: Offer) -> Decimal:
        if offer.currency is None or offer.currency == self.economics.currency:
            return Decimal(1)
        return exact(self.economics.exchange_rates.get(offer.currency, 0.0))

    def price(self, offer: Offer, tier_from: int = 1) -> Decimal:
        """One-off money per unit, in a tier."""
        if offer.kind != "purchase":
            return exact(offer.setup_fee) * self.rate(offer)
        discount = next((t.discount for t in offer.tiers if t.at_least == tier_from), offer.discount)
        return exact(offer.list_price) * self.rate(offer) * (1 - exact(discount))

    def own_price(self, product: str) -> Decimal:
        kind, _, name = product.partition(".")
        if kind == "services":
            service = self.inventory.services[name]
            return exact(service.price) + exact(service.effort_days) * exact(self.economics.day_rate)
        if kind == "fibres":
            return exact(self.inventory.fibres[name].setup_cost_per_strand)
        return exact(getattr(self.inventory.equipment, kind)[name].price)

    def own_support(self, product: str) -> Decimal:
        kind, _, name = product.partition(".")
        if kind == "services":
            return exact(self.inventory.services[name].price_per_year)
        if kind == "fibres":
            return ZERO
        return exact(getattr(self.inventory.equipment, kind)[name].support_per_year)

    def life(self, product: str) -> int | None:
        kind, _, name = product.partition(".")
        if kind in ("services", "fibres"):
            return None
        life: int | None = getattr(self.inventory.equipment, kind)[name].life_years
        return life

    def lease(self, fibre_id: str) -> Decimal:
        """One strand for a year at the fibre's own price."""
        fibre = self.inventory.fibres[fibre_id]
        km = recompute.fibre_km(self.inventory, fibre) or ZERO
        return exact(fibre.cost_per_strand_year) + exact(fibre.cost_per_strand_km_year) * km

    def spare_price(self, product: str) -> Decimal:
        offers = [self.inventory.offers[name] for name in self.admissible(product)]
        return min((self.price(o) for o in offers if o.kind == "purchase"), default=self.own_price(product))

    def age(self, link: ExistingLink) -> int:
        start = self.economics.start
        if start is None or link.bought is None:
            return 0
        (year, month), (then, in_month) = (map(int, text.split("-")) for text in (start, link.bought))
        return max(0, math.floor((12 * (year - then) + month - in_month) / 12))


class Account:
    """A plan's money, line by line, on the terms that the plan states."""

    def __init__(self, inventory: Inventory, plan: Plan, nodes: Iterable[str], relays: Iterable[str]):
        self.inventory, self.plan, self.ledger = inventory, plan, Ledger(inventory)
        self.nodes = sorted(site for site in nodes if site in inventory.sites)
        self.relays = sorted(site for site in relays if site in inventory.sites)
        self.stated = {entry.id: entry for entry in plan.offers}
        self.links = [link for link in plan.links if self._known(link)]
        self.served = [entry.id for entry in plan.corridors if entry.served and entry.id in inventory.corridors]

    def _known(self, link: Link) -> bool:
        return link.system in self.inventory.equipment.qkd_systems and all(
            f in self.inventory.fibres for f in link.fibres
        )

    @cached_property
    def units(self) -> dict[tuple[str, str | None], tuple[int, int]]:
        """Units bought and in use by (product, offer): None is the product's own price."""
        found: dict[tuple[str, str | None], tuple[int, int]] = {}
        for product, offer, bought, used in self._counted():
            before = found.get((product, offer), (0, 0))
            found[product, offer] = before[0] + bought, before[1] + used
        return {key: counts for key, counts in found.items() if counts != (0, 0)}

    def _counted(self) -> Iterator[tuple[str, str | None, int, int]]:
        equipment = self.inventory.equipment
        strands: Counter[str] = Counter()
        for link in self.links:
            if link.bought > 0:
                yield f"qkd_systems.{link.system}", self._offer_of(link), link.bought, link.bought
                for f in link.fibres:
                    strands[f] += link.bought * equipment.qkd_systems[link.system].strands
        for f, count in strands.items():
            yield f"fibres.{f}", self._one_offer(f"fibres.{f}"), count, count
        new_nodes = len([site for site in self.nodes if site not in self.ledger.built_nodes])
        new_relays = len([site for site in self.relays if site not in self.ledger.built_relays])
        for kind, items, count in (
            ("node_items", equipment.node_items, new_nodes),
            ("relay_items", equipment.relay_items, new_relays),
        ):
            for part, item in items.items():
                product = f"{kind}.{part}"
                yield product, self._one_offer(product), count * item.quantity, count * item.quantity
        for name in self.inventory.services:
            bought, used = self._service(name, new_nodes, new_relays)
            yield f"services.{name}", self._one_offer(f"services.{name}"), bought, used

    def _offer_of(self, link: Link) -> str | None:
        """The offer of the systems bought on a link, as far as there is one for them."""
        offer = self.inventory.offers.get(link.offer or "")
        return link.offer if offer is not None and offer.product == f"qkd_systems.{link.system}" else None

    def _one_offer(self, product: str) -> str | None:
        """The offer of a product as the plan states it, the first of several."""
        return self._stated_for.get(product)

    @cached_property
    def _stated_for(self) -> dict[str, str]:
        known = [entry for entry in self.plan.offers if entry.id in self.inventory.offers]
        return {entry.product: entry.id for entry in reversed(known)}

    def _service(self, name: str, new_nodes: int, new_relays: int) -> tuple[int, int]:
        per = self.inventory.services[name].per
        if per == "node":
            return new_nodes, len(self.nodes)
        if per == "relay":
            return new_relays, len(self.relays)
        if per == "corridor":
            return len(self.served), len(self.served)
        if per == "plan":
            return 1, 1
        if per == "fibre":
            lit = {f for link in self.links if link.bought > 0 for f in link.fibres}
            return len(lit), len({f for link in self.links for f in link.fibres})
        bought = used = 0
        for link in self.links:
            new, old = self._charged(name, link)
            bought += new if per == "system" else int(new > 0)
            used += new + old if per == "system" else int(new + old > 0)
        return bought, used

    def _charged(self, service: str, link: Link) -> tuple[int, int]:
        """Systems bought, and existing ones, whose terms do not include a service."""
        offers = self.inventory.offers
        there = self.ledger.existing.get(route_of(link))
        new, old = offers.get(self._offer_of(link) or ""), offers.get("" if there is None else there.offer or "")
        return (
            0 if new is not None and service in new.includes else max(0, link.bought),
            0 if old is not None and service in old.includes else min(link.count, link.existing),
        )

    def money(self) -> Money:
        """All of it."""
        result = Money()
        self._add_links(result)
        self._add_sites(result)
        for (product, name), (bought, used) in self.units.items():
            self._add_product(result, product, name, bought, used)
        for product, count in self.inventory.spares.items():
            result.capex += count * self.ledger.spare_price(product)
        return result

    def _add_product(self, result: Money, product: str, name: str | None, bought: int, used: int) -> None:
        ledger, offer = self.ledger, self.inventory.offers.get(name or "")
        life = ledger.life(product)
        if offer is None:
            price = ledger.own_price(product)
            result.capex += bought * price
            result.support += used * ledger.own_support(product)
            if product.startswith("fibres."):
                result.lease += used * ledger.lease(product.partition(".")[2])
            if life:
                result.again[life, 0] += bought * price
            return
        entry = self.stated.get(name or "")
        tier = 1 if entry is None else entry.tier_from
        price = ledger.price(offer, tier)
        result.capex += (max(bought, tier) if bought else 0) * price
        if "support" not in offer.includes:
            stated = offer.support_per_year
            own = ledger.own_support(product)
            result.support += used * (own if stated is None else exact(stated) * ledger.rate(offer))
        if offer.kind == "purchase":
            if life:
                result.again[life, 0] += bought * price
        else:
            result.fees[offer.term_months or 1] += used * exact(offer.fee_per_month) * ledger.rate(offer)

    def _add_links(self, result: Money) -> None:
        """Power of all systems, and everything that existing ones still cost."""
        for link in self.links:
            system = self.inventory.equipment.qkd_systems[link.system]
            result.watts += link.count * 2 * exact(system.power_w)
            there = self.ledger.existing.get(route_of(link))
            if there is None or link.existing < 1:
                continue
            ledger, count, product = self.ledger, link.existing, f"qkd_systems.{link.system}"
            result.support += count * exact(there.support_per_year)
            for f in link.fibres:
                result.lease += count * system.strands * ledger.lease(f)
            own = self.inventory.offers.get(there.offer or "")
            if own is not None and own.kind != "purchase":
                result.fees[own.term_months or 1] += count * exact(own.fee_per_month) * ledger.rate(own)
            elif system.life_years:
                life = system.life_years
                unstated = ledger.spare_price(product) if system.price is None else exact(system.price)
                price = unstated if own is None else ledger.price(own)
                result.again[life, ledger.age(there) % life] += count * price

    def _add_sites(self, result: Money) -> None:
        inventory, ledger = self.inventory, self.ledger
        for name in self.nodes:
            site = inventory.sites[name]
            result.capex += ZERO if name in ledger.built_nodes else exact(site.node_cost)
            result.hosting += exact(site.node_cost_per_year)
            result.watts += _watts(inventory.equipment.node_items.values())
        for name in self.relays:
            site = inventory.sites[name]
            result.capex += ZERO if name in ledger.built_relays else exact(site.relay_cost)
            result.hosting += exact(site.relay_cost_per_year)
            if site.trusted_node != "existing" or name in inventory.existing.relays:
                result.watts += _watts(inventory.equipment.relay_items.values())
        for name in self.served:
            block = inventory.classical
            wanted = inventory.corridors[name].encryptor or (block.encryptor if block else None)
            encryptor = inventory.equipment.encryptors.get(wanted or "")
            if encryptor is not None:
                result.support += exact(encryptor.qkd_licence_per_year) * 2 * (block.per_end if block else 1)


def _watts(items: Iterable[Item]) -> Decimal:
    return sum((item.quantity * exact(item.power_w) for item in items), ZERO)


def totals(inventory: Inventory, money: Money) -> Totals:
    """The figures of a plan from its money."""
    economics = inventory.economics
    contingency = money.capex * exact(economics.contingency)
    horizon, rate = economics.horizon_years, exact(economics.discount_rate)
    if horizon > MOST_YEARS:  # then money is alike in all years but, where terms run on, the last
        even, last = opex(inventory, money, 1), opex(inventory, money, horizon)
        rows = [(1, horizon - 1, even, ZERO), (horizon, horizon, last, ZERO)]
        present = even * annuity(inventory) + (last - even) * (1 + rate) ** -horizon
    else:
        years = range(1, horizon + 1)
        rows = [(y, y, opex(inventory, money, y), bought_again(inventory, money, y)) for y in years]
        present = sum(((yearly + again) * (1 + rate) ** -y for y, _, yearly, again in rows), ZERO)
    return Totals(
        money.capex,
        contingency,
        opex(inventory, money, 1, whole_year=True),
        money.capex + contingency + present,
        _together(rows),
    )


def opex(inventory: Inventory, money: Money, year: int, whole_year: bool = False) -> Decimal:
    """Opex of a year; the last one has the rest of every term, unless twelve months are asked for."""
    growth, horizon = inventory.economics.escalation, inventory.economics.horizon_years
    kilowatt_hours = Decimal("8.76") * money.watts
    value = money.support * (1 + exact(growth.support)) ** (year - 1) if money.support else ZERO
    value += money.lease * (1 + exact(growth.lease)) ** (year - 1) if money.lease else ZERO
    if kilowatt_hours and inventory.economics.energy_per_kwh:
        energy = kilowatt_hours * exact(inventory.economics.energy_per_kwh)
        value += energy * (1 + exact(growth.energy)) ** (year - 1)
    for term, fee in money.fees.items():
        months = 12
        if year == horizon and not whole_year:
            months = term * math.ceil(12 * horizon / term) - 12 * (horizon - 1)
        value += months * fee
    return value + money.hosting


def bought_again(inventory: Inventory, money: Money, year: int) -> Decimal:
    """What reaches the end of its life in a year before the last."""
    if year >= inventory.economics.horizon_years:
        return ZERO
    return sum((price for (life, age), price in money.again.items() if (year + age) % life == 0), ZERO)


def _together(rows: list[tuple[int, int, Decimal, Decimal]]) -> tuple[tuple[int, int, Decimal, Decimal], ...]:
    """Years alike in a row as one."""
    found: list[tuple[int, int, Decimal, Decimal]] = []
    for first, last, yearly, again in rows:
        if last < first:
            continue
        if found and found[-1][2:] == (yearly, again):
            found[-1] = (found[-1][0], last, yearly, again)
        else:
            found.append((first, last, yearly, again))
    return tuple(found)


def annuity(inventory: Inventory) -> Decimal:
    """Present value of 1 a year from year 1 to the horizon, with digits enough for any small discount rate."""
    years, rate = inventory.economics.horizon_years, exact(inventory.economics.discount_rate)
    if not rate:
        return Decimal(years)
    with localcontext() as context:
        context.prec = 50 + 2 * max(0, -rate.adjusted())
        return (1 - (1 / (1 + rate)) ** years) / rate
