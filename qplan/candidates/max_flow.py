"""A directed graph of fixed shape on which minimum cuts are found for one set of capacities after the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

UNIT = 1_000_000  # maximum_flow counts in integers: one unit of a variable
MOST_UNITS = 100  # of capacity; no more is ever wanted
VIOLATION = 1e-4  # least violation for a row to be worth adding
AT_ONCE = 12_000  # slots with capacity, about, in a graph of several flows
NESTED = 4  # cuts that share no arc, looked for one after the other for a pair of sites
MANY_SLOTS = 400  # from which on scipy's searches make good what it takes to hand them a graph


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
        slots = list(enumerate(self.ends.tolist()))
        self.onward = [slots[first:last] for first, last in pairwise(self.starts.tolist())]  # of each vertex
        self.back = self.opposite.tolist()

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
        capacity, enough = capacity.copy(), (wanted - VIOLATION) * UNIT
        flow = self._short_flow if len(self.ends) < MANY_SLOTS else self._flow
        for _ in range(nested):
            value, left = flow(self._slots(capacity), source, sink, enough)
            if value >= enough:
                break
            near = self._reached(left > 1, source)
            far = ~self._reached((left > 1)[self.opposite], sink)
            cuts = [(np.flatnonzero(side[self.tails] & ~side[self.heads]), side) for side in (near, far)]
            found += cuts[:1] if np.array_equal(cuts[0][0], cuts[1][0]) else cuts
            for arcs, _ in cuts:
                capacity[arcs] = np.maximum(capacity[arcs], wanted)
        return found

    def carried(self, capacity: np.ndarray, pairs: Sequence[tuple[int, int]]) -> list[np.ndarray]:
        """Per pair of vertices, what arcs may carry in a maximum flow: net of both ways, at most their capacity."""
        slots, found = self._slots(capacity), list[np.ndarray]()
        few = max(1, AT_ONCE // (int(np.count_nonzero(slots)) or 1))
        for first in range(0, len(pairs), few):
            for flow in self._flows(slots, pairs[first : first + few]):
                found.append(np.minimum(np.maximum(flow[self.slot], 0) / UNIT, capacity))
        return found

    def _flows(self, slots: np.ndarray, pairs: Sequence[tuple[int, int]]) -> np.ndarray:
        """Maximum flows between pairs of vertices, as what flows on each slot: pairs × slots.

        All side by side in one graph of the slots that have capacity: scipy takes longer to take up a small graph than
        to find a flow in it.
        """
        count, used = len(pairs), np.flatnonzero(slots + slots[self.opposite])
        source, sink = count * self.size, count * self.size + 1  # of all flows
        shift = self.size * np.arange(count)[:, None]
        outer = (np.array(pairs) + shift).T.ravel()
        degrees = np.tile(np.diff(np.searchsorted(used, self.starts)), count)
        order = np.argsort(outer)
        at = np.cumsum(degrees)[outer[order]]  # behind the other slots of these vertices
        most = MOST_UNITS * UNIT
        ends = np.insert((self.ends[used] + shift).ravel(), at, np.repeat([source, sink], count)[order])
        capacities = np.insert(np.tile(slots[used], count), at, np.repeat([0, most], count)[order])
        inner = np.insert(np.ones(len(ends) - 2 * count, dtype=bool), at, False)
        degrees[outer] += 1
        starts = np.concatenate([[0], np.cumsum([*degrees, count, count])])
        capacities = np.concatenate([capacities, np.repeat([most, 0], count)])
        arrays = (each.astype(np.int32) for each in (capacities, np.concatenate([ends, outer]), starts))
        graph = csr_array(tuple(arrays), shape=(sink + 1, sink + 1))
        flows = np.zeros((count, len(slots)), dtype=np.int64)
        flow = maximum_flow(graph, source, sink, method="dinic").flow.data
        flows[:, used] = flow[: len(inner)][inner].reshape(count, len(used))
        return flows

    def _slots(self, capacity: np.ndarray) -> np.ndarray:
        """Capacities in units per pair of vertices, in the row-major order of `keys`."""
        units = np.floor(np.minimum(capacity, MOST_UNITS) * UNIT)
        return np.bincount(self.slot, units, len(self.ends)).astype(np.int64)

    def _flow(self, slots: np.ndarray, source: int, sink: int, enough: float = math.inf) -> tuple[int, np.ndarray]:
        """The value of a maximum flow, and what it leaves of each capacity."""
        self.graph.data = slots.astype(np.int32)  # a matrix made anew is checked anew, which takes longer than the flow
        result = maximum_flow(self.graph, source, sink, method="dinic")
        return result.flow_value, slots - result.flow.data  # the flow has the graph's own sparsity

    def _short_flow(self, slots: np.ndarray, source: int, sink: int, enough: float) -> tuple[int, np.ndarray]:
        """The same by shortest augmenting paths (Edmonds and Karp 1972), which stop where the flow is enough."""
        left, value = slots.tolist(), 0
        while value < enough and (way := self._way(left, source, sink)):
            more = min(left[slot] for slot in way)
            for slot in way:
                left[slot] -= more
                left[self.back[slot]] += more
            value += more
        return value, np.array(left)

    def _way(self, left: list[int], source: int, sink: int) -> list[int]:
        """Slots of a shortest way on which something is left, from the sink back; none where there is no way."""
        came = {source: (source, -1)}
        queue = [source]
        for here in queue:
            for slot, there in self.onward[here]:
                if left[slot] and there not in came:
                    came[there] = here, slot
                    queue.append(there)
            if sink in came:
                break
        way = []
        while sink != source and sink in came:
            sink, slot = came[sink]
            way.append(slot)
        return way

    def _reached(self, open_slots: np.ndarray, start: int) -> np.ndarray:
        """Vertices that a search along open slots meets."""
        reached = np.zeros(self.size, dtype=bool)
        if len(self.ends) >= MANY_SLOTS:
            starts = np.concatenate([[0], np.cumsum(open_slots)])[self.starts].astype(np.int32)
            ends = self.ends[open_slots]
            graph = csr_array((np.ones(len(ends)), ends, starts), shape=(self.size, self.size))
            reached[breadth_first_order(graph, start, return_predecessors=False)] = True
            return reached
        is_open, queue, seen = open_slots.tolist(), [start], {start}
        for here in queue:
            for slot, there in self.onward[here]:
                if is_open[slot] and there not in seen:
                    seen.add(there)
                    queue.append(there)
        reached[queue] = True
        return reached
