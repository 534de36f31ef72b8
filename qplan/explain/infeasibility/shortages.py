"""What a design takes beyond the limits of an inventory: strands, rack units, power, key rate, budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from qplan.candidates import resource_usage as occupancy
from qplan.candidates.design import Design
from qplan.costing.money_text import format_money
from qplan.inventory.model import Inventory

INSTEAD = "without that limit the cheapest design found"


@dataclass(frozen=True)
class Shortage:
    """A place where the design takes more than there is."""

    where: str
    taken: float
    free: float
    text: str


def strands(inventory: Inventory, design: Design) -> Iterator[Shortage]:
    for short in _exceeded(occupancy.strands(inventory, design)):
        place = f"Too few free strands on {_name(short)}"
        yield _shortage(short, f"{place}: {INSTEAD} takes {short.taken}; {_free(short)}.")


def rack_units(inventory: Inventory, design: Design) -> Iterator[Shortage]:
    for short in _exceeded(occupancy.room(inventory, design, "rack_units")):
        place = f"Too few rack units at {_name(short)}"
        yield _shortage(short, f"{place}: {INSTEAD} takes {short.taken:g}; {_free(short)}.")


def power(inventory: Inventory, design: Design) -> Iterator[Shortage]:
    for short in _exceeded(occupancy.room(inventory, design, "power_w")):
        place = f"Too little power at {_name(short)}"
        yield _shortage(short, f"{place}: {INSTEAD} takes {short.taken:g} W; {_free(short, ' W')}.")


def key_rate(inventory: Inventory, design: Design) -> Iterator[Shortage]:
    """Links of a design made for no demand at all, on which the real demands ask for more than is installed."""
    links = {f"links.{link.id}": link for link in design.links}
    for short in _exceeded(occupancy.key_rates(inventory, design)):
        link = links[short.where]
        systems = f"one {link.system}" if link.count == 1 else f"{link.count} × {link.system}"
        text = (
            f"Too little key rate from {link.ends[0]} to {link.ends[1]} over {', '.join(link.fibres)}: "
            f"{short.taken:g} bit/s are asked for, {systems} gives {short.free:g} bit/s at {link.loss_db:.2f} dB, and "
            "the limits leave no room for as many as it would take."
        )
        yield _shortage(short, text)


def over_budget(inventory: Inventory, design: Design) -> Iterator[Shortage]:
    for short in _exceeded(occupancy.money(inventory, design)):
        text = (
            f"Over budget: the cheapest design found has a {short.limit} of {money(inventory, short.taken)}; the "
            f"budget is {money(inventory, short.free)}."
        )
        yield _shortage(short, text)


def _exceeded(taken: Iterator[occupancy.Taken]) -> Iterator[occupancy.Taken]:
    return (each for each in taken if each.exceeded)


def _free(short: occupancy.Taken, unit: str = "") -> str:
    return f"{short.free:g}{unit} {'is' if short.free == 1 else 'are'} free"


def _name(short: occupancy.Taken) -> str:
    return short.where.partition(".")[2]


def _shortage(short: occupancy.Taken, text: str) -> Shortage:
    return Shortage(short.where, short.taken, short.free, text)


def money(inventory: Inventory, amount: float) -> str:
    return format_money(amount, inventory.economics.currency)


SHORTAGES: Mapping[str, Callable[[Inventory, Design], Iterator[Shortage]]] = {
    "strands": strands,
    "rack_units": rack_units,
    "power_w": power,
    "key_rate": key_rate,
    "budget": over_budget,
}
