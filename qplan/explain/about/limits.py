"""Limits that a plan has used up, and those that bind: a change of this limit alone would change the best plan's cost
or whether it serves more. What was not tried is said to be used up, no more.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from qplan.candidates.links import enumerate_candidates
from qplan.candidates.resource_usage import Taken, occupancy
from qplan.explain.about.alternatives import Alternative, Replanner
from qplan.explain.variants import MANY_STRANDS, apply_settings

LIFTED = {"strands": MANY_STRANDS, "rack_units": None, "power_w": None, "max_relays": None, "capex": None, "tco": None}
"""What a limit that is a key of the inventory becomes when it is lifted."""
MONEY = ("capex", "tco")
PATCHING = "max_bypass_sites"
MOST_PATCHED = 3  # sites in a row more than the policy permits


@dataclass(frozen=True)
class LimitState:
    """A limit that a plan meets with. `binds` was found by planning without it; None where that was not tried."""

    at: Taken
    binds: bool | None = None


def judge_limits(
    replanner: Replanner, always: Collection[str], tight: Collection[str], most: int | None = None
) -> tuple[tuple[LimitState, ...], list[Alternative]]:
    """The limits at addresses that are always shown, and at others where they are used up or bind; and what was tried.

    At most so many are tried, money and patching first; by default all.
    """
    chosen = [each for each in occupancy(replanner.inventory, replanner.plan) if each.where in {*always, *tight}]
    to_try = sorted((each for each in chosen if _may_bind(each)), key=lambda each: each.limit not in (*MONEY, PATCHING))
    tried = {id(each): found for each in to_try[:most] if (found := _lift(replanner, each)) is not None}
    states = [LimitState(each, _binds(tried.get(id(each)))) for each in chosen]
    shown = tuple(state for state in states if state.at.where in always or state.at.used_up or state.binds)
    return shown, list(tried.values())


def _may_bind(limit: Taken) -> bool:
    """It can be lifted, and it is used up; money and patching may also forbid what is not half begun."""
    return limit.limit in (*MONEY, PATCHING) or (limit.limit in LIFTED and limit.used_up)


def _binds(found: Alternative | None) -> bool | None:
    return None if found is None or found.status == "unknown" else found.better


def _lift(replanner: Replanner, limit: Taken) -> Alternative | None:
    """The best plan without the limit, and what it must be for that; None where lifting it adds nothing."""
    inventory, address = replanner.inventory, _address(limit)
    if limit.limit == PATCHING:
        wider = apply_settings(inventory, [(address, limit.free + MOST_PATCHED)])
        if not any(len(link.route.bypass_sites) > limit.free for link in enumerate_candidates(wider).links):
            return None
    else:
        wider = apply_settings(inventory, [(address, LIFTED[limit.limit])])
    search = replanner.trials.plan(wider)
    if search.design is None:
        return Alternative(f"{address} above {limit.free:.10g}", (), search.status)
    taken = (each.taken for each in occupancy(inventory, search.design) if (each.limit, each.where) == _place(limit))
    needed = max((limit.free, *taken))
    needed = float(math.ceil(needed)) if limit.limit in MONEY else needed
    more = f"{needed:.10g} instead of" if needed > limit.free else "more than"
    return replanner.compare(f"{address} {more} {limit.free:.10g}", replanner.write((address, needed)), search, wider)


def _place(limit: Taken) -> tuple[str, str]:
    return limit.limit, limit.where


def _address(limit: Taken) -> str:
    """Of the key that states the limit."""
    return limit.where if limit.kind in ("budget", "policy") else f"{limit.where}.{limit.limit}"
