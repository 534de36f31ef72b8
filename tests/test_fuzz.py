"""A few odd inventories of every kind; `python tests/fuzz.py` tries as many as there is time for."""

from __future__ import annotations

from collections import Counter

import pytest
from fuzz import CHECKS, overrides, reads_or_refuses, tries
from hypothesis import HealthCheck, given, settings

SMALL = b"""\
qplan: 1
sites: {a: {lat: 47.0, lon: 8.0, country: NO}, b: {}}
fibres: {f: {ends: [a, b], length_km: 20}}
equipment: {qkd_systems: {s: {key_rate_curve: [[5, 1e6], [20, 1e3]], price: 100}}}
corridors: {c: {ends: [a, b], key_rate_bps: 100}}
"""


@pytest.mark.parametrize("name", CHECKS)
def test_ends_as_promised(name, tmp_path):
    ended: Counter[str] = Counter()
    tries(name, tmp_path, ended, number=0)()
    assert len(ended) > 1  # some are read and some are refused


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(override=overrides())
def test_any_override_is_read_or_refused(override, tmp_path):
    reads_or_refuses(tmp_path, SMALL, override)
