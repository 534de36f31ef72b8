"""Tables, the bill as CSV, and the workbook: what a reader gets back, also from hostile names."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hostile import CELLS
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from plan_fixtures import sample

from qplan.assessment.facts import assess
from qplan.costing.money_text import format_money
from qplan.outputs.bill.tables import (
    BUDGET_PARTS,
    LINK_HEADER,
    bill_csv,
    corridor_table,
    link_table,
    site_table,
)
from qplan.outputs.report.markdown import report_markdown
from qplan.outputs.report.report import report_html
from qplan.outputs.text.summary import summary_text
from qplan.outputs.text.tables import (
    LEAST_CELL,
    LONGEST_NAME,
    csv_text,
    escape_markdown,
    fitted_rows,
    markdown_table,
    one_line,
    shortened,
    text_table,
    text_width,
    wrapped_rows,
)

texts = st.one_of(st.sampled_from(CELLS), st.text(max_size=12), st.text(alphabet="=|\\`*_[]<>#-.1@ ab\n", max_size=12))


@given(st.lists(st.tuples(texts, texts), max_size=5))
def test_csv_reads_back_with_no_cell_that_would_run(rows):
    text = csv_text(("A", "B"), rows)
    text.encode()
    assert text.count("\r\n") == len(rows) + 1 == len(text.split("\n")) - 1
    header, *cells = csv.reader(io.StringIO(text, newline=""))
    assert header == ["A", "B"]
    for row, read in zip(rows, cells, strict=True):
        for cell, back in zip(row, read, strict=True):
            assert back in (one_line(cell), "'" + one_line(cell))
            assert not re.match(r"\s*[=+\-@＝＋－＠﹣﹢﹦﹫]", back)


def test_numbers_in_csv_are_plain_decimals():
    row = (1, -2.5, Decimal("1E+3"), Decimal("0.00"), 1e22, Decimal("1.50"), None, 0.1 + 0.2)
    assert (
        csv_text("ABCDEFGH", [row]).splitlines()[1] == "1,-2.5,1000,0,10000000000000000000000,1.50,,0.30000000000000004"
    )


PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


@settings(max_examples=300)
@given(texts, texts)
@example("a\\", "|")
def test_markdown_tables_show_every_text_literally(a, b):
    table = markdown_table(("A", "B"), [(a, b)], right=("B",))
    assert not {"<", ">"} & set(table)
    tokens = PARSER.parse(table)
    cells = [token for token in tokens if token.type == "inline"]
    assert [token.type for token in tokens].count("tr_open") == 2
    for text, cell in zip((a, b), cells[2:], strict=True):
        assert {child.type for child in cell.children} <= {"text", "text_special"}
        assert "".join(child.content for child in cell.children).replace("\u200b", "") == one_line(text).strip()


@settings(max_examples=300)
@given(texts)
def test_markdown_text_begins_no_block_and_links_nothing(text):
    escaped = escape_markdown(text)
    tokens = PARSER.parse(escaped)
    assert {token.type for token in tokens} <= {"paragraph_open", "inline", "paragraph_close"}
    assert not re.search(r"(?i)https?://|\bwww\.|(^|\s)@\w", escaped)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (1_240_000, "EUR 1 240 000"),
        (1240.5, "EUR 1 240.50"),
        (Decimal("999.995"), "EUR 1 000"),
        (-1240.5, "EUR -1 240.50"),
        (0.004, "EUR 0"),
        (-0.004, "EUR 0"),
        (1e22, "EUR 10 000 000 000 000 000 000 000"),
        (None, "to be quoted"),
    ],
)
def test_money(amount, text):
    assert format_money(amount, "EUR") == text


def test_names_that_run_from_right_to_left_are_kept_apart():
    inventory, plan = sample()
    sites = {**inventory.sites, "zrh-dc1": inventory.sites["zrh-dc1"].model_copy(update={"name": "מרכז נתונים 1"})}
    inventory = inventory.model_copy(update={"sites": sites})
    facts, apart = assess(inventory, plan), "\u2068מרכז נתונים 1\u2069"
    html, markdown, summary = report_html(facts), report_markdown(facts), summary_text(facts)
    assert all(f"{apart} → " in text or f" → {apart}" in text for text in (html, markdown, summary))
    assert "\ufffd" not in html + markdown + summary
    assert one_line("\u2068a\u202eb\u2069 \u2068c") == "\u2068a\ufffdb\u2069 \ufffdc"
    assert shortened(f"{apart} → x", 6) == "\u2068מרכז\u2069…" and text_width(apart) == 13


def test_plain_tables_line_up_with_wide_characters():
    table = text_table(("Name", "Rate"), [("漢字", 7), ("e\u0301", 1200), ("a\nb", None)], right=("Rate",))
    assert table == "Name  Rate\n----  ----\n漢字     7\ne\u0301     1200\na b\n"


def test_bom_csv_of_the_sample():
    text = bill_csv(assess(*sample()))
    assert text.replace("\r\n", "\n") == Path(__file__).with_name("sample_bom.csv").read_text("utf-8")


def test_views_as_tables():
    facts = assess(*sample())
    sites = site_table(facts)
    assert sites.rows[0][:6] == ("rap-pop", "Rapperswil PoP", "transmitter (Tx)", "", "LR-7", 1)
    pairs = sum(row[6] for row in sites.rows if row[3] == "QX-1-PAIR" and row[6])
    assert pairs == next(line.quantity for line in facts.bill if line.part_number == "QX-1-PAIR")
    for row, entry in zip(link_table(facts).rows, facts.links, strict=True):
        cells = dict(zip(LINK_HEADER, row, strict=True))
        assert sum(cells[part] for part in BUDGET_PARTS) == pytest.approx(cells["Loss (dB)"], abs=1e-5)
        assert cells["Headroom (dB)"] <= entry.headroom_db < cells["Headroom (dB)"] + 0.002
    corridors = corridor_table(facts)
    assert corridors.rows[1][:5] == ("grid-b", "zrh-dc1", "win-co", pytest.approx(256 / 60 * 16), Decimal("115500.00"))


@given(st.lists(st.lists(st.text("abä …", max_size=60), min_size=3, max_size=3), max_size=4), st.integers(1, 150))
def test_a_table_fits_the_window_where_it_can(rows, window):
    header = ("Id", "What it is", "Where")
    cells = fitted_rows(header, rows, 10, window)
    width = max(map(len, text_table(header, cells).splitlines()))
    natural = max(map(len, text_table(header, rows).splitlines()))
    assert width <= max(window, LONGEST_NAME + len("What it is") + LEAST_CELL + 4)
    assert natural > window or cells == rows
    assert all(a == b or (a.endswith("…") and b.startswith(a[:-1])) for x, y in zip(cells, rows, strict=True)
               for a, b in zip(x, y, strict=True))  # fmt: skip


def test_a_word_that_is_too_long_is_broken_after_a_hyphen():
    wrapped = wrapped_rows(("S", "System"), [["", "1 × dv-metro-1g"], ["", "abcdefghi-j"]], 9, None)
    assert [[cell for _, cell in lines] for lines in wrapped] == [["1 × dv-", "metro-1g"], ["abcdefghi", "-j"]]


WORDS = st.text("abä- 1 \u2068\u2069漢", max_size=60).map(one_line)


@given(st.lists(st.lists(WORDS, min_size=3, max_size=3), max_size=4), st.integers(1, 99))
@example([["1" * 24, "", "1" * 9]], 1)  # two amounts that are wider than their columns need be
def test_wrapped_cells_lose_nothing_and_break_no_amount(rows, window):
    header, amount = ("Id", "What it is", "Where"), "-2 525 357.50"
    wrapped = wrapped_rows(header, [*rows, ["a", amount, "b"]], 10, window)
    for lines, cells in zip(wrapped, rows, strict=False):
        for shown, cell in zip(zip(*lines, strict=True), cells, strict=True):
            bare = re.sub("[ \u2068\u2069]", "", cell)
            assert re.sub("[ \u2068\u2069]", "", "".join(shown)) == bare
            assert all(line.count("\u2068") <= line.count("\u2069") for line in shown)
    assert amount in [line[1] for line in wrapped[-1]]
    width = max(map(text_width, text_table(header, [line for lines in wrapped for line in lines]).splitlines()))
    shown_lines = [[re.sub("[\u2068\u2069]", "", cell) for cell in line] for lines in wrapped for line in lines]
    least = (LONGEST_NAME, len(amount), LEAST_CELL)
    columns = (
        max([few, *(len(line[i]) for line in shown_lines if not line[i].strip("1 "))]) for i, few in enumerate(least)
    )
    assert width <= max(window, sum(columns) + 4)
