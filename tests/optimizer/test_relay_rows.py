"""The best plan in which a given site relays, held against exhaustive search."""

from __future__ import annotations

import random

import pytest
from oracle.forced import best_relaying
from oracle.random_inventories import random_inventory
from planning import PATIENCE_S, planned
from seeds import chosen_seeds

from qplan.candidates.links import enumerate_candidates
from qplan.explain.variants import keep_required
from qplan.inventory.model import Inventory
from qplan.optimizer.limits import SearchParameters
from qplan.optimizer.model.relay_rows import relays_at
from qplan.optimizer.search.stages import search_plan
from qplan.time_budget import TimeBudget

SEED = 7_000_010


def test_value_equals_exhaustive_search():
    limits = SearchParameters(0.0, TimeBudget.of(PATIENCE_S))
    forced = impossible = 0
    for seed in chosen_seeds(SEED, (1, 3, 4, 6, 13, 15, 16, 20, 23, 29, 35)):
        inventory = keep_required(Inventory.model_validate(random_inventory(random.Random(seed))))
        plan = planned(inventory).plan
        if plan is None:
            continue
        graph = enumerate_candidates(inventory)
        relays = {node.site for node in plan.nodes if "relay" in node.roles}
        for site in sorted(inventory.sites.keys() - relays)[:3]:
            value = best_relaying(inventory, site)
            found = search_plan(inventory, graph, "highs", limits, side_constraints=(relays_at(site),))
            if value is None:
                assert found.status == "infeasible", f"seed {seed}, {site}"
                impossible += 1
                continue
            assert (found.status, found.value) == ("optimal", pytest.approx(value, abs=0.0101)), f"seed {seed}, {site}"
            forced += 1
    assert forced >= 10 and impossible >= 10
