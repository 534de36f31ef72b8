"""What moves a plan's total, by the addresses at which an inventory states it.

What has a name of `qplan.costing.sensitivity` moves here what is called so there. Prices move as they are stated, with
the fees, refreshes and spares that follow from them, which are drivers of their own there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from qplan.explain.findings import Setting
from qplan.explain.variants import apply_settings
from qplan.inventory.model import Inventory


@dataclass(frozen=True)
class Driver:
    name: str
    addresses: tuple[str, ...]
    """With `*` for any id; what is stated at one that does not end in a number is a key-rate curve."""
    offers: tuple[str, ...] = ()
    """The kinds of products whose offers it moves, where it has addresses of offers."""
    spread: float = 0.2
    """By default so much lower and higher, as a share."""
    furthest: float = 5.0
    """The factor up to which another plan is looked for."""
    price: bool = True
    """The total is linear in it."""
    in_capex: bool = False
    """A budget of capex feels it."""
    unit: str = ""
    """Of an amount at its first address; "" where no amount is told."""


AT_ONCE = ("offers.*.list_price", "offers.*.setup_fee")
FEE = "offers.*.fee_per_month"
BOUGHT = ("qkd_systems", "node_items", "relay_items")

DRIVERS = (
    Driver(
        "system prices and fees",
        ("equipment.qkd_systems.*.price", *AT_ONCE, FEE),
        ("qkd_systems",),
        furthest=3.0,
        in_capex=True,
        unit="a pair",
    ),
    Driver(
        "fibre lease",
        ("fibres.*.cost_per_strand_km_year", "fibres.*.cost_per_strand_year", FEE),
        ("fibres",),
        unit="per strand, km and year",
    ),
    Driver("node hosting", ("sites.*.node_cost_per_year",), unit="a node and year"),
    Driver(
        "fibre loss",
        (
            "fibres.*.loss_db",
            "fibres.*.loss_1310_db",
            "fibres.*.attenuation_db_per_km",
            "fibres.*.attenuation_1310_db_per_km",
        ),
        spread=0.1,
        furthest=1.5,
        price=False,
    ),
    Driver("key rate", ("equipment.qkd_systems.*.key_rate_curve",), furthest=2.0, price=False),
    Driver("discount rate", ("economics.discount_rate",), furthest=2.0, price=False),
    Driver(
        "demand",
        ("corridors.*.key_rate_bps", "corridors.*.otp_bps", "corridors.*.rekey.key_bits"),
        furthest=4.0,
        price=False,
    ),
    Driver(
        "support",
        (*(f"equipment.{kind}.*.support_per_year" for kind in BOUGHT), "offers.*.support_per_year"),
        BOUGHT,
    ),
    Driver(
        "relay fit-out",
        ("sites.*.relay_cost", "equipment.relay_items.*.price", *AT_ONCE, FEE),
        ("relay_items",),
        in_capex=True,
    ),
    Driver("node items", ("equipment.node_items.*.price", *AT_ONCE, FEE), ("node_items",), in_capex=True),
    Driver("node works", ("sites.*.node_cost",), in_capex=True, unit="a node"),
    Driver(
        "services",
        (
            *(f"services.*.{key}" for key in ("price", "effort_days", "price_per_year")),
            "offers.*.support_per_year",
            *AT_ONCE,
            FEE,
        ),
        ("services",),
        in_capex=True,
    ),
    Driver("contingency", ("economics.contingency",)),
    Driver("relay operation", ("sites.*.relay_cost_per_year",), unit="a relay and year"),
    Driver("energy", ("economics.energy_per_kwh",), unit="a kWh"),
    Driver("fibre set-up", ("fibres.*.setup_cost_per_strand", *AT_ONCE), ("fibres",), in_capex=True, unit="a strand"),
    Driver(
        "licences and support of existing systems",
        ("equipment.encryptors.*.qkd_licence_per_year", "existing.links.*.support_per_year"),
    ),
)
"""The first ones get most of the time."""


def moved(inventory: Inventory, driver: Driver, factor: float) -> list[Setting]:
    """What is stated at the driver's addresses times a factor; nothing where all of it is 0 or not stated."""
    found: list[Setting] = []
    for address, value in _stated(inventory.model_dump(), driver.addresses, ()):
        section, name, *_ = address.split(".")
        if section == "offers" and inventory.offers[name].product.partition(".")[0] not in driver.offers:
            continue
        if isinstance(value, tuple | list):
            found.append((address, [[loss, rate * factor] for loss, rate in value]))
        elif isinstance(value, int | float) and value:
            found.append((address, value * factor))
    return found


def vary(inventory: Inventory, driver: Driver, factor: float) -> Inventory:
    """The inventory with all that a driver moves times a factor."""
    return apply_settings(inventory, moved(inventory, driver, factor))


def one_amount(inventory: Inventory, driver: Driver) -> float | None:
    """The amount that stands at every address that the driver moves; None where they differ, or it has no unit."""
    if not driver.unit:
        return None
    stated = moved(inventory, driver, 1.0)
    amounts = {value for _, value in stated}
    alike = len(amounts) == 1 and all(
        _fits(address.split("."), driver.addresses[0].split(".")) for address, _ in stated
    )
    return float(amounts.pop()) if alike else None


def _stated(data: object, patterns: tuple[str, ...], path: tuple[str, ...]) -> Iterator[tuple[str, object]]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from _stated(value, patterns, (*path, str(key)))
    elif any(_fits(path, pattern.split(".")) for pattern in patterns):
        yield ".".join(path), data


def _fits(path: Sequence[str], pattern: Sequence[str]) -> bool:
    return len(path) == len(pattern) and all(word in ("*", key) for key, word in zip(path, pattern, strict=True))
