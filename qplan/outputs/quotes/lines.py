"""The lines of a request: each product once, how many of it, what it must do, and where it goes."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from qplan.assessment.facts import PlanFacts
from qplan.assessment.link_budgets import LinkFacts
from qplan.assessment.nodes import Space
from qplan.inventory.answer_form import line_code
from qplan.inventory.loss_budget import LossBudget
from qplan.inventory.model import Inventory, Item, QkdSystem
from qplan.outputs.bill.schedule import LinkEnd, ScheduledLink
from qplan.outputs.quotes.pieces import Piece
from qplan.outputs.quotes.specification import Requirement, Room, description, part_number, requirements, unit

Ware = Literal["qkd", "fibre", "services", "encryptors"]
WARES: dict[str, Ware] = {
    "qkd_systems": "qkd",
    "node_items": "qkd",
    "relay_items": "qkd",
    "fibres": "fibre",
    "services": "services",
    "encryptors": "encryptors",
}
"""What a request is about, by the kind of product."""


@dataclass(frozen=True)
class Place:
    """An address, and how many of a line go there (None: it is not counted by place)."""

    site: str
    name: str
    address: str
    contact: str
    part: str
    """What of the line: `Tx`, `Rx`, `end`; "" for the whole."""
    quantity: Decimal | None


@dataclass(frozen=True)
class AskedLink:
    """A QKD link on which the pairs of a line must work; nothing of how it is used."""

    number: int
    ends: tuple[LinkEnd, LinkEnd]
    pairs: int
    """To be bought."""
    required_bps: float
    """Secret bit/s that each must give at the loss."""
    loss_db: float
    budget: LossBudget | None
    length_km: float | None
    wavelength_nm: float
    strands: int
    """Of each pair."""


@dataclass(frozen=True)
class AskedLine:
    product: str
    """Its address, for the buyer alone."""
    what: str
    part: str
    """Manufacturer and part number; "" where the request goes to several suppliers."""
    quantity: Decimal
    spares: Decimal
    """On top, kept in stock."""
    unit: str
    requirements: tuple[Requirement, ...]
    places: tuple[Place, ...]
    links: tuple[AskedLink, ...]

    @property
    def code(self) -> str:
        return line_code(self.product)

    @property
    def ware(self) -> Ware:
        return WARES[self.product.partition(".")[0]]


def asked_lines(facts: PlanFacts, chosen: Iterable[Piece], *, named: bool) -> tuple[AskedLine, ...]:
    """The pieces as lines, by ware and product. `named`: for the supplier of all of them, who may see what is his."""
    groups: dict[str, list[Piece]] = defaultdict(list)
    for piece in chosen:
        groups[piece.product].append(piece)
    kinds = list(WARES)
    lines, first_link = [], 1
    for product in sorted(groups, key=lambda product: (kinds.index(product.partition(".")[0]), product)):
        line = _line(facts, product, groups[product], first_link, named)
        first_link += len(line.links)
        lines.append(line)
    return tuple(lines)


def _line(facts: PlanFacts, product: str, mine: list[Piece], first_link: int, named: bool) -> AskedLine:
    lit = [piece.link for piece in mine if piece.link is not None]
    links = tuple(_link(number, *one) for number, one in enumerate(lit, first_link))
    fibres = [piece.fibre for piece in mine if piece.fibre is not None]
    places = tuple(_places(facts.inventory, mine))
    room = None if named else _room_left(facts, product, places)
    inventory, points = facts.inventory, [(link.loss_db, link.required_bps) for link in links]
    lengths_km = [link.length_km for link in links if link.length_km is not None]
    return AskedLine(
        product=product,
        what=description(inventory, product, fibres),
        part=part_number(inventory, product) if named else "",
        quantity=sum((piece.quantity for piece in mine if not piece.spare), Decimal(0)),
        spares=sum((piece.quantity for piece in mine if piece.spare), Decimal(0)),
        unit=unit(inventory, product),
        requirements=tuple(requirements(inventory, product, points, lengths_km, fibres, room)),
        places=places,
        links=links,
    )


def _link(number: int, link: ScheduledLink, entry: LinkFacts) -> AskedLink:
    return AskedLink(
        number=number,
        ends=link.ends,
        pairs=link.to_buy,
        required_bps=link.required_bps,
        loss_db=link.loss_db,
        budget=entry.budget,
        length_km=link.length_km,
        wavelength_nm=link.wavelength_nm,
        strands=link.strands // link.pairs,
    )


def _places(inventory: Inventory, mine: list[Piece]) -> Iterator[Place]:
    counts: dict[tuple[str, str], Decimal | None] = {}
    for piece in mine:
        for key in piece.sites:
            counts[key] = (counts.get(key) or Decimal(0)) + piece.quantity if piece.each_site else None
    for (site_id, part), quantity in sorted(counts.items()):
        site = inventory.sites[site_id]
        yield Place(site_id, site.name or site_id, site.address or "", site.contact or "", part, quantity)


def _room_left(facts: PlanFacts, product: str, places: Iterable[Place]) -> Room:
    """What one of the product may take at every place, beside everything else that the plan puts there."""
    kind, _, name = product.partition(".")
    if kind not in ("qkd_systems", "node_items"):
        return Room(None, None)  # not counted in the room of a site, or its site is not said
    entry: QkdSystem | Item = getattr(facts.inventory.equipment, kind)[name]
    count = Counter[str]()
    for place in places:
        count[place.site] += int(place.quantity or 0)
    nodes = [(node, count[node.node.site]) for node in facts.nodes if count[node.node.site]]
    return Room(
        _least_share(((node.rack_units, number) for node, number in nodes), entry.rack_units),
        _least_share(((node.power_w, number) for node, number in nodes), entry.power_w),
    )


def _least_share(spaces: Iterable[tuple[Space, int]], planned: float) -> float | None:
    """Of the pieces at each site, what one may take where it is least, rounded down to tenths."""
    shares = [planned + (space.free - space.used) / number for space, number in spaces if space.free is not None]
    return max(planned, math.floor(min(shares) * 10 + 1e-6) / 10) if shares else None
