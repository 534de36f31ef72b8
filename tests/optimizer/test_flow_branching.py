"""Flows over the layers of a limit, and branching on what they leave: links, systems and relays."""

from __future__ import annotations

import pytest
from networks import corridor, fibre, network

from qplan.candidates.links import enumerate_candidates
from qplan.inventory.model import Inventory
from qplan.optimizer.limits import SearchParameters
from qplan.optimizer.model.stage import Task
from qplan.optimizer.search.arc_flow import arc_flow
from qplan.optimizer.search.flow_branching import FlowTree
from qplan.optimizer.search.minimization import minimize
from qplan.optimizer.search.stages import stages

HALF = 510.0  # bit/s, beyond half of what a system gives: two corridors need two systems, flows 1.02


def bounds_and_value(inventory: Inventory) -> tuple[float, float, float]:
    """Of the flows alone, of branching on them, and of the best plan."""
    stage = stages(inventory)[0]
    task = Task(inventory, enumerate_candidates(inventory), stage, (), None, "highs", SearchParameters(0.0))
    model, best = task.design_model(), minimize(task).incumbent
    flows = arc_flow(task, model, (), best)
    tree = FlowTree(task, model, flows.solved, best, task.stage.goal(model).prices, flows.links)
    return flows.bound, tree.run(), best.value


def test_systems_are_branched_on_where_links_are_whole():
    """One link, which every design has: nothing but the number of its systems is in doubt."""
    fibres = {"f": fibre("a", "b", strands=9)}
    corridors = {q: corridor("a", "b", key_rate_bps=HALF) for q in "cd"}
    alone, branched, value = bounds_and_value(network(fibres, corridors, objective="capex"))
    assert alone < 0.9 * value
    assert branched == pytest.approx(value)


@pytest.mark.parametrize("paths", [1, 2])
def test_flows_keep_limits_on_relays_where_rates_bind(paths):
    """The ways over two relays are cheap, and one relay more than is allowed: halves of them help no flow."""
    cheap = {way: fibre(*way, strands=9) for way in ("ax", "xy", "yb", "au", "uv", "vb")}
    dear = {f"d{n}": fibre("a", "b", strands=9, setup_cost_per_strand=900) for n in range(paths)}
    # other corridors may pass x and y
    others = {"e": corridor("a", "y", max_relays=1), "g": corridor("x", "b", max_relays=1)}
    limited = {"c": corridor("a", "b", key_rate_bps=2 * HALF, paths=paths, max_relays=1)}
    alone, _, value = bounds_and_value(network(cheap | dear, limited | others, objective="capex"))
    assert alone == pytest.approx(value, rel=0.03)
