"""How far the tco moves when one driver is 20 % lower or higher, the plan held as it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from qplan.costing.bill import BillLine, Category, bill_total
from qplan.costing.cents import cents
from qplan.costing.cost import ZERO, Cost, money, tco
from qplan.inventory.commercial import Economics

SWING = Decimal("0.2")

ONE_OFF_DRIVERS = {
    "systems, one-off": {Category.QKD_SYSTEM, Category.SURPLUS, Category.SPARE},
    "node items": {Category.NODE_ITEM},
    "node works": {Category.NODE_WORKS},
    "relay fit-out": {Category.RELAY_ITEM, Category.RELAY_WORKS},
    "fibre set-up": {Category.FIBRE_SETUP},
}
YEARLY_DRIVERS = {
    "support": {Category.QKD_SYSTEM, Category.NODE_ITEM, Category.RELAY_ITEM},
    "node hosting": {Category.NODE_HOSTING},
    "relay operation": {Category.RELAY_OPERATION},
    "fibre lease": {Category.FIBRE_LEASE},
}
ONLY_WHERE_THERE = {
    "services": {Category.SERVICE, Category.YEARLY_SERVICE},
    "lease and managed fees": {Category.FEE},
    "refresh": {Category.REFRESH},
    "energy": {Category.ENERGY},
    "licences and support of existing systems": {Category.LICENCE, Category.EXISTING_SUPPORT},
}
"""With all of their money, one-off and later."""
RATE_DRIVERS = {"discount rate": "discount_rate", "contingency": "contingency"}


@dataclass(frozen=True)
class Sensitivity:
    """The tco with the driver 20 % lower and 20 % higher."""

    driver: str
    lower: Decimal
    """Exact, as `higher`."""
    higher: Decimal

    @property
    def tco_if_lower(self) -> Decimal:
        """To the cent."""
        return cents(self.lower)

    @property
    def tco_if_higher(self) -> Decimal:
        return cents(self.higher)


def sensitivities(economics: Economics, bill: Iterable[BillLine]) -> tuple[Sensitivity, ...]:
    """Every driver of the costs and the two rates, the widest swing first. Lines to be quoted count as 0."""
    lines = tuple(bill)
    base = bill_total(lines)
    results = []
    for driver, categories in ONE_OFF_DRIVERS.items():
        part = bill_total(line for line in lines if line.category in categories)
        results.append(_amount_moved(economics, driver, base, Cost(capex=part.capex)))
    for driver, categories in YEARLY_DRIVERS.items():
        part = bill_total(line for line in lines if line.category in categories)
        results.append(_amount_moved(economics, driver, base, replace(part, capex=ZERO, fees=(), refreshes=())))
    for driver, categories in ONLY_WHERE_THERE.items():
        part = bill_total(line for line in lines if line.category in categories)
        if part != Cost():
            results.append(_amount_moved(economics, driver, base, part))
    for driver, field in RATE_DRIVERS.items():
        results.append(_rate_moved(economics, driver, base, field))
    return tuple(sorted(results, key=lambda result: (-abs(result.tco_if_higher - result.tco_if_lower), result.driver)))


def _amount_moved(economics: Economics, driver: str, base: Cost, part: Cost) -> Sensitivity:
    """The tco is linear in every amount."""
    swing = SWING * tco(economics, part)
    middle = tco(economics, base)
    return Sensitivity(driver, middle - swing, middle + swing)


def _rate_moved(economics: Economics, driver: str, base: Cost, field: str) -> Sensitivity:
    rate = money(getattr(economics, field))
    low, high = (
        tco(economics.model_copy(update={field: float(rate * factor)}), base) for factor in (1 - SWING, 1 + SWING)
    )
    return Sensitivity(driver, low, high)
