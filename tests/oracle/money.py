"""Every way to buy what a design needs: each offer per link and product, each tier; and what each way costs.

Written from the definition alone, for small designs. A way costs (capex, tco); of those that are no better than another
in either, none is needed, so that the ways of many products are joined as sets of such pairs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache, cached_property
from itertools import combinations_with_replacement as with_repeats
from itertools import product as every

from oracle.model import Candidate, fibre_length_km
from qplan.inventory.commercial import Offer
from qplan.inventory.model import Inventory

NOTHING = Decimal(0)


def dec(number: float | None) -> Decimal:
    return NOTHING if number is None else Decimal(repr(number))


@dataclass(frozen=True)
class Way:
    """A way to buy: capex, tco, and (what, offer, tier) of all that is chosen; what: a link's number, or a product."""

    capex: Decimal
    tco: Decimal
    chosen: tuple[tuple[object, str | None, int], ...] = ()

    def __add__(self, other: Way) -> Way:
        return Way(self.capex + other.capex, self.tco + other.tco, self.chosen + other.chosen)


def undominated(ways: Iterable[Way]) -> list[Way]:
    """Those that are not beaten in both figures by another."""
    kept: list[Way] = []
    for way in sorted(ways, key=lambda way: (way.capex, way.tco)):
        if not kept or way.tco < kept[-1].tco:
            kept.append(way)
    return kept


@dataclass(frozen=True)
class Lists:
    """What a design lists: per link (number) the systems that were there and those bought, sites, corridors served."""

    existing: tuple[int, ...]
    bought: tuple[int, ...]
    nodes: frozenset[str]
    relays: frozenset[str]
    served: frozenset[str]


class Money:
    """Prices of an inventory over its candidate links."""

    def __init__(self, inventory: Inventory, links: tuple[Candidate, ...]):
        self.inventory, self.links, self.economics = inventory, links, inventory.economics
        there = inventory.existing
        self.built_nodes = {*there.nodes, *(end for link in there.links.values() for end in link.ends)}
        self.built_relays = {s for s, site in inventory.sites.items() if site.trusted_node == "existing"}
        self.built_relays |= set(there.relays)
        self.ways = cache(self._ways)
        self.on_one = cache(lambda product, name, count: list(self.on_offer(product, name, count, count)))

    # the years

    @cached_property
    def years(self) -> list[tuple[int, Decimal]]:
        """Each year and what 1 of it is worth today."""
        rate = dec(self.economics.discount_rate)
        return [(y, 1 / (1 + rate) ** y) for y in range(1, self.economics.horizon_years + 1)]

    def worth(self, yearly: Decimal, growth: float = 0.0) -> Decimal:
        return sum((yearly * (1 + dec(growth)) ** (y - 1) * v for y, v in self.years), NOTHING)

    def support(self, yearly: Decimal) -> Decimal:
        return self.worth(yearly, self.economics.escalation.support)

    def energy(self, watts: Decimal) -> Decimal:
        yearly = Decimal("8.76") * dec(self.economics.energy_per_kwh) * watts
        return self.worth(yearly, self.economics.escalation.energy)

    def fee(self, monthly: Decimal, term: int) -> Decimal:
        """Whole terms: what the last year pays beyond the months before it."""
        last = self.economics.horizon_years
        paid = 0
        while paid < 12 * last:
            paid += term
        return sum((monthly * (12 if y < last else paid - 12 * (last - 1)) * v for y, v in self.years), NOTHING)

    def again(self, price: Decimal, life: int | None, age: int = 0) -> Decimal:
        last = self.economics.horizon_years
        return sum((price * v for y, v in self.years if life and y < last and (y + age) % life == 0), NOTHING)

    def once(self, capex: Decimal) -> Way:
        return Way(capex, capex * (1 + dec(self.economics.contingency)))

    # products

    def offers(self, product: str) -> list[tuple[str, Offer]]:
        """The admissible offers for a product."""
        policy = self.inventory.policy
        found = []
        for name, offer in sorted(self.inventory.offers.items()):
            if isinstance(policy.offers, str):
                allowed = policy.offers in ("cheapest", offer.kind)
            else:
                allowed = name in policy.offers
            seller = policy.suppliers is None or offer.supplier in policy.suppliers
            if offer.product == product and allowed and seller:
                found.append((name, offer))
        return found

    def own(self, product: str) -> tuple[Decimal, Decimal, Decimal, int | None]:
        """Price, support per year, lease per year and life, without any offer."""
        kind, _, name = product.partition(".")
        if kind == "fibres":
            fibre = self.inventory.fibres[name]
            lease = dec(fibre.cost_per_strand_year)
            lease += dec(fibre.cost_per_strand_km_year) * dec(fibre_length_km(self.inventory, fibre) or 0.0)
            return dec(fibre.setup_cost_per_strand), NOTHING, lease, None
        if kind == "services":
            service = self.inventory.services[name]
            price = dec(service.price) + dec(service.effort_days) * dec(self.economics.day_rate)
            return price, dec(service.price_per_year), NOTHING, None
        thing = getattr(self.inventory.equipment, kind)[name]
        return dec(thing.price), dec(thing.support_per_year), NOTHING, thing.life_years

    def exchange(self, offer: Offer) -> Decimal:
        if offer.currency in (None, self.economics.currency):
            return Decimal(1)
        return dec(self.economics.exchange_rates[offer.currency])

    def price(self, offer: Offer, tier: int = 0) -> Decimal:
        if offer.kind != "purchase":
            return dec(offer.setup_fee) * self.exchange(offer)
        discount = offer.tiers[tier - 1].discount if tier else offer.discount
        return dec(offer.list_price) * self.exchange(offer) * (1 - dec(discount))

    def on_offer(self, product: str, name: str | None, bought: int, used: int) -> Iterator[Way]:
        """So many units of a product on one offer, in each of its tiers."""
        price, support, lease, life = self.own(product)
        if name is None:
            way = self.once(price * bought)
            later = self.support(support * used) + self.worth(lease * used, self.economics.escalation.lease)
            yield Way(way.capex, way.tco + later + self.again(price * bought, life), ((product, None, 0),))
            return
        offer = self.inventory.offers[name]
        if offer.support_per_year is not None:
            support = dec(offer.support_per_year) * self.exchange(offer)
        later = NOTHING if "support" in offer.includes else self.support(support * used)
        if offer.kind != "purchase":
            way = self.once(self.price(offer) * bought)
            fees = self.fee(dec(offer.fee_per_month) * self.exchange(offer) * used, offer.term_months)
            yield Way(way.capex, way.tco + later + fees, ((product, name, 0),))
            return
        for tier in range(len(offer.tiers) + 1):
            least = offer.tiers[tier - 1].at_least if tier else 1
            unit = self.price(offer, tier)
            way = self.once(unit * (max(bought, least) if bought else 0))
            yield Way(way.capex, way.tco + later + self.again(unit * bought, life), ((product, name, tier),))

    def _ways(self, product: str, bought: int, used: int) -> list[Way]:
        """So many units of a product, on each of its offers."""
        names = [name for name, _ in self.offers(product)] or [None]
        return undominated(way for name in names for way in self.on_offer(product, name, bought, used))

    # a design

    def best(self, lists: Lists, within: tuple[float | None, float | None], metric: str) -> Way | None:
        """The best way to buy a design: least tco, or least capex and then tco, within the budgets as printed."""

        def key(way: Way) -> tuple[Decimal, Decimal]:
            return (way.capex, way.tco) if metric == "capex" else (way.tco, way.capex)

        def needed(ways: Iterable[Way]) -> list[Way]:
            """Without a budget the best way for each part is part of the best way for all."""
            return [min(ways, key=key)] if within == (None, None) else undominated(ways)

        ways = [self._fixed(lists)]
        for known in self._known_products(lists):
            ways = needed(a + b for a, b in every(ways, self.ways(*known)))
        ways = needed(a + b for a, b in every(ways, self._links(lists, needed)))
        return min((way for way in ways if keeps(way, within)), key=key, default=None)

    def _links(self, lists: Lists, needed: Callable[[Iterable[Way]], list[Way]]) -> list[Way]:
        """The systems bought, each link on each offer, with the services per system and per link."""
        alike: dict[tuple[object, ...], list[int]] = {}
        for i, count in enumerate(lists.bought):
            if count:  # links with equal needs may change places
                alike.setdefault((self.links[i].system, count, lists.existing[i], self.links[i].entry), []).append(i)
        groups = list(alike.values())
        options = [[n for n, _ in self.offers(f"qkd_systems.{key[0]}")] or [None] for key in alike]
        chosen = (with_repeats(names, len(group)) for names, group in zip(options, groups, strict=True))
        seen: dict[tuple, list[Way]] = {}
        for picks in every(*chosen):
            pairs = zip(groups, picks, strict=True)
            offer_of = {i: name for group, names in pairs for i, name in zip(group, names, strict=True)}
            counts: Counter[tuple[str, str | None]] = Counter()
            for i, name in offer_of.items():
                counts[f"qkd_systems.{self.links[i].system}", name] += lists.bought[i]
            services = {
                f"services.{name}": self._charged(name, lists, offer_of)
                for name, service in self.inventory.services.items()
                if service.per in ("system", "link")
            }
            key = tuple(sorted(counts.items(), key=str)), tuple(services.items())
            if key in seen:
                continue
            ways = [Way(NOTHING, NOTHING, tuple((i, name, 0) for i, name in offer_of.items()))]
            for (product, name), count in counts.items():
                ways = needed(a + b for a, b in every(ways, self.on_one(product, name, count)))
            for product, (new, used) in services.items():
                ways = needed(a + b for a, b in every(ways, self.ways(product, new, used)))
            seen[key] = ways
        return needed(way for ways in seen.values() for way in ways)

    def _charged(self, service: str, lists: Lists, offer_of: dict[int, str | None]) -> tuple[int, int]:
        """Units of a service per system or per link: bought, and in use."""
        new_units = used_units = 0
        for i, link in enumerate(self.links):
            new, old = lists.bought[i], lists.existing[i]
            offer = self.inventory.offers.get(offer_of.get(i) or "")
            own = self.inventory.offers.get((link.entry and self.inventory.existing.links[link.entry].offer) or "")
            new = 0 if offer is not None and service in offer.includes else new
            old = 0 if own is not None and service in own.includes else old
            if self.inventory.services[service].per == "link":
                new_units, used_units = new_units + (new > 0), used_units + (new + old > 0)
            else:
                new_units, used_units = new_units + new, used_units + new + old
        return new_units, used_units

    def _known_products(self, lists: Lists) -> Iterator[tuple[str, int, int]]:
        """Items, strands, and services that no offer for a system includes, with the units bought and in use."""
        new_nodes, new_relays = lists.nodes - self.built_nodes, lists.relays - self.built_relays
        for part, item in self.inventory.equipment.node_items.items():
            yield f"node_items.{part}", item.quantity * len(new_nodes), item.quantity * len(new_nodes)
        for part, item in self.inventory.equipment.relay_items.items():
            yield f"relay_items.{part}", item.quantity * len(new_relays), item.quantity * len(new_relays)
        strands: Counter[str] = Counter()
        used, new = set(), set()
        for link, old, bought in zip(self.links, lists.existing, lists.bought, strict=True):
            used |= set(link.fibres) if old + bought else set()
            for f in link.fibres if bought else ():
                new.add(f)
                strands[f] += bought * self.inventory.equipment.qkd_systems[link.system].strands
        for f, count in strands.items():
            yield f"fibres.{f}", count, count
        counted = {
            "node": (len(new_nodes), len(lists.nodes)),
            "relay": (len(new_relays), len(lists.relays)),
            "fibre": (len(new), len(used)),
            "corridor": (len(lists.served), len(lists.served)),
            "plan": (1, 1),
        }
        for name, service in self.inventory.services.items():
            if service.per in counted:
                yield f"services.{name}", *counted[service.per]

    def _fixed(self, lists: Lists) -> Way:
        """What costs the same whatever the offers."""
        inventory, systems = self.inventory, self.inventory.equipment.qkd_systems
        capex = later = watts = hosting = NOTHING
        for name in lists.nodes:
            site = inventory.sites[name]
            capex += NOTHING if name in self.built_nodes else dec(site.node_cost)
            hosting += dec(site.node_cost_per_year)
            watts += sum((i.quantity * dec(i.power_w) for i in inventory.equipment.node_items.values()), NOTHING)
        for name in lists.relays:
            site = inventory.sites[name]
            capex += NOTHING if name in self.built_relays else dec(site.relay_cost)
            hosting += dec(site.relay_cost_per_year)
            if site.trusted_node != "existing" or name in inventory.existing.relays:
                watts += sum((i.quantity * dec(i.power_w) for i in inventory.equipment.relay_items.values()), NOTHING)
        for name in lists.served:
            later += self._licences(name)
        for link, old, bought in zip(self.links, lists.existing, lists.bought, strict=True):
            watts += 2 * dec(systems[link.system].power_w) * (old + bought)
            later += self.held(link) * old if old else NOTHING
        for spare, count in inventory.spares.items():
            capex += count * self.spare_price(spare)
        way = self.once(capex)
        return Way(way.capex, way.tco + later + self.worth(hosting) + self.energy(watts))

    def _licences(self, corridor: str) -> Decimal:
        block = self.inventory.classical
        name = self.inventory.corridors[corridor].encryptor or (block and block.encryptor)
        encryptor = self.inventory.equipment.encryptors.get(name or "")
        if encryptor is None:
            return NOTHING
        return self.support(2 * (block.per_end if block else 1) * dec(encryptor.qkd_licence_per_year))

    def spare_price(self, product: str) -> Decimal:
        prices = [self.price(offer) for _, offer in self.offers(product) if offer.kind == "purchase"]
        return min(prices, default=self.own(product)[0])

    def held(self, link: Candidate) -> Decimal:
        """What one system of an existing link still costs, but for its power."""
        entry, economics = self.inventory.existing.links[link.entry], self.economics
        system = self.inventory.equipment.qkd_systems[link.system]
        leases = sum((self.own(f"fibres.{f}")[2] for f in link.fibres), NOTHING) * system.strands
        value = self.support(dec(entry.support_per_year)) + self.worth(leases, economics.escalation.lease)
        offer = self.inventory.offers.get(entry.offer or "")
        if offer is not None and offer.kind != "purchase":
            return value + self.fee(dec(offer.fee_per_month) * self.exchange(offer), offer.term_months)
        product = f"qkd_systems.{link.system}"
        price = dec(system.price) if system.price is not None else self.spare_price(product)
        age = 0
        if economics.start is not None and entry.bought is not None:
            begin, then = (12 * int(text[:4]) + int(text[5:]) for text in (economics.start, entry.bought))
            age = max(0, (begin - then) // 12)
        return value + self.again(price if offer is None else self.price(offer), system.life_years, age)


def printed(amount: Decimal) -> Decimal:
    """In whole cents, halves to even."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def keeps(way: Way, within: tuple[float | None, float | None]) -> bool:
    return all(
        most is None or printed(amount) <= dec(most) for amount, most in zip((way.capex, way.tco), within, strict=True)
    )
