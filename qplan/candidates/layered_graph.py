"""The layered graph of a limit on relays: layer h holds the sites that a path can reach with h links and leave in time.

A path within the limit leads through the layers (Gouveia 1998).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from qplan.candidates.bundles import CorridorNetwork
from qplan.candidates.fibre_graph import adjacent, breadth_first
from qplan.candidates.max_flow import FlowNetwork

Arc = tuple[str, str, int]  # tail in layer h, head in layer h + 1, h


def layered_arcs(network: CorridorNetwork, ends: tuple[str, str], most_links: int) -> Iterator[Arc]:
    """Arcs of the layered graph, none where no way is short enough; from the first end they start in layer 0 only."""
    first, second = ends
    neighbours = adjacent(bundle.ends for bundle in network.bundles)
    ahead, behind = (
        {site: steps for site, (steps, _) in breadth_first(neighbours, end).items() if steps <= most_links}
        for end in ends
    )
    for a, b in sorted({bundle.ends for bundle in network.bundles}):
        for tail, head in ((a, b), (b, a)):
            if tail != second and head != first and tail in ahead and head in behind:
                latest = min(most_links - behind[head], 1 if tail == first else most_links)
                yield from ((tail, head, h) for h in range(ahead[tail], latest))


def layered_network(arcs: Mapping[Arc, list[int]], ends: tuple[str, str], columns: int) -> FlowNetwork:
    """The layered graph with the columns of every arc; vertex 0 is the first end, 1 the second."""
    first, second = ends
    vertices: dict[tuple[str, int], int] = {}

    def vertex(site: str, layer: int) -> int:
        return 0 if site == first else 1 if site == second else vertices.setdefault((site, layer), len(vertices) + 2)

    numbered = [(vertex(tail, h), vertex(head, h + 1), mine) for (tail, head, h), mine in arcs.items()]
    return FlowNetwork(len(vertices) + 2, numbered, columns)
