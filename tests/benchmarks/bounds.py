"""Is a bound ever above the optimum? Random inventories, planned with loose gaps and limits that strike early.

`python tests/benchmarks/bounds.py [--minutes 20] [--seed 1]`. Two kinds of inventories take turns:
- small ones with every feature of the model (tests/random_inventories.py); the optimum is from exhaustive search;
- 8 to 14 cities and their huts, with routes in parallel, ducts, rates, few strands, relay limits and rules; the optimum
  (or, after some seconds, the best value known) is from the strong arc-flow model on HiGHS, which shares only the
  candidate links with qplan.
Every result is held against it: bound, value, status, and what `infeasible` claims. Exit 1 where one is wrong.
"""

from __future__ import annotations

import argparse
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.cases import METRO, PLENTY, Case, Network
from benchmarks.designs import REF
from benchmarks.instances import metro, planted
from benchmarks.methods import Limits, arc_flow_mip
from oracle.random_inventories import random_inventory
from oracle.search import best_value

from qplan.inventory.model import Inventory
from qplan.optimizer.limits import SearchParameters
from qplan.optimizer.planner import Result, optimize
from qplan.optimizer.search.stages import ENDS_ALONE, NO_SEARCH
from qplan.time_budget import TimeBudget

CENT = 0.0101  # money is exact to the cent
RELATIVE = 1e-7
LONG_S = 15.0  # for the reference and for runs that are to end by themselves
SMALL_PER_LARGER = 3


@dataclass(frozen=True)
class Optimum:
    """Priority served and value of the objective (None: nothing can be planned); not `proven`: the best known."""

    priority: float
    value: float | None
    proven: bool = True


def small(seed: int) -> tuple[Inventory, Optimum]:
    inventory = Inventory.model_validate(random_inventory(random.Random(seed)))
    best = best_value(inventory)
    return inventory, Optimum(0.0, None) if best is None else Optimum(best.priority, best.value)


def larger(seed: int) -> tuple[Inventory, Optimum | None]:
    """None in place of the optimum where the arc-flow model finds nothing in time."""
    rng = random.Random(f"larger {seed}")
    case = Case(
        "random", "random", Network(METRO, rng.choice((50, 80)), rng.choice((0, 1, 2)), rng.choice((0.0, 0.5, 1.0))),
        corridors=rng.randint(2, 6), hub=rng.random() < 0.3, paths=rng.choice(((1,), (1,), (2,), (1, 2))),
        disjoint=rng.choice(("node", "duct")), in_ducts=rng.choice((0.15, 0.5)), rates=rng.random() < 0.6,
        extra_relays=rng.choice((None, None, 0, 1, 4)),
        strands=rng.choice((PLENTY, 1, 2, 3)), target_gap=0.0, target_s=0.0, seed=seed, rules=rng.random() < 0.4,
        relay_cost=rng.choice((0.0, 30e3, 150e3)),
    )  # fmt: skip
    built = planted(case, *metro(rng.randint(8, 14), rng.uniform(60, 200), rng), rng)
    factor = rng.choice((1, 5, 20))
    louder = {q: c.model_copy(update={"key_rate_bps": c.key_rate_bps * factor}) for q, c in built.corridors.items()}
    inventory = built.model_copy(update={"corridors": louder})
    outcome = arc_flow_mip(inventory, Limits(0.0, time.monotonic() + LONG_S, 1), strong=True, solver="highs")
    if outcome.stopped_by == "infeasible":
        return inventory, Optimum(0.0, None)
    return inventory, Optimum(0.0, outcome.value, outcome.stopped_by == "gap") if outcome.verified else None


def runs(rng: random.Random) -> Iterator[tuple[str, str, SearchParameters]]:
    """What a user may ask for: a loose gap, a deadline that strikes early, an interrupt early on."""

    def limits(gap: float, seconds: float) -> SearchParameters:
        return SearchParameters(gap, TimeBudget.of(seconds))

    yield "loose gap", "highs", limits(rng.choice((0.5, 0.2, 0.05)), LONG_S)
    yield "deadline", "highs", limits(0.0, 10 ** rng.uniform(-2.5, 0))
    yield "interrupt", "highs", interrupted_after(rng.randint(1, 12))
    if rng.random() < 0.1:
        yield "CBC", "cbc", limits(0.1, 10 ** rng.uniform(-1, 1))
    if rng.random() < 0.25:
        yield "exact", "highs", limits(0.0, LONG_S)


def interrupted_after(sightings: int) -> SearchParameters:
    """Ctrl-C as the progress line is drawn for so many a time."""
    stop, left = threading.Event(), [sightings]

    def watch(_: object) -> None:
        left[0] -= 1
        if left[0] <= 0:
            stop.set()

    return SearchParameters(0.0, TimeBudget(time.monotonic() + LONG_S, stop), watch=watch)


def faults(inventory: Inventory, optimum: Optimum, result: Result, asked: SearchParameters) -> Iterator[str]:
    """What is wrong with a result, given the optimum."""
    search = result.search
    yield from (note for note in search.notes if "defect" in note)
    if optimum.value is None:
        if search.design is not None:
            yield "a plan where none is possible"
        return
    if search.status == "infeasible":
        yield "infeasible, but there is a plan"
    if search.design is None:
        return
    served = sum(inventory.corridors[q.id].priority for q in search.design.corridors if q.served)
    served -= sum(corridor.priority for corridor in inventory.corridors.values() if corridor.required)
    slack = CENT + RELATIVE * abs(optimum.value)
    best_priority = served >= optimum.priority - 1e-6
    if best_priority and optimum.proven and search.value < optimum.value - slack:
        yield f"value {search.value} below the optimum {optimum.value}"
    if search.bound is None:
        return
    if not best_priority and search.method not in (ENDS_ALONE, NO_SEARCH):  # these hold for any design
        yield f"a bound with priority {served} served, {optimum.priority} is possible"
    elif search.bound > optimum.value + slack:
        yield f"bound {search.bound} above {optimum.value}, the value of a plan"
    if search.status == "optimal" and search.value - optimum.value > asked.gap * search.value + slack:
        yield f"optimal within {asked.gap} with value {search.value}, the optimum is {optimum.value}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    until, counts, wrong, seed = time.monotonic() + 60 * args.minutes, Counter(), 0, args.seed
    try:
        while time.monotonic() < until:
            kind, build = ("small", small) if seed % (SMALL_PER_LARGER + 1) else ("larger", larger)
            wrong += examine(kind, build, seed, counts)
            seed += 1
    except KeyboardInterrupt:
        pass
    report(counts, wrong, args.seed, seed)
    return int(wrong > 0)


def examine(kind: str, build: Callable, seed: int, counts: Counter[str]) -> int:
    """Plan one inventory in several ways; print and count what is wrong."""
    inventory, optimum = build(seed)
    if optimum is None:
        counts[f"{kind} inventories without reference"] += 1
        return 0
    known = "infeasible" if optimum.value is None else "with optimum" if optimum.proven else "with best known value"
    counts[f"{kind} inventories, {known}"] += 1
    wrong = 0
    for label, solver, asked in runs(random.Random(f"{kind} {seed}")):
        result = optimize(inventory, REF, solver, asked)
        counts["runs"] += 1
        counts[f"runs, {label}"] += 1
        counts[f"ended by {result.search.stopped_by}, {result.search.status}"] += 1
        if result.search.bound is not None:
            counts["bounds held against the optimum"] += 1
            if result.search.value is not None:
                counts["of these, below the value (a gap was open)"] += result.search.bound < result.search.value
        for fault in faults(inventory, optimum, result, asked):
            wrong += 1
            print(f"WRONG: {kind} inventory of seed {seed}, {label}, {solver}: {fault}", flush=True)
    return wrong


def report(counts: Counter[str], wrong: int, first: int, end: int) -> None:
    print(f"seeds {first} to {end - 1}: {wrong} wrong")
    for label, count in sorted(counts.items()):
        print(f"{count:8}  {label}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
