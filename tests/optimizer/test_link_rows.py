"""The best plan that uses one of some links, held against exhaustive search."""

from __future__ import annotations

import random

import pytest
from oracle.forced import best_using
from oracle.random_inventories import random_inventory
from planning import PATIENCE_S, planned
from seeds import chosen_seeds

from qplan.candidates.links import enumerate_candidates, offers_and_refusals
from qplan.candidates.model import CandidateLink
from qplan.explain.variants import keep_required, prefer_links
from qplan.inventory.model import Inventory
from qplan.optimizer.limits import SearchParameters
from qplan.optimizer.model.link_rows import uses_one_of
from qplan.optimizer.search.stages import search_plan
from qplan.time_budget import TimeBudget

SEED = 7_000_500


def questions(inventory: Inventory, rng: random.Random) -> list[list[CandidateLink]]:
    """Links that the inventory's best plan does not use, one alone and all over one fibre."""
    plan = planned(inventory).plan
    if plan is None:
        return []
    used = {link.id for link in plan.links}
    offers = [link for link in offers_and_refusals(inventory)[0] if link.id not in used]
    taken = {f for link in plan.links for f in link.fibres}
    fibres = sorted({f for link in offers for f in link.route.fibres} - taken)
    alone = [[link] for link in rng.sample(offers, min(2, len(offers)))]
    return alone + [[link for link in offers if f in link.route.fibres] for f in rng.sample(fibres, len(fibres))[:1]]


def test_value_equals_exhaustive_search():
    forced = impossible = 0
    for seed in chosen_seeds(SEED, (2, 3, 4, 9, 10, 11, 12, 14, 21, 23)):
        rng = random.Random(seed)
        inventory = keep_required(Inventory.model_validate(random_inventory(rng)))
        graph = enumerate_candidates(inventory)
        for links in questions(inventory, rng):
            value = best_using(inventory, {(link.system, link.route.fibres) for link in links})
            limits = SearchParameters(0.0, TimeBudget.of(PATIENCE_S))
            constraint = uses_one_of({link.id for link in links})
            found = search_plan(inventory, prefer_links(graph, links), "highs", limits, side_constraints=(constraint,))
            if value is None:
                assert found.status == "infeasible", f"seed {seed}, {links}"
                impossible += 1
                continue
            assert (found.status, found.value) == ("optimal", pytest.approx(value, abs=0.0101)), f"seed {seed}, {links}"
            forced += 1
    assert forced >= 15 and impossible >= 5
