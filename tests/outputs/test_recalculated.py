"""LibreOffice calculates what the workbooks show: of every example, of random markets, and of what a buyer types.

One start of LibreOffice for all of it. Without it the test is skipped, but never where QPLAN_SOFFICE=required is set.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
import random
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from oracle.random_markets import random_market
from plan_fixtures import make_plan, sample
from planning import planned
from python_calamine import CalamineWorkbook
from seeds import FRESH

from qplan.api.buying import render_bill
from qplan.api.columns import beside_classical, render_classical, render_columns, render_sensitivity, side_by_side
from qplan.api.inventories import load
from qplan.api.planning import Result, optimize
from qplan.assessment.facts import PlanFacts, assess
from qplan.costing.bill import Charge
from qplan.costing.cents import cents
from qplan.costing.cost import Cost, present_value, present_value_beyond_first_terms, tco
from qplan.costing.firmness import QUOTED
from qplan.explain.sensitivity import BreakEven, Sensitivities, Side, Swing, Turnover
from qplan.inventory.model import Inventory
from qplan.outputs.bill.summary_sheet import PRICED
from qplan.outputs.bill.tables import bill_csv
from qplan.outputs.bill.workbook import workbook_bytes

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*/sites.yaml"))
MARKETS = int(os.environ.get("QPLAN_CASES", "3"))
EVERY_SHEET = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1"
SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">
<value>0</value></prop></item></oor:items>
"""  # calculate always, not only what no one has calculated


@dataclass(frozen=True)
class Books:
    """Workbooks by name, as qplan writes them, and the folder with every sheet as LibreOffice calculates it."""

    written: dict[str, bytes]
    calculated: Path

    def sheet(self, book: str, name: str) -> list[list[str]]:
        """Every cell as text: figures with fifteen digits, shares with a percent sign, days by ISO 8601."""
        with (self.calculated / f"{book}-{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file))


@dataclass(frozen=True)
class Typed:
    """What a buyer types, and what the total, its firm part and what lies beyond the terms then come to."""

    data: bytes
    tco: float
    quoted: float | None = None
    beyond: float | None = None
    open: int | None = None
    """Lines that are then to be quoted, in all and of every corridor."""


@pytest.fixture(scope="module")
def books(tmp_path_factory) -> tuple[Books, dict[str, Typed]]:
    if shutil.which("soffice") is None:
        assert os.environ.get("QPLAN_SOFFICE") != "required", "LibreOffice is not installed: libreoffice-calc"
        pytest.skip("LibreOffice (soffice) is not installed")
    examples = {path.parent.name: optimize(load(path), gap=1.0, explained=False) for path in EXAMPLES}
    made = {f"bill-{name}": result.facts for name, result in examples.items() if result.facts is not None}
    inventory, _ = sample()
    made["empty"] = assess(inventory, make_plan(inventory, (), {}))
    made["bill-converted"] = converted()
    markets = {f"market-{number}": facts for number, facts in enumerate(random_facts())}
    written = {name: workbook_bytes(facts) for name, facts in {**made, **markets}.items()}
    written |= compared(examples)
    typed = {f"typed-{name}": typed_years(facts, number) for number, (name, facts) in enumerate(markets.items())}
    typed["typed-price"] = typed_price(made["bill-offers"])
    typed["typed-prices"] = typed_prices()
    typed["typed-nothing"] = deleted_price(made["bill-offers"])
    every = {**written, **{name: each.data for name, each in typed.items()}}
    return Books(written, calculate(every, tmp_path_factory.mktemp("books"))), typed


def converted() -> PlanFacts:
    """Prices in another currency, of which no line comes to whole cents."""
    path = next(path for path in EXAMPLES if path.parent.name == "offers")
    reading = load(path, scenario="northline", set=["economics.exchange_rates.USD=0.923404"])
    return optimize(reading, gap=1.0, explained=False).facts


def random_facts() -> Iterator[PlanFacts]:
    rng, left = random.Random(FRESH), MARKETS
    while left:
        inventory = Inventory.model_validate(random_market(rng))
        plan = planned(inventory).plan
        if plan is not None:
            left -= 1
            yield assess(inventory, plan)


def compared(examples: dict[str, Result]) -> dict[str, bytes]:
    offers, metro = examples["offers"], examples["metro"]
    table = side_by_side([("offers", offers), ("metro", metro), ("none", examples["infeasible"])])
    whole = offers.facts.plan.costs.tco
    dearer, none = Side(1.1 * whole, 1.05 * whole, "feasible"), Side(None, None, "infeasible")
    swings = (Swing("fibre loss", 0.1, Side(whole, whole, "optimal"), none), Swing("price", 0.2, none, dearer))
    found = Sensitivities(whole, swings, (BreakEven("price", 1.5, 1.5, 3.0, "a pair", Turnover((("a", "b"),))),))
    views = {f"bom-{view}": render_bill(offers.facts, view, "xlsx") for view in ("part", "corridor")}
    return {
        **views,
        "compare": render_columns(table, "xlsx"),
        "classical": render_classical(beside_classical(offers), "xlsx"),
        "sensitivity": render_sensitivity("offers", offers, found, "xlsx"),
    }


def typed_years(facts: PlanFacts, number: int) -> Typed:
    """Other years and rates, of the plan as it is."""
    economics = facts.inventory.economics.model_copy(
        update={
            "horizon_years": (0, 7, 13, 1, 25, 10)[number % 6],
            "discount_rate": (0.0, 0.06, 0.02)[number % 3],
            "contingency": 0.15,
            "escalation": facts.inventory.economics.escalation.model_copy(
                update={"support": (0.02, 0.0)[number % 2], "lease": 0.06, "energy": -0.01}
            ),
        }
    )
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(facts)))
    for name, value in (
        ("horizon_years", economics.horizon_years),
        ("discount_rate", economics.discount_rate),
        ("contingency_share", economics.contingency),
        *((f"escalation_{kind}", getattr(economics.escalation, kind)) for kind in ("support", "lease", "energy")),
    ):
        named(book, name).value = value
    beyond = sum(present_value_beyond_first_terms(economics, line.cost) for line in facts.bill)
    return Typed(saved(book), float(tco(economics, facts.costs.total)), beyond=float(beyond))


def typed_price(facts: PlanFacts) -> Typed:
    """A dearer price under a quote of its own for a system that is bought again, too."""
    economics = facts.inventory.economics
    line = next(line for line in facts.bill if line.address == "system.northline-14.b-buy")
    again = next(line for line in facts.bill if line.address == "refresh.northline-14.b-buy")
    price = line.unit_price * 2
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(facts)))
    row = next(row for row in book["Bill"].iter_rows() if row[0].value == line.address)
    header = [cell.value for cell in book["Bill"][1]]
    row[header.index("Unit price")].value = float(price)
    row[header.index("Quote ref")].value = "N-2"
    more = Cost(capex=line.cost.capex) + again.cost
    before = facts.costs.firmness.share(QUOTED) * float(tco(economics, facts.costs.total))
    support = present_value(economics, Cost(support=line.cost.support))
    firm = before + float(2 * (more.capex + present_value(economics, more)) + support)
    return Typed(saved(book), float(tco(economics, facts.costs.total + more)), firm)


def deleted_price(facts: PlanFacts) -> Typed:
    """A price that is cleared, of an item at every node: to be quoted, and so is what is bought again at it."""
    gone = [line for line in facts.bill if line.key == "KMS-1" and line.category.charge is not Charge.FEE]
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(facts)))
    row = next(row for row in book["Bill"].iter_rows() if row[0].value == gone[0].address)
    row[[cell.value for cell in book["Bill"][1]].index("Unit price")].value = None
    less = Cost(capex=gone[0].cost.capex, refreshes=gone[-1].cost.refreshes)
    left = tco(facts.inventory.economics, facts.costs.total) - tco(facts.inventory.economics, less)
    return Typed(saved(book), float(left), open=facts.lines_to_be_quoted + len(gone))


def typed_prices() -> Typed:
    """What quotes answer for a system and items that have no price and are bought again: as if they had been stated."""
    path = next(path for path in EXAMPLES if path.parent.name == "offers")
    prices = {"northline-14": 90_000.0, "alpenglow-24": 130_000.0, "KMS-1": 28_000.0, "HSM-1": 21_000.0}
    kinds = ("qkd_systems", "qkd_systems", "node_items", "relay_items")
    entries = {name: f"equipment.{kind}.{name}" for name, kind in zip(prices, kinds, strict=True)}
    common = ["offers=null", "equipment.relay_items.HSM-1.life_years=4"]
    open_, stated = (
        load(path, set=[*common, *(f"{entries[name]}.price={price}" for name, price in chosen.items())])
        for chosen in (dict.fromkeys(prices, "null"), prices)
    )
    result = optimize(open_, gap=1.0, explained=False)
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(result.facts)))
    rows = {row[0].value: row for row in book["Bill"].iter_rows()}
    column = [cell.value for cell in book["Bill"][1]].index("Unit price")
    lines = [line for line in result.facts.bill if line.key in prices and line.to_be_quoted]
    again = [line for line in lines if line.category.charge is Charge.REFRESH]
    assert len(again) >= 3
    for line in lines:
        if line not in again:
            rows[line.address][column].value = prices[line.key]
    priced = assess(stated.inventory, result.plan)
    return Typed(saved(book), float(tco(stated.inventory.economics, priced.costs.total)))


def named(book: openpyxl.Workbook, name: str) -> openpyxl.cell.Cell:
    sheet, cell = next(book.defined_names[name].destinations)
    return book[sheet][cell.replace("$", "")]


def saved(book: openpyxl.Workbook) -> bytes:
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def calculate(books: dict[str, bytes], folder: Path) -> Path:
    """Every sheet of every workbook, loaded and calculated, as `BOOK-SHEET.csv` in a folder."""
    (folder / "profile" / "user").mkdir(parents=True)
    (folder / "profile" / "user" / "registrymodifications.xcu").write_text(SETTINGS)
    for name, data in books.items():
        (folder / f"{name}.xlsx").write_bytes(data)
    office = subprocess.Popen(
        [
            *("soffice", "--headless", f"-env:UserInstallation={(folder / 'profile').as_uri()}"),
            *("--convert-to", EVERY_SHEET, "--outdir", str(folder / "calculated")),
            *(str(folder / f"{name}.xlsx") for name in books),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        assert office.wait(timeout=120 + 10 * len(books)) == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(office.pid, signal.SIGKILL)  # what the script has started
    return folder / "calculated"


def test_every_workbook_shows_what_it_calculates(books):
    """No figure, no word and no day of any sheet differs."""
    found, cells, differences = books[0], 0, []
    for name, data in found.written.items():
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for sheet in book.sheet_names:
            after = found.sheet(name, sheet)
            for row, here in enumerate(book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)):
                for column, shown in enumerate(here):
                    there = after[row][column] if row < len(after) and column < len(after[row]) else ""
                    cells += 1
                    if not same(shown, there):
                        differences.append(f"{name}[{sheet}] row {row + 1}, column {column + 1}: {shown!r}, {there!r}")
    assert differences == []
    assert cells > 10_000 and len(found.written) > len(EXAMPLES)


def test_lines_that_do_not_come_to_whole_cents_are_alike_in_every_output():
    facts = converted()
    lines = {line.address: line for line in facts.bill}
    spare = lines["spare.northline-14"]
    assert [str(spare.line_total), str(cents(spare.one_off))] == ["88351.30", "88351.29"]  # so that lines add up
    book = CalamineWorkbook.from_filelike(io.BytesIO(workbook_bytes(facts)))
    header, *rows = book.get_sheet_by_name("Bill").to_python()
    csv_rows = {row["Line"]: row for row in csv.DictReader(io.StringIO(bill_csv(facts)))}
    for row in (dict(zip(header, row, strict=True)) for row in rows if row[0] in lines):
        there = csv_rows[row["Line"]]
        for name in ("Line total", "Support per year"):
            here, stated = row[name] or 0, there[name] or 0
            assert here == stated or float(here) == float(stated), (row["Line"], name)
    text = render_bill(facts).decode()
    assert re.search(r"spare\.northline-14 .* 1  pair +88 351\.2947 +88 351\.30 ", text)
    assert "What is offered in USD is converted at 1 USD = 0.923404 EUR; only totals are rounded." in text
    assert "Lines are rounded so that they add up" in text


def same(shown: object, calculated: str) -> bool:
    if isinstance(shown, float | int):
        return NUMBER.fullmatch(calculated) is not None and abs(shown - number(calculated)) <= 1e-9 * max(
            1.0, abs(shown)
        )
    return calculated == (shown.isoformat()[:10] if isinstance(shown, date) else shown)


NUMBER = re.compile(r"-?[0-9.]+(E[-+][0-9]+)?%?")


def number(text: str) -> float:
    return float(text[:-1]) / 100 if text.endswith("%") else float(text)


def test_a_wrong_figure_would_be_seen():
    assert same(2.0, "2") and same(0.25, "25%") and same("", "")
    assert not same(2.0, "2.001") and not same(0.0, "#DIV/0!") and not same(2.0, "") and not same("", "2")


def test_what_a_buyer_types_moves_the_total_and_its_firm_part(books):
    found, typed = books
    for name, each in typed.items():
        totals = {row[0]: row for row in found.sheet(name, "Costs by year")}["Total"]
        assert number(totals[10]) == pytest.approx(each.tco, rel=1e-9), name
        shares = {row[0]: number(row[5]) for row in found.sheet(name, "Provenance")[1:]}
        assert shares.pop("Total") == pytest.approx(each.tco, rel=1e-9), name
        assert sum(shares.values()) == pytest.approx(each.tco, rel=1e-9), name
        if name == "typed-prices":
            first = [row[0] for row in found.sheet(name, "Summary")]
            assert PRICED in first and "TCO" in first and not any("at least" in cell for cell in first)
        if each.open is not None:
            summary = {row[0]: row[1] for row in found.sheet(name, "Summary")}
            assert number(summary["Lines to be quoted, in no total"]) == each.open and "TCO, at least" in summary
            *corridors, _ = found.sheet(name, "By corridor")[1:]
            assert {number(row[8]) for row in corridors} == {each.open}
        if each.beyond is not None:
            beyond = {row[0]: number(row[7] or "0") for row in found.sheet(name, "Provenance")[1:]}
            assert beyond["Total"] == pytest.approx(each.beyond, rel=1e-9, abs=1e-6), name
        if each.quoted is not None:
            assert shares[QUOTED] == pytest.approx(each.quoted, rel=1e-9)
