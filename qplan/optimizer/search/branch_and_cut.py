"""Branch and cut on the design: a tree of relaxations in which cuts are found at every node.

Nodes are taken by least bound, after a plunge from the last one; the variable to branch on comes from pseudo-costs that
start with strong branching (Achterberg, Koch & Martin 2005). An integral point is routed without the solver; where that
fails and no cut of the families of `cuts.py` is violated, the node is left to the exact model with its bound.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field

import numpy as np

from qplan.candidates.prices import Prices
from qplan.optimizer.cuts.row import Row
from qplan.optimizer.heuristics.guided_search import GuidedSearch
from qplan.optimizer.limits import SearchLimits, Sighting
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.stage import CENT, Incumbent, Task, better
from qplan.optimizer.search.root import Root

MOST_NODES = 3000
STALL_NODES = 150  # over which the bound must rise
INTEGRAL = 1e-6  # distance from a whole number
NODE_ROUNDS = 8  # of cuts at a node
LEAST_PROGRESS = 0.1  # share of a node's distance to the value known that a round of cuts must gain
STRONG_CANDIDATES = 8
STRONG_ITERATIONS = 60  # of the simplex method per trial
RELIABLE = 2  # trials after which a pseudo-cost is believed
HEURISTIC_EVERY = 50  # nodes


@dataclass(order=True)
class Subproblem:
    """Bounds of columns that differ from the root's, and a valid bound of the goal under these."""

    bound: float
    number: int
    fixed: dict[int, tuple[float, float]] = field(compare=False)
    branched: tuple[int, bool, float] | None = field(compare=False, default=None)  # column, upwards, distance


@dataclass
class BranchingResult:
    """How the tree ended: the best design, a valid bound, the cuts found, the nodes looked at."""

    incumbent: Incumbent | None
    bound: float
    rows: list[Row]
    nodes: int


class BranchAndCut:
    """The search tree over the relaxation of a root; `promising` links are where its points are made plans."""

    def __init__(
        self,
        task: Task,
        model: Formulation,
        root: Root,
        incumbent: Incumbent | None,
        price: Prices,
        promising: set[str],
    ):
        self.task, self.model, self.relaxation, self.separators = task, model, root.relaxation, root.separators
        self.relaxation.limits, self.witnesses = task.limits, root.witnesses
        self.incumbent, self.price, self.promising = incumbent, price, set(promising)
        self.index = model.index()
        self.integer = np.array([i for i, v in enumerate(model.columns) if v.cat == "Integer"], dtype=np.int64)
        self.upper = np.array([float(v.upBound) for v in model.columns])
        self.rows: list[Row] = []
        self.gains: dict[tuple[int, bool], list[float]] = {}
        self.limits: SearchLimits = task.limits
        self.cut_short = False
        self.left = math.inf  # least bound of nodes that were closed without proof of their value
        if incumbent is not None and root.bound is not None:  # reduced costs that no better plan can pay
            room = incumbent.value - root.bound + CENT
            self.upper[(root.point <= INTEGRAL) & (root.reduced_costs > room)] = 0.0

    def run(self, bound: float) -> BranchingResult:
        """Work through the tree from a bound of its root."""
        heap = [Subproblem(bound, 0, {})]
        made, done = 1, 0
        risen = bound, 0  # the bound when it last rose, and after how many nodes
        plunge: Subproblem | None = None
        while (heap or plunge) and done < MOST_NODES and not self.limits.hit():
            node = plunge or heapq.heappop(heap)
            plunge = None
            done += 1
            lowest = min([node.bound, self.left, *(n.bound for n in heap[:1])])
            if lowest > risen[0] + 1e-6 * abs(lowest):
                risen = lowest, done
            elif done - risen[1] > STALL_NODES:
                heapq.heappush(heap, node)
                break
            self.limits.watch(Sighting(f"{self.relaxation.goal.name}, branch and cut", self._value(), lowest))
            if self._close(node.bound):
                continue
            point = self._solve(node)
            if point is None:
                if self.cut_short:  # a limit came: nothing is known of the node but its bound
                    heapq.heappush(heap, node)
                    break
                continue
            if done % HEURISTIC_EVERY == 0:
                self.incumbent = better(self.incumbent, self._guided(point))
            if self._close(node.bound):
                continue
            column = self._branching_column(node, point)
            if column is None:
                self.left = min(self.left, node.bound)
                continue
            children = self._children(node, point, column, made)
            made += len(children)
            plunge, other = children if point[column] - math.floor(point[column]) > 0.3 else children[::-1]
            heapq.heappush(heap, other)
        open_bounds = [n.bound for n in (*heap, *([plunge] if plunge else ()))]
        bound = max(bound, min([*open_bounds, self.left, self._value_or_inf()]))
        return BranchingResult(self.incumbent, bound, self.rows, done)

    def _children(self, node: Subproblem, point: np.ndarray, column: int, number: int) -> list[Subproblem]:
        """The node with the column rounded up, and rounded down."""
        at = math.floor(point[column] + INTEGRAL)
        low, high = node.fixed.get(column, (0.0, self.upper[column]))
        up, down = float(at + 1 - point[column]), float(point[column] - at)
        return [
            Subproblem(node.bound, number, node.fixed | {column: (at + 1.0, high)}, (column, True, up)),
            Subproblem(node.bound, number + 1, node.fixed | {column: (low, float(at))}, (column, False, down)),
        ]

    def _value(self) -> float | None:
        return None if self.incumbent is None else self.incumbent.value

    def _value_or_inf(self) -> float:
        return math.inf if self.incumbent is None else self.incumbent.value

    def _close(self, bound: float) -> bool:
        """The node cannot hold a plan that is better by more than the gap asked for; its bound then counts."""
        if self.incumbent is None or not self.task.within(self.incumbent.value, bound):
            return False
        self.left = min(self.left, bound)
        return True

    def _solve(self, node: Subproblem) -> np.ndarray | None:
        """Bound the node under cuts; its point, or None where it is empty, closed, or its integral point is settled."""
        relaxation = self.relaxation
        relaxation.set_bounds(node.fixed, self.upper)
        before = node.bound
        for turn in range(NODE_ROUNDS):
            solved = relaxation.solve()
            self.cut_short = solved is None
            if not solved:
                return None
            last, node.bound = node.bound, max(node.bound, relaxation.bound)
            if turn == 0 and node.branched is not None:
                self._learn(node, node.bound - before)
            if self._close(node.bound):
                return None
            point = relaxation.point
            whole = not self._fractional(point).any()
            if whole:
                self.incumbent = better(self.incumbent, self._routed(point))
                if self._close(node.bound):
                    return None
            stuck = turn > 0 and node.bound - last < LEAST_PROGRESS * (self._value_or_inf() - node.bound)
            rows = [] if stuck and not whole else self._cuts(point)
            if not rows:
                if whole:
                    self.left = min(self.left, node.bound)
                    return None
                return point
            self.witnesses.judge(rows, self.incumbent)
            relaxation.add(rows)
            self.rows += rows
        return point

    def _routed(self, point: np.ndarray) -> Incumbent | None:
        """A plan on the links of an integral point, else on these and all that were promising."""
        installed = {link for link, v in self.model.link.items() if point[self.index[v.name]] > 0.5}
        served = {q for q, v in self.model.served.items() if point[self.index[v.name]] > 0.5}
        found = GuidedSearch(self.task, self.price, installed).plan(served, {}, {})
        if found is None:
            self.promising |= installed
            planner = GuidedSearch(self.task, self.price, self.promising)
            found = planner.plan(served, dict.fromkeys(installed, 1.0), {})
        return found

    def _guided(self, point: np.ndarray) -> Incumbent | None:
        """A plan by local search, guided by a fractional point."""
        links = {link: float(point[self.index[v.name]]) for link, v in self.model.link.items()}
        sites = {s: float(point[self.index[v.name]]) for s, v in self.model.relay.items()}
        self.promising |= {link for link, value in links.items() if value > INTEGRAL}
        return GuidedSearch(self.task, self.price, self.promising).searched(self.task.served, links, sites)

    def _cuts(self, point: np.ndarray) -> list[Row]:
        for separate in self.separators:
            rows = [row for row in separate(point) if row.activity(point) < row.least - 1e-6]
            if rows:
                return list(dict.fromkeys(rows))
        return []

    def _fractional(self, point: np.ndarray) -> np.ndarray:
        values = point[self.integer]
        return np.abs(values - np.round(values)) > INTEGRAL

    def _branching_column(self, node: Subproblem, point: np.ndarray) -> int | None:
        """The column with the best product of pseudo-costs; those of few trials are tried first."""
        candidates = self.integer[self._fractional(point)]
        if not len(candidates):
            return None
        share = point[candidates] - np.floor(point[candidates])
        ranked = sorted(zip(candidates.tolist(), share.tolist(), strict=True), key=lambda c: (-self._score(*c), c[0]))
        best, best_score = None, -1.0
        for column, fraction in ranked[:STRONG_CANDIDATES]:
            gains = []
            for upwards in (False, True):
                seen = self.gains.get((column, upwards), [])
                distance = 1 - fraction if upwards else fraction
                if len(seen) >= RELIABLE:
                    gains.append(distance * sum(seen) / len(seen))
                else:
                    gain = self._tried(node, column, point[column], upwards)
                    self.gains.setdefault((column, upwards), []).append(gain / distance)
                    gains.append(gain)
            score = max(gains[0], 1e-9) * max(gains[1], 1e-9)
            if score > best_score:
                best, best_score = column, score
        return best

    def _score(self, column: int, fraction: float) -> float:
        mean = 1.0 if not self.gains else float(np.mean([g for gains in self.gains.values() for g in gains[:2]]) or 1.0)
        score = 1.0
        for upwards, distance in ((False, fraction), (True, 1 - fraction)):
            seen = self.gains.get((column, upwards))
            score *= distance * (sum(seen) / len(seen) if seen else mean)
        return score

    def _tried(self, node: Subproblem, column: int, value: float, upwards: bool) -> float:
        """How far the bound rises within a few simplex steps when the column is rounded."""
        low, high = node.fixed.get(column, (0.0, self.upper[column]))
        limits = (math.floor(value) + 1.0, high) if upwards else (low, float(math.floor(value)))
        raised = self.relaxation.trial(column, limits, (low, high), STRONG_ITERATIONS)
        ceiling = self._value_or_inf() - node.bound
        return min(max(0.0, raised - node.bound), ceiling if math.isfinite(ceiling) else abs(node.bound) + 1.0)

    def _learn(self, node: Subproblem, gain: float) -> None:
        column, upwards, distance = node.branched
        self.gains.setdefault((column, upwards), []).append(max(0.0, gain) / max(distance, INTEGRAL))
