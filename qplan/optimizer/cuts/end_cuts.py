"""Cuts that see by the links at the ends of corridors what relaying there costs.

No path passes an end that does not relay. So a link between two ends serves both only where both of them relay, or
where a corridor joins them: the fewer of a set of ends relay, the more links they need, if these ask for several paths.
And a single end has no more links than paths end there, unless it relays.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import numpy as np

from qplan.candidates.max_flow import VIOLATION
from qplan.optimizer.cuts.corridor_ends import paths_are_several, paths_ending, required_by_end, required_ends
from qplan.optimizer.cuts.row import Point, Row, Separator, separate_none
from qplan.optimizer.model.families import row_family
from qplan.optimizer.model.formulation import Formulation

MOST_ROWS = 20  # of one call
MOST_LOST = 1.0  # of the violation, where an end is taken into a set for the sake of those that may follow


class EndCuts:
    """The ends of required corridors, by number in id order, and the links at them, by column."""

    def __init__(self, model: Formulation):
        index, ends = model.index(), required_by_end(model.inventory)
        number = {s: i for i, s in enumerate(ends)}
        self.others = [[number[t] for t in end.others] for end in ends.values()]
        self.paths = np.array([end.paths for end in ends.values()], dtype=float)
        self.relay = [index[model.relay[s].name] if s in model.relay else None for s in ends]
        self.saved = np.where((self.paths == 1) & (self.paths.max() <= 2), 0.0, 0.5 * self.paths)  # o(t) outside
        self.at = list(columns_at(model, ends).values())
        at = [set(columns) for columns in self.at]
        shared = {(i, j): sorted(at[i] & at[j]) for i, j in combinations(range(len(at)), 2)}
        self.joining = {pair: columns for pair, columns in shared.items() if columns}
        entries = [(column, *pair) for pair, columns in self.joining.items() for column in columns]
        self.columns, self.first, self.second = np.array(entries, dtype=np.int64).reshape(-1, 3).T
        only = np.array([mine[0] if len(mine) == 1 else -1 for mine in self.others])  # where there is one other end
        self.forth, self.back = only[self.first] == self.second, only[self.second] == self.first

    @row_family("end_cut")
    def separate(self, point: Point) -> list[Row]:
        """Σ link at ends in S + Σ_{t ∈ S, t ≠ v} saved(t) · relay(t) + Σ_{t, o(t) ∈ S} ½ again(t) ≥ Σ_{t ∈ S} k(t).

        S is a set of ends t, each with a corridor of k(t) paths to an end o(t); o(v) is not in S. saved(t) is k(t) / 2,
        or 0 where k(t) = 1, o(t) is not in S and no corridor asks for three paths. again(t) is, of each link between t
        and o(t), the link or 1 − relay(o(t)).

        Proof. Let N be the ends in S that do not relay. Each has k(t) links to sites outside N or to o(t). One to o(t)
        in N may be o(t)'s too: again(t) and again(o(t)) give the second. The other ends of S are in parts, joined by
        links. Each of them has k(t) links within its part or out of S, but for links to o(t) in N, which o(t) has:
        again(t) gives half of these. So within a part, out of S and by halves there are Σ k(t) / 2, and k(v) / 2 more
        where v is in it, as k(v) links lead out. Where an end of one path is in it with o(t) outside, one leads out at
        least: with those that join the part there are as many as ends, and one more where k(v) = 2 lead out.
        """
        relaying = np.array([0.0 if column is None else point[column] for column in self.relay])
        lacking = self.paths - np.array([point[mine].sum() for mine in self.at])
        alone, between = lacking - self.saved * relaying, self._between(point, relaying)
        sets = {
            self._grow(v, other, float(lacking[v]), alone, between): v
            for v, others in enumerate(self.others)
            for other in others
        }
        rows = [self._row(members, v, point, relaying) for members, v in sets.items() if members]
        rows.sort(key=lambda row: (row.activity(point) - row.least, row.columns))
        return rows[:MOST_ROWS]

    def _between(self, point: Point, relaying: np.ndarray) -> np.ndarray:
        """Per two ends, what sets that hold both ask for above the sum of what each asks for alone.

        Where an end has corridors to several others, one of these is taken to be outside.
        """
        links, lack = point[self.columns], 1 - relaying
        again = np.minimum(links, lack[self.second]) * self.forth + np.minimum(links, lack[self.first]) * self.back
        between = np.zeros((len(self.others), len(self.others)))
        np.add.at(between, (self.first, self.second), links - 0.5 * again)
        return between + between.T

    def _grow(self, v: int, other: int, value: float, alone: np.ndarray, between: np.ndarray) -> tuple[int, ...]:
        """A set with v and without its other end that asks for most above what is there; empty where none does."""
        gain = alone + between[v]
        gain[[v, other]] = -np.inf
        members, many, best = [v], 0, VIOLATION
        while gain.max() > -MOST_LOST:
            t = int(gain.argmax())
            value += float(gain[t])
            gain += between[t]
            gain[t] = -np.inf
            members.append(t)
            if value > best + VIOLATION:
                many, best = len(members), value
        return tuple(sorted(members[:many]))

    def _row(self, members: tuple[int, ...], v: int, point: Point, relaying: np.ndarray) -> Row:
        to = {t: next((s for s in self.others[t] if s not in members), self.others[t][0]) for t in members}
        inner = {t: s for t, s in to.items() if s in members}
        weights = dict.fromkeys((column for t in members for column in self.at[t]), 1.0)
        relays = {t: float(0.5 * self.paths[t] if t in inner else self.saved[t]) for t in members} | {v: 0.0}
        least = float(sum(self.paths[t] for t in members))
        for t, s in inner.items():
            for column in self.joining.get((min(s, t), max(s, t)), ()):
                if point[column] <= 1 - relaying[s]:
                    weights[column] += 0.5
                else:
                    least -= 0.5
                    relays[s] -= 0.5
        priced = ((self.relay[t], weight) for t, weight in relays.items() if weight)
        weights |= {column: weight for column, weight in priced if column is not None}
        return Row("end_cut", tuple(weights), tuple(weights.values()), least)


class EndLinks:
    """Per end of corridors the columns of its links and relay, the most paths that may end there, whether one must."""

    def __init__(self, model: Formulation):
        index, most = model.index(), paths_ending(model.inventory)
        required = {s for ends in required_ends(model.inventory) for s in ends}
        relay = {s: index[model.relay[s].name] for s in most.keys() & model.relay.keys()}
        self.ends = [
            (np.array(columns, dtype=np.int64), relay.get(s), most[s], s in required)
            for s, columns in columns_at(model, most).items()
        ]

    @row_family("end_links", "end_relays")
    def separate(self, point: Point) -> list[Row]:
        """An end t that does not relay has a link for each path that ends there; one that does has two at the least.

        * end_links: Σ link over K + 1 links at t ≤ K + relay(t), K the paths of all corridors that end at t, as no link
          is without a path over it;
        * end_relays: Σ link at t ≥ 1 + relay(t), where one path at least ends at t.
        """
        rows: list[Row] = []
        for columns, relay, paths, required in self.ends:
            links, relaying = point[columns], 0.0 if relay is None else float(point[relay])
            if required and relay is not None and links.sum() < 1 + relaying - VIOLATION:
                rows.append(Row("end_relays", (*columns.tolist(), relay), (*(1.0,) * len(columns), -1.0), 1.0))
            largest = np.sort(np.argsort(-links, kind="stable")[: paths + 1])
            if len(largest) > paths and links[largest].sum() > paths + relaying + VIOLATION:
                relays = () if relay is None else (relay,)
                weights = (*(-1.0,) * len(largest), *(1.0 for _ in relays))
                rows.append(Row("end_links", (*columns[largest].tolist(), *relays), weights, -float(paths)))
        return rows


def end_links(model: Formulation, priced: bool) -> Separator:
    """The cuts; none where all ends relay for nothing."""
    return Separator("end_links", EndLinks(model).separate if priced else separate_none)


def end_cuts(model: Formulation, priced: bool) -> Separator:
    """The same, where a required corridor asks for several paths."""
    several = priced and paths_are_several(model.inventory)
    return Separator("end_cut", EndCuts(model).separate if several else separate_none)


def columns_at(model: Formulation, sites: Iterable[str]) -> dict[str, list[int]]:
    """The columns of the links at each of some sites, in id order of these."""
    index, at = model.index(), {s: set[int]() for s in sorted(sites)}
    for link in model.candidates.links:
        for s in at.keys() & set(link.route.ends):
            at[s].add(index[model.link[link.id].name])
    return {s: sorted(columns) for s, columns in at.items()}
