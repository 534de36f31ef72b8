"""The node-split graph of corridors: what joins two sites, and what lets a path pass through one."""

from __future__ import annotations

from collections.abc import Mapping

from qplan.candidates.bundles import Bundle, CorridorNetwork
from qplan.candidates.max_flow import FlowNetwork
from qplan.optimizer.model.formulation import Formulation


def split_graphs(model: Formulation, networks: list[CorridorNetwork], index: dict[str, int]) -> list[SplitGraph]:
    """The split graph of each network; networks with the same links have one in common."""
    graphs: dict[tuple[str, ...], SplitGraph] = {}
    found = []
    for network in networks:
        model.clock.check()
        key = tuple(sorted({link for bundle in network.bundles for link in bundle.links}))
        if key not in graphs:
            graphs[key] = _split(model, network.bundles, index)
        found.append(graphs[key])
    return found


def _split(model: Formulation, bundles: tuple[Bundle, ...], index: dict[str, int]) -> SplitGraph:
    """With capacity relay(s) at the sites, and Σ link between them."""
    pairs: dict[tuple[str, str], list[int]] = {}
    for bundle in bundles:
        pairs.setdefault(bundle.ends, []).extend(index[model.link[link].name] for link in bundle.links)
    sites = {end for pair in pairs for end in pair}
    passed = {s: [index[model.relay[s].name]] if s in model.relay else [] for s in sites}
    return SplitGraph(passed, pairs, len(index))


class SplitGraph:
    """Site i as an arc from its inner vertex 2i to its outer vertex 2i + 1, pairs of sites both ways between them.

    `passed` are the columns that let a path pass through each site, `pairs` those that join two.
    """

    def __init__(self, passed: Mapping[str, list[int]], pairs: Mapping[tuple[str, str], list[int]], columns: int):
        self.sites = {s: i for i, s in enumerate(sorted(passed))}
        arcs = [(2 * i, 2 * i + 1, passed[s]) for s, i in self.sites.items()]
        for (a, b), mine in pairs.items():
            arcs.append((2 * self.sites[a] + 1, 2 * self.sites[b], mine))
            arcs.append((2 * self.sites[b] + 1, 2 * self.sites[a], mine))
        self.graph = FlowNetwork(2 * len(self.sites), arcs, columns)
