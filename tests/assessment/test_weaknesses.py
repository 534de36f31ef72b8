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


def shared_ducts(paths):
    """Paths of which any two share a duct of their own."""
    ducts = [[f"ducts.{min(a, b):02}-{max(a, b):02}" for b in range(paths) if b != a] for a in range(paths)]
    return [[*shared, f"fibres.f{number}"] for number, shared in enumerate(ducts)]


@pytest.mark.parametrize(("paths", "said"), [(8, "105 of 4"), (10, "945 of 5"), (60, "at least 30")])
def test_many_paths_are_counted_or_left_with_a_bound(paths, said):
    found = smallest_sets(shared_ducts(paths), paths)  # each duct pairs two paths: sets are perfect matchings
    assert said == (f"{found.count} of {found.size}" if found.known else f"at least {found.size}")
    assert found.known or wording.smallest_set(found, str) == "at least 30, not worked out"


def test_report_says_what_reveals_a_key_and_what_cuts_a_corridor_off():
    inventory, plan = sample()
    [bank, grid] = assess(inventory, plan).corridors
    assert bank.revealed_by.groups == (("sites.rap-pop", "sites.win-co"),)
    assert bank.cut_off_by.size == 2 and grid.cut_off_by.groups == (("ducts.a1", "fibres.f-zrh-win"),)
    assert grid.revealed_by is None
    tables = next(s for s in report_document(assess(inventory, plan)).sections if s.id == "exposure").tables
    exposure = next(table for table in tables if "Key revealed by" in table.header)
    assert "1: Rapperswil PoP or Winterthur CO" in exposure.rows[0]
