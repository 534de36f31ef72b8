"""`qplan compare`: what it prints of the example, in files under `tests/cli/compare`, how it ends, and what it refuses.

`python tests/cli/test_compare_verb.py` writes what is expected anew, to be read before it is committed.
"""

from __future__ import annotations

import contextlib
import csv
import html
import io
import json
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import jsonschema
import openpyxl
import pytest

from qplan.api import columns
from qplan.api.columns import (
    ComparedStyle,
    beside_classical,
    render_classical,
    render_columns,
    render_sensitivity,
    sensitivity,
    side_by_side,
)
from qplan.api.inventories import load
from qplan.api.planning import load_result, optimize
from qplan.cli.main import main

ROOT = Path(__file__).parents[2]
PAIRS = Path(__file__).parent / "compare"
VENDORS, CLASSICAL, HELD = "mix.plan alpenglow.plan northline.plan", "mix.plan --classical", "two.plan --sensitivity"
COMMANDS = {
    "vendors.txt": f"{VENDORS} --baseline mix",
    "classical.txt": CLASSICAL,
    "sensitivity.txt": f"{HELD} --spread 'node hosting=0.5'",
}
TWO_SITES = """
qplan: 1
sites: {a: {node_cost_per_year: 5}, b: {node_cost_per_year: 5}, c: {node_cost_per_year: 5}}
fibres:
  ab: {ends: [a, b], length_km: 1, loss_db: 16, cost_per_strand_km_year: 10}
  ac: {ends: [a, c], length_km: 1, loss_db: 5, cost_per_strand_km_year: 1}
  bc: {ends: [b, c], length_km: 1, loss_db: 5, cost_per_strand_km_year: 1}
equipment: {qkd_systems: {s: {key_rate_curve: [[0, 1000], [20, 10]], price: 100, support_per_year: 2}}}
corridors: {q: {ends: [a, b], key_rate_bps: 1}}
economics: {discount_rate: 0.0}
checks: {cheap: {metric: tco, max: 1, severity: error}}
scenarios: {far: {set: {fibres.ab.loss_db: 19}}, cut: {set: {corridors.q.key_rate_bps: 1.0e9}}}
"""


def run(command: str) -> tuple[int, str, str]:
    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["qplan", *shlex.split(command)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as end:
        return end.code, out.getvalue(), err.getvalue()
    finally:
        sys.argv = before
    raise AssertionError(f"{command}: no exit code")


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """Where the commands run: plans of the example, and a small inventory with its plan, whose check is not kept."""
    before, where = Path.cwd(), Path(tempfile.mkdtemp())
    os.chdir(where)
    try:
        shutil.copy(ROOT / "examples" / "offers" / "sites.yaml", "offers.yaml")
        Path("two.yaml").write_text(TWO_SITES)
        for name, file, scenario in (
            ("mix", "offers.yaml", None),
            ("alpenglow", "offers.yaml", "alpenglow"),
            ("northline", "offers.yaml", "northline"),
            ("two", "two.yaml", None),
        ):
            result = optimize(load(file, scenario=scenario), gap=0.0)
            Path(f"{name}.plan").mkdir()
            Path(f"{name}.plan", "plan.json").write_text(result.plan.to_json(), encoding="utf-8")
            Path(f"{name}.plan", "inventory.json").write_text(result.inventory.effective_json, encoding="utf-8")
        yield where
    finally:
        os.chdir(before)
        shutil.rmtree(where)


@pytest.fixture(scope="module", autouse=True)
def plans():
    with folder() as where:
        yield where


@pytest.mark.parametrize("name", COMMANDS)
def test_the_terminal_shows_what_is_kept_in_a_file(name):
    code, out, err = run(f"compare {COMMANDS[name]} -q")
    assert (code, err) == (6 if "two" in COMMANDS[name] else 0, "")
    assert out == (PAIRS / name).read_text("utf-8")
    assert "safer" not in out.lower()


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("two.yaml", 2, "at least two scenarios"),
        ("two.yaml --scenario far", 2, "at least two scenarios"),
        ("two.yaml --scenario far,far", 2, "named twice"),
        ("two.yaml --scenario far,fra", 3, "far"),
        ("two.yaml --scenario .,far --baseline fra", 2, "did you mean 'far'?"),
        ("two.yaml --by manufacturer", 2, "no two of a manufacturer"),
        ("two.yaml --by colour", 2, "'manufacturer', 'offer-kind'"),
        ("two.yaml offers.yaml --by manufacturer", 2, "name one FILE, or plans alone"),
        ("no.yaml --by manufacturer", 1, "no.yaml"),
        ("two.plan", 2, "one plan alone"),
        ("two.plan two.plan", 2, "named twice"),
        ("two.plan mix.plan --by manufacturer", 2, "with PLAN"),
        ("two.plan mix.plan --scenario far", 2, "with PLAN"),
        ("two.plan mix.plan --classical", 2, "take one plan"),
        ("two.plan --classical", 2, "catalogue:classical-2026"),
        ("mix.plan --classical --sensitivity", 2, "one of them"),
        ("mix.plan --classical --baseline mix", 2, "no --baseline"),
        ("two.yaml --by manufacturer --sensitivity", 2, "no --by"),
        ("mix.plan northline.plan --spread 0.3", 2, "--spread goes with --sensitivity"),
        ("two.plan --sensitivity --spread leese=0.3", 2, "fibre lease"),
        ("two.plan --sensitivity --spread 'fibre lease=3'", 2, "not a number from"),
        ("mix.plan northline.plan --format xlsx", 2, "name a file with --out"),
        ("mix.plan northline.plan -o no/where/out.md", 1, "cannot write"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_what_is_wrong(command, code, said):
    found, out, err = run(f"compare {command} -q")
    assert (found, out) == (code, ""), err
    assert said in re.sub(r"\s+", " ", err) and "Traceback" not in err


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("two.yaml --scenario .,far", 6),  # the check is not kept
        ("two.yaml --scenario .,cut", 4),  # one has no plan
        ("two.yaml --scenario .,cut --soft-fail", 4),
        ("two.yaml --scenario .,far --soft-fail", 0),
        ("two.yaml --scenario .,far --time-limit 0.001", 5),
        ("mix.plan alpenglow.plan", 0),
        ("mix.plan --sensitivity --time-limit 0.001", 5),
        ("two.plan --sensitivity --time-limit 0.001 --soft-fail", 5),  # before the check
    ],
)
def test_it_ends_as_the_gravest_of_its_columns(command, code):
    assert run(f"compare {command} -q")[0] == code


def test_a_column_without_a_plan_stands_there_without_amounts():
    _, out, _ = run("compare two.yaml --scenario .,cut -q --format json")
    columns = {column["id"]: column for column in json.loads(out)["columns"]}
    assert (columns["cut"]["status"], columns["cut"]["costs"]) == ("infeasible", None)
    assert columns["as-is"]["costs"]["tco"] > 0
    assert "cut: no plan can serve it." in run("compare two.yaml --scenario .,cut -q")[1]


def test_a_spare_that_a_narrowed_policy_cannot_use_is_told_in_its_column_alone(plans):
    systems = ", ".join(f"{key}: {{manufacturer: {key}, key_rate_curve: [[0, 9], [20, 9]], price: 7}}" for key in "xy")
    start, rest = TWO_SITES.split("equipment:")
    text = (
        f"{start}spares: {{qkd_systems.x: 3}}\nequipment: {{qkd_systems: {{{systems}}}}}\n{rest.partition(chr(10))[2]}"
    )
    (plans / "makers.yaml").write_text(text)
    code, out, err = run("compare makers.yaml --by manufacturer -q --format json")
    columns = {column["id"]: column for column in json.loads(out)["columns"]}
    assert {key: [each["code"] for each in column["findings"]] for key, column in columns.items()} == {
        "any": [],
        "x": [],
        "y": ["QP717"],
    }, (code, err)
    assert {column["spares_capex"] for column in columns.values()} == {3 * 7}
    assert "\ny: QP717: a spare of 'qkd_systems.x'" in run("compare makers.yaml --by manufacturer -q")[1]


def test_a_file_is_in_the_format_that_it_ends_as_and_what_stdout_is(plans):
    for style, suffix in {"markdown": "md", "json": "json"}.items():
        assert run(f"compare {VENDORS} -q -o out.{suffix}")[1] == ""
        assert (plans / f"out.{suffix}").read_bytes().decode() == run(f"compare {VENDORS} -q --format {style}")[1]


def vendors() -> Callable[[ComparedStyle], bytes]:
    table = side_by_side(columns.plans(VENDORS.split()[:3]))
    return lambda style: render_columns(table, style)


def classical() -> Callable[[ComparedStyle], bytes]:
    beside = beside_classical(load_result("mix.plan"))
    return lambda style: render_classical(beside, style)


def held() -> Callable[[ComparedStyle], bytes]:
    result = load_result("two.plan")
    found = sensitivity(result, {})
    return lambda style: render_sensitivity("two", result, found, style)


@pytest.mark.parametrize("rendered", [vendors, classical, held])
def test_every_form_says_the_same(rendered):
    """Every amount of the JSON stands in CSV and workbook to the cent, in text, Markdown and page as they round it."""
    form = rendered()
    shown = {style: form(style) for style in get_args(ComparedStyle)}
    content = json.loads(shown["json"])
    jsonschema.Draft202012Validator(json.loads((ROOT / "schemas/compare.schema.json").read_text())).validate(content)
    amounts = {f"{amount:.2f}" for amount in money(content)}
    assert len(amounts) >= 5
    cells = [cell for line in csv.reader(io.StringIO(shown["csv"].decode())) for cell in line]
    assert amounts <= {f"{float(cell):.2f}" for cell in cells if re.fullmatch(r"-?\d+(\.\d+)?", cell)}
    book = openpyxl.load_workbook(io.BytesIO(shown["xlsx"]), data_only=True)
    figures = [cell for sheet in book for row in sheet.values for cell in row if isinstance(cell, int | float)]
    assert amounts <= {f"{figure:.2f}" for figure in figures}
    whole = {f"{float(amount):.0f}" for amount in amounts}
    for style in ("text", "markdown", "html"):
        text = re.sub(r"(?<=\d)[\s\u00a0](?=\d{3})", "", html.unescape(shown[style].decode()))
        told = {f"{float(number):.0f}" for number in re.findall(r"\d+(?:\.\d\d)?", text)}
        assert whole <= told, style


def test_every_form_says_what_was_not_decided_in_time():
    result = load_result("two.plan")
    found = sensitivity(result, {}, time_limit=0.0)
    shown = {style: render_sensitivity("two", result, found, style) for style in get_args(ComparedStyle)}
    content = json.loads(shown["json"])
    assert not any(point["decided"] for point in content["break_even"])
    assert {side["status"] for swing in content["sensitivity"] for side in (swing["lower"], swing["higher"])} == {
        "feasible"
    }
    lines = list(csv.DictReader(io.StringIO(shown["csv"].decode())))
    assert {line["lower_status"] for line in lines} == {line["higher_status"] for line in lines} == {"feasible"}
    rising = {point["driver"] for point in content["break_even"]}
    assert {line["driver"] for line in lines if line["another_status"] == "not decided"} == rising
    book = openpyxl.load_workbook(io.BytesIO(shown["xlsx"]))
    texts = [cell for sheet in book for row in sheet.values for cell in row if isinstance(cell, str)]
    for text in (" ".join(texts), *(html.unescape(shown[style].decode()) for style in ("text", "markdown", "html"))):
        assert f"Not decided in time: {found.undecided[0]}" in text
        assert "demand: where another plan would be better was not decided in time." in text


def money(content: dict) -> Iterator[float]:
    """The amounts that every form shows: totals, those by corridor, what is added, and those of drivers."""
    for column in content["columns"]:
        if content.get("sensitivity") is None:
            yield from (column["costs"][name] for name in ("capex", "opex_per_year", "tco"))
            yield from (each["tco"] for each in column["corridors"].values())
    extra = content.get("extra") or {}
    yield from (extra[name] for name in ("capex", "opex_per_year", "tco") if extra)
    yield from extra.get("corridors", {}).values()
    for swing in content.get("sensitivity") or ():
        for side in (swing["lower"], swing["higher"]):
            yield from (side[name] for name in ("held", "anew") if side[name] is not None)


if __name__ == "__main__":
    PAIRS.mkdir(exist_ok=True)
    with folder():
        for name, command in COMMANDS.items():
            (PAIRS / name).write_text(run(f"compare {command} -q")[1], encoding="utf-8")
