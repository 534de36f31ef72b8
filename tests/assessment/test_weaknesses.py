"""The smallest sets of relays that reveal a key, and of pieces whose loss cuts a corridor off."""

from __future__ import annotations

import random
from itertools import combinations, product

import pytest
from plan_fixtures import sample

from qplan.assessment.facts import assess
from qplan.assessment.weaknesses import smallest_sets
from qplan.outputs.report.report import report_document
from qplan.outputs.text import wording


@pytest.mark.parametrize(
    ("pieces_by_path", "needed", "said"),
    [
        ([[]], 1, "none"),
        ([["sites.x", "ducts.d"]], 1, "1: duct d or x"),
        ([["sites.x"], ["sites.y"]], 1, "1: x or y"),
        ([["sites.x"], ["sites.y", "sites.z"]], 2, "2: x + y or z"),
        ([["sites.x"], []], 2, "none"),
        ([["fibres.f", "sites.x"], ["fibres.f", "sites.y"], ["sites.z"]], 2, "1: fibre f"),
        ([["ducts.d", "sites.x"], ["ducts.d", "sites.y"], ["sites.z"]], 3, "2: duct d + z"),
        ([["ducts.d", "ducts.e"], ["ducts.d"], ["ducts.e"]], 3, "2: duct d + duct e"),
        ([["sites.v"], ["sites.w"], ["sites.x"]], 2, "2: v + w (or 2 other sets)"),
        ([["sites.a", "sites.b", "sites.c", "sites.d", "sites.e"]], 1, "1: a, b, c or 2 more"),
    ],
)  # fmt: skip
def test_smallest_sets_of_pieces(pieces_by_path, needed, said):
    found = smallest_sets(pieces_by_path, needed)
    assert wording.smallest_set(found, lambda piece: piece.removeprefix("sites.").replace("s.", " ")) == said


@pytest.mark.parametrize("seed", range(40))
def test_smallest_sets_agree_with_trying_all(seed):
    rng = random.Random(seed)
    names = [f"ducts.{i}" for i in range(8)]
    paths = [rng.sample(names, rng.randint(0, 4)) for _ in range(rng.randint(1, 4))]
    needed = rng.randint(1, len(paths))
    sets = (chosen for size in range(9) for chosen in combinations(names, size))
    hits = (chosen for chosen in sets if sum(bool({*chosen} & {*path}) for path in paths) >= needed)
    first = next(hits, None)
    found = smallest_sets(paths, needed)
    assert (first is None) == (found is None)
    if found is not None:
        assert found.size == len(first)
        assert found.count == 1 + sum(len(other) == len(first) for other in hits)
        for chosen in product(*found.groups):
            assert sum(bool({*chosen} & {*path}) for path in paths) >= needed


def test_report_says_what_reveals_a_key_and_what_cuts_a_corridor_off():
    inventory, plan = sample()
    [bank, grid] = assess(inventory, plan).corridors
    assert bank.revealed_by.groups == (("sites.rap-pop", "sites.win-co"),)
    assert bank.cut_off_by.size == 2 and grid.cut_off_by.groups == (("ducts.a1", "fibres.f-zrh-win"),)
    assert grid.revealed_by is None
    tables = next(s for s in report_document(assess(inventory, plan)).sections if s.id == "corridors").tables
    exposure = next(table for table in tables if "Key revealed by" in table.header)
    assert "1: Rapperswil PoP or Winterthur CO" in exposure.rows[0]
