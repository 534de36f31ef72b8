"""Which optional corridors to serve within a budget: those of most priority for the least added price come first."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping

from qplan.optimizer.heuristics.routing_state import RoutingState

LOOKED_AT = 5  # corridors whose added price is worked out anew for each that is added: others make them cheaper
FREE = 1e-3  # prices are scaled to a few thousand
LEFT_OUT = (0.2, 0.4, 0.6)  # shares of the corridors served that are taken out and may come back


def serve_optional(
    state: RoutingState,
    priorities: Mapping[str, float],
    fits: Callable[[RoutingState], bool],
    stop: Callable[[], bool],
    rng: random.Random | None = None,
) -> None:
    """Add corridors that are not served yet, as long as the state fits; with random likings where there is an `rng`."""
    commodities = state.index.commodities

    def worth(q: str, before: float) -> float:
        """Priority per price added to what there was before; none where there is no way."""
        if not state.route(commodities[q]):
            return -math.inf
        added = state.price - before
        state.remove(commodities[q])
        return priorities[q] / max(added, FREE) * (1 + rng.random() if rng else 1)

    waiting = {q: math.inf for q in sorted(priorities) if priorities[q] > 0 and q not in state.paths}
    while waiting and not stop():
        price = state.price
        looked_at = sorted(waiting, key=lambda q: -waiting[q])[: max(LOOKED_AT, sum(map(math.isinf, waiting.values())))]
        waiting |= {q: worth(q, price) for q in looked_at}
        best = max(looked_at, key=lambda q: waiting[q])
        if waiting.pop(best) > -math.inf and state.route(commodities[best]) and not fits(state):
            state.remove(commodities[best])


def leave_some_out(state: RoutingState, optional: Mapping[str, float], rng: random.Random) -> None:
    """Take out a random share of the optional corridors served."""
    served = sorted(q for q in state.paths if q in optional)
    for q in rng.sample(served, math.ceil(len(served) * rng.choice(LEFT_OUT))):
        state.remove(state.index.commodities[q])
