"""Event streams against their standards, the words of times and shares, the picture of a drill."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import UTC, datetime
from xml.etree import ElementTree

import jsonschema
import pytest
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema
from plan_fixtures import sample

from qplan.assessment.drills.board import Entry
from qplan.assessment.drills.playing import field_of, play_drill
from qplan.assessment.drills.results import Played
from qplan.assessment.facts import assess
from qplan.inventory.drills import Drill
from qplan.inventory.model import Inventory
from qplan.outputs.drills.events import CLOCK, KINDS, event_stream
from qplan.outputs.drills.streams import OCSF_VERSION, STREAMS, stream_text
from qplan.outputs.drills.timeline import timeline_svg
from qplan.outputs.drills.words import hours, minutes, moment, share, span
from qplan.outputs.report.markdown import report_markdown
from qplan.outputs.report.report import report_html
from qplan.outputs.verbs.plan_view import PlanView, show_json
from qplan.outputs.verbs.show import Screen, show_text
from qplan.plan.model import Plan

EVENTS = [
    {"at_s": 10, "fail": "fibres.f-zrh-win", "repair_after_s": 60_000},
    {"at_s": 20, "surge": "corridors.bank-a", "factor": 3, "for_s": 500},
    {"at_s": 30, "degrade": "fibres.f-rap-sg", "added_loss_db": 1, "for_s": 500},
    {"at_s": 61_000, "alarm": "links.zrh-dc1--rap-pop", "clear_after_s": 100},
    {"at_s": 62_000, "fail": "key_managers.rap-pop", "repair_after_s": 100},
    {"at_s": 63_000, "identity_down": "sites.sg-hq", "for_s": 100},
    {"at_s": 64_000, "auth_exhausted": "links.win-co--sg-hq"},
    {"at_s": 65_000, "fail": "systems.rap-pop--sg-hq", "repair_after_s": 1.5},
    {"at_s": 66_000, "distrust": "sites.win-co"},
    {"at_s": 67_000, "identity_down": "sites.sg-hq"},
]


@pytest.fixture(scope="module")
def drilled() -> tuple[Plan, Played]:
    """A drill in which every kind of event happens."""
    inventory, plan = sample()
    drill = Drill.model_validate(
        {"duration_s": 70_000, "policy": {"trigger": "outage", "key_lifetime_s": 30}, "events": EVENTS}
    )
    played = play_drill(field_of(inventory, plan), "all-at-once", drill, trace=True)
    missing = KINDS.keys() - {entry.event for entry in played.log}
    assert missing <= {"store.usable", "store.exhausted", "store.warning"}
    rest = tuple(
        Entry(69_000, event, f"links.{plan.links[0].id}", (("store_bits", 12.5),)) for event in sorted(missing)
    )
    return plan, dataclasses.replace(played, log=(*played.log, *rest))


def lines(style: str, drilled: tuple[Plan, Played]) -> list[str]:
    return stream_text(style, event_stream(*drilled)).splitlines()


@pytest.mark.parametrize("style", STREAMS)
def test_every_line_is_an_exercise_and_the_stream_repeats(style, drilled):
    found = lines(style, drilled)
    assert found == lines(style, drilled) and len(found) == len(drilled[1].log)
    marks = {
        "ocsf": '"labels":["exercise"]',
        "ecs": '"labels":{"exercise":true',
        "cef": "cs6Label=exercise cs6=true",
        "syslog": 'exercise="true"',
        "json": '"exercise":true',
    }
    assert all(marks[style] in line and "EXERCISE" in line for line in found)


def test_ids_differ_between_events_drills_and_plans(drilled):
    plan, played = drilled
    other = plan.model_copy(update={"notes": ("another",)})
    streams = [(plan, played), (plan, dataclasses.replace(played, id="other")), (other, played)]
    ids = [event.id for stream in streams for event in event_stream(*stream)]
    assert len(set(ids)) == len(ids)


def test_ocsf_is_valid_against_its_schema(drilled):
    """The schema of OCSF as ocsf-json-schema has it, without keys that it does not know."""
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(OCSF_VERSION)).get_class_schema("detection_finding")
    validator = jsonschema.Draft202012Validator(schema)
    documents = [json.loads(line) for line in lines("ocsf", drilled)]
    for document in documents:
        validator.validate(document)
        assert document["type_uid"] == document["class_uid"] * 100 + document["activity_id"]
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({**documents[0], "severity_id": 7})


def test_one_trouble_is_one_finding_from_its_first_event_to_its_last(drilled):
    found = [json.loads(line) for line in lines("ocsf", drilled)]
    link = [
        d
        for d in found
        if "zrh-dc1--win-co" in d["resources"][0]["uid"] and d["finding_info"]["types"][0] in ("link.down", "link.up")
    ]
    assert [(d["activity_name"], d["status"]) for d in link] == [("Create", "New"), ("Close", "Resolved")]
    assert len({d["finding_info"]["uid"] for d in link}) == 1
    losses = [
        d
        for d in found
        if d["resources"][0]["uid"] == "corridors.bank-a"
        and d["finding_info"]["types"][0] in ("corridor.lost", "corridor.restored", "fallback.entered")
    ]
    assert [d["activity_name"] for d in losses[:3]] == ["Create", "Update", "Close"]
    assert losses[0]["finding_info"]["uid"] == losses[2]["finding_info"]["uid"] != losses[3]["finding_info"]["uid"]


def test_ecs_has_allowed_words(drilled):
    kinds, outcomes = {"alert", "event"}, {"success", "failure", "unknown"}
    categories = {"network", "host", "configuration", "intrusion_detection", "threat"}
    types = {"start", "end", "info", "change", "indicator"}
    for line in lines("ecs", drilled):
        event = json.loads(line)["event"]
        assert event["kind"] in kinds and event["outcome"] in outcomes
        assert set(event["category"]) <= categories and set(event["type"]) <= types
        assert event["dataset"] == "qplan.drill"


def test_cef_parses_back(drilled):
    plan, played = drilled
    hostile = dataclasses.replace(played, log=(Entry(1, "link.down", "links.x", (("cause", "operators.a|b=c\\d"),)),))
    (line,) = lines("cef", (plan, hostile))
    head = re.split(r"(?<!\\)\|", line, maxsplit=7)
    assert head[:3] == ["CEF:0", "qplan", "drill"] and head[4:7] == ["link.down", "QKD link down", "7"]
    fields = dict(re.findall(r"(\w+)=((?:\\.|[^=\\])*)(?: (?=\w+=)|$)", head[7]))
    assert fields["msg"] == r"EXERCISE: QKD link down: links.x (operators.a|b\=c\\d)"
    assert fields["rt"] == str(round(CLOCK.timestamp() * 1000) + 1000)


RFC_5424 = re.compile(
    r"<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ([!-~]{1,255}) qplan - ([!-~]{1,32}) "
    r'\[qplan@32473((?: [!-<>-\\^-~]{1,32}="(?:\\["\\\]]|[^"\\\]])*")+)\] (.*)'
)


def test_syslog_is_rfc_5424(drilled):
    plan, played = drilled
    for line in lines("syslog", drilled):
        match = RFC_5424.fullmatch(line)
        assert match and 128 <= int(match[1]) <= 135 and match[4] in KINDS
    hostile = dataclasses.replace(played, log=(Entry(0, "corridor.lost", "corridors.c", (("reason", 'ü"]\\\n'),)),))
    (line,) = lines("syslog", (plan, hostile))
    assert RFC_5424.fullmatch(line) and line.startswith("<129>") and '\\"\\]\\\\' in line and "\ufeff" in line


def test_the_clock_is_what_was_asked_for(drilled):
    first = next(event_stream(*drilled, datetime(2030, 1, 2, 3, 4, 5, 678_900, tzinfo=UTC)))
    assert (first.stamp, first.milliseconds) == ("2030-01-02T03:04:05.679Z", 1_893_553_445_679)


def test_names_of_etsi_015_are_spelt_as_there():
    known = {
        "sdqkdn_application_new",
        "sdqkdn_application_qos_update",
        "sdqkdn_application_disconnected",
        "sdqkdn_interface_new",
        "sdqkdn_interface_down",
        "sdqkdn_interface_out",
        "sdqkdn_link_down",
        "sdqkdn_link_perf_update",
        "sdqkdn_link_overloaded",
        "alarm",
        "event",
    }
    assert {kind.etsi_015 for kind in KINDS.values()} <= known


def test_the_picture_has_every_corridor_and_every_store_that_moved(drilled):
    plan, played = drilled
    root = ElementTree.fromstring(timeline_svg(plan, played))
    texts = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"bank-a", "grid-b", "Drill all-at-once"} <= texts
    moved = [link for link in played.links if len({bits for _, bits in link.points}) > 1]
    assert len(list(root.iter("{http://www.w3.org/2000/svg}polyline"))) == len(moved) > 1


def test_a_hostile_name_stays_text_in_the_picture(drilled):
    plan, played = drilled
    picture = timeline_svg(plan, dataclasses.replace(played, id='</title><script>"'))
    assert "<script" not in picture and ElementTree.fromstring(picture) is not None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.73, "59.7 s"),
        (90, "1 min 30 s"),
        (3584, "59 min 44 s"),
        (3600, "1 h"),
        (10_483.2, "2 h 55 min"),
        (86_399, "24 h"),
        (90_000, "1 d 1 h"),
        (40 * 86_400, "40 d"),
        (float("inf"), "for ever"),
    ],
)
def test_spans(seconds, words):
    assert span(seconds) == words


def test_moments_hours_and_shares():
    assert (minutes(12.4), minutes(0.25), minutes(1e-20), minutes(0)) == ("12", "0.25", "below 0.001", "0")
    assert (moment(2060), moment(200_000.4), hours(36)) == ("00:34:20", "2 d 07:33:20", "1 d 12 h")
    assert [share(value) for value in (1.0, 0.9999999, 0.5, 0.0)] == ["100 %", "99.999 %", "50 %", "0 %"]


# the report


def failing_report(*drills: str) -> tuple[str, str]:
    """The report's pages, Markdown and HTML, on how the sample fails, where grid-b goes on open."""
    inventory, plan = sample()
    stated = inventory.model_dump(exclude_unset=True)
    stated["corridors"]["grid-b"]["fallback"] = "best_effort"
    dig = {"duration_s": 86_400, "expect": [{"corridor": "grid-b", "max_gap_s": 0}]}
    events = {
        "dig": [{"at_s": 0, "fail": "ducts.a1"}],
        "calm": [],
        "nowhere": [{"at_s": 0, "fail": "links.zrh-dc1--sg-hq"}],
    }
    stated["drills"] = {name: {**dig, "events": events[name]} for name in drills}
    facts = assess(Inventory.model_validate(stated), plan)
    return report_markdown(facts), report_html(facts)


def test_the_report_says_what_fails_and_how_long_keys_are_missed():
    markdown, html = failing_report("calm", "dig")
    assert (markdown, html) == failing_report("calm", "dig")
    assert html.count('aria-label="Drill ') == 2 and html.index("Drill dig") < html.index("Drill calm")
    assert '<td class="bad" data-label="Result"><span>NOT KEPT</span>' in html
    assert '<td class="bad" data-label="Go on open"><span>grid-b</span>' in html
    assert "| ducts.a1 | grid-b | – | – | bank-a |" in markdown and "<svg" not in markdown
    assert "| grid-b | no gap above 0 s | " in markdown and "| NOT KEPT |" in markdown


def test_a_drill_that_the_plan_cannot_play_is_said_in_the_report():
    markdown, html = failing_report("nowhere")
    assert "nowhere: the plan has no link" in html
    assert "the plan has no link" in markdown and 'aria-label="Drill ' not in html


def test_losses_of_show_are_those_of_the_report():
    inventory, plan = sample()
    facts = assess(inventory, plan)
    view = PlanView(facts, {}, ())
    shown = {loss["address"]: loss for loss in json.loads(show_json(view))["losses"]}
    assert shown["sites.win-co"] == {
        "address": "sites.win-co",
        "best_effort": [],
        "pqc": [],
        "fail_closed": ["grid-b"],
        "lose_spare": ["bank-a"],
    }
    assert len(shown) == len(facts.losses)
    text = show_text(view, Screen(colour=True))
    assert re.search(r"\nsites\.win-co +– +– +grid-b +bank-a\n", text)
