"""What a reviewer reads: the one screen, and the comment for a pull request with its picture."""

from __future__ import annotations

import itertools
import re
from pathlib import Path as File

import pytest
from markdown_it import MarkdownIt
from plan_fixtures import SAMPLE, make_link, make_plan, sample

from qplan.assessment.facts import PlanFacts, assess
from qplan.comparison.comparing import compare, compare_with_nothing
from qplan.inventory.model import Inventory
from qplan.outputs.report.markdown import COMMENT_CHARACTERS
from qplan.outputs.report.report import report_document, report_html
from qplan.outputs.review.comment import MARKER, review_markdown
from qplan.outputs.review.picture import MOST_CHARACTERS, MOST_EDGES
from qplan.outputs.review.section import change_section
from qplan.outputs.review.text import MOST_ROWS, comparison_text
from qplan.plan.model import Path

HERE = File(__file__).parent


def base() -> PlanFacts:
    return assess(*sample())


def moved_east() -> PlanFacts:
    """bank-a on one path over win-co with a raised limit and a longer fibre; rap-pop is left."""
    fibres = {**SAMPLE["fibres"], "f-win-sg": {**SAMPLE["fibres"]["f-win-sg"], "loss_db": 17.5}}
    bank = {**SAMPLE["corridors"]["bank-a"], "paths": 1}
    corridors = {**SAMPLE["corridors"], "bank-a": bank}
    inventory = Inventory.model_validate({**SAMPLE, "fibres": fibres, "corridors": corridors, "budget": {"tco": 4e6}})
    near = make_link(inventory, ("zrh-dc1", "win-co"), "dv-metro", ("f-zrh-win",), load_bps=2000.0 + 256 / 60 * 16)
    far = make_link(inventory, ("win-co", "sg-hq"), "cv-long", ("f-win-sg",), load_bps=2000.0)
    paths = Path(links=(near.id, far.id), relays=("win-co",)), Path(links=(near.id,), relays=())
    return assess(inventory, make_plan(inventory, (near, far), {"bank-a": paths[:1], "grid-b": paths[1:]}))


def national(sites: int) -> PlanFacts:
    """A chain of sites with long names, every link of which serves a corridor of its own."""
    names = [f"s{number:03}" for number in range(sites)]
    pairs = list(itertools.pairwise(names))
    inventory = Inventory.model_validate(
        {
            **SAMPLE,
            "sites": {name: {"name": f"Exchange of a town with a long name {name}"} for name in names},
            "fibres": {f"f-{a}-{b}": {"ends": (a, b), "length_km": 40.0} for a, b in pairs},
            "corridors": {f"c-{a}-{b}": {"ends": (a, b), "key_rate_bps": 100.0} for a, b in pairs},
        }
    )
    links = {(a, b): make_link(inventory, (a, b), "dv-metro", (f"f-{a}-{b}",), load_bps=100.0) for a, b in pairs}
    paths = {f"c-{a}-{b}": (Path(links=(links[a, b].id,), relays=()),) for a, b in pairs}
    return assess(inventory, make_plan(inventory, tuple(links.values()), paths))


def golden(name: str, text: str) -> None:
    """`pytest` tells what differs; the file is replaced by hand, with what is right."""
    assert text == (HERE / name).read_text("utf-8")


def test_the_one_screen():
    text = comparison_text(compare(base(), moved_east()))
    golden("screen.txt", text)
    assert len(text.splitlines()) < 24 and max(map(len, text.splitlines())) <= 100
    golden("screen_back.txt", comparison_text(compare(moved_east(), base()), 80))


def test_the_comment_shows_the_same_first_and_folds_the_rest():
    comparison = compare(base(), moved_east())
    text = review_markdown(comparison, report_document(comparison.plan.after).sections)
    golden("comment.md", text[: text.index("<details>")])
    assert text.startswith(f"{MARKER}\n") and text.count("<details>") == text.count("</details>") >= 5
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    assert [token.info for token in tokens if token.type == "fence"] == ["mermaid"]
    assert "What changes" in report_html(comparison.plan.after, (change_section(comparison),))


def test_no_change_is_said():
    text = review_markdown(compare(base(), base()))
    assert "No change to the plan" in text and "mermaid" not in text


@pytest.mark.parametrize(("sites", "pictured"), [(60, True), (250, False)])
def test_a_national_plan_that_is_all_new_fits_a_comment_and_a_screen(sites, pictured):
    comparison = compare_with_nothing(national(sites))
    text = review_markdown(comparison, report_document(comparison.plan.after).sections)
    assert len(text) < COMMENT_CHARACTERS and ("```mermaid" in text) == pictured
    screen = comparison_text(comparison)
    assert len(screen.splitlines()) <= MOST_ROWS + 13 and f"{3 * sites - 2} to create" in screen


def test_a_link_that_only_carries_more_is_not_marked_in_the_picture():
    inventory = Inventory.model_validate({**SAMPLE, "corridors": {"grid-b": SAMPLE["corridors"]["grid-b"]}})

    def loaded(bps: float) -> PlanFacts:
        link = make_link(inventory, ("zrh-dc1", "win-co"), "dv-metro", ("f-zrh-win",), load_bps=bps)
        return assess(inventory, make_plan(inventory, (link,), {"grid-b": (Path(links=(link.id,), relays=()),)}))

    comparison = compare(loaded(1e5), loaded(2e5))
    assert "headroom_db" in comparison.plan.changes[0].fields
    text = review_markdown(comparison)
    assert "Load alone: 1 link" in text and '"dv#45;metro, ' in text and "#126;" not in text


def test_where_the_whole_is_too_large_the_picture_shows_what_changed():
    after = national(250)
    inventory = after.inventory.model_copy(update={"corridors": dict(list(after.inventory.corridors.items())[:-1])})
    plan = after.plan
    before = plan.model_copy(
        update={"links": plan.links[:-1], "corridors": plan.corridors[:-1], "nodes": plan.nodes[:-1]}
    )
    text = review_markdown(compare(assess(inventory, before), after))
    picture = re.search(r"```mermaid\n(.*?)```", text, re.DOTALL)[1]
    assert picture.count("===|") == 1 <= MOST_EDGES and len(picture) < MOST_CHARACTERS
    assert '"+ ' in picture and "linkStyle 0 stroke" in picture
