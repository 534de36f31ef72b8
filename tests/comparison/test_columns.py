"""Plans side by side: differences add up, every form says the same, what has no plan stands there without amounts."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator
from openpyxl import load_workbook
from plan_fixtures import make_plan, sample
from test_comparison import base, east_only, edited
from workbooks import unfit_sheets

from qplan.api.columns import render_columns
from qplan.assessment.facts import assess
from qplan.comparison.columns import Column, SideBySide, lay_side_by_side
from qplan.outputs.compare.page import headline
from qplan.outputs.schemas import SCHEMAS


@pytest.fixture(scope="module")
def table() -> SideBySide:
    named = {"old": base(), "east": east_only(sample()[0])}
    columns = [Column(name, facts.plan.status, facts) for name, facts in named.items()]
    return lay_side_by_side([*columns, Column("<none>", "infeasible", None)])


def test_differences_are_those_of_the_plans_and_the_corridors_add_up(table):
    old, east, none = table.columns
    assert table.difference(old) is None and table.difference(none) is None
    found = table.difference(east)
    assert found.tco.delta == pytest.approx(east.facts.plan.costs.tco - old.facts.plan.costs.tco)
    assert sum(part for _, part in found.corridors) == pytest.approx(found.tco.delta, abs=0.005)
    part = found.deciding[1]
    assert part * found.tco.delta > 0 and abs(part) == max(abs(p) for _, p in found.corridors if p * part > 0)


def test_a_part_that_is_larger_than_the_whole_is_no_part_of_it():
    dearer = {"sites__rap-pop__node_cost_per_year": 5000.0, "sites__win-co__node_cost": 0.0}  # half of that is grid-b's
    inventory, (_, plan) = edited(**dearer), sample()
    facts = assess(inventory, make_plan(inventory, plan.links, {each.id: each.paths for each in plan.corridors}))
    old, new = base(), Column("new", "optimal", facts)
    for columns, word in (
        ([Column("old", "optimal", old), new], "increase"),
        ([new, Column("old", "optimal", old)], "decrease"),
    ):
        compared = lay_side_by_side(columns)
        found = compared.difference(columns[1])
        assert found.deciding[0] == "bank-a" and abs(found.deciding[1]) > abs(found.tco.delta)
        assert f"the largest {word} at bank-a" in " ".join(render_columns(compared).decode().split())


def test_every_system_is_named_with_how_it_is_bought_and_the_first_year_is_the_sum_of_its_rows(table):
    lines = {line["key"]: line for line in csv.DictReader(io.StringIO(render_columns(table, "csv").decode()))}
    for column in table.columns[:2]:
        counted = sum(map(int, re.findall(r"\d+(?= ×| existing)", lines["offers"][column.id])))
        assert counted == column.facts.system_count  # the sample has offers for systems alone
        parts = (float(lines[key][column.id]) for key in ("capex", "contingency", "opex_per_year"))
        assert float(lines["first_year"][column.id]) == pytest.approx(sum(parts), abs=0.005)


def test_why_proofs_differ_is_told_where_they_do():
    whole, facts = base(), base()
    objective = facts.plan.objective.model_copy(update={"gap": 1e-5})
    near = replace(facts, plan=facts.plan.model_copy(update={"objective": objective, "status": "optimal"}))
    for other, told in ((whole, False), (near, True)):
        compared = lay_side_by_side([Column("a", "optimal", whole), Column("b", "optimal", other)])
        for style in ("text", "markdown", "html"):
            assert ("asked for (--gap 0" in re.sub(r"\s+", " ", render_columns(compared, style).decode())) == told, (
                style
            )


def test_the_baseline_may_be_any_and_then_the_sign_turns(table):
    turned = lay_side_by_side(table.columns, "east")
    assert turned.difference(table.columns[0]).tco.delta == -table.difference(table.columns[1]).tco.delta


def test_amounts_in_two_currencies_have_no_difference():
    other = east_only(edited(economics__currency="USD"))
    columns = [Column("a", "optimal", base()), Column("b", "optimal", other)]
    compared = lay_side_by_side(columns)
    assert compared.difference(columns[1]) is None
    assert "b: in USD, not in CHF, so no difference" in render_columns(compared).decode()


def test_json_keeps_its_promise(table):
    content = json.loads(render_columns(table, "json"))
    assert not list(Draft202012Validator(SCHEMAS["compare"]()).iter_errors(content))
    assert next(iter(content)) == "format_version" and content["baseline"] == "old"
    none, east, _ = content["columns"]  # by id
    assert (none["id"], none["status"], none["costs"], none["corridors"]) == ("<none>", "infeasible", None, {})
    facts = table.columns[1].facts
    assert east["costs"] == json.loads(facts.plan.costs.model_dump_json())
    assert (east["nodes"], east["links"]) == (len(facts.plan.nodes), len(facts.plan.links))
    assert east["relays"] == len(facts.plan.relays)
    shares = [corridor["tco"] for corridor in east["corridors"].values()]
    assert sum(shares) == pytest.approx(east["costs"]["tco"])


def test_csv_has_one_line_a_row_and_numbers_as_numbers(table):
    header, *lines = csv.reader(io.StringIO(render_columns(table, "csv").decode()))
    assert header == ["key", "group", "name", "old", "east", "<none>"]
    by_key = {line[0]: line[3:] for line in lines}
    assert len(by_key) == len(lines)
    old, east, none = by_key["tco"]
    assert float(by_key["tco.delta"][1]) == pytest.approx(float(east) - float(old)) and none == ""


def test_the_workbook_calculates_what_it_shows(table):
    data = render_columns(table, "xlsx")
    assert data == render_columns(table, "xlsx") and unfit_sheets(data) == []
    formulas, values = (load_workbook(io.BytesIO(data), data_only=cached)["Compare"] for cached in (False, True))
    checked = 0
    for row, shown in zip(formulas.iter_rows(), values.iter_rows(), strict=True):
        for cell, cached in zip(row, shown, strict=True):
            if isinstance(cell.value, str) and cell.value.startswith("="):
                there, here = (values[name].value for name in sorted(set(re.findall(r"[A-Z]+[0-9]+", cell.value))))
                share = "IF" in cell.value
                assert cached.value == pytest.approx((here - there) / there if share else here - there)
                checked += 1
    assert checked == 6  # capex, opex and tco, each as amount and as share


def test_many_columns_take_further_pages():
    facts = base()
    wide = lay_side_by_side([Column(f"={number}", "optimal", facts) for number in range(12)])
    data = render_columns(wide, "xlsx")
    sheet = load_workbook(io.BytesIO(data))["Compare"]
    assert unfit_sheets(data) == [] and len(sheet.col_breaks.brk) == 2
    assert (sheet["C1"].value, sheet["C1"].data_type) == ("=0", "s")


def test_page_and_markdown_take_no_name_for_markup(table):
    page = render_columns(table, "html").decode()
    assert "<none>" not in page and "&lt;none&gt;" in page and page.count("<svg") == 2
    assert "<none>" not in render_columns(table, "markdown").decode()


def test_the_cheapest_is_named_with_what_it_does_not_serve():
    inventory, plan = sample()
    corridors = tuple(
        each.model_copy(update={"served": False, "paths": ()}) if each.id == "grid-b" else each
        for each in plan.corridors
    )
    cheap = plan.model_copy(
        update={"corridors": corridors, "costs": plan.costs.model_copy(update={"tco": plan.costs.tco / 2})}
    )
    columns = [Column("whole", "optimal", base()), Column("part", "optimal", assess(inventory, cheap))]
    compared = lay_side_by_side(columns)
    assert "it does not serve grid-b." in re.sub(r"\s+", " ", render_columns(compared).decode())
    said = headline(compared)
    assert said.startswith("Which TCO is the least is open: of what is stated part has the least, at least CHF ")
    assert said.endswith(", which does not serve grid-b.")
    alike = replace(columns[1], facts=assess(inventory, cheap.model_copy(update={"costs": plan.costs})))
    same = lay_side_by_side([columns[0], alike])
    assert "it does not serve grid-b." in re.sub(r"\s+", " ", render_columns(same).decode())
    assert " of what is stated whole has the least," in headline(lay_side_by_side([alike, columns[0]]))
