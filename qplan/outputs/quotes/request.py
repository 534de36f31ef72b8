"""Requests for quotation, as values: to one supplier for what is his, or for one ware to whoever sells it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import get_args

from qplan.assessment.facts import PlanFacts
from qplan.errors import WrongUsage
from qplan.inventory.source.messages import counted, did_you_mean
from qplan.outputs.quotes.lines import AskedLine, Ware, asked_lines
from qplan.outputs.quotes.pieces import Piece, pieces
from qplan.outputs.quotes.questions import questions_about

TITLES: dict[Ware, str] = {
    "qkd": "QKD systems and equipment of QKD nodes",
    "fibre": "Dark fibre",
    "services": "Services",
    "encryptors": "Encryptors",
}


@dataclass(frozen=True)
class Dates:
    """What the buyer asks for; None: left open, to be filled in by hand."""

    answer_by: date | None = None
    deliver_by: date | None = None


@dataclass(frozen=True)
class Request:
    """All that a supplier gets to see."""

    name: str
    """Of its files: the ware, or the supplier in plain letters."""
    about: str
    supplier: str
    """To whom it goes; "" for any who sells the ware."""
    network: str
    owner: str
    currency: str
    horizon_years: int
    start: str | None
    """Month in which year 1 begins."""
    dates: Dates
    lines: tuple[AskedLine, ...]

    @property
    def code(self) -> str:
        """By what is asked alone: the same request has the same code."""
        asked = repr((self.name, self.about, self.lines, self.dates))
        return f"RFQ-{sha256(asked.encode()).hexdigest()[:8]}"

    @property
    def questions(self) -> tuple[str, ...]:
        return questions_about({line.ware for line in self.lines})

    @property
    def without_address(self) -> tuple[str, ...]:
        """Sites of which a supplier learns no address."""
        return tuple(sorted({place.site for line in self.lines for place in line.places if not place.address}))


def requests(
    facts: PlanFacts, supplier: str | None = None, ware: Ware | None = None, dates: Dates = Dates()
) -> tuple[Request, ...]:
    """To one supplier, for one ware, or for every ware that the plan needs. Raises WrongUsage where there is nothing.

    What goes to several suppliers names none, and no part number.
    """
    found = list(pieces(facts))
    if supplier is not None:
        name = _seller(found, supplier)
        lines = asked_lines(facts, (piece for piece in found if piece.supplier == name), named=True)
        return (_request(facts, _file_name(name), name, name, lines, dates),)
    lines = asked_lines(facts, found, named=False)
    wares: tuple[Ware, ...] = get_args(Ware)
    there = [each for each in wares if any(line.ware == each for line in lines)]
    if ware is not None and ware not in there:
        raise WrongUsage(f"the plan buys nothing of {ware}; it buys {', '.join(there) or 'nothing'}")
    chosen = there if ware is None else [ware]
    if not chosen:
        raise WrongUsage("the plan buys nothing: there is nothing to ask for")
    return tuple(
        _request(facts, each, TITLES[each], "", tuple(line for line in lines if line.ware == each), dates)
        for each in chosen
    )


def suppliers(found: Iterable[Piece]) -> tuple[str, ...]:
    """Whom the pieces are bought from, as far as that is known."""
    return tuple(sorted({piece.supplier for piece in found} - {""}))


def _seller(found: Iterable[Piece], supplier: str) -> str:
    """The supplier as the inventory spells it. Raises WrongUsage."""
    known = suppliers(found)
    same = [name for name in known if name.casefold() == supplier.strip().casefold()]
    if not same:
        hint = did_you_mean(supplier, known) or f"it buys from {', '.join(known) or 'nobody who is named'}"
        others = "--class asks whoever sells a ware"
        raise WrongUsage(f"the plan buys nothing from {supplier!r}; {hint} ({others})")
    return same[0]


def _file_name(supplier: str) -> str:
    letters = unicodedata.normalize("NFKD", supplier.casefold().replace("ß", "ss")).encode("ascii", "ignore").decode()
    plain = re.sub("[^a-z0-9]+", "-", letters).strip("-")[:60]
    return plain or f"supplier-{sha256(supplier.encode()).hexdigest()[:8]}"


def _request(
    facts: PlanFacts, name: str, about: str, supplier: str, lines: tuple[AskedLine, ...], dates: Dates
) -> Request:
    inventory = facts.inventory
    return Request(
        name=name,
        about=about,
        supplier=supplier,
        network=inventory.metadata.name or "",
        owner=inventory.metadata.owner or "",
        currency=inventory.economics.currency,
        horizon_years=inventory.economics.horizon_years,
        start=inventory.economics.start,
        dates=dates,
        lines=lines,
    )


def betrayals(facts: PlanFacts, request: Request) -> tuple[str, ...]:
    """Texts of the inventory in a request that name what its reader must not learn, in words."""
    return tuple(_betrayals(facts, request))


def _betrayals(facts: PlanFacts, request: Request) -> Iterator[str]:
    inventory = facts.inventory
    makers = {system.manufacturer for system in inventory.equipment.qkd_systems.values()}
    makers |= {offer.supplier for offer in inventory.offers.values()}
    makers |= {piece.supplier for piece in pieces(facts)}
    others = {f"supplier {name!r}": name for name in makers if name and name != request.supplier}
    corridors = {f"corridor {name!r}": name for name in inventory.corridors}
    words = {"metadata.name": request.network}
    words |= {f"{line.product} ({line.code})": line.what for line in request.lines if line.ware != "fibre"}
    places = {place.site: place for line in request.lines for place in line.places}
    names = {f"sites.{key}.name": place.name for key, place in places.items()}
    names |= {f"sites.{key}.address": place.address for key, place in places.items()}
    for texts, secrets in ((words, others | corridors), (names, others)):  # a corridor may be called as a place is
        for where, text in sorted(texts.items()):
            for what, word in sorted(secrets.items()):
                if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE):
                    yield f"{where} names the {what}: {text!r}"


def summary(request: Request) -> str:
    """`3 lines, 4 QKD links, 5 addresses`."""
    links = sum(len(line.links) for line in request.lines)
    sites = len({place.site for line in request.lines for place in line.places})
    parts = [counted(len(request.lines), "line"), *([counted(links, "QKD link")] if links else [])]
    return ", ".join([*parts, counted(sites, "site")])
