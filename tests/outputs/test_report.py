"""The report and the summary: the same honest facts in every format, whatever the names are."""

from __future__ import annotations

import copy
import json
import re
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_fixtures import SAMPLE, make_link, make_plan, sample

import qplan
from qplan.api.comparing import report
from qplan.assessment.facts import assess
from qplan.inventory.model import Corridor, Inventory
from qplan.outputs.report.basis_sections import checks_table
from qplan.outputs.report.document import Table
from qplan.outputs.report.markdown import MARKER, report_markdown
from qplan.outputs.report.report import document_html, report_document, report_html
from qplan.outputs.text import wording
from qplan.outputs.text.checks import breach
from qplan.outputs.text.summary import summary_json, summary_markdown, summary_text
from qplan.outputs.text.tables import escape_markdown, one_line
from qplan.outputs.text.wording import percentage
from qplan.plan.model import Path

HOSTILE = (
    '<script>alert(1)</script> "><img src=x onerror=alert(1)> | `x` ```\n</details>\n# h\n\x1b[31m\u202eevil {{7*7}} '
    "[a](javascript:alert(1)) --> --- | | =1+1"
)


class Page(HTMLParser):
    """Tags with their attributes, and the text of the body."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.words.append(data.replace("\u00a0", " "))


COMPARED = """\
qplan: 1
sites: {a: {}, b: {}, c: {}}
fibres: {ab: {ends: [a, b], length_km: 20}, bc: {ends: [b, c], length_km: 9}, ca: {ends: [c, a], length_km: 9}}
equipment: {qkd_systems: {s: {key_rate_curve: [[5, 1e6], [20, 1e3]], price: 100}}}
corridors: {k: {ends: [a, b], key_rate_bps: 100}}
policy: {max_bypass_sites: 0}
"""


def test_a_page_that_compares_begins_with_what_changes(tmp_path):
    (tmp_path / "sites.yaml").write_text(COMPARED)
    before, after = (
        qplan.optimize(qplan.load(tmp_path / "sites.yaml", set={"fibres.ab.amplified": over_c}))
        for over_c in (False, True)
    )
    page = report(after, "html", before)
    order = [page.index(f'id="{place}"') for place in ("change", "topology-title", "at-a-glance", "built")]
    assert order == sorted(order) and page.count('id="topology-title"') == 1
    words = {word.strip() for word in Page(page).words}
    assert {"+c", "- 1 × s, 6.00 dB", "+ new", "~ changed", "- retired"} <= words
    assert "+ s, 2.98 dB" in words
    assert "+ new" not in report(after, "html", after)
    gone = {"sites.c": None, "fibres.bc": None, "fibres.ca": None}
    smaller = report(qplan.optimize(qplan.load(tmp_path / "sites.yaml", set=gone)), "html", after)
    (left_out,) = [point for point in Page(smaller).words if "Not in the picture" in point]
    assert "links.a--c" in left_out and "links.b--c" in left_out


def changed(change, **update):
    """The sample after a change to its inventory, and its plan with other fields."""
    _, plan = sample()
    inventory = Inventory.model_validate(change(copy.deepcopy(SAMPLE)) or SAMPLE)
    return inventory, plan.model_copy(update=update)


def feasible(plan, gap, stopped_by="time_limit"):
    bound = None if gap is None else plan.objective.value * (1 - gap)
    return plan.model_copy(
        update={
            "status": "feasible",
            "objective": plan.objective.model_copy(update={"bound": bound, "gap": gap}),
            "solver": plan.solver.model_copy(update={"stopped_by": stopped_by}),
        }
    )


def hostile(text=HOSTILE):
    """The sample with this text wherever a user may write one."""

    def rename(data):
        data["metadata"] = {"name": text, "description": text, "owner": text}
        for site in data["sites"].values():
            site |= {"name": text, "operator": text, "key_domain": text}
        for corridor in data["corridors"].values():
            corridor |= {"classification": text, "allowed_operators": (text,)}
        data["equipment"]["qkd_systems"]["dv-metro"] |= {"manufacturer": text, "model": text, "source": text}
        data["equipment"]["node_items"]["KMS-1"]["description"] = text
        data["checks"] = {"few": {"metric": "relays", "max": 0.0, "message": text}}
        return data

    return changed(rename, notes=(text,))


def many_corridors(count=400):
    """The sample with many corridors on its first link, every other one optional and not served."""

    def add(data):
        data["sites"]["zrh-dc1"]["name"] = "Zürich, a site with a name that is longer than any column " * 3
        data["corridors"] = {
            f"corridor-{number:03}": {"ends": ("zrh-dc1", "win-co"), "key_rate_bps": 10.0, "required": number % 2 == 0}
            for number in range(count)
        }
        return data

    inventory, _ = changed(add)
    link = make_link(inventory, ("zrh-dc1", "win-co"), "dv-metro", ("f-zrh-win",), load_bps=10.0 * count / 2)
    paths = {
        key: (Path(links=(link.id,), relays=()),) if corridor.required else ()
        for key, corridor in inventory.corridors.items()
    }
    return inventory, make_plan(inventory, (link,), paths)


def cells(document):
    tables = [table for section in document.sections for table in section.tables]
    yield from (cell for table in tables for row in table.rows for cell in row)
    yield from (text for section in document.sections for text in (*section.paragraphs, *section.points))
    yield from (value for _, value in document.figures)
    yield from (document.headline, *document.warnings)


def test_both_formats_state_every_fact():
    inventory, plan = sample()
    page, markdown = report_html(assess(inventory, plan)), report_markdown(assess(inventory, plan))
    words = " ".join(Page(page).words)
    for text in cells(report_document(assess(inventory, plan))):
        assert text in words
        assert escape_markdown(text) in markdown


@pytest.mark.parametrize("make", [sample, hostile, many_corridors])
def test_page_is_self_contained_and_names_are_only_text(make):
    page = Page(report_html(assess(*make())))
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in Page(report_html(assess(*sample()))).tags} | {"li", "ul"}
    for tag, attributes in page.tags:
        assert tag not in ("script", "img", "iframe", "object", "form", "base")
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href", "xlink:href", "action"):
            assert (attributes.get(name) or "#").startswith("#")
    linked = {attributes["href"] for tag, attributes in page.tags if tag == "a" and "href" in attributes}
    assert linked >= {f"#{attributes['id']}" for tag, attributes in page.tags if tag == "h2"}


@pytest.mark.parametrize(
    ("text", "wraps_as"),
    [
        ("2 × a-buy, 1 × alpenglow-24 at its own", ["2 × a-buy,", "1 × alpenglow-24", "at", "its", "own"]),
        ("at least EUR -2 525 357.50 + all else", ["at", "least", "EUR -2 525 357.50", "+", "all", "else"]),
        ("0.23 dB (key rate)", None),
    ],
)
def test_cells_wrap_where_they_are_long_and_figures_stay_whole(text, wraps_as):
    inventory, plan = sample()
    table = Table("", ("a", "b"), (("", text),), right=("b",))
    page = document_html(replace(report_document(assess(inventory, plan)), corridors=table))
    kind, cell = re.search(r'<td class="(.*?)" data-label="b"><span>(.*?)</span>', page).groups()
    assert kind == ("right" if wraps_as else "right whole")
    assert not wraps_as or [part.replace("\u00a0", " ") for part in cell.split(" ")] == wraps_as
    assert re.findall(r"(.*) {.*nowrap", page) == ["td.whole"]


def test_hostile_names_stay_inside_their_markdown_cells():
    markdown = report_markdown(assess(*hostile()))
    outside = re.sub(r"(`{3,})mermaid\n.*?\n\1\n", "", markdown, flags=re.DOTALL)
    assert markdown.startswith(MARKER + "\n")
    tags = re.findall(r"<[^>]*>", outside.replace(MARKER, ""))
    assert tags == ["<details>", "<summary>", "</summary>", "</details>"] * 10
    assert not {char for char in markdown if unicodedata.category(char) == "Cc"} - {"\n"} and "\u202e" not in markdown
    for block in re.findall(r"(?:^\|.*\n)+", outside, flags=re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1


def test_hostile_names_are_harmless_on_a_terminal():
    for text in (summary_text(assess(*hostile())), summary_json(assess(*hostile()))):
        assert not {char for char in text if unicodedata.category(char) == "Cc"} - {"\n"} and "\u202e" not in text
    assert summary_text(assess(*hostile())).splitlines()[-1].startswith("Plan: 4 nodes to build, 4 links to light;")


def test_systems_can_be_told_apart_in_a_small_window():
    inventory, plan = sample()
    text = summary_text(assess(inventory, plan), 80)
    _, rule, *lines = text[text.index("\nRoute") : text.index("\n\nCorridor")].splitlines()[1:]
    start, end = list(re.finditer("-+", rule))[1].span()
    shown = "".join(line[start:end].replace(" ", "") for line in lines)
    assert len(rule) <= 80 and shown == "".join(f"{link.count}×{link.system}" for link in plan.links)


def test_report_of_many_corridors_fits_a_comment_and_says_what_it_leaves_out():
    inventory, plan = many_corridors()
    markdown = report_markdown(assess(inventory, plan))
    assert len(markdown) <= 65_536
    shown = len(set(re.findall(r"corridor-\d{3}", markdown)))
    assert 0 < shown < 400 and re.search(r"… and \d+ more: see report\.html\.", markdown)
    assert "Not served: 200 optional corridors" in markdown
    assert len(set(re.findall(r"corridor-\d{3}", report_html(assess(inventory, plan))))) == 400


def test_report_of_endless_texts_fits_a_comment():
    assert len(report_markdown(assess(*hostile(HOSTILE * 100)))) <= 65_536


def test_text_table_of_many_corridors_is_complete_and_aligned():
    lines = summary_text(assess(*many_corridors())).splitlines()
    rows = [line for line in lines if line.startswith("corridor-")]
    assert len(rows) == 400 and max(map(len, rows)) <= 120
    header = next(line for line in lines if line.startswith("Corridor "))
    place = header.index("Relays by path")
    assert {row[place:] for row in rows} == {"direct", "not served (optional)"}
    assert all(row[place - 2 : place] == "  " and "…" in row for row in rows)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (("optimal", 0.0, "proof"), "Proven optimal."),
        (("optimal", 0.00043, "gap"), "Proven within 0.043 %."),
        (("optimal", 0.0010001, "gap"), "Proven within 0.11 %."),
        (("optimal", 1e-9, "proof"), "Proven within 0.001 %."),
        (("feasible", 0.0241, "time_limit"), "Feasible, gap 2.5 %: the time limit came first."),
        (("feasible", 0.0, "route_limit"), "Feasible, gap 0 %: not every possible route was considered."),
        (("feasible", None, "interrupt"), "Feasible, no bound known: it was interrupted."),
    ],
)
def test_status_is_worded_as_it_is_proven(status, said):
    inventory, plan = sample()
    plan = feasible(plan, *status[1:]).model_copy(update={"status": status[0]})
    headline = report_document(assess(inventory, plan)).headline
    assert headline.endswith(f" {said}")
    for text in (report_markdown, summary_markdown, summary_text):
        assert escape_markdown(said) in text(assess(inventory, plan)) or said in text(assess(inventory, plan))
    if status[0] == "feasible":
        assert not re.search("optimal", report_html(assess(inventory, plan)), re.IGNORECASE)


def test_a_check_of_the_worst_corridor_says_which_do_not_keep_it():
    def limit(data):
        data["checks"] = {
            "far": {"metric": "relays_on_path", "max": 0.0, "severity": "warning"},
            "up": {"metric": "availability", "min": 0.999},
        }
        return data

    facts = assess(*changed(limit))
    far, up = facts.checks
    assert (far.short, up.short) == (("bank-a",), ("grid-b",))
    assert breach(far) == "relays_on_path of bank-a 1 exceeds 0"
    assert breach(up) == f"availability of grid-b {percentage(1 - up.value)} is below 99.90 %"
    assert "Check exceeded (warning): far of bank-a" in summary_text(facts)
    assert [row[-1] for row in checks_table(facts.checks, "CHF").rows] == ["not kept by bank-a", "not kept by grid-b"]


def test_notes_and_unserved_and_exceeded_checks_are_in_sight():
    def limit(data):
        data["checks"] = {
            "budget": {"metric": "capex", "max": 700000.0, "message": "board's ceiling"},
            "few": {"metric": "relays", "max": 2.0},
        }
        return data

    inventory, plan = changed(limit, notes=("route limit hit at 500 routes",))
    for text in (report_markdown, report_html, summary_markdown, summary_text):
        shown = one_line(text(assess(inventory, plan))).replace("&#39;", "'")
        assert "Check failed: budget (board's ceiling)" in shown and "Route limit hit at 500 routes" in shown
    checks = next(section for section in report_document(assess(inventory, plan)).sections if section.id == "checks")
    assert [row[-2] for row in checks.tables[0].rows] == ["exceeded", "ok"]
    assert [check["name"] for check in json.loads(summary_json(assess(inventory, plan)))["failed_checks"]] == ["budget"]


@pytest.mark.parametrize(
    ("shares", "operators", "said"), [(2, ("telco", "telco"), True), (1, ("telco", "telco"), False),
                                      (2, ("telco", "other"), False), (2, ("acme", "acme"), False)]
)  # fmt: skip
def test_an_operator_who_gets_all_shares_is_named(shares, operators, said):
    def run_by(data):
        data["corridors"]["bank-a"]["shares_needed"] = shares
        for site, operator in zip(("win-co", "rap-pop"), operators, strict=True):
            data["sites"][site]["operator"] = operator
        return data

    for text in (report_markdown, report_html, summary_markdown, summary_text):
        assert ("bank-a: telco runs a relay on 2 of 2 paths" in one_line(text(assess(*changed(run_by))))) == said


def test_money_without_a_price_is_named_wherever_money_is_shown():
    inventory, plan = sample()
    for text in (report_markdown, report_html, summary_markdown, summary_text):
        shown = text(assess(inventory, plan)).replace("\u00a0", " ")
        assert "at least CHF 709 000 (+ 2 to be quoted)" in shown
    assert json.loads(summary_json(assess(inventory, plan)))["lines_to_be_quoted"] == 2


def test_spare_rate_is_the_least_along_each_path_and_over_the_paths():
    facts = assess(*sample())
    spare = {link.link.id: link.link.capacity_bps - link.link.load_bps for link in facts.links}
    _, plan = sample()
    for corridor, planned in zip(facts.corridors, plan.corridors, strict=True):
        least = [min(spare[link] for link in path.links) for path in planned.paths]
        assert [path.spare_bps for path in corridor.paths] == pytest.approx(least)
        assert corridor.spare_bps == pytest.approx(min(least))


def test_json_summary_has_the_numbers_of_the_plan():
    inventory, plan = many_corridors(4)
    told = json.loads(summary_json(assess(inventory, plan)))
    assert told["costs"] == json.loads(plan.to_json())["costs"]
    assert (told["format_version"], told["nodes"], told["links"], told["systems"]) == ("1.0", 2, 1, 1)
    assert [corridor["served"] for corridor in told["corridors"]] == [True, False, True, False]
    assert told["corridors"][1]["spare_bps"] is None
    assert told["corridors"][0]["spare_bps"] == pytest.approx(plan.links[0].capacity_bps - 20.0)


@pytest.mark.parametrize(
    ("paths", "shares", "relays", "seen", "survives"),
    [
        (1, 1, [0], "at the two ends only", "nothing: one path only"),
        (1, 1, [1], "The one relay sees every key", "nothing: one path only"),
        (1, 1, [3], "Each of the 3 relays sees every key", "nothing: one path only"),
        (2, 1, [1, 1], "every relay on any path sees the key in clear", "any one site, fibre or duct"),
        (3, 1, [0, 1, 1], "every relay on any path sees the key in clear", "any 2 sites, fibres or ducts"),
        (2, 2, [2, 1], "to learn the key takes a relay on every path", "nothing: every path must hold"),
        (2, 2, [0, 1], "relays alone never learn the key", "nothing: every path must hold"),
        (2, 2, [0, 0], "at the two ends only", "nothing: every path must hold"),
    ],
)
def test_who_sees_keys_and_what_may_fail(paths, shares, relays, seen, survives):
    corridor = Corridor(ends=("a", "b"), key_rate_bps=1.0, paths=paths, shares_needed=shares)
    assert seen in wording.who_sees_keys(corridor, relays)
    assert wording.survives(corridor, len(relays)) == survives


def test_plant_that_was_not_measured_is_said():
    def unmeasured(data):
        del data["fibres"]["f-win-sg"]["loss_db"], data["fibres"]["f-rap-sg"]["length_km"]
        del data["fibres"]["f-rap-sg"]["ducts"]
        data["equipment"]["qkd_systems"]["cv-long"]["technology"] = "dv-cow"
        data["policy"] = {"loss_margin_db": 1.5}
        return data

    document = report_document(assess(*changed(unmeasured)))
    points = next(section for section in document.sections if section.id == "assumptions").points
    assert any(point.startswith("Loss is computed, not measured, on 1 of 5 fibres used: f-win-sg.") for point in points)
    assert any("on 1 fibre: f-rap-sg." in point and "coordinates" in point for point in points)
    assert any("1.50 dB for ageing" in point for point in points)
    assert any(point.startswith("No duct is stated for 1 of 5 fibres used (f-rap-sg)") for point in points)
    assert any("proof of coherent one-way (cv-long) does not hold" in point for point in points)


def test_no_promise_that_physics_does_not_keep():
    text = (
        report_html(assess(*sample())) + report_markdown(assess(*sample())) + summary_text(assess(*sample()))
    ).lower()
    for word in ("unbreakable", "unhackable", "end-to-end quantum", "absolutely secure", "repeater"):
        assert word not in text
    assert "does not replace it, and it does not authenticate" in text


@given(st.floats(1e-5, 1.0))
def test_a_gap_never_looks_smaller_than_it_is(gap):
    shown = float(wording.gap_percent(gap).removesuffix(" %")) / 100
    assert gap * (1 - 1e-6) <= shown <= gap * 1.11


def test_a_load_far_below_1_percent_is_readable():
    said = ["0 %", "< 0.01 %", "0.01 %", "0.26 %", "36 %", "100 %"]
    assert [wording.load(share) for share in (0.0, 3.02e-8, 1e-4, 0.00261, 0.3596, 1.0)] == said


@given(st.floats(1e-3, 1e13))
def test_rates_keep_three_digits(rate):
    number, unit = wording.bps(rate).split()
    assert "e" not in number
    factor = {"bit/s": 1, "kbit/s": 1e3, "Mbit/s": 1e6, "Gbit/s": 1e9}[unit]
    assert float(number) * factor == pytest.approx(rate, rel=0.0051)
