"""Every row family on a tiny inventory, as it stands in `golden/`: rows that change are read before they are accepted.

`python -m pytest tests/optimizer/test_rows.py` with QPLAN_ACCEPT=1 writes the files anew.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from networks import corridor, fibre, network, system
from planning import singles_apart
from scipy.sparse import csr_array

from qplan.candidates.links import enumerate_candidates
from qplan.inventory.model import Inventory
from qplan.optimizer.cuts import trees as trees_module
from qplan.optimizer.cuts.corridor_flow_cuts import corridor_flow_cuts
from qplan.optimizer.cuts.cutset_cuts import cutset_cuts, exclusive_cutset_cuts
from qplan.optimizer.cuts.end_cuts import EndCuts, EndLinks
from qplan.optimizer.cuts.exclusive_cuts import exclusive_cuts
from qplan.optimizer.cuts.exclusive_flow_cuts import exclusive_flow_cuts
from qplan.optimizer.cuts.flow_shadow import flow_shadow
from qplan.optimizer.cuts.layered_cuts import layered_cuts
from qplan.optimizer.cuts.layered_flows import add_layered_flows
from qplan.optimizer.cuts.layered_trees import add_layered_trees, layer_entries, layer_ties, layered_tree_cuts
from qplan.optimizer.cuts.leaf_cuts import leaf_cuts
from qplan.optimizer.cuts.path_cuts import link_ends, path_cuts
from qplan.optimizer.cuts.row import Row, require
from qplan.optimizer.cuts.ruled_trees import add_ruled_trees
from qplan.optimizer.cuts.star_trees import add_star_trees, star_ties, star_tree_cuts
from qplan.optimizer.cuts.tree_cuts import directed_cuts, rest_cuts, tree_balance
from qplan.optimizer.cuts.trees import add_trees
from qplan.optimizer.cuts.zero_half_cuts import zero_half_cuts
from qplan.optimizer.maths import PAGE, maths_page
from qplan.optimizer.model.changes import Reference, hold_changes, tie_to_paths
from qplan.optimizer.model.design_rows import formulate_design
from qplan.optimizer.model.families import FAMILIES
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.link_rows import uses_one_of
from qplan.optimizer.model.objectives import Goal, hold_priority, hold_relays
from qplan.optimizer.model.path_rows import formulate
from qplan.optimizer.model.relay_rows import relays_at
from qplan.optimizer.search.arc_flow import add_flows, merge
from qplan.optimizer.solvers.linear_program import LinearProgram, relax
from qplan.time_budget import UNLIMITED

GOLDEN = Path(__file__).parent / "golden"
ROOM = {"rack_units": 3, "power_w": 200}
SPAN = {"f": fibre("a", "b", strands=3)}
LINE = {"f": fibre("a", "m"), "g": fibre("m", "b")}
STAR = {"f": fibre("a", "m"), "g": fibre("b", "m"), "h": fibre("x", "m"), "i": fibre("y", "m"), "j": fibre("a", "x")}
RING = {"f": fibre("a", "x"), "g": fibre("x", "b"), "h": fibre("a", "y"), "i": fibre("y", "b")}
GRID = {**RING, "j": fibre("x", "y")}
PRISM = {way: fibre(*way) for way in ("ab", "bc", "ac", "ax", "by", "cz", "xy", "yz", "xz")}
RISKS = {f: fibre(*one["ends"], ducts=["d"] if f in "fi" else []) for f, one in GRID.items()}


def exact(inventory: Inventory) -> Formulation:
    return formulate(inventory, enumerate_candidates(inventory))


def design(inventory: Inventory) -> Formulation:
    return formulate_design(inventory, enumerate_candidates(inventory))


def held(inventory: Inventory) -> Formulation:
    """Optional corridors with their priority and the number of relays held, where x really relays."""
    model = exact(inventory)
    hold_priority(model, 1.0)
    hold_relays(model, 1)
    constraint = relays_at("x")
    constraint.row(model)
    constraint.routed(model)
    return model


def against_earlier(inventory: Inventory) -> Formulation:
    """Changes against a plan with the existing link, relayed at m, and one more that is gone."""
    model = exact(inventory)
    there = next(link.id for link in model.candidates.links if link.existing)
    reference = Reference(frozenset({there, "gone"}), frozenset({"m"}), first=True)
    hold_changes(model, reference, 2)
    tie_to_paths(model, reference)
    return model


def over_one_link(inventory: Inventory) -> Formulation:
    """A path that must run over the first candidate link."""
    model = exact(inventory)
    constraint = uses_one_of([model.candidates.links[0].id])
    constraint.row(model)
    constraint.routed(model)
    return model


def add(model: Formulation, rows: list[Row]) -> Formulation:
    for number, row in enumerate(rows, start=1):
        terms = [(model.columns[c], weight) for c, weight in zip(row.columns, row.weights, strict=True)]
        model.add(terms, ">=", row.least, row.family, number)
    return model


def asked(model: Formulation, *ones: str) -> np.ndarray:
    """The point at which nothing is built, though all is wanted (and some variables are 1)."""
    wanted = ("spans", "served", *ones)
    return np.array([float(v.name.startswith(wanted)) for v in model.columns])


def with_trees(inventory: Inventory, binding: bool = False) -> Formulation:
    model = design(inventory)
    trees = add_trees(model, binding=model.node if binding else ())
    point = asked(model, "tree(1,a,m)")
    rows = [
        row
        for separator in (directed_cuts(model, trees), rest_cuts(model, trees))
        for row in separator.separate(asked(model))
    ]
    rows += tree_balance(model, trees).separate(point)
    return add(model, rows + leaf_cuts(model, trees).separate(asked(model, "tree(1,a,x)", "tree(1,x,b)")))


def with_rest(inventory: Inventory) -> Formulation:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trees_module, "MOST_COLUMNS", 1)
        return with_trees(inventory)


def with_ends_apart(inventory: Inventory) -> Formulation:
    return with_trees(inventory, binding=True)


def with_counted_trees(inventory: Inventory) -> Formulation:
    """No end of several corridors is apart."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trees_module, "ways_apart", singles_apart)
        return with_ends_apart(inventory)


def with_ruled_trees(inventory: Inventory) -> Formulation:
    model = design(inventory)
    (trees,) = add_ruled_trees(model)
    rows = tree_balance(model, trees).separate(asked(model, "tree(1,1,b,n)"))
    return add(model, rows + directed_cuts(model, trees).separate(asked(model)))


def with_layered_tree(inventory: Inventory) -> Formulation:
    model = design(inventory)
    layered = add_layered_trees(model)
    cuts = layered_tree_cuts(model, layered).separate(asked(model))
    return add(model, [*layer_ties(model, layered), *layer_entries(model, layered), *cuts])


def with_star_trees(inventory: Inventory) -> Formulation:
    model = formulate_design(inventory, enumerate_candidates(inventory))
    stars = add_star_trees(model)
    return add(model, [*star_ties(model, stars), *star_tree_cuts(model, stars).separate(asked(model))])


def with_layered_flow(inventory: Inventory) -> Formulation:
    model = design(inventory)
    add_layered_flows(model)
    return add(model, layered_cuts(model, list(model.networks)).separate(asked(model)))


def with_path_cuts(inventory: Inventory) -> Formulation:
    """Path cuts where nothing is built; exclusive cuts where all is but the link over j, past the shared duct."""
    model = design(inventory)
    networks = list(model.networks)
    rows = path_cuts(model, networks).separate(asked(model))
    rows += link_ends(model).separate(asked(model, "link(a..x"))
    return add(
        model, rows + exclusive_cuts(model, networks).separate(asked(model, "link(a", "link(b", "node", "relay"))
    )


def with_end_cuts(inventory: Inventory) -> Formulation:
    """Where half of all links and relays is there; where a corridor's own link is, and more of its relays."""
    model = design(inventory)
    cuts, half = EndCuts(model), 0.5 * asked(model, "link", "relay")
    own = half + 0.5 * asked(model, "link(a..b") + 0.2 * asked(model, "relay(a", "relay(b")
    links = EndLinks(model).separate(half) + EndLinks(model).separate(asked(model, "link"))
    return add(model, [*links, *cuts.separate(half), *cuts.separate(own)])


def with_exclusive_flows(inventory: Inventory) -> Formulation:
    """Both of a corridor's paths over the ring, though their fibres share a duct, and what forbids it."""
    model = design(inventory)
    flows = add_flows(model, merge(model))
    (flow,), sites = flows.paths, list(flows.sites)
    ways = [(sites[tail], sites[head]) for tail, head in zip(flow.tails, flow.heads, strict=True)]
    for i, (tail, head) in enumerate(ways):
        model.variable("flow", flow.networks[0].corridor, tail, head, flow.bundles[i] + 1)
    ring = [float(set(way) != {"x", "y"}) for way in ways]
    point = np.concatenate([asked(design(inventory)), ring])
    return add(model, exclusive_flow_cuts(flows.paths, flows.sites, UNLIMITED).separate(point))


def with_corridor_flows(inventory: Inventory) -> Formulation:
    """Where no link is; where all are but the one over j, past the shared duct; where a third of each is."""
    model = design(inventory)
    cuts = corridor_flow_cuts(model, model.networks)
    past = asked(model, "link(a", "link(b", "node", "relay")
    points = asked(model, "node", "relay"), past, 0.3 * asked(model, "link", "node", "relay") + 0.7 * asked(model)
    return add(model, [row for point in points for row in cuts.separate(point)])


def with_zero_halves(inventory: Inventory) -> Formulation:
    """Two links at each corner of a triangle, of which three more lead on: at halves on its sides."""
    model = design(inventory)
    index = model.index()
    at = {s: [index[v.name] for l, v in model.link.items() if s in l.split("--")] for s in "abc"}
    rows = [require("path_cut", tuple(columns), 2.0, None) for columns in at.values()]
    matrix = csr_array([[float(c in columns) for c in index.values()] for columns in at.values()])
    nothing, ones = np.zeros(len(index)), np.ones(len(index))
    known = LinearProgram(nothing, matrix, np.full(3, 2.0), np.full(3, np.inf), nothing, ones)
    point = ones.copy()
    point[[index[v.name] for l, v in model.link.items() if set(l.split("--")[:2]) <= set("abc")]] = 0.5
    return add(model, rows + zero_half_cuts(model, lambda: known).separate(point))


def with_cutsets(inventory: Inventory) -> Formulation:
    model = design(inventory)
    return add(model, cutset_cuts(model).separate(asked(model) + 0.01))


def with_exclusive_cutsets(inventory: Inventory) -> Formulation:
    """Half a system on every link: without any one fibre too little is left for the other path."""
    model = design(inventory)
    return add(model, exclusive_cutset_cuts(model).separate(0.5 * asked(model, "count")))


def with_shadow(inventory: Inventory) -> Formulation:
    """What flows ask of designs where each of their rows counts once, and what leaves the first end thrice."""
    model = design(inventory)
    flows, alone = add_flows(model, merge(model)), relax(model, Goal("nothing", (), 1.0), [])
    program = flows.added_to(alone)
    low, high = program.row_lower, program.row_upper
    dual = np.where(low == high, 3.0 * (low > 0), np.where(np.isfinite(high), -1.0, 1.0))
    shadow = flow_shadow(program, dual, *alone.matrix.shape)
    return add(model, [shadow] if shadow else [])


CASES: dict[str, tuple[Inventory, Callable[[Inventory], Formulation]]] = {
    "one_path": (network(LINE, {"c": corridor("a", "b")}), exact),
    "limits": (
        network(
            SPAN,
            {"c": corridor("a", "b", key_rate_bps=600.0), "d": corridor("b", "a", key_rate_bps=700.0)},
            sites={"a": ROOM},
            systems={
                "q": system(rack_units=1, power_w=60, strands=2),
                "r": system(price=30, key_rate_curve=[[10, 500]]),
            },
            items={"node_items": {"kms": {"rack_units": 1, "power_w": 40, "price": 7}}},
            budget={"capex": 500, "tco": 900},
        ),
        exact,
    ),
    "terms": (
        network(
            {"f": fibre("a", "b", strands=4), "g": fibre("b", "c"), "h": fibre("c", "x")},
            {"c": corridor("a", "b", key_rate_bps=1700.0), "d": corridor("b", "c")},
            items={"node_items": {"kms": {"price": 7}}},
            offers={
                "buy": {"for": "qkd_systems.q", "list_price": 100, "tiers": [{"from": 3, "discount": 0.2}]},
                "let": {"for": "qkd_systems.q", "kind": "lease", "fee_per_month": 2, "term_months": 36},
                "kms-1": {"for": "node_items.kms", "list_price": 7, "support_per_year": 2},
                "kms-2": {"for": "node_items.kms", "list_price": 20, "support_per_year": 0},
            },
            budget={"capex": 500},
        ),
        exact,
    ),
    "existing": (
        network(
            {"f": fibre("a", "m", strands=2), "g": fibre("m", "b", strands=2), "h": fibre("a", "b", strands=2)},
            {"c": corridor("a", "b", key_rate_bps=1200.0)},
            services={"otdr": {"per": "fibre", "price": 3, "price_per_year": 1}},
            existing={"links": {"there": {"ends": ["m", "a"], "fibres": ["f"], "system": "q", "keep": False}}},
        ),
        against_earlier,
    ),
    "disjoint": (network(RISKS, {"c": corridor("a", "b", paths=2, max_relays=2)}), exact),
    "held": (network(RING, {"c": corridor("a", "b", required=False), "d": corridor("a", "x")}), held),
    "over_one_link": (network(LINE, {"c": corridor("a", "b")}), over_one_link),
    "trees": (network(STAR, {"c": corridor("a", "b"), "d": corridor("x", "y")}), with_trees),
    "ends_apart": (
        network(
            {"f": fibre("a", "m"), "g": fibre("m", "x"), "h": fibre("m", "y"), "i": fibre("a", "y")},
            {"c": corridor("a", "x"), "d": corridor("a", "y")},
            sites={"a": {"relay_cost": 30}},
        ),
        with_ends_apart,
    ),
    "counted_trees": (
        network(
            {"f": fibre("a", "x"), "g": fibre("x", "b"), "h": fibre("b", "y"), "i": fibre("y", "a")},
            {"c": corridor("a", "b"), "d": corridor("a", "x"), "e": corridor("b", "x")},
            sites={"a": {"relay_cost": 30}},
        ),
        with_counted_trees,
    ),
    "rest": (network(STAR, {"c": corridor("a", "b"), "d": corridor("x", "y")}), with_rest),
    "ruled_trees": (
        network(
            {way: fibre(*way) for way in ("am", "bm", "cm", "an", "bn", "nc", "ac")},
            {q: corridor(*q, avoid_sites=["m"] if "b" in q else []) for q in ("ab", "bc", "ac")},
        ),
        with_ruled_trees,
    ),
    "layered_tree": (
        network(RING, {"c": corridor("a", "b", max_relays=1), "d": corridor("a", "x", max_relays=2)}),
        with_layered_tree,
    ),
    "layered_flow": (network(RING, {"c": corridor("a", "b", max_relays=1, paths=2)}), with_layered_flow),
    "star_trees": (
        network(
            {"f": fibre("a", "x"), "g": fibre("x", "b"), "h": fibre("b", "c")},
            {q: corridor("a", q, required=False, priority=2) for q in "bc"},
        ),
        with_star_trees,
    ),
    "path_cuts": (network(RISKS, {"c": corridor("a", "b", paths=2)}), with_path_cuts),
    "end_cuts": (
        network(
            {way: fibre(*way) for way in ("ab", "ac", "bc", "ax", "bx", "cx", "cy")},
            {"c": corridor("a", "b", paths=2), "d": corridor("c", "x", paths=2), "e": corridor("c", "y")},
        ),
        with_end_cuts,
    ),
    "exclusive_flows": (network(RISKS, {"c": corridor("a", "b", paths=2, required=False)}), with_exclusive_flows),
    "corridor_flows": (
        network(
            {**RISKS, "k": fibre("a", "b")},
            {"c": corridor("a", "b", paths=2), "d": corridor("a", "b", paths=2, required=False)},
        ),
        with_corridor_flows,
    ),
    "zero_halves": (network(PRISM, {"c": corridor("a", "b", paths=2)}), with_zero_halves),
    "cutsets": (
        network(
            {"f": fibre("a", "b", strands=9), "g": fibre("a", "b", strands=9, ducts=["d"])},
            {"c": corridor("a", "b", key_rate_bps=2500.0)},
            systems={"q": system(), "r": system(price=30, key_rate_curve=[[10, 400]])},
        ),
        with_cutsets,
    ),
    "exclusive_cutsets": (
        network(
            {f: fibre("a", "b", strands=9) for f in "fgh"}, {"c": corridor("a", "b", paths=2, key_rate_bps=1500.0)}
        ),
        with_exclusive_cutsets,
    ),
    "shadow": (
        network({f: fibre(*f, strands=9) for f in ("am", "mb")}, {"c": corridor("a", "b", key_rate_bps=1500.0)}),
        with_shadow,
    ),
}  # fmt: skip


def as_lp(model: Formulation) -> str:
    """Rows, bounds and integers in LP format; without an objective."""
    rows = []
    for row in model.problem.constraints():
        terms = " ".join(f"{'-' if weight < 0 else '+'} {abs(weight):g} {v.name}" for v, weight in row.items())
        rows.append(f" {row.name}: {terms or '0'} {('<=', '=', '>=')[row.sense + 1]} {-row.constant + 0:g}")
    bounds = [f" 0 <= {v.name} <= {v.upBound:g}" for v in model.columns]
    integers = [f" {v.name}" for v in model.columns if v.cat == "Integer"]
    shared = [f"\\ {name} is {mine}" for name, mine in sorted(model.shared.items())]
    return "\n".join([*shared, "Subject To", *rows, "Bounds", *bounds, "Generals", *integers, "End", ""])


@pytest.mark.parametrize("name", CASES)
def test_rows_are_as_written(name):
    inventory, build = CASES[name]
    file, found = GOLDEN / f"{name}.lp", as_lp(build(inventory))
    if os.environ.get("QPLAN_ACCEPT"):
        file.write_text(found, "utf-8")
    assert found == file.read_text("utf-8")


def families(text: str) -> Iterator[str]:
    return (match[1] for match in re.finditer(r"^ (\w+)\(", text.partition("Bounds")[0], re.MULTILINE))


def test_every_family_has_a_golden_row_and_is_explained():
    seen = {family for file in GOLDEN.glob("*.lp") for family in families(file.read_text("utf-8"))}
    said = {name for family in FAMILIES for name in family.names}
    assert seen == said
    assert all(re.search(r"[=≤≥]", family.text) for family in FAMILIES)


def test_the_page_of_maths_is_in_step():
    assert maths_page() == PAGE.read_text("utf-8"), "run `python -m qplan.optimizer.maths`"
