"""Copies of a plan folder say what the folder says, whatever a copy does to a text."""

from __future__ import annotations

import json

import pytest

import qplan
from qplan.plan.reader import NoPlan, is_plan, read_plan, read_planned

SMALL = """\
qplan: 1
metadata: {name: "Zürich\\nmetro"}
sites: {a: {}, b: {}}
fibres: {f: {ends: [a, b], length_km: 20}}
equipment: {qkd_systems: {s: {key_rate_curve: [[9, 1e3]], price: 1}}}
corridors: {c: {ends: [a, b], key_rate_bps: 1}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    here = tmp_path_factory.mktemp("plan")
    (here / "sites.yaml").write_text(SMALL, encoding="utf-8")
    qplan.write(qplan.optimize(qplan.load(here / "sites.yaml")), here / "sites.plan")
    return here / "sites.plan"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "bom"])
@pytest.mark.parametrize("ends", [b"\n", b"\r\n"], ids=["lf", "crlf"])
def test_copy_is_the_same_plan_of_the_same_inventory(folder, tmp_path, mark, ends):
    for name in ("plan.json", "inventory.json"):
        (tmp_path / name).write_bytes(mark + (folder / name).read_bytes().replace(b"\n", ends))
    assert is_plan(tmp_path / "plan.json")
    (reading, plan), (original, first) = read_planned(tmp_path), read_planned(folder)
    assert plan == first and reading.inventory == original.inventory


def test_an_edited_inventory_is_another_one(folder, tmp_path):
    (tmp_path / "plan.json").write_bytes((folder / "plan.json").read_bytes())
    (tmp_path / "inventory.json").write_bytes((folder / "inventory.json").read_bytes().replace(b"20.0", b"21.0"))
    with pytest.raises(NoPlan, match="is not the inventory that the plan was made from"):
        read_planned(tmp_path)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le"])
def test_a_wide_encoding_is_told_as_of_an_inventory(folder, tmp_path, encoding):
    text = "\ufeff" + (folder / "plan.json").read_text(encoding="utf-8")
    (tmp_path / "plan.json").write_bytes(text.encode(encoding))
    assert is_plan(tmp_path / "plan.json")
    with pytest.raises(NoPlan, match=f"is in {encoding[:6].upper()}: save it as UTF-8"):
        read_plan(tmp_path)


@pytest.mark.parametrize(
    ("found", "instead"), [(b'"offer": null', b'"offer": "gone"'), (b'"system": "s"', b'"system": "t"')]
)
def test_a_plan_is_built_only_where_it_holds(folder, tmp_path, found, instead):
    (tmp_path / "plan.json").write_bytes((folder / "plan.json").read_bytes().replace(found, instead))
    (tmp_path / "inventory.json").write_bytes((folder / "inventory.json").read_bytes())
    qplan.load(folder.parent / "sites.yaml", built=folder)
    with pytest.raises(qplan.QplanError, match="the plan does not hold for its own inventory"):
        qplan.load(folder.parent / "sites.yaml", built=tmp_path)


def test_changes_are_counted_against_links_that_are_what_they_are_called(folder):
    inventory, plan = qplan.load(folder.parent / "sites.yaml"), read_plan(folder)
    assert qplan.optimize(inventory, keep=plan).plan.objective.changes == 0
    wrong = plan.model_copy(update={"links": (plan.links[0].model_copy(update={"ends": ("a", "a")}),)})
    for option in ("keep", "start"):
        with pytest.raises(NoPlan, match="is not what it is called"):
            qplan.optimize(inventory, **{option: wrong})


def test_a_link_over_a_fibre_that_leads_elsewhere_now_is_another_link(tmp_path):
    (tmp_path / "sites.yaml").write_text(
        SMALL.replace("b: {}", "b: {}, m: {}")
        .replace("[a, b], length", "[a, m], length")
        .replace("length_km: 20}", "length_km: 20}, g: {ends: [m, b], length_km: 20}"),
        encoding="utf-8",
    )
    plan = qplan.optimize(qplan.load(tmp_path / "sites.yaml")).plan
    inventory = qplan.load(tmp_path / "sites.yaml", set="fibres.f.ends=[a, b]")
    assert qplan.optimize(inventory, keep=plan).plan.objective.changes == 4  # two links and a relay less, one link more


@pytest.mark.parametrize(
    ("section", "key", "value", "message"),
    [
        ("inventory", "as_of", "x", "inventory.as_of: .*, found 'x'"),
        ("inventory", "as_of", "2026-02-30", "inventory.as_of: .*, found '2026-02-30'"),
        ("costs", "tco", "100.0", "costs.tco: .* number, found '100.0'"),
        ("costs", "capex", True, "costs.capex: .* number, found true"),
        (None, "format_version", "1.0x", "has format version '1.0x'"),
        (None, "format_version", "1", "has format version '1'"),
        (None, "format_version", 1.0, "has format version 1.0"),
    ],
)
def test_a_value_that_no_plan_has_is_refused_with_its_address(folder, tmp_path, section, key, value, message):
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    (plan if section is None else plan[section])[key] = value
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    with pytest.raises(NoPlan, match=message):
        read_plan(tmp_path)
