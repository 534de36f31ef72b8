"""How the bound of a search becomes the bound of a plan, and what stages hold of one another."""

from __future__ import annotations

import pytest

from qplan.optimizer.search.stages import _round_bound


@pytest.mark.parametrize(
    ("objective", "value", "bound", "said"),
    [
        ("relays", 5.0, 3.0 + 1e-9, 3.0),  # the solver's rounding is no relay
        ("relays", 5.0, 3.1, 4.0),
        ("relays", 3.0, 3.1, 3.0),
        ("tco", 2e8, 1e8, 99_999_999.9),  # a share of 1e-9 may be the solver's rounding
        ("tco", 100.0, 99.998, 100.0),
        ("capex", 100.0, 12.349, 12.34),
        ("capex", 100.0, -1.0, 0.0),
    ],
)
def test_a_bound_is_rounded_to_the_safe_side(objective, value, bound, said):
    assert _round_bound(objective, value, bound) == pytest.approx(said, rel=1e-12)
