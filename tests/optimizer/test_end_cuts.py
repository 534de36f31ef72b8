"""Cuts over sets of ends hold for every design, whatever its numbers of paths and the point they are asked at."""

from __future__ import annotations

import random
from collections import Counter
from itertools import combinations, pairwise

import numpy as np
from networks import corridor, fibre, network
from planning import plan_on_some_links
from seeds import seeds

from qplan.candidates.links import enumerate_candidates
from qplan.inventory.model import Inventory
from qplan.optimizer.cuts.end_cuts import EndCuts, EndLinks
from qplan.optimizer.cuts.lifts import Lifts
from qplan.optimizer.cuts.witnesses import Witnesses, start_values
from qplan.optimizer.limits import SearchParameters
from qplan.optimizer.model.stage import Task
from qplan.optimizer.search.stages import stages
from qplan.time_budget import TimeBudget

INVENTORIES, DESIGNS, POINTS = 60, 12, 12


def many_ends(rng: random.Random) -> Inventory:
    """Most sites are ends, on a ring with chords, of corridors with one to three paths; some ends may not relay."""
    names = [f"s{i}" for i in range(rng.randint(5, 8))]
    ring, paths = [*pairwise([*names, names[0]])], rng.choice(((1, 2), (2,), (1, 2, 3), (1, 3)))
    chords = [pair for pair in combinations(names, 2) if pair not in ring and rng.random() < rng.choice((0.3, 0.8))]
    ends = rng.sample(list(combinations(names, 2)), rng.randint(2, 5))
    required = [True, *(rng.random() < 0.9 for _ in ends)]
    return network(
        {f"f{i}": fibre(*pair) for i, pair in enumerate([*ring, *chords, *rng.sample(ring, 2)])},
        {
            f"c{i}": corridor(*pair, paths=rng.choice(paths), disjoint="relay", required=required[i])
            for i, pair in enumerate(ends)
        },
        {s: {"relay_cost": 5, "trusted_node": rng.choice(("allowed", "allowed", "forbidden"))} for s in names},
    )


def test_end_cuts_hold_for_designs_whatever_the_point():
    """Points are means of designs, scaled down, and others at random; rows that these violate hold for all designs."""
    judged = Counter[str]()
    for seed in seeds(INVENTORIES):
        rng = random.Random(seed)
        inventory = many_ends(rng)
        parameters = SearchParameters(0.0, TimeBudget.of(60))
        task = Task(inventory, enumerate_candidates(inventory), stages(inventory)[-1], (), None, "highs", parameters)
        model = task.design_model()
        witnesses, columns = Witnesses(model, Lifts()), [v.name for v in model.columns]
        families, prices, found = (EndCuts(model), EndLinks(model)), task.stage.goal(model).prices, []
        for _ in range(DESIGNS):
            plan = plan_on_some_links(task, prices, rng)
            witnesses.learn(plan, ())
            found += [start_values(model, plan.design)] if plan else []
        for turn in range(POINTS):
            point = np.array([rng.choice((0.0, 0.3, rng.random(), 1.0)) for _ in columns])
            if turn % 2 and found:
                chosen = [rng.choice(found) for _ in range(3)]
                point = np.array([rng.uniform(0.4, 1) * sum(one[name] for one in chosen) / 3 for name in columns])
            rows = [row for family in families for row in family.separate(point)]
            witnesses.judge(rows, None)
            judged.update(row.family for row in rows if found)
    assert len(judged) == 3 and min(judged.values()) > INVENTORIES
