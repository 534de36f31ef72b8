"""What a design takes beyond the limits of an inventory: strands, rack units, power, key rate, budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from qplan.candidates import resource_usage
from qplan.candidates.design import Design
from qplan.candidates.resource_usage import Taken
from qplan.costing.money_text import format_money
from qplan.inventory.model import Inventory
from qplan.inventory.source.messages import loss_figure

INSTEAD = "without that limit the cheapest design found"


@dataclass(frozen=True)
class Shortage:
    """A place where the design takes more than there is, and what is said of it."""

    at: Taken
    text: str


def find_shortages(family: str, inventory: Inventory, design: Design) -> list[Shortage]:
    """Where a design exceeds the limits of one family (of `LIMIT_FAMILIES`)."""
    return list(SHORTAGES[family](inventory, design))


def _find_strands(inventory: Inventory, design: Design) -> Iterator[Shortage]:
    for short in _exceeded(resource_usage.strands(inventory, design)):
        place = f"Too few free strands on {short.id}"
        yield Shortage(short, f"{place}: {INSTEAD} takes {short.taken}; {_write_free(short)}.")


def _find_rack_units(inventory: Inventory, design: Design) -> Iterator[Shortage]:
    for short in _exceeded(resource_usage.room(inventory, design, "rack_units")):
        place = f"Too few rack units at {short.id}"
        yield Shortage(short, f"{place}: {INSTEAD} takes {short.taken:g}; {_write_free(short)}.")


def _find_power(inventory: Inventory, design: Design) -> Iterator[Shortage]:
    for short in _exceeded(resource_usage.room(inventory, design, "power_w")):
        place = f"Too little power at {short.id}"
        yield Shortage(short, f"{place}: {INSTEAD} takes {short.taken:g} W; {_write_free(short, ' W')}.")


def _find_key_rate(inventory: Inventory, design: Design) -> Iterator[Shortage]:
    """Links of a design made for no demand at all, on which the real demands ask for more than is installed."""
    links = {link.id: link for link in design.links}
    for short in _exceeded(resource_usage.key_rates(inventory, design)):
        link = links[short.id]
        systems = f"one {link.system}" if link.count == 1 else f"{link.count} × {link.system}"
        text = (
            f"Too little key rate from {link.ends[0]} to {link.ends[1]} over {', '.join(link.fibres)}: "
            f"{short.taken:g} bit/s are asked for, {systems} gives {short.free:g} bit/s at "
            f"{loss_figure(link.loss_db)} dB, and the limits leave no room for as many as it would take."
        )
        yield Shortage(short, text)


def _find_money(inventory: Inventory, design: Design) -> Iterator[Shortage]:
    for short in _exceeded(resource_usage.money(inventory, design)):
        text = (
            f"Over budget: the cheapest design found has a {short.limit} of {write_money(inventory, short.taken)}; the "
            f"budget is {write_money(inventory, short.free)}."
        )
        yield Shortage(short, text)


def _exceeded(taken: Iterator[Taken]) -> Iterator[Taken]:
    return (each for each in taken if each.exceeded)


def _write_free(short: Taken, unit: str = "") -> str:
    return f"{short.free:g}{unit} {'is' if short.free == 1 else 'are'} free"


def write_money(inventory: Inventory, amount: float) -> str:
    return format_money(amount, inventory.economics.currency)


SHORTAGES: Mapping[str, Callable[[Inventory, Design], Iterator[Shortage]]] = {
    "strands": _find_strands,
    "rack_units": _find_rack_units,
    "power_w": _find_power,
    "key_rate": _find_key_rate,
    "budget": _find_money,
}
