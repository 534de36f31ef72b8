"""What a product must do, in the words of who asks for it: neutral as to who makes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from qplan.inventory.answer_form import ANSWERS, unit_of
from qplan.inventory.commercial import Encryptor, Service
from qplan.inventory.model import Inventory, Item, QkdSystem
from qplan.inventory.plant import band_of
from qplan.inventory.source.messages import loss_figure
from qplan.outputs.bill.fibre_orders import COMPUTED, FibreOrder
from qplan.outputs.text.tables import format_number

KEY_DELIVERY = (
    "ETSI GS QKD 014 (REST-based key delivery API); say whether ETSI GS QKD 004 (application interface, key streams) "
    "is offered too"
)
MOST_POINTS = 4  # of a loss and a rate that are named together


class Requirement(NamedTuple):
    name: str
    value: str


class Room(NamedTuple):
    """What one of a product may take; None: no site sets a limit."""

    rack_units: float | None
    power_w: float | None


def description(inventory: Inventory, product: str, fibres: Sequence[FibreOrder] = ()) -> str:
    """What is asked for, without a maker, a model or an id."""
    kind, _, name = product.partition(".")
    equipment = inventory.equipment
    match kind:
        case "qkd_systems":
            technology = equipment.qkd_systems[name].technology
            return "QKD system, a pair of Tx and Rx" + (f" ({technology} or equal)" if technology else "")
        case "encryptors":
            encryptor = equipment.encryptors[name]
            rate = None if encryptor.line_rate_gbps is None else f"{encryptor.line_rate_gbps:g} Gbit/s"
            return ", ".join(filter(None, ("Encryptor", encryptor.layer, rate)))
        case "services":
            return inventory.services[name].description or "Service"
        case "fibres":
            (order, *_) = fibres
            ends = (name or end for name, end in zip(order.end_names, order.ends, strict=True))
            return f"Dark fibre {' – '.join(ends)}"
        case _:
            items: dict[str, Item] = getattr(equipment, kind)
            return items[name].description or "Equipment at a QKD node"


def part_number(inventory: Inventory, product: str) -> str:
    """Maker and part number as the inventory has them; a fibre by its id; "" for a service."""
    kind, _, name = product.partition(".")
    equipment = inventory.equipment
    if kind == "fibres":
        return name
    if kind == "services":
        return ""
    entry: QkdSystem | Item | Encryptor = getattr(equipment, kind)[name]
    part = name if isinstance(entry, Item) else entry.part_number or entry.model or name
    return f"{entry.manufacturer} {part}" if entry.manufacturer else part


def unit(inventory: Inventory, product: str) -> str:
    """What one of the quantity is."""
    kind, _, name = product.partition(".")
    return unit_of(product, inventory.services[name].per if kind == "services" else "")


def requirements(
    inventory: Inventory,
    product: str,
    points: Sequence[tuple[float, float]],
    lengths_km: Sequence[float],
    fibres: Sequence[FibreOrder],
    room: Room | None,
) -> Iterator[Requirement]:
    """What the product must do; `points` are (loss in dB, secret bit/s) of the links of a system, with what is known of
    their lengths; `fibres` one fibre in each of the bands that it is lit in; `room` what others than the planned
    product may take (None: no others are asked, and its own figures are the limit)."""
    kind, _, name = product.partition(".")
    equipment = inventory.equipment
    match kind:
        case "qkd_systems":
            yield from _of_system(equipment.qkd_systems[name], points, lengths_km, room)
        case "encryptors":
            yield from _of_encryptor(equipment.encryptors[name], room)
        case "services":
            yield Requirement("Counted per", unit(inventory, product))
            yield Requirement("Price", _where_the_price_goes(inventory.services[name]))
        case "fibres":
            yield from _of_fibre(inventory, fibres)
        case _:
            yield Requirement("Keys, where it delivers any", KEY_DELIVERY)
            yield from _room(getattr(equipment, kind)[name], "piece", room)
    if kind not in ("services", "fibres"):
        yield _lead_time(getattr(equipment, kind)[name].lead_time_weeks, neutral=room is not None)


def _of_system(
    system: QkdSystem, points: Sequence[tuple[float, float]], lengths_km: Sequence[float], room: Room | None
) -> Iterator[Requirement]:
    hardest = list(_hardest(points))
    if hardest:
        told = ((format_number(rate), loss_figure(loss)) for loss, rate in hardest[:MOST_POINTS])
        pairs = "; ".join(f"{rate} bit/s at {loss} dB" for rate, loss in told)
        more = f" and {len(hardest) - MOST_POINTS} more" if len(hardest) > MOST_POINTS else ""
        yield Requirement("Secret key rate of a pair, guaranteed", f"at least {pairs}{more}; each link: sheet Links")
        yield Requirement("Rates are", "guaranteed, finite-key effects included, over the life of the pair")
    if points:
        yield Requirement("Loss budget", f"at least {loss_figure(max(loss for loss, _ in points))} dB from Tx to Rx")
    if lengths_km:
        yield Requirement("Length of a route", f"up to {max(lengths_km):g} km")
    band = band_of(system)
    yield Requirement(
        "Wavelength", f"{system.wavelength_nm:g} nm planned ({band.value} band); name those of all channels"
    )
    strands = f"{system.strands} on every fibre of the route"
    yield Requirement("Strands of a pair", f"{strands}; say what of it is for service channels")
    yield Requirement("Key delivery", KEY_DELIVERY)
    yield Requirement("Authentication of the classical channel", "pre-shared keys or PQC certificates: say which")
    yield from _room(system, "end", room)


def _hardest(points: Iterable[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Points that no other one implies, the highest loss first: more loss and more rate are harder."""
    best = 0.0
    for loss, rate in sorted(set(points), reverse=True):
        if rate > best:
            best = rate
            yield loss, rate


def _of_encryptor(encryptor: Encryptor, room: Room | None) -> Iterator[Requirement]:
    for name, words in (
        ("Key inputs", encryptor.key_inputs),
        ("Key encapsulation", encryptor.kem),
        ("Signatures", encryptor.signature),
        ("Certification", tuple(each.scheme for each in encryptor.certification)),
    ):
        if words:
            yield Requirement(name, ", ".join(words))
    yield Requirement("Keys from QKD", KEY_DELIVERY)
    yield from _room(encryptor, "piece", room)


def _of_fibre(inventory: Inventory, orders: Sequence[FibreOrder]) -> Iterator[Requirement]:
    (order, *_) = orders
    fibre = inventory.fibres[order.fibre]
    if order.length_km is not None:
        yield Requirement("Length", f"{order.length_km:g} km planned")
    for one in orders:
        if one.loss_db is not None:
            how = "computed; an OTDR trace is asked for" if one.basis == COMPUTED else "measured"
            most = f"at most {loss_figure(one.loss_db)} dB at {one.band.centre_nm} nm"
            yield Requirement("Loss, end to end", f"{most} ({how})")
    yield Requirement("Strands", "dark, without amplifiers, regenerators or active parts on the way")
    if order.fibre_type:
        yield Requirement("Fibre", order.fibre_type)
    if fibre.ducts:
        yield Requirement("Route", f"by {', '.join(fibre.ducts)}")


def _where_the_price_goes(service: Service) -> str:
    once, yearly = ANSWERS["price"], ANSWERS["support"]
    if service.price_per_year and not (service.price or service.effort_days):
        return f"due by the year: under {yearly}; {once} may stay empty"
    return f"what is due once under {once}, what is due by the year under {yearly}"


def _room(entry: QkdSystem | Item | Encryptor, each: str, room: Room | None) -> Iterator[Requirement]:
    for name, amount, most, mark in (
        ("Rack units", entry.rack_units, room and room.rack_units, ""),
        ("Power", entry.power_w, room and room.power_w, " W"),
    ):
        planned = f"{format_number(amount)}{mark}" if amount else ""
        if room is None:
            asked = f"at most {planned} per {each}" if planned else f"say how much per {each}"
        else:
            limit = "" if most is None else f"; at most {format_number(most)}{mark}, left beside what else is planned"
            asked = f"say how much per {each}{limit}{f' (planned with {planned})' if planned else ''}"
        yield Requirement(name, asked)


def _lead_time(weeks: float | None, *, neutral: bool) -> Requirement:
    planned = "" if weeks is None else f"at most {weeks:g} weeks planned"
    asked = f"say how long{f' ({planned})' if planned else ''}" if neutral or not planned else planned
    return Requirement("Lead time", asked)
