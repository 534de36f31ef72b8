"""How the best plan answers when a driver moves: the plan held, planned anew, and where another plan takes over.

In a price the least total is concave and piecewise linear: every plan is a line, and the best is their lower envelope.
So two known plans meet in one point; a solve there either proves it or finds a plan below, and the next is sought.
In losses and demands, and where a budget may bind, the point is bracketed by bisection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from qplan.candidates.design import Design
from qplan.costing.cents import cents
from qplan.costing.cost import tco
from qplan.costing.market import market_of
from qplan.costing.planned import plan_cost
from qplan.explain.drivers import DRIVERS, Driver, moved, one_amount, vary
from qplan.explain.trials import Trials, as_plan
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
LINK_RULES = {"loss", "rate", "capacity"}  # of the verifier: those that losses, rates and demands may break
BUDGET_RULES = {"budget-capex", "budget-tco"}
BASE, SWING, POINT = 3, 14, 5  # one in so many parts of the time left: for what all lines begin with, and at the least


@dataclass(frozen=True)
class Turnover:
    """What another plan has and this one has not, and the other way round."""

    gone: Ends = ()
    """Ends of the links that it does without."""
    new: Ends = ()
    gained: tuple[str, ...] = ()
    """Corridors that it serves and this plan does not."""
    lost: tuple[str, ...] = ()


NOTHING = Turnover()


@dataclass(frozen=True)
class Side:
    """The total with a driver lower or higher."""

    held: float | None
    """Of the plan as it is; None where it no longer holds."""
    anew: float | None
    """Of the best plan then; None where there is none, or none was found in time."""
    status: str
    """How planning anew ended."""
    over_budget: bool = False
    """The plan as it is costs more than the budget."""
    turnover: Turnover = NOTHING
    """Of the best plan then."""

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
    """Where another plan takes over when a driver rises, or falls: a factor of what is stated."""

    driver: str
    at_least: float | None
    """It is no lower; rising, the plan is the best up to it for certain. None: nothing was decided."""
    at_most: float | None
    """It is no higher; the same where the point is exact; None where none was found."""
    amount: float | None = None
    """The price there, where all that the driver moves has one price."""
    unit: str = ""
    turnover: Turnover = NOTHING
    """Of the next plan."""
    possible: bool = True
    """False: beyond it there is no plan at all."""
    decided: bool = True
    """False: the time ended before it was looked at, or looked at more closely."""
    falls: bool = False

    @property
    def exact(self) -> bool:
        return self.at_most is not None and self.at_least == self.at_most


@dataclass(frozen=True)
class Sensitivities:
    tco: float
    swings: tuple[Swing, ...]
    """The widest first."""
    break_evens: tuple[BreakEven, ...]
    """Of every driver that rises; of those that fall, where that changes the best plan within the spread."""

    @property
    def undecided(self) -> tuple[str, ...]:
        """What the time ended, by driver."""
        found = [(f"{swing.driver} (lower)", swing.lower.decided) for swing in self.swings]
        found += [(f"{swing.driver} (higher)", swing.higher.decided) for swing in self.swings]
        found += [
            (f"{point.driver} (break-even{', falling' if point.falls else ''})", point.decided)
            for point in self.break_evens
        ]
        return tuple(name for name, decided in found if not decided)


def sensitivities(
    trials: Trials, inventory: Inventory, plan: Plan, spreads: Mapping[str, float], said: Callable[[str], None]
) -> Sensitivities:
    """Every driver that the inventory states, lower and higher by its spread, then where another plan takes over."""
    swings: list[Swing] = []
    ways: list[tuple[Driver, float]] = []
    drivers = [driver for driver in DRIVERS if moved(inventory, driver, 2.0)]
    for number, driver in enumerate(drivers):
        spread = spreads.get(driver.name, driver.spread)
        said(driver.name)
        part = trials.divide(min(2 * (len(drivers) - number), SWING))
        (lower, another), (higher, _) = (_side(part, inventory, plan, driver, 1 + by) for by in (-spread, spread))
        swings.append(Swing(driver.name, spread, lower, higher))
        ways += [(driver, 1 - spread)] if another else []
        ways.append((driver, max(driver.furthest, 1 + spread)))
    points = _break_evens(trials, inventory, plan, ways, said)
    swings.sort(key=lambda swing: (-_width(swing), swing.driver))
    return Sensitivities(plan.costs.tco, tuple(swings), points)


def _width(swing: Swing) -> float:
    ends = [
        end for end in (swing.lower.anew, swing.higher.anew, swing.lower.held, swing.higher.held) if end is not None
    ]
    return max(ends) - min(ends) if ends else 0.0


def _side(trials: Trials, inventory: Inventory, plan: Plan, driver: Driver, factor: float) -> tuple[Side, bool]:
    """The side, and whether another plan than this one is the best for certain."""
    varied = vary(inventory, driver, factor)
    search, broken = trials.plan(varied, share=1.0), _broken(varied, plan)
    held, status, best = _total(varied, plan), search.status, search.design
    anew, turnover = (None, NOTHING) if best is None else (best.costs.tco, _turnover(plan, best))
    decided = status in DECIDED
    if not decided and not broken and not turnover.gained and (anew is None or held < anew):
        anew, status, turnover = held, Status.FEASIBLE, NOTHING  # the plan held is one
    over = bool(broken & BUDGET_RULES)
    side = Side(None if broken & LINK_RULES else held, anew, status.value, over, turnover)
    return side, decided and _takes_over(varied, plan, best, broken)


def _broken(inventory: Inventory, plan: Plan) -> set[str]:
    """What the plan as it is no longer keeps, as `verify` says: figures that differ are none of it."""
    return {violation.rule for violation in verify(inventory, plan)} & (LINK_RULES | BUDGET_RULES)


def _takes_over(inventory: Inventory, plan: Plan, best: Plan | Design | None, broken: set[str]) -> bool:
    """The best there is takes the place of the plan: this one does not hold, serves others, or is the dearer."""
    if best is None or broken:
        return True
    turnover = _turnover(plan, best)
    if turnover.gained or turnover.lost:
        return True
    held = _total(inventory, plan)
    dearer = inventory.objective != "tco" or best.costs.tco < held - SAME * abs(held)
    return dearer and _design_of(best) != _design_of(plan)


def _total(inventory: Inventory, plan: Plan) -> float:
    """To the cent."""
    return float(cents(_exact_total(inventory, plan)))


def _exact_total(inventory: Inventory, plan: Plan) -> Decimal:
    return tco(inventory.economics, plan_cost(market_of(inventory), plan))


def _break_evens(
    trials: Trials,
    inventory: Inventory,
    plan: Plan,
    ways: list[tuple[Driver, float]],
    said: Callable[[str], None],
) -> tuple[BreakEven, ...]:
    """For every driver and the factor up, or down, to which another plan is looked for."""
    computed = [_is_line(inventory, driver) for driver, _ in ways]
    base = _best(trials.divide(BASE), inventory) if any(computed) else None
    points = []
    for number, ((driver, far), line) in enumerate(zip(ways, computed, strict=True)):
        said(f"{driver.name}: break-even")
        part = trials.divide(min(len(ways) - number, POINT))
        if not line:
            points.append(_bisect(part, inventory, plan, driver, far))
        elif base is None:
            points.append(BreakEven(driver.name, None, None, decided=False, falls=far < 1))
        else:
            points.append(_where_lines_meet(part, inventory, base, driver, far))
    return tuple(point for point in points if not point.falls or point.at_most is not None or not point.decided)


def _is_line(inventory: Inventory, driver: Driver) -> bool:
    """The total is linear in the driver, and no plan that holds otherwise may cost more than is there."""
    budget = inventory.budget
    may_bind = budget.tco is not None or (budget.capex is not None and driver.in_capex)
    return driver.price and inventory.objective == "tco" and not may_bind


def _where_lines_meet(trials: Trials, inventory: Inventory, base: Plan, driver: Driver, far: float) -> BreakEven:
    furthest = vary(inventory, driver, far)
    known = _best(trials, furthest)
    if known is None:
        return BreakEven(driver.name, None, None, decided=False, falls=far < 1)
    if _design_of(base) == _design_of(known):
        return BreakEven(driver.name, far, None, falls=far < 1)
    near, beyond = 1.0, far
    for _ in range(MOST_SOLVES):
        factor = _meeting(inventory, furthest, far, base, known)
        varied = vary(inventory, driver, factor)
        best = _best(trials, varied)
        if best is None:
            return _point(inventory, driver, far, base, known, (near, beyond), decided=False)
        here, line = (float(_exact_total(varied, each)) for each in (best, base))
        if here >= line - SAME * abs(line):
            return _point(inventory, driver, far, base, known, (factor, factor))
        if _design_of(best) == _design_of(base):
            base, near = best, factor  # the same network on other terms
        else:
            known, beyond = best, factor
    return _point(inventory, driver, far, base, known, (near, beyond))


def _meeting(inventory: Inventory, furthest: Inventory, far: float, one: Plan, other: Plan) -> float:
    """The factor at which two plans cost the same; both are lines in it, known at 1 and at `far`."""
    first, last = (float(_exact_total(each, other) - _exact_total(each, one)) for each in (inventory, furthest))
    if first - last <= EXACT:
        return far
    return 1.0 + max(0.0, first) / (first - last) * (far - 1.0)


def _bisect(trials: Trials, inventory: Inventory, plan: Plan, driver: Driver, far: float) -> BreakEven:
    near, beyond, varied = 1.0, far, vary(inventory, driver, far)
    decided, there = _plan_anew(trials, varied)
    if not decided:
        return BreakEven(driver.name, None, None, decided=False, falls=far < 1)
    if not _takes_over(varied, plan, there, _broken(varied, plan)):
        return BreakEven(driver.name, far, None, falls=far < 1)
    for _ in range(STEPS):
        middle = round((near + beyond) / 2, 9)
        varied = vary(inventory, driver, middle)
        decided, found = _plan_anew(trials, varied)
        if not decided:
            break
        if _takes_over(varied, plan, found, _broken(varied, plan)):
            beyond, there = middle, found
        else:
            near = middle
    return _point(inventory, driver, far, plan, there, (near, beyond), decided)


def _best(trials: Trials, inventory: Inventory) -> Plan | None:
    """The best plan of all; None where that was not proven."""
    decided, plan = _plan_anew(trials, inventory, gap=0.0)
    return plan if decided else None


def _plan_anew(trials: Trials, inventory: Inventory, gap: float | None = None) -> tuple[bool, Plan | None]:
    """Whether it was decided in time, and the plan, by default as good as asked for, if any."""
    search = trials.plan(inventory, gap=gap, share=1.0)
    return search.status in DECIDED, None if search.design is None else as_plan(inventory, search.design)


def _design_of(plan: Plan | Design) -> frozenset[tuple[str, int]]:
    """What is built, however it is paid."""
    return frozenset((link.id, link.count) for link in plan.links)


def _turnover(old: Plan, new: Plan | Design) -> Turnover:
    """What goes and what comes."""
    before, after = ({link.id: link.ends for link in plan.links} for plan in (old, new))
    served, then = ({each.id for each in plan.corridors if each.served} for plan in (old, new))
    return Turnover(
        gone=tuple(sorted(ends for key, ends in before.items() if key not in after)),
        new=tuple(sorted(ends for key, ends in after.items() if key not in before)),
        gained=tuple(sorted(then - served)),
        lost=tuple(sorted(served - then)),
    )


def _point(
    inventory: Inventory,
    driver: Driver,
    far: float,
    old: Plan,
    new: Plan | None,
    bracket: tuple[float, float],
    decided: bool = True,
) -> BreakEven:
    """Where the new plan takes over, on the way to a factor, with the price there where all that moves has one."""
    amount = one_amount(inventory, driver)
    return BreakEven(
        driver.name,
        min(bracket),
        max(bracket),
        None if amount is None else amount * bracket[1],
        "" if amount is None else driver.unit,
        NOTHING if new is None else _turnover(old, new),
        possible=new is not None,
        decided=decided,
        falls=far < 1,
    )
