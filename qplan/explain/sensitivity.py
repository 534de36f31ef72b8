"""How the best plan answers when a driver moves: the plan held, planned anew, and where another plan takes over.

In a price the least total is concave and piecewise linear: every plan is a line, and the best is their lower envelope.
So two known plans meet in one point; a solve there either proves it or finds a plan below, and the next is sought.
In losses and demands, and where a budget may bind, the point is bracketed by bisection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from qplan.candidates.design import Design
from qplan.costing.cost import tco
from qplan.costing.market import market_of
from qplan.costing.planned import plan_cost
from qplan.explain.findings import Setting
from qplan.explain.trials import Trials, as_plan
from qplan.explain.variants import apply_settings
from qplan.inventory.model import Inventory
from qplan.optimizer.limits import Status
from qplan.plan.model import Plan
from qplan.plan.verify.verifier import verify

MOST_SOLVES = 4  # for one break-even
STEPS = 5  # of a bisection
EXACT = 1e-9
DECIDED = (Status.OPTIMAL, Status.INFEASIBLE)
Ends = tuple[tuple[str, str], ...]
SAME = 1e-6  # relative: two lines that meet
LINK_RULES = ("loss", "rate", "capacity")  # of the verifier: those that losses, rates and demands may break


@dataclass(frozen=True)
class Driver:
    name: str
    addresses: tuple[str, ...]
    """With `*` for any id; what is stated at one that does not end in a number is a key-rate curve."""
    spread: float
    """By default so much lower and higher, as a share."""
    furthest: float
    """The factor up to which another plan is looked for."""
    price: bool
    """The total is linear in it."""
    unit: str = ""
    """Of an amount at its addresses."""


# What has a name of `qplan.costing.sensitivity` too moves the same there. System prices and fees move as they are
# stated, with the refresh and spares that follow from them; there one-off money, refresh and fees are drivers apart.
DRIVERS = (
    Driver(
        "system prices and fees",
        (
            "equipment.qkd_systems.*.price",
            "offers.*.list_price",
            "offers.*.setup_fee",
            "offers.*.fee_per_month",
        ),
        0.2,
        3.0,
        True,
        "a pair",
    ),
    Driver(
        "fibre lease",
        ("fibres.*.cost_per_strand_km_year", "fibres.*.cost_per_strand_year"),
        0.2,
        5.0,
        True,
        "per strand, km and year",
    ),
    Driver("node hosting", ("sites.*.node_cost_per_year",), 0.2, 5.0, True, "a node and year"),
    Driver(
        "fibre loss",
        (
            "fibres.*.loss_db",
            "fibres.*.loss_1310_db",
            "fibres.*.attenuation_db_per_km",
            "fibres.*.attenuation_1310_db_per_km",
        ),
        0.1,
        1.5,
        False,
    ),
    Driver("key rate", ("equipment.qkd_systems.*.key_rate_curve",), 0.2, 1.0, False),
    Driver("discount rate", ("economics.discount_rate",), 0.2, 1.0, False),
    Driver(
        "demand",
        ("corridors.*.key_rate_bps", "corridors.*.otp_bps", "corridors.*.rekey.key_bits"),
        0.2,
        4.0,
        False,
    ),
)


@dataclass(frozen=True)
class Side:
    """The total with a driver lower or higher."""

    held: float | None
    """Of the plan as it is; None where it no longer holds."""
    anew: float | None
    """Of the best plan then; None where there is none, or none was found in time."""
    status: str
    """How planning anew ended."""

    @property
    def decided(self) -> bool:
        return self.status in DECIDED


@dataclass(frozen=True)
class Swing:
    driver: str
    spread: float
    lower: Side
    higher: Side


@dataclass(frozen=True)
class BreakEven:
    """Where another plan takes over when a driver rises."""

    driver: str
    at_least: float | None
    """The factor up to which the plan is the best for certain; None: nothing was decided."""
    at_most: float | None
    """From which another is; the same where the point is exact; None where none was found."""
    amount: float | None = None
    """The price there, where all that the driver moves has one price."""
    unit: str = ""
    gone: Ends = ()
    """Ends of the links that the next plan does without."""
    new: Ends = ()
    possible: bool = True
    """False: from `at_most` on there is no plan at all."""
    decided: bool = True
    """False: the time ended before it was looked at, or looked at more closely."""

    @property
    def exact(self) -> bool:
        return self.at_most is not None and self.at_least == self.at_most


@dataclass(frozen=True)
class Sensitivities:
    tco: float
    swings: tuple[Swing, ...]
    """The widest first."""
    break_evens: tuple[BreakEven, ...]

    @property
    def undecided(self) -> tuple[str, ...]:
        """What the time ended, by driver."""
        found = [(f"{swing.driver} (lower)", swing.lower.decided) for swing in self.swings]
        found += [(f"{swing.driver} (higher)", swing.higher.decided) for swing in self.swings]
        found += [(f"{point.driver} (break-even)", point.decided) for point in self.break_evens]
        return tuple(name for name, decided in found if not decided)


def sensitivities(
    trials: Trials, inventory: Inventory, plan: Plan, spreads: Mapping[str, float], said: Callable[[str], None]
) -> Sensitivities:
    """Every driver that the inventory states, lower and higher by its spread, then where another plan takes over."""
    swings, points = [], []
    drivers = [driver for driver in DRIVERS if moved(inventory, driver, 2.0)]
    for number, driver in enumerate(drivers):
        spread = spreads.get(driver.name, driver.spread)
        said(driver.name)
        part = trials.divide(2 * (len(drivers) - number))
        sides = (_side(part, inventory, plan, driver, factor) for factor in (1 - spread, 1 + spread))
        swings.append(Swing(driver.name, spread, *sides))
    movable = [driver for driver in drivers if driver.furthest > 1]
    for number, driver in enumerate(movable):
        said(f"{driver.name}: break-even")
        part = trials.divide(len(movable) - number)
        points.append(_break_even(part, inventory, plan, driver))
    swings.sort(key=lambda swing: (-_width(swing), swing.driver))
    return Sensitivities(plan.costs.tco, tuple(swings), tuple(points))


def _width(swing: Swing) -> float:
    ends = [
        end for end in (swing.lower.anew, swing.higher.anew, swing.lower.held, swing.higher.held) if end is not None
    ]
    return max(ends) - min(ends) if ends else 0.0


def moved(inventory: Inventory, driver: Driver, factor: float) -> list[Setting]:
    """What is stated at the driver's addresses times a factor; nothing where all of it is 0 or not stated."""
    data = inventory.model_dump()
    found: list[Setting] = []
    for address, value in _stated(data, driver.addresses, ()):
        if address.startswith("offers.") and not inventory.offers[address.split(".")[1]].product.startswith(
            "qkd_systems."
        ):
            continue
        if isinstance(value, tuple | list):
            found.append((address, [[loss, rate * factor] for loss, rate in value]))
        elif isinstance(value, int | float) and value:
            found.append((address, value * factor))
    return found


def _stated(data: object, patterns: tuple[str, ...], path: tuple[str, ...]) -> Iterator[tuple[str, object]]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from _stated(value, patterns, (*path, str(key)))
    elif any(_fits(path, pattern.split(".")) for pattern in patterns):
        yield ".".join(path), data


def _fits(path: Sequence[str], pattern: Sequence[str]) -> bool:
    return len(path) == len(pattern) and all(word in ("*", key) for key, word in zip(path, pattern, strict=True))


def _vary(inventory: Inventory, driver: Driver, factor: float) -> Inventory:
    return apply_settings(inventory, moved(inventory, driver, factor))


def _side(trials: Trials, inventory: Inventory, plan: Plan, driver: Driver, factor: float) -> Side:
    varied = _vary(inventory, driver, factor)
    search = trials.plan(varied, share=1.0)
    anew, held = None if search.design is None else search.design.costs.tco, _held(varied, plan)
    if search.status in DECIDED or held is None or _limited(inventory):
        return Side(held, anew, search.status.value)
    return Side(held, held if anew is None else min(held, anew), Status.FEASIBLE.value)  # the plan held is one


def _held(inventory: Inventory, plan: Plan) -> float | None:
    """What the plan as it is costs; None where a link or what is reserved on it no longer fits, as `verify` says."""
    if any(violation.rule in LINK_RULES for violation in verify(inventory, plan)):
        return None
    return float(round(_total(inventory, plan), 2))


def _total(inventory: Inventory, plan: Plan) -> float:
    return float(tco(inventory.economics, plan_cost(market_of(inventory), plan)))


def _break_even(trials: Trials, inventory: Inventory, plan: Plan, driver: Driver) -> BreakEven:
    if driver.price and inventory.objective == "tco" and not _limited(inventory):
        return _where_lines_meet(trials, inventory, plan, driver)
    return _bisect(trials, inventory, plan, driver)


def _limited(inventory: Inventory) -> bool:
    """A plan that holds otherwise may cost more than is there."""
    return inventory.budget.capex is not None or inventory.budget.tco is not None


def _where_lines_meet(trials: Trials, inventory: Inventory, plan: Plan, driver: Driver) -> BreakEven:
    base, far = _best(trials, inventory, driver, 1.0), _best(trials, inventory, driver, driver.furthest)
    if base is None or far is None:
        return BreakEven(driver.name, None, None, decided=False)
    if _design_of(base) == _design_of(far):
        return BreakEven(driver.name, driver.furthest, None)
    low, high, known = 1.0, driver.furthest, far
    for _ in range(MOST_SOLVES):
        factor = _meeting(inventory, driver, base, known)
        best = _best(trials, inventory, driver, factor)
        if best is None:
            return _point(inventory, driver, base, known, low, high, decided=False)
        varied = _vary(inventory, driver, factor)
        here, line = _total(varied, best), _total(varied, base)
        if here >= line - SAME * abs(line):
            return _point(inventory, driver, base, known, factor, factor)
        if _design_of(best) == _design_of(base):
            base, low = best, factor  # the same network on other terms
        else:
            known, high = best, factor
    return _point(inventory, driver, base, known, low, high)


def _meeting(inventory: Inventory, driver: Driver, one: Plan, other: Plan) -> float:
    """The factor at which two plans cost the same; both are lines in it."""
    varied = _vary(inventory, driver, driver.furthest)
    first, last = (_total(each, other) - _total(each, one) for each in (inventory, varied))
    if first - last <= EXACT:
        return driver.furthest
    return 1.0 + max(0.0, first) / (first - last) * (driver.furthest - 1.0)


def _bisect(trials: Trials, inventory: Inventory, plan: Plan, driver: Driver) -> BreakEven:
    low, high = 1.0, driver.furthest
    decided, there = _plan_anew(trials, inventory, driver, high)
    if not decided:
        return BreakEven(driver.name, None, None, decided=False)
    if there is not None and _design_of(there) == _design_of(plan):
        return BreakEven(driver.name, high, None)
    for _ in range(STEPS):
        middle = (low + high) / 2
        decided, found = _plan_anew(trials, inventory, driver, middle)
        if not decided:
            break
        if found is not None and _design_of(found) == _design_of(plan):
            low = middle
        else:
            high, there = middle, found
    gone, new = ((), ()) if there is None else _turnover(plan, there)
    return BreakEven(driver.name, low, high, gone=gone, new=new, possible=there is not None, decided=decided)


def _best(trials: Trials, inventory: Inventory, driver: Driver, factor: float) -> Plan | None:
    """The best plan of all with the driver moved; None where that was not proven."""
    decided, plan = _plan_anew(trials, inventory, driver, factor, gap=0.0)
    return plan if decided else None


def _plan_anew(
    trials: Trials, inventory: Inventory, driver: Driver, factor: float, gap: float | None = None
) -> tuple[bool, Plan | None]:
    """Whether it was decided in time, and the plan with the driver moved, by default as good as asked for, if any."""
    varied = inventory if factor == 1.0 else _vary(inventory, driver, factor)
    search = trials.plan(varied, gap=gap, share=1.0)
    return search.status in DECIDED, None if search.design is None else as_plan(varied, search.design)


def _design_of(plan: Plan | Design) -> frozenset[tuple[str, int]]:
    """What is built, however it is paid."""
    return frozenset((link.id, link.count) for link in plan.links)


def _turnover(old: Plan, new: Plan) -> tuple[Ends, Ends]:
    """The ends of links that go, and of those that come."""
    before, after = ({link.id: link.ends for link in plan.links} for plan in (old, new))
    gone = sorted(ends for key, ends in before.items() if key not in after)
    return tuple(gone), tuple(sorted(ends for key, ends in after.items() if key not in before))


def _point(
    inventory: Inventory, driver: Driver, old: Plan, new: Plan, low: float, high: float, decided: bool = True
) -> BreakEven:
    """Where the new plan takes over, with the price there where all that the driver moves has one."""
    stated = moved(inventory, driver, 1.0)
    prices = {value for _, value in stated}
    alike = len(prices) == 1 and all(_fits(key.split("."), driver.addresses[0].split(".")) for key, _ in stated)
    gone, new_links = _turnover(old, new)
    amount = float(prices.pop()) * high if alike else None
    unit = driver.unit if alike else ""
    return BreakEven(driver.name, low, high, amount, unit, gone, new_links, decided=decided)
