"""The best plan in which a given site relays, held against exhaustive search."""

from __future__ import annotations

import random

import pytest
from oracle.random_inventories import random_inventory
from oracle.search import Search, Tables
from planning import planned

from qplan.candidates.links import enumerate_candidates
from qplan.explain.variants import keep_required
from qplan.inventory.model import Inventory
from qplan.optimizer.limits import SearchParameters
from qplan.optimizer.model.relay_rows import relays_at
from qplan.optimizer.search.stages import search_plan
from qplan.time_budget import TimeBudget

SEED = 7_000_010


class Relaying(Search):
    """Of the plans that serve the corridors only those in which the site relays."""

    def __init__(self, tables: Tables, site: str):
        super().__init__(tables)
        self.site = tables.site_ids.index(site)

    def _extend(self, state, chosen, rows) -> None:
        if rows or state.relays[self.site]:
            super()._extend(state, chosen, rows)


def test_value_equals_exhaustive_search():
    limits = SearchParameters(0.0, TimeBudget.of(60))
    forced = impossible = 0
    for seed in range(SEED, SEED + 30):
        inventory = keep_required(Inventory.model_validate(random_inventory(random.Random(seed))))
        plan = planned(inventory).plan
        if plan is None:
            continue
        tables, graph = Tables(inventory), enumerate_candidates(inventory)
        relays = {node.site for node in plan.nodes if "relay" in node.roles}
        for site in sorted(inventory.sites.keys() - relays)[:3]:
            best = Relaying(tables, site)
            best.serve(list(inventory.corridors))
            found = search_plan(inventory, graph, "highs", limits, side_constraints=(relays_at(site),))
            if best.best is None:
                assert found.status == "infeasible", f"seed {seed}, {site}"
                impossible += 1
                continue
            value = best.best.value(inventory.objective)
            assert (found.status, found.value) == ("optimal", pytest.approx(value, abs=0.0101)), f"seed {seed}, {site}"
            forced += 1
    assert forced >= 10 and impossible >= 10
