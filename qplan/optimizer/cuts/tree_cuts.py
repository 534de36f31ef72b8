"""Cuts on the lift of trees (`trees.py`), found at a fractional point."""

from __future__ import annotations

import numpy as np

from qplan.candidates.max_flow import VIOLATION, FlowNetwork
from qplan.optimizer.cuts.relay_cuts import RelayCuts
from qplan.optimizer.cuts.row import Point, Row, Separator, require, separate_from, separate_none
from qplan.optimizer.cuts.split_graph import SplitGraph
from qplan.optimizer.cuts.trees import Trees
from qplan.optimizer.model.families import row_family
from qplan.optimizer.model.formulation import Formulation


@row_family("tree_cut")
def directed_cuts(model: Formulation, trees: Trees) -> Separator:
    """Σ tree(k) over the arcs into a set that holds an end of component l but not the root of k ≥ spans(k, l).

    The directed cut inequalities of the Steiner arborescence (Aneja 1980; Wong 1984), for every tree and component. The
    cuts of `relay_cuts.py` come before them where links beyond the trees are counted, and where rules forbid ends to
    relay.
    """
    index = model.index()
    number = {place: i for i, place in enumerate(trees.places())}
    back = [(number[tail], number[head], list[int]()) for tail, head in trees.returns()]
    networks = []
    for k in range(trees.rooted):
        arcs = [(number[tail], number[head], [index[v.name]]) for (tail, head), v in trees.by_tree[k].items()]
        networks.append(FlowNetwork(len(number), [*arcs, *back], len(index)))
    seen = range(trees.rooted if trees.extra is not None or trees.rules is not None else 0)
    relaying = [RelayCuts(model, trees, k, index) for k in seen if trees.spanned_by(k)]

    def separate(point: Point) -> list[Row]:
        rows, settled = list[Row](), set[str]()
        for cuts in relaying:
            found, more = cuts.separate(point)
            rows += found
            settled |= more
        for k, network in enumerate(networks):
            root, start = trees.components[k].ends[0], number[trees.start(k)]
            capacity = network.capacities(point)
            capacity[len(capacity) - len(back) :] = 1.0
            for l in trees.spanned_by(k):
                span = index[trees.spans[k, l].name] if trees.spans else None
                wanted = 1.0 if span is None else point[span]
                ends = (s for s in trees.components[l].ends if k < l or s not in settled)
                targets = [number[s] for s in ends if s != root]
                for target in targets if wanted > VIOLATION else ():
                    model.clock.check()
                    for cut, _ in network.cuts(capacity, start, target, wanted):
                        capacity[cut] = np.maximum(capacity[cut], wanted)  # one row per cut and round
                        columns = network.columns(cut)
                        rows.append(require("tree_cut", columns, 1.0, span))
        return rows

    return Separator("tree_cut", separate)


@row_family("rest_cut")
def rest_cuts(model: Formulation, trees: Trees) -> Separator:
    """Σ rest over the links and relays of a cut between two ends of component l ≥ spans(rest, l).

    The rest passes through an end of a component only where it joins this.
    """
    if not trees.rest_links:
        return Separator("rest_cut", separate_none)
    index = model.index()
    component_of = {end: l for l, part in enumerate(trees.components) for end in part.ends}
    link_at = {end: variable for pair, variable in trees.rest_links.items() for end in pair}
    passed = {
        s: trees.spans[trees.rooted, component_of[s]] if s in component_of else trees.rest_relays.get(s, link)
        for s, link in link_at.items()
    }
    split = SplitGraph(
        {s: [index[variable.name]] for s, variable in passed.items()},
        {pair: [index[variable.name]] for pair, variable in trees.rest_links.items()},
        len(index),
    )
    sites, graph = split.sites, split.graph

    def separate(point: Point) -> list[Row]:
        rows = []
        capacity = graph.capacities(point)
        for l in range(trees.rooted, len(trees.components)):
            span = index[trees.spans[trees.rooted, l].name]
            first, *others = trees.components[l].ends
            if not sites.keys() >= {first, *others}:  # the rest does not come there
                rows.append(require("rest_cut", (), 1.0, span))
                continue
            for other in others if point[span] > VIOLATION else ():
                model.clock.check()
                for cut, _ in graph.cuts(capacity, 2 * sites[first] + 1, 2 * sites[other], point[span]):
                    columns = graph.columns(cut)
                    rows.append(require("rest_cut", columns, 1.0, span))
        return rows

    return Separator("rest_cut", separate)


@row_family("tree_balance")
def tree_balance(model: Formulation, trees: Trees) -> Separator:
    """Σ tree(k) out of a relay ≥ Σ tree(k) into it: a tree ends at no relay."""
    index = model.index()
    at = [([index[v.name] for v in into], [index[v.name] for v in out]) for into, out in trees.onward]
    signs = ((*(-1.0,) * len(into), *(1.0,) * len(out)) for into, out in at)
    rows = [Row("tree_balance", (*into, *out), each, 0.0) for (into, out), each in zip(at, signs, strict=True)]
    return Separator("tree_balance", separate_from(rows, len(index)))
