"""A few odd inventories of every kind; `python tests/fuzz.py` tries as many as there is time for."""

from __future__ import annotations

from collections import Counter

import pytest
import yaml
from fuzz import CHECKS, TEXT_FIELDS, as_yaml, overrides, plans_or_refuses, reads_or_refuses, tries
from hypothesis import HealthCheck, given, settings

SMALL = b"""\
qplan: 1
sites: {a: {lat: 47.0, lon: 8.0}, b: {}}
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
    assert reads_or_refuses(tmp_path, SMALL, override) in ("read", "refused")


@pytest.mark.parametrize("text", ["\x1b[2J\x1b]0;x\x07\u202e\n::error::", "=1+1", "</title><script>alert(1)</script>"])
def test_no_text_breaks_out_of_what_it_is_written_into(text, tmp_path):
    inventory = yaml.safe_load(SMALL) | {"checks": {"few": {"metric": "links", "max": 0, "severity": "warning"}}}
    for section, field in TEXT_FIELDS:
        for entry in inventory[section].values():
            entry[field] = text
    for product in inventory["equipment"]["qkd_systems"].values():
        product |= {"manufacturer": text, "model": text, "part_number": text, "labels": {"quote_ref": text}}
    inventory["metadata"] = {"name": text, "description": text, "owner": text}
    assert reads_or_refuses(tmp_path, as_yaml(inventory)) == "read"
    assert plans_or_refuses(tmp_path, as_yaml(inventory), limit_s=60) == "exit 0"
