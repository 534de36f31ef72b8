"""A directed graph of fixed shape on which minimum cuts are found for one set of capacities after the other."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

UNIT = 1_000_000  # maximum_flow counts in integers: one unit of a variable
MOST_UNITS = 100  # of capacity; no more is ever wanted
VIOLATION = 1e-4  # least violation for a row to be worth adding
NESTED = 4  # cuts that share no arc, looked for one after the other for a pair of sites


class FlowNetwork:
    """A directed graph with a fixed shape, whose arc capacities are sums of columns at a point.

    Arc i runs from `tails[i]` to `heads[i]`; `members[i]` are the columns whose values add up to its capacity.
    """

    def __init__(self, size: int, arcs: list[tuple[int, int, list[int]]], columns: int):
        self.size = size
        self.tails = np.array([tail for tail, _, _ in arcs], dtype=np.int64)
        self.heads = np.array([head for _, head, _ in arcs], dtype=np.int64)
        self.members = [mine for _, _, mine in arcs]
        entries = [(arc, column) for arc, mine in enumerate(self.members) for column in mine]
        rows, cols = zip(*entries, strict=True) if entries else ((), ())
        self.sum = csr_array((np.ones(len(entries)), (rows, cols)), shape=(len(arcs), columns))
        there, back = self.tails * size + self.heads, self.heads * size + self.tails
        keys = np.unique(np.concatenate([there, back]))  # both directions of every arc, in row-major order
        self.slot = np.searchsorted(keys, there)
        self.starts = np.searchsorted(keys, np.arange(size + 1) * size).astype(np.int32)
        self.ends = (keys % size).astype(np.int32)
        self.graph = csr_array((np.zeros(len(keys), dtype=np.int32), self.ends, self.starts), shape=(size, size))
        self.opposite = np.searchsorted(keys, (keys % size) * size + keys // size)

    def columns(self, arcs: np.ndarray) -> tuple[int, ...]:
        """The columns of some arcs, each once, in order."""
        return tuple(sorted({column for arc in arcs for column in self.members[arc]}))

    def capacities(self, point: np.ndarray) -> np.ndarray:
        capacity: np.ndarray = self.sum @ point
        return capacity

    def cuts(
        self, capacity: np.ndarray, source: int, sink: int, wanted: float, nested: int = NESTED
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Cuts with less capacity than wanted, nearest the source and nearest the sink, up to `nested` times.

        Each is the arcs of the cut and a mask of the vertices on the source's side.
        """
        found: list[tuple[np.ndarray, np.ndarray]] = []
        capacity = capacity.copy()
        for _ in range(nested):
            slots, value, flow = self._flow(capacity, source, sink)
            if value >= (wanted - VIOLATION) * UNIT:
                break
            open_slots = slots - flow > 1
            near = self._reached(open_slots, source)
            far = ~self._reached(open_slots[self.opposite], sink)
            cuts = [(np.flatnonzero(side[self.tails] & ~side[self.heads]), side) for side in (near, far)]
            found += cuts[:1] if np.array_equal(cuts[0][0], cuts[1][0]) else cuts
            for arcs, _ in cuts:
                capacity[arcs] = np.maximum(capacity[arcs], wanted)
        return found

    def flow(self, capacity: np.ndarray, source: int, sink: int) -> np.ndarray:
        """What each arc may carry in a maximum flow: the net flow between its ends, at most its capacity."""
        _, _, flow = self._flow(capacity, source, sink)
        carried: np.ndarray = np.minimum(np.maximum(flow[self.slot], 0) / UNIT, capacity)
        return carried

    def _flow(self, capacity: np.ndarray, source: int, sink: int) -> tuple[np.ndarray, int, np.ndarray]:
        """Capacities and flow per pair of vertices (in the row-major order of `keys`), and the flow's value."""
        units = np.floor(np.minimum(capacity, MOST_UNITS) * UNIT)
        slots = np.bincount(self.slot, units, len(self.ends)).astype(np.int64)
        self.graph.data = slots.astype(np.int32)  # a matrix made anew is checked anew, which takes longer than the flow
        result = maximum_flow(self.graph, source, sink, method="dinic")
        return slots, result.flow_value, result.flow.data  # the flow has the graph's own sparsity

    def _reached(self, open_slots: np.ndarray, start: int) -> np.ndarray:
        """Vertices that a search along open slots meets."""
        starts = np.concatenate([[0], np.cumsum(open_slots)])[self.starts].astype(np.int32)
        ends = self.ends[open_slots]
        graph = csr_array((np.ones(len(ends)), ends, starts), shape=(self.size, self.size))
        reached = np.zeros(self.size, dtype=bool)
        reached[breadth_first_order(graph, start, return_predecessors=False)] = True
        return reached
