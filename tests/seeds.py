"""Seeds of random tests: mostly fixed, some fresh in every run, which `QPLAN_TEST_SEED=N` repeats.

With `QPLAN_CASES=N` every such test tries N cases instead of a few.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable

FRESH = int(os.environ.setdefault("QPLAN_TEST_SEED", str(random.SystemRandom().randrange(10**9))))
CASES = int(os.environ["QPLAN_CASES"]) if "QPLAN_CASES" in os.environ else None
FRESH_SHARE = 10  # one of so many seeds is fresh


def seeds(count: int, first: int = 0) -> list[int]:
    """So many fixed seeds from the first on, some of them replaced by fresh ones."""
    fixed = range(first, first + (count if CASES is None else CASES))
    return [FRESH + 10**9 + seed if seed % FRESH_SHARE == 0 else seed for seed in fixed]


def chosen_seeds(first: int, chosen: Iterable[int]) -> list[int]:
    """So many beyond the first as were chosen because they tell much."""
    return [first + number for number in (chosen if CASES is None else range(CASES))]
