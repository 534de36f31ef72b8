"""Which column to branch on: pseudo-costs that start with strong branching (Achterberg, Koch & Martin 2005)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

STRONG_CANDIDATES = 8
PATIENCE = 3  # candidates one after the other that are no better, after which the best is taken
RELIABLE = 2  # trials after which a pseudo-cost is believed

Trial = Callable[[int, float, bool], float]
"""How far the bound rises when a column with this value is rounded, upwards or down."""


class PseudoCosts:
    """Gains of the bound per unit by which columns were rounded, upwards and down."""

    def __init__(self) -> None:
        self.gains: dict[tuple[int, bool], list[float]] = {}

    def learn(self, column: int, upwards: bool, gain_per_unit: float) -> None:
        self.gains.setdefault((column, upwards), []).append(gain_per_unit)

    def choose(self, fractional: list[tuple[int, float]], trial: Trial) -> int:
        """The column, given with its value, of the best product of gains; those of few trials are tried first."""
        ranked = sorted(fractional, key=lambda entry: (-self._score(entry[0], entry[1] % 1), entry[0]))
        best, best_score, worse = ranked[0][0], -1.0, 0
        for column, value in ranked[:STRONG_CANDIDATES]:
            down, up = (self._expect(column, value, upwards, trial) for upwards in (False, True))
            score = max(down, 1e-9) * max(up, 1e-9)
            worse += 1
            if score > best_score:
                best, best_score, worse = column, score, 0
            if worse >= PATIENCE:
                break
        return best

    def _expect(self, column: int, value: float, upwards: bool, trial: Trial) -> float:
        """The gain of rounding the column, as seen so far or tried now."""
        seen = self.gains.get((column, upwards), [])
        distance = 1 - value % 1 if upwards else value % 1
        if len(seen) >= RELIABLE:
            return distance * sum(seen) / len(seen)
        gain = trial(column, value, upwards)
        self.learn(column, upwards, gain / distance)
        return gain

    def _score(self, column: int, fraction: float) -> float:
        mean = 1.0 if not self.gains else float(np.mean([g for gains in self.gains.values() for g in gains[:2]]) or 1.0)
        score = 1.0
        for upwards, distance in ((False, fraction), (True, 1 - fraction)):
            seen = self.gains.get((column, upwards))
            score *= distance * (sum(seen) / len(seen) if seen else mean)
        return score
