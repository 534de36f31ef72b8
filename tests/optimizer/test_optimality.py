"""The plan's value equals exhaustive search, and does not depend on names, order, ends or the size of prices."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

import pytest
from oracle.random_inventories import random_inventory
from oracle.search import Oracle, best_value
from planning import PATIENCE_S, planned, worth
from seeds import seeds

from qplan.candidates.links import enumerate_candidates
from qplan.inventory.model import Inventory
from qplan.optimizer.cuts import trees
from qplan.optimizer.limits import SearchParameters
from qplan.optimizer.model.design_rows import formulate_design
from qplan.optimizer.model.designs import design_of
from qplan.optimizer.model.objectives import cost_goal
from qplan.optimizer.planner import Result
from qplan.optimizer.search import root
from qplan.optimizer.solvers import relaxation
from qplan.time_budget import TimeBudget


def assert_equal(result: Result, inventory: Inventory, best: Oracle | None, seed: int) -> None:
    """The plan is worth the optimum, or there is none, and no engine failed on the way."""
    found = worth(result, inventory)
    if best is None:
        assert found is None, f"seed {seed}: a plan where none is possible"
    else:
        tie_break = best.tco if inventory.objective == "relays" else 0.0
        expected = (best.priority, best.value, tie_break)
        assert found == pytest.approx(expected, abs=0.0101, rel=1e-12), f"seed {seed}"
    assert result.search.notes == (), f"seed {seed}"


def test_value_equals_exhaustive_search():
    feasible = 0
    for seed in seeds(40):
        inventory = Inventory.model_validate(random_inventory(random.Random(seed)))
        best = best_value(inventory)
        assert_equal(planned(inventory), inventory, best, seed)
        feasible += best is not None
    assert feasible >= 14


def renamed(inventory: dict, rng: random.Random) -> dict:
    """Every id replaced, every mapping reordered, every fibre and corridor turned round."""
    names: dict[str, str] = {}
    kinds = [inventory["sites"], inventory["fibres"], inventory["corridors"], *inventory["equipment"].values()]
    ids = [i for kind in kinds for i in kind]
    ids += [duct for fibre in inventory["fibres"].values() for duct in fibre.get("ducts", ())]
    for number, name in zip(rng.sample(range(1000), len(ids)), ids, strict=True):
        names.setdefault(name, f"Z{number}-x")

    def walk(value: object, key: str = "") -> object:
        if isinstance(value, dict):
            items = [(names.get(k, k), walk(v, k)) for k, v in value.items()]
            rng.shuffle(items)
            return dict(items)
        if key == "ends":
            return [names[end] for end in reversed(value)]
        if key in ("ducts", "avoid_sites"):
            return [names.get(item, item) for item in value]
        return value

    return walk(inventory)


def test_names_order_and_direction_do_not_matter():
    for seed in seeds(8, 10**6):
        document = random_inventory(random.Random(seed))
        other = renamed(document, random.Random(seed))
        first, second = (Inventory.model_validate(d) for d in (document, other))
        assert worth(planned(first), first) == pytest.approx(worth(planned(second), second)), f"seed {seed}"


MONEY = {
    "price", "support_per_year", "node_cost", "node_cost_per_year", "relay_cost", "relay_cost_per_year",
    "setup_cost_per_strand", "cost_per_strand_year", "cost_per_strand_km_year",
}  # fmt: skip


def scaled(value: object, factor: Callable[[], float]) -> object:
    if not isinstance(value, dict):
        return value
    return {
        k: v * factor() if k in MONEY and v is not None
        else {kind: limit * factor() for kind, limit in v.items()} if k == "budget"
        else scaled(v, factor)
        for k, v in value.items()
    }  # fmt: skip


@pytest.mark.parametrize(("before", "factor"), [(1e2, 1e-2), (1.0, 1e6)])
def test_prices_scale(before, factor):
    """Never below the prices as they are: budgets would turn on less than a cent."""
    for seed in seeds(5, 2 * 10**6):
        document = random_inventory(random.Random(seed))
        first = Inventory.model_validate(scaled(document, lambda: before))
        second = Inventory.model_validate(scaled(document, lambda: before * factor))
        small, large = worth(planned(first), first), worth(planned(second), second)
        if small is None:
            assert large is None, f"seed {seed}"
            continue
        expected = (small[0], small[1] * (1 if first.objective == "relays" else factor), small[2] * factor)
        assert large == pytest.approx(expected, abs=0.02 * max(1.0, factor), rel=1e-6), f"seed {seed}"


def test_a_useless_site_changes_nothing():
    """Useless is a dead end that may not relay: a relay there, with a way back through its neighbour, is of use."""
    for seed in seeds(8, 3 * 10**6):
        document = random_inventory(random.Random(seed))
        first = Inventory.model_validate(document)
        more = {**document, "sites": {**document["sites"], "useless": {"trusted_node": "forbidden"}}}
        dead_end = {"ends": [min(document["sites"]), "useless"], "loss_db": 1.0, "length_km": 1.0}
        more["fibres"] = {**document["fibres"], "dead-end": dead_end}
        second = Inventory.model_validate(more)
        assert worth(planned(first), first) == worth(planned(second), second), f"seed {seed}"


def test_cbc_agrees_with_highs():
    for seed in seeds(6, 4 * 10**6):
        inventory = Inventory.model_validate(random_inventory(random.Random(seed)))
        highs, cbc = planned(inventory), planned(inventory, solver="cbc")
        assert worth(cbc, inventory) == pytest.approx(worth(highs, inventory), abs=0.0101), f"seed {seed}"


def test_bound_is_valid_at_any_gap():
    for seed in seeds(10, 5 * 10**6):
        inventory = Inventory.model_validate(random_inventory(random.Random(seed)))
        exact, rough = planned(inventory), planned(inventory, gap=0.5)
        if exact.plan is None:
            assert rough.plan is None
            continue
        value, bound = rough.plan.objective.value, rough.plan.objective.bound
        assert bound <= exact.plan.objective.value + 0.005 <= value + 0.01, f"seed {seed}"
        assert value - bound <= 0.5 * max(value, 1e-9) + 1e-9, f"seed {seed}"


def mixed_magnitudes(rng: random.Random) -> dict:
    """Prices from cents to a billion, losses from 0 to 80 dB and rates from 1 bit/s to 10 Gbit/s in one inventory."""
    document = random_inventory(rng)
    document.pop("budget", None)
    document = scaled(document, lambda: 10 ** rng.uniform(-2, 7))
    magnitude = rng.uniform(-1, 7)
    for system in document["equipment"]["qkd_systems"].values():
        factor, segment = 10 ** (magnitude + rng.choice((0, 0, 0, 1, -1, 2))), rng.choice((1, 1, 2, 3))
        system["key_rate_curve"] = [[loss * segment, _rate(rate * factor)] for loss, rate in system["key_rate_curve"]]
        system.pop("clock_hz", None)
    for corridor in document["corridors"].values():
        for key in corridor.keys() & {"key_rate_bps", "otp_bps"}:
            corridor[key] = _rate(corridor[key] * 10 ** (magnitude - rng.choice((0, 0, 0, 0, 1, 2, 3, 6))))
    for fibre in document["fibres"].values():
        if rng.random() < 0.15:
            fibre["loss_db"] = rng.choice((0, 1e-9, 1e-5, 40.00001, 80))
    return document


def _rate(rate_bps: float) -> float:
    return min(1e10, float(f"{rate_bps:.4g}"))


WITHOUT_BOUND = 893  # presolve of HiGHS calls the optimum that it is started with optimal, and gives no bound


def test_mixed_magnitudes_leave_no_artefacts():
    for seed in (*seeds(14), WITHOUT_BOUND):
        inventory = Inventory.model_validate(mixed_magnitudes(random.Random(seed)))
        assert_equal(planned(inventory), inventory, best_value(inventory), seed)


@pytest.mark.parametrize(("columns", "rows", "steps", "ties"), [(60_000, 5000, 5000, 10_000), (1, 0, 0, -1)])
def test_no_cut_excludes_a_plan_of_the_oracle(monkeypatch, columns, rows, steps, ties):
    """Rows and bound of the relaxation hold for the best design, also where its goal is another one.

    With a tree for every component by the simplex method, and with one tree and a rest by interior points, from the
    first solution on; every third inventory limits relays, another third joins two pairs of sites by one path each.
    """
    monkeypatch.setattr(relaxation, "MANY_ROWS", rows)
    monkeypatch.setattr(trees, "MOST_COLUMNS", columns)
    monkeypatch.setattr(root, "MOST_STEPS", steps)
    monkeypatch.setattr(root, "MANY_TIES", ties)
    judged, rest, layered = 0, 0, 0
    for seed in seeds(18, 6 * 10**6):
        document = random_inventory(random.Random(seed))
        if seed % 3 == 0:
            for number, corridor in enumerate(document["corridors"].values()):
                corridor |= {"max_relays": 1 + number % 3}
        if seed % 3 == 1 and len(document["sites"]) > 3:
            a, b, c, d, *_ = document["sites"]
            demand = {"key_rate_bps": 1, "paths": 1}
            document["corridors"] = {"c1": {"ends": [a, b]} | demand, "c2": {"ends": [c, d]} | demand}
        inventory = Inventory.model_validate(document)
        plan = planned(inventory).plan
        if plan is None:
            continue
        graph = enumerate_candidates(inventory)
        model = formulate_design(inventory, graph)
        ids = {link.id for link in graph.links}
        metric = max(model.money)
        goal, asked = cost_goal(model, metric), SearchParameters(0.0, TimeBudget.of(PATIENCE_S))
        found = root.relax_root(model, goal, asked, None)
        if seed % 3 == 0:
            found = root.with_layers(found, model, goal, asked)
        served = [q for q in plan.corridors if q.served]
        if len(served) == len(plan.corridors) and ids.issuperset(link.id for link in plan.links):
            design = design_of(inventory, graph, plan.corridors)
            found.witnesses.add(design)
            found.witnesses.judge(found.rows, None)
            assert found.bound <= getattr(design.costs, metric) + 0.01, f"seed {seed}"
            judged += len(found.rows)
            rest += bool(found.witnesses.lifts.trees.rest_links)
            layered += bool(found.witnesses.lifts.layered_trees)
    assert judged > 10 and layered > 0
    assert (rest > 0) == (columns == 1)


def _network(fibres: dict[str, tuple[str, str]], corridors: dict[str, dict], **rest: object) -> dict:
    """Sites that price relaying, fibres of 10 dB, and a system that reaches no farther than one of them."""
    sites = sorted({end for ends in fibres.values() for end in ends})
    return {
        "qplan": 1,
        "sites": {s: {"node_cost": 10, "relay_cost": 5} for s in sites},
        "fibres": {f: {"ends": list(ends), "loss_db": 10.0, "length_km": 40} for f, ends in fibres.items()},
        "equipment": {"qkd_systems": {"sys": {"key_rate_curve": [[10, 1000], [12, 100]], "price": 100}}},
        "corridors": corridors,
        "economics": {"horizon_years": 0},
    } | rest


def test_a_ring_of_sites_that_only_pass_keys_on_is_one_variable_in_and_out():
    """Into `m` and out of it the ring m–x–y–m is the same chain: its column must not stand twice in a row."""
    line = ["a", "a1", "a2", "a3", "a4", "b", "b1", "c", "m", "n", "o", "p", "z"]
    ways = [*pairwise(line), ("m", "x"), ("x", "y"), ("y", "m"), ("n", "dead-end")]
    document = _network({f"f{i:02}": way for i, way in enumerate(ways)}, {
        "far": {"ends": ["a", "z"], "key_rate_bps": 1}, "near": {"ends": ["b", "c"], "key_rate_bps": 1},
    })  # fmt: skip
    document["sites"] = {s: {} for s in document["sites"]}
    document["equipment"]["qkd_systems"]["sys"]["price"] = 0
    document["fibres"]["f07"]["setup_cost_per_strand"] = 700
    inventory = Inventory.model_validate(document)
    assert worth(planned(inventory), inventory) == (0, 700.0, 0.0)


@pytest.mark.parametrize("demand_bps", [900, 1900, 5000])
def test_corridors_of_one_root_with_demands_that_other_links_carry_do_not_share_layers(demand_bps):
    """Two strands let r–m–t carry 1,900 bit/s, which the one strand of r–n–u does not; 5,000 nothing carries."""
    fibres = {"rm": ("r", "m"), "mt": ("m", "t"), "rn": ("r", "n"), "nu": ("n", "u"), "mu": ("m", "u")}
    rules = {"max_relays": 1}
    document = _network(fibres, {
        "heavy": {"ends": ["r", "t"], "key_rate_bps": demand_bps, **rules},
        "light": {"ends": ["r", "u"], "key_rate_bps": 1, **rules},
    })  # fmt: skip
    for f, strands in {"rm": 3, "mt": 2, "rn": 1, "nu": 1, "mu": 1}.items():
        document["fibres"][f]["strands"] = strands
    inventory = Inventory.model_validate(document)
    best = best_value(inventory)
    assert (worth(planned(inventory), inventory) or (0, None))[1] == (best and best.value)
