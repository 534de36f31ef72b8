"""What differs between two plans: symmetric, by what things are, nothing left out."""

from __future__ import annotations

import copy
import json

import pytest
from jsonschema import Draft202012Validator
from plan_fixtures import SAMPLE, make_link, make_plan, sample

import qplan
from qplan.assessment.facts import PlanFacts, assess
from qplan.comparison.comparing import compare, compare_alone
from qplan.comparison.model import Comparison
from qplan.inventory.model import Inventory
from qplan.outputs.review.comment import review_markdown
from qplan.outputs.review.document import comparison_gitlab, comparison_json
from qplan.outputs.review.text import comparison_text
from qplan.outputs.schemas import SCHEMAS
from qplan.plan.model import Path

SCHEMA = Draft202012Validator(SCHEMAS["diff"]())


def edited(**changes: object) -> Inventory:
    """The sample's inventory with values at addresses (`__` for a dot) set, or taken away by None."""
    content = json.loads(json.dumps(SAMPLE))
    for address, value in changes.items():
        *way, last = address.split("__")
        at = content
        for key in way:
            at = at.setdefault(key, {})
        at[last] = value
        if value is None:
            del at[last]
    return Inventory.model_validate_json(json.dumps(content))


def east_only(inventory: Inventory) -> PlanFacts:
    """bank-a over win-co with another system, in the one path left; grid-b as before."""
    east = make_link(inventory, ("zrh-dc1", "win-co"), "cv-long", ("f-zrh-win",), load_bps=2000.0 + 256 / 60 * 16)
    far = make_link(inventory, ("win-co", "sg-hq"), "dv-metro", ("f-win-sg",), load_bps=2000.0)
    paths = {
        "bank-a": (Path(links=(east.id, far.id), relays=("win-co",)),),
        "grid-b": (Path(links=(east.id,), relays=()),),
    }
    return assess(inventory, make_plan(inventory, (east, far), paths))


def base() -> PlanFacts:
    return assess(*sample())


def written(comparison: Comparison) -> dict:
    """Its JSON, which fits the schema."""
    content = json.loads(comparison_json(comparison))
    assert not list(SCHEMA.iter_errors(content))
    assert next(iter(content)) == "format_version"
    return content


def test_a_plan_does_not_differ_from_itself():
    found = compare(base(), base())
    content = written(found)
    assert not found.changed and not content["changed"]
    assert content["summary"] == {"create": 0, "update": 0, "delete": 0}
    assert not (content["changes"] or content["corridors"] or content["inputs"] or content["limits"])
    assert content["costs"]["tco"]["delta"] == 0.0
    assert comparison_text(found) == "No change: neither the plan nor the inventory differs.\n"


def test_a_link_with_another_system_is_an_update_and_what_is_gone_is_deleted():
    found = compare(base(), east_only(Inventory.model_validate(SAMPLE)))
    actions = {change.address: change.action for change in found.plan.changes}
    assert actions == {
        "corridors.bank-a": "update",
        "corridors.grid-b": "update",
        "links.rap-pop--sg-hq": "delete",
        "links.rap-pop--zrh-dc1": "delete",
        "links.win-co--zrh-dc1": "update",
        "nodes.rap-pop": "delete",
    }
    (link,) = (change for change in found.plan.changes if change.address == "links.win-co--zrh-dc1")
    assert (link.before["system"], link.after["system"]) == ("dv-metro", "cv-long")
    content = written(found)
    assert content["summary"] == {"create": 0, "update": 3, "delete": 3} == json.loads(comparison_gitlab(found))
    (bank,) = (entry for entry in content["corridors"] if entry["id"] == "bank-a")
    assert (bank["relays_gained"], bank["relays_lost"]) == ([], ["rap-pop"])
    assert content["exposure"]["sites_lost"] == ["rap-pop"] and content["exposure"]["sites_gained"] == []
    amounts = content["costs"]["capex"]
    assert amounts["delta"] == pytest.approx(amounts["after"] - amounts["before"], abs=0.005)


def test_the_other_way_round_everything_is_inverted():
    there = written(compare(base(), east_only(Inventory.model_validate(SAMPLE))))
    back = written(compare(east_only(Inventory.model_validate(SAMPLE)), base()))
    inverse = {"create": "delete", "delete": "create", "update": "update"}
    assert [(e["address"], inverse[e["action"]], e["after"], e["before"]) for e in there["changes"]] == [
        (e["address"], e["action"], e["before"], e["after"]) for e in back["changes"]
    ]
    for kind in ("sites", "operators", "countries"):
        assert there["exposure"][f"{kind}_gained"] == back["exposure"][f"{kind}_lost"]
    for name in ("capex", "opex_per_year", "tco"):
        assert there["costs"][name]["delta"] == -back["costs"][name]["delta"]


def test_links_that_join_the_same_sites_are_told_apart_and_matched_by_route_then_system():
    inventory = edited(fibres__second={"ends": ["zrh-dc1", "win-co"], "loss_db": 6.0, "length_km": 27})

    def both(*links: tuple[str, str]) -> PlanFacts:
        made = [make_link(inventory, ("zrh-dc1", "win-co"), system, (fibre,)) for system, fibre in links]
        path = Path(links=(made[0].id,), relays=())
        return assess(inventory, make_plan(inventory, tuple(made), {"grid-b": (path,), "bank-a": ()}))

    found = compare(both(("dv-metro", "second"), ("cv-long", "f-zrh-win")), both(("dv-metro", "f-zrh-win")))
    (gone,) = (change for change in found.plan.changes if change.action == "delete" and change.kind == "links")
    (kept,) = (change for change in found.plan.changes if change.action == "update" and change.kind == "links")
    assert (kept.address, kept.before["system"], kept.after["system"]) == (
        "links.win-co--zrh-dc1",
        "cv-long",
        "dv-metro",
    )
    assert (gone.address, gone.before["fibres"]) == ("links.win-co--zrh-dc1#2", ["second"])


def test_whole_keys_where_shares_were_seen_are_more_that_is_seen():
    shares = edited(**{"corridors__bank-a__shares_needed": 2})
    plan = sample()[1]
    found = compare(assess(shares, plan), base()).plan.exposure
    assert not found.sites and {sight.name for sight in found.by_site} == {"rap-pop", "win-co"}
    assert {sight.corridors.gained for sight in found.by_site} == {("bank-a",)}


RENAMED = {"sites.win-co": "sites.win", "fibres.f-zrh-win": "fibres.f1", "corridors.bank-a": "corridors.bank"}


def test_renamed_things_are_updates_that_name_both():
    text = json.dumps(SAMPLE)
    for old, new in RENAMED.items():
        text = text.replace(f'"{old.partition(".")[2]}"', f'"{new.partition(".")[2]}"')
    inventory = Inventory.model_validate_json(json.dumps({**json.loads(text), "moved": RENAMED}))
    plan_text = sample()[1].to_json()
    for old, new in RENAMED.items():
        plan_text = plan_text.replace(f'"{old.partition(".")[2]}"', f'"{new.partition(".")[2]}"')
    found = compare(base(), assess(inventory, type(sample()[1]).model_validate_json(plan_text)))
    content = written(found)
    assert not content["inputs"] and len(content["moved"]) == 3
    changes = {entry["address"]: entry for entry in content["changes"]}
    assert set(changes) == {"corridors.bank", "nodes.win"}
    assert all(entry["action"] == "update" for entry in changes.values())
    assert changes["nodes.win"]["before"]["site"] == "win-co"
    assert content["costs"]["tco"]["delta"] == 0
    without = compare(base(), assess(inventory.model_copy(update={"moved": {}}), found.plan.after.plan))
    assert without.plan.count("create") and without.plan.count("delete")


@pytest.mark.parametrize(
    ("before", "after", "direction"),
    [
        ({"budget__tco": 1.0}, {"budget__tco": 2.0}, "loosened"),
        ({"budget__tco": 1.0}, {}, "loosened"),
        ({}, {"budget__capex": 5.0}, "tightened"),
        ({"policy__loss_margin_db": 2.0}, {"policy__loss_margin_db": 1.0}, "loosened"),
        ({"policy__max_bypass_sites": 1}, {}, "loosened"),
        ({"policy__technologies": ["a"]}, {"policy__technologies": ["b"]}, "changed"),
        ({"policy__technologies": ["a"]}, {"policy__technologies": ["a", "b"]}, "loosened"),
        ({}, {"corridors__bank-a__avoid_sites": ["win-co"]}, "tightened"),
        ({"corridors__bank-a__disjoint": "duct"}, {"corridors__bank-a__disjoint": "relay"}, "loosened"),
        ({"corridors__bank-a__paths": 2}, {"corridors__bank-a__paths": 1}, "loosened"),
        ({}, {"corridors__bank-a__allowed_countries": None}, "loosened"),
        ({}, {"corridors__bank-a__min_security_tier": 2}, "tightened"),
        ({}, {"corridors__bank-a__fallback": "best_effort"}, "loosened"),
        ({}, {"sites__uster-hut__trusted_node": "allowed"}, "loosened"),
        ({"checks__c": {"metric": "nodes", "max": 3}}, {}, "loosened"),
        ({"checks__c": {"metric": "nodes", "max": 3}}, {"checks__c": {"metric": "nodes", "max": 2}}, "tightened"),
        ({}, {"checks__c": {"metric": "nodes", "max": 3}}, "tightened"),
    ],
)
def test_which_way_a_limit_went(before, after, direction):
    (limit,) = compare_alone(edited(**before), edited(**after)).inputs.limits
    assert limit.direction == direction
    (back,) = compare_alone(edited(**after), edited(**before)).inputs.limits
    assert back.direction == {"loosened": "tightened", "tightened": "loosened"}.get(direction, "changed")


def test_every_edited_address_is_an_input_with_its_values():
    before, after = edited(), edited(sites__new={"name": "New"}, **{"fibres__f-win-sg__loss_db": 15})
    content = written(compare_alone(before, after))
    assert content["compared"] == "inventories" and content["costs"]["tco"]["after"] is None
    assert content["inputs"] == [
        {"address": "fibres.f-win-sg.loss_db", "before": 14.2, "after": 15.0},
        {"address": "sites.new", "before": None, "after": {"name": "New"}},
    ]


def test_money_in_two_currencies_is_not_subtracted():
    plan = sample()[1]
    in_euro = plan.model_copy(update={"costs": plan.costs.model_copy(update={"currency": "EUR"})})
    found = compare(base(), assess(edited(economics__currency="EUR"), in_euro))
    assert written(found)["costs"]["tco"]["delta"] is None
    assert "CHF" in comparison_text(found) and "EUR" in comparison_text(found)


def test_names_that_would_break_a_page_do_not():
    hostile = "a|b\x1b[31m`<script>\u202e"
    inventory = copy.deepcopy(edited(**{"sites__rap-pop__operator": hostile}))
    text, page = (
        write(compare(east_only(Inventory.model_validate(SAMPLE)), assess(inventory, sample()[1])))
        for write in (comparison_text, review_markdown)
    )
    assert "\x1b" not in text and "\u202e" not in text
    assert "<script>" not in page and "\x1b" not in page


def test_what_fails_more_is_said_with_the_longest_gap_of_the_drills():
    """Two paths bridge the day on one store after the other; a single store runs dry before."""
    dig = {"duration_s": 86_400.0, "events": [{"at_s": 0.0, "fail": "ducts.s5"}, {"at_s": 0.0, "fail": "ducts.a1"}]}
    before, after = assess(edited(drills={"dig": dig}), sample()[1]), east_only(edited(drills={"dig": dig}))
    comparison = compare(before, after)
    (failure,) = (each for each in written(comparison)["failures"] if each["id"] == "bank-a")
    assert failure["availability"] == {
        side: pytest.approx(corridor.availability, abs=1e-12)
        for side, facts in (("before", before), ("after", after))
        for corridor in facts.availability.corridors
        if corridor.id == "bank-a"
    }
    gaps = failure["longest_gap_s"]
    assert 0 == gaps["before"] < gaps["after"] < 86_400
    assert "Failure: bank-a 9.7 → 2228 min a year without keys, longest gap 0 s → " in comparison_text(comparison)
    assert not compare(before, before).plan.failures


def test_the_face_compares_what_it_planned(tmp_path):
    file = tmp_path / "sites.yaml"
    file.write_text(
        "qplan: 1\nsites: {a: {}, b: {}}\nfibres: {f: {ends: [a, b], length_km: 20}}\n"
        "equipment: {qkd_systems: {s: {key_rate_curve: [[5, 1e6], [20, 1e3]], price: 100}}}\n"
        "corridors: {c: {ends: [a, b], key_rate_bps: 100}}\n"
    )
    before, after = (
        qplan.optimize(qplan.load(file, set={"equipment.qkd_systems.s.price": price})) for price in (100, 130)
    )
    found = qplan.compare(before, after)
    assert isinstance(found, qplan.Comparison) and found.plan.money.capex.delta == 30
    assert "+30.0 %" in qplan.render(found)
    assert not qplan.compare(before.inventory, before.inventory).changed
    with pytest.raises(qplan.WrongUsage):
        qplan.compare(before, after.inventory)
