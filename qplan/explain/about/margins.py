"""How far what is asked for could go until a corridor, planned alone, cannot be served any more: found by trying."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from qplan.explain.findings import Setting
from qplan.explain.infeasibility.limits import RATES_A_DECADE, find_rate, number_rate
from qplan.explain.trials import Trials, search_farthest
from qplan.explain.variants import apply_settings, set_demand
from qplan.inventory.model import Corridor, Inventory

LOSS_STEP_DB = 0.1
MOST_LOSS_STEPS = 256  # 25.6 dB
MOST_RATE_STEPS = 9 * RATES_A_DECADE
MOST_MORE_PATHS = 8


@dataclass(frozen=True)
class Margin:
    """A key of the inventory, its value, and the farthest value found at which the corridor can be served alone.

    `decided` is false where time ended the trials before the next value was tried.
    """

    key: str
    value: float | None
    """None: no limit is set."""
    servable_to: float
    unit: str
    decided: bool


def find_margins(trials: Trials, alone: Inventory) -> Iterator[Margin]:
    """Margins of the one corridor of the inventory, which can be served as it is."""
    ((q, corridor),) = alone.corridors.items()
    yield _raise_loss(trials, alone)
    if corridor.demand_bps > 0:
        yield _raise_rate(trials, alone, q, corridor)
    yield _add_paths(trials, alone, q, corridor)
    yield _spare_relays(trials, alone, q, corridor)


def _raise_loss(trials: Trials, alone: Inventory) -> Margin:
    now = alone.policy.loss_margin_db
    steps, decided = search_farthest(
        trials,
        MOST_LOSS_STEPS,
        lambda step: apply_settings(alone, [("policy.loss_margin_db", round(now + step * LOSS_STEP_DB, 9))]),
    )
    return Margin("policy.loss_margin_db", now, round(now + steps * LOSS_STEP_DB, 9), "dB", decided)


def _raise_rate(trials: Trials, alone: Inventory, q: str, corridor: Corridor) -> Margin:
    """In three digits."""
    now = number_rate(corridor.demand_bps)

    def variant(step: int) -> Inventory:
        return apply_settings(alone, [set_demand(q, corridor, find_rate(now + step))])

    steps, decided = search_farthest(trials, MOST_RATE_STEPS, variant)
    highest = find_rate(now + steps) if steps else corridor.demand_bps
    return Margin(f"corridors.{q}.key_rate_bps", corridor.demand_bps, highest, "bit/s", decided)


def _add_paths(trials: Trials, alone: Inventory, q: str, corridor: Corridor) -> Margin:
    def variant(more: int) -> Inventory:
        settings: list[Setting] = [(f"corridors.{q}.paths", corridor.paths + more)]
        if corridor.shares_needed > 1:
            settings.append((f"corridors.{q}.shares_needed", corridor.paths + more))
        return apply_settings(alone, settings)

    more, decided = search_farthest(trials, MOST_MORE_PATHS, variant)
    return Margin(f"corridors.{q}.paths", corridor.paths, corridor.paths + more, "", decided)


def _spare_relays(trials: Trials, alone: Inventory, q: str, corridor: Corridor) -> Margin:
    """The fewest relays a path with which it can be served."""
    most = len(alone.sites) if corridor.max_relays is None else corridor.max_relays
    fewer, decided = search_farthest(
        trials, most, lambda fewer: apply_settings(alone, [(f"corridors.{q}.max_relays", most - fewer)])
    )
    return Margin(f"corridors.{q}.max_relays", corridor.max_relays, most - fewer, "", decided)
