"""Seeds of random tests: mostly fixed, some fresh in every run, which `QPLAN_TEST_SEED` repeats.

`QPLAN_TEST_TIMES=100` tries a hundred times as many instances, in the tests of the optimiser.
"""

from __future__ import annotations

import os
import random

FRESH = int(os.environ.setdefault("QPLAN_TEST_SEED", str(random.SystemRandom().randrange(10**9))))
TIMES = int(os.environ.get("QPLAN_TEST_TIMES", "1"))
FRESH_SHARE = 10  # one of so many seeds is fresh


def seeds(count: int, first: int = 0) -> list[int]:
    """So many fixed seeds from the first on (times QPLAN_TEST_TIMES), some of them replaced by fresh ones."""
    fixed = range(first, first + count * TIMES)
    return [FRESH + 10**9 + seed if seed % FRESH_SHARE == 0 else seed for seed in fixed]
