"""What differs between two plans: symmetric, by what things are, nothing left out."""

from __future__ import annotations

import copy
import json

import pytest
from jsonschema import Draft202012Validator
from plan_fixtures import SAMPLE, make_link, make_plan, sample

import qplan
from qplan.assessment.facts import PlanFacts, assess
from qplan.comparison.comparing import compare, compare_alone, compare_with_nothing
from qplan.comparison.inventories import compare_inventories, with_scenarios
from qplan.comparison.model import Comparison
from qplan.inventory.model import Inventory
from qplan.outputs.review.comment import review_markdown
from qplan.outputs.review.document import comparison_gitlab, comparison_json
from qplan.outputs.review.text import comparison_text
from qplan.outputs.schemas import SCHEMAS
from qplan.plan.model import Path, Plan

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
    """bank-a over or from win-co with another system, in the one path left; grid-b as before."""
    east = make_link(inventory, ("zrh-dc1", "win-co"), "cv-long", ("f-zrh-win",), load_bps=2000.0 + 256 / 60 * 16)
    far = make_link(inventory, ("win-co", "sg-hq"), "dv-metro", ("f-win-sg",), load_bps=2000.0)
    over = Path(links=(east.id, far.id), relays=("win-co",))
    direct = Path(links=(far.id,), relays=())
    paths = {
        "bank-a": (direct if "win-co" in inventory.corridors["bank-a"].ends else over,),
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


def ends_at_newco(end: str) -> PlanFacts:
    """grid-b alone, from its end win-co to zrh-dc1 or to a site that newco runs in France."""
    inventory = edited(
        **{
            "sites__par": {"operator": "newco", "country": "FR"},
            "fibres__par-win": {"ends": ["par", "win-co"], "length_km": 20},
            "corridors__grid-b__ends": [end, "win-co"],
            "corridors__bank-a": None,
        }
    )
    link = make_link(inventory, (end, "win-co"), "dv-metro", ("par-win" if end == "par" else "f-zrh-win",))
    return assess(inventory, make_plan(inventory, (link,), {"grid-b": (Path(links=(link.id,), relays=()),)}))


def test_who_newly_has_the_end_of_a_corridor_sees_its_keys():
    found = compare(ends_at_newco("zrh-dc1"), ends_at_newco("par"))
    content, text = written(found), " ".join(comparison_text(found).split())
    exposed = content["exposure"]
    assert (exposed["operators_gained"], exposed["countries_gained"]) == (["newco"], ["FR"])
    assert (exposed["sites_gained"], exposed["sites_lost"]) == (["par"], ["zrh-dc1"])
    assert "~ corridors.grid-b end zrh-dc1 → par " in text
    assert "new end par (newco, FR) sees grid-b; operator newco newly sees keys (grid-b)" in text
    assert content["corridors"][0]["ends"] == {"before": ["zrh-dc1", "win-co"], "after": ["par", "win-co"]}
    nothing = written(compare_with_nothing(ends_at_newco("par")))["exposure"]
    assert nothing["operators_gained"] == ["acme", "newco"] and nothing["sites_gained"] == ["par", "win-co"]


def test_an_end_that_becomes_a_relay_sees_nothing_new_and_a_relay_that_becomes_an_end_loses_nothing():
    ends = east_only(edited(**{"corridors__bank-a__ends": ["win-co", "sg-hq"]}))
    relays = east_only(Inventory.model_validate(SAMPLE))
    there, back = compare(relays, ends), compare(ends, relays)
    assert "Exposure: no new site, operator or country sees keys.\n" in comparison_text(there)
    assert there.plan.exposure.sites.lost == ("win-co",) == back.plan.exposure.sites.gained
    assert "Exposure: zrh-dc1 sees also bank-a." in comparison_text(back)


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


def test_a_site_is_called_otherwise_wherever_it_is_named():
    """In events of drills, checks, stores, rules of corridors and existing plant."""
    events = [
        {"at_s": 0.0, "fail": "key_managers.win-co", "repair_after_s": 9.0},
        {"at_s": 1.0, "alarm": "links.zrh-dc1--win-co", "clear_after_s": 9.0},
        {"at_s": 2.0, "fail": "systems.win-co--sg-hq", "repair_after_s": 9.0},
        {"at_s": 3.0, "maintain": "sites.win-co", "for_s": 9.0},
    ]
    before = edited(
        **{
            "drills": {"dig": {"duration_s": 60.0, "events": events}},
            "checks": {"load": {"metric": "load", "where": {"link": "win-co--sg-hq"}, "max": 0.5}},
            "key_stores": {"links": {"zrh-dc1--win-co": {"capacity_bits": 1e9}}},
            "corridors__bank-a__avoid_sites": ["win-co"],
        }
    )
    text = json.dumps(before.model_dump(mode="json", exclude_unset=True)).replace("win-co", "win")
    after = Inventory.model_validate_json(json.dumps(json.loads(text) | {"moved": {"sites.win-co": "sites.win"}}))
    found = compare_alone(before, after)
    assert found.renamed == {"sites.win-co": "sites.win"} and not found.inputs.changed


def dig(*expected: dict[str, float]) -> dict[str, object]:
    """A drill that expects so much of bank-a."""
    expect = [{"corridor": "bank-a", **each} for each in expected]
    return {"drills__dig": {"duration_s": 60.0, "expect": expect}}


@pytest.mark.parametrize(
    ("before", "after", "direction"),
    [
        ({"budget__tco": 1.0}, {"budget__tco": 2.0}, "loosened"),
        ({"budget__tco": 1.0}, {}, "loosened"),
        ({}, {"budget__capex": 5.0}, "tightened"),
        ({"policy__loss_margin_db": 2.0}, {"policy__loss_margin_db": 1.0}, "loosened"),
        ({"policy__max_bypass_sites": 1}, {}, "loosened"),
        ({"policy__offers": "purchase"}, {}, "changed"),
        (dig({"max_gap_s": 0}, {"delivered_min": 0.9}), dig({"max_gap_s": 0}), "loosened"),
        (dig({"max_gap_s": 0, "delivered_min": 0.9}), dig({"max_gap_s": 0, "delivered_min": 0.1}), "loosened"),
        (dig({"max_gap_s": 60}), dig({"max_gap_s": 0}), "tightened"),
        (dig({"max_gap_s": 0}, {"max_gap_s": 60}), dig({"max_gap_s": 60}), "loosened"),
        (dig({"max_gap_s": 0}, {"max_gap_s": 60}), dig({"max_gap_s": 0}), "changed"),
        ({"policy__technologies": ["a"]}, {"policy__technologies": ["b"]}, "changed"),
        ({"policy__technologies": ["a"]}, {"policy__technologies": ["a", "b"]}, "loosened"),
        ({}, {"corridors__bank-a__avoid_sites": ["win-co"]}, "tightened"),
        ({"corridors__bank-a__disjoint": "duct"}, {"corridors__bank-a__disjoint": "relay"}, "loosened"),
        ({"corridors__bank-a__paths": 2}, {"corridors__bank-a__paths": 1}, "loosened"),
        ({}, {"corridors__bank-a__allowed_countries": None}, "loosened"),
        ({}, {"corridors__bank-a__min_security_tier": 2}, "tightened"),
        ({}, {"corridors__bank-a__fallback": "best_effort"}, "loosened"),
        ({}, {"corridors__grid-b__fallback": "pqc"}, "loosened"),
        ({}, {"corridors__grid-b__fallback": "best_effort"}, "loosened"),
        ({}, {"corridors__bank-a__fallback": None}, "changed"),
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


def test_what_drills_expect_is_loosened_whatever_else_is_tightened():
    one = edited(**dig({"max_gap_s": 60, "delivered_min": 0.9}))
    other = edited(**dig({"max_gap_s": 0, "delivered_min": 0.1}))
    limits = (*compare_alone(one, other).inputs.limits, *compare_alone(other, one).inputs.limits)
    assert [each.direction for each in limits] == ["loosened", "loosened"]


def test_limits_go_with_the_drill_or_the_corridor_that_set_them():
    strict = {**edited().corridors["grid-b"].model_dump(exclude_unset=True), "paths": 1, "max_relays": 1}
    with_them = edited(**dig({"max_gap_s": 0}), corridors__strict=strict)
    gone = compare_alone(with_them, edited())
    assert [(each.address, each.direction) for each in gone.inputs.limits] == [
        ("corridors.strict.max_relays", "loosened"),
        ("drills.dig.expect", "loosened"),
    ]
    text = " ".join(comparison_text(gone).split())
    assert "corridors.strict.max_relays 1 → – ← lifted" in text and "Inputs: gone: corridors.strict, drills.dig" in text
    new = compare_alone(edited(), with_them)
    assert [each.direction for each in new.inputs.limits] == ["tightened", "tightened"]
    assert "corridors.strict.max_relays – → 1 set" in " ".join(comparison_text(new).split())


def test_every_edited_address_is_an_input_with_its_values():
    before, after = edited(), edited(sites__new={"name": "New"}, **{"fibres__f-win-sg__loss_db": 15})
    content = written(compare_alone(before, after))
    assert content["compared"] == "inventories" and content["costs"]["tco"]["after"] is None
    assert content["inputs"] == [
        {"address": "fibres.f-win-sg.loss_db", "before": 14.2, "after": 15.0},
        {"address": "sites.new", "before": None, "after": {"name": "New"}},
    ]


def test_scenarios_go_by_the_new_names_of_what_was_moved():
    old, new = ({"x": {"set": {f"corridors.{q}.paths": 2, "budget.tco": None}}} for q in "ab")
    nothing = compare_inventories(Inventory(qplan=1), Inventory(qplan=1))
    assert not with_scenarios(nothing, old, new, {"corridors.a": "corridors.b"}).changed
    assert [each.address for each in with_scenarios(nothing, old, new, {}).changed] == ["scenarios.x"]


def test_defaults_written_out_and_lists_in_another_order_are_no_change():
    events = [{"at_s": 0.0, "fail": "ducts.s5"}, {"at_s": 9.0, "fail": "ducts.a1"}]
    expect = [{"corridor": "bank-a", "max_gap_s": 0.0}, {"corridor": "grid-b", "max_gap_s": 0.0}]
    rules = {"allowed_operators": ["acme", "citynet"], "allowed_countries": ["CH"]}

    def inventory(step: int, **more: object) -> Inventory:
        """With its lists from the first or, by -1, from the last."""
        content = json.loads(edited(**more).model_dump_json(exclude_unset=True))
        content["drills"] = {"dig": {"duration_s": 60.0, "events": events[::step], "expect": expect[::step]}}
        content["fibres"]["f-win-sg"] |= {"ends": ["win-co", "sg-hq"][::step], "ducts": ["x", "y"][::step]}
        content["corridors"]["bank-a"] |= {key: value[::step] for key, value in rules.items()}
        content["corridors"]["bank-a"]["ends"] = ["zrh-dc1", "sg-hq"][::step]
        return Inventory.model_validate_json(json.dumps(content))

    stated = {"sites__sg-hq__trusted_node": "allowed", "corridors__grid-b__paths": 1, "policy__max_bypass_sites": 2}
    backwards = inventory(-1, **stated, **{"corridors__grid-b__avoid_sites": []})
    assert not compare_alone(inventory(1), backwards).changed
    plan = sample()[1]
    turned = tuple(
        each.model_copy(update={"paths": tuple(Path(links=p.links[::-1], relays=p.relays[::-1]) for p in each.paths)})
        if each.id == "bank-a"
        else each
        for each in plan.corridors
    )
    found = compare(assess(inventory(1), plan), assess(backwards, plan.model_copy(update={"corridors": turned})))
    assert not found.changed
    both = inventory(1, **{"sites__sg-hq__node_cost": None}), inventory(1, **{"sites__sg-hq__node_cost": 0.0})
    assert compare_alone(*both).changed  # a cost that is stated as 0 is stated


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


def test_what_drills_expect_and_is_no_longer_kept_is_said():
    dig = {"duration_s": 86_400.0, "events": [{"at_s": 0.0, "fail": "ducts.s5"}, {"at_s": 0.0, "fail": "ducts.a1"}]}
    expect = [{"corridor": "bank-a", "max_gap_s": 0.0}, {"corridor": "grid-b", "delivered_min": 0.1}]
    inventory = edited(drills={"dig": {**dig, "expect": expect}})
    comparison = compare(assess(inventory, sample()[1]), east_only(inventory))
    assert written(comparison)["expectations"] == {
        "before": {"stated": 2, "kept": 2, "missed": [], "unplayed": []},
        "after": {"stated": 2, "kept": 1, "missed": ["bank-a in dig"], "unplayed": []},
    }
    told = "drills: 1 of 2 expectations kept (missed: bank-a in dig), 2 of 2 before"
    assert told in " ".join(comparison_text(comparison).split()) and told in review_markdown(comparison)


def test_a_drill_that_the_new_plan_cannot_play_is_no_improvement():
    """Its alarm is on a link that is no longer there: what it expects is not kept, and its gaps are not compared."""
    alarm = {"at_s": 0.0, "alarm": "links.rap-pop--zrh-dc1", "clear_after_s": 86_000.0}
    events = [alarm, {"at_s": 0.0, "fail": "ducts.s5"}, {"at_s": 0.0, "fail": "fibres.f-win-sg"}]
    expect = [{"corridor": "bank-a", "max_gap_s": 90_000.0, "delivered_min": 0.0}]
    inventory = edited(drills={"dig": {"duration_s": 86_400.0, "events": events, "expect": expect}})
    before, after = assess(inventory, sample()[1]), east_only(inventory)
    assert before.field.drilled("dig").ok
    comparison = compare(before, after)
    kept = written(comparison)["expectations"]
    assert kept["before"] == {"stated": 2, "kept": 2, "missed": [], "unplayed": []}
    assert kept["after"] == {"stated": 2, "kept": 0, "missed": [], "unplayed": ["dig"]}
    assert all(each.longest_gap_s.before is None for each in comparison.plan.failures)
    told = "drills: 0 of 2 expectations kept (cannot be played on the plan: dig), 2 of 2 before"
    assert told in " ".join(comparison_text(comparison).split())


def test_a_key_that_relays_see_whole_is_the_first_thing_told():
    inventory, plan = sample()
    shared = edited(**{"corridors__bank-a__shares_needed": 2})
    found = compare(assess(shared, plan), assess(inventory, plan))
    assert [each["id"] for each in written(found)["corridors"]] == ["bank-a"]
    first = next(line for line in comparison_text(found).splitlines() if line.startswith("~"))
    assert first.startswith("~ corridors.bank-a") and "relays see whole keys" in first
    assert "| \\~ changed | corridors.bank-a |" in review_markdown(found)


def test_a_corridor_that_is_only_called_otherwise_is_told():
    content = json.loads(json.dumps(SAMPLE))
    content["corridors"] = {"bank-z": content["corridors"]["bank-a"], "grid-b": content["corridors"]["grid-b"]}
    content["moved"] = {"corridors.bank-a": "corridors.bank-z"}
    after = Inventory.model_validate_json(json.dumps(content))
    plan = sample()[1]
    named = {"bank-a": "bank-z"}
    corridors = tuple(each.model_copy(update={"id": named.get(each.id, each.id)}) for each in plan.corridors)
    found = compare(base(), assess(after, plan.model_copy(update={"corridors": corridors})))
    assert "~ corridors.bank-z   same relays, same operators   was bank-a" in comparison_text(found)
    assert written(found)["summary"] == {"create": 0, "update": 1, "delete": 0}


def test_a_path_over_another_link_between_the_same_sites_is_told():
    def over(number: int) -> PlanFacts:
        inventory = edited(**{"corridors__bank-a__paths": 1, "corridors__grid-b": None})
        pair = ("zrh-dc1", "win-co")
        twins = [make_link(inventory, pair, system, ("f-zrh-win",)) for system in ("dv-metro", "cv-long")]
        far = make_link(inventory, ("win-co", "sg-hq"), "dv-metro", ("f-win-sg",), load_bps=2000.0)
        path = Path(links=(twins[number].id, far.id), relays=("win-co",))
        return assess(inventory, make_plan(inventory, (*twins, far), {"bank-a": (path,)}))

    text = comparison_text(compare(over(0), over(1)))
    assert "~ corridors.bank-a   same relays, same operators, other links" in text


def test_another_standby_path_that_is_preferred_is_told():
    inventory, plan = sample()
    (bank,) = (each for each in plan.corridors if each.id == "bank-a")
    turned = tuple(each.model_copy(update={"paths": each.paths[::-1]}) for each in plan.corridors)
    found = compare(base(), assess(inventory, plan.model_copy(update={"corridors": turned})))
    over = ", ".join(bank.paths[-1].relays)
    told = f"~ corridors.bank-a same relays, same operators, paths in another order, the first now over {over} "
    assert told in " ".join(comparison_text(found).split())
    (paths,) = (each["paths"] for each in written(found)["corridors"])
    assert paths["before"] == paths["after"][::-1]
    shares = edited(**{"corridors__bank-a__shares_needed": 2})
    assert not compare(assess(shares, plan), assess(shares, plan.model_copy(update={"corridors": turned}))).changed


def test_quotes_that_have_run_out_since_are_a_change():
    plan = sample()[1]
    ref = plan.inventory.model_copy(update={"as_of": "2040-01-01"})
    found = compare(base(), assess(sample()[0], plan.model_copy(update={"inventory": ref})))
    assert found.changed and written(found)["as_of"] == {"before": None, "after": "2040-01-01"}
    assert comparison_text(found).startswith("Same plan, other figures: ")
    assert "quotes as of – → 2040-01-01" in " ".join(comparison_text(found).split())


def test_totals_over_different_horizons_are_not_compared():
    short = edited(economics__horizon_years=1)
    found = compare(base(), assess(short, make_plan(short, sample()[1].links, corridor_paths(sample()[1]))))
    costs = written(found)["costs"]
    assert costs["tco"]["delta"] is None and costs["capex"]["delta"] == 0
    assert costs["horizon_years"] == {"before": 10, "after": 1}
    text = " ".join(comparison_text(found).split())
    assert "over 10 → 1 years: not to be compared" in text and "Costs of 2 corridors are not compared." in text


def corridor_paths(plan: Plan) -> dict[str, tuple[Path, ...]]:
    return {each.id: each.paths for each in plan.corridors}


def test_long_values_are_told_by_what_differs():
    points = [[2.0, 400_000.0], [10.0, 60_000.0], [16.0, 8000.0]]
    curve = "equipment__qkd_systems__dv-metro__key_rate_curve"
    found = compare_alone(edited(**{curve: points}), edited(**{curve: [*points[:2], [16.0, 4000.0]]}))
    assert "[16.0, 8000.0]] → …" in comparison_text(found, 200) and "4000.0]]" in comparison_text(found, 200)


def test_long_values_without_blanks_are_told_by_what_differs():
    address = "https://vendor.example/quotes/2026/alpha-systems/rev"
    found = compare_alone(*(edited(**{"sites__sg-hq__address": address + end}) for end in ("1", "2")))
    assert "sites.sg-hq.address …-systems/rev1 → …-systems/rev2" in " ".join(comparison_text(found).split())


def test_what_trust_rests_on_is_not_hidden_among_labels():
    described = {f"{kind}__{name}__labels": {"n": name} for kind in ("fibres", "sites") for name in SAMPLE[kind]}
    trusted = {"fibres__f-win-sg__ducts": [], "sites__win-co__operator": "x", "sites__win-co__security_tier": 1}
    text = " ".join(comparison_text(compare_alone(edited(), edited(**described, **trusted))).split())
    assert 'Inputs: fibres.f-win-sg.ducts ["a1-east"] → []; sites.win-co.operator acme → x; sites.win-co.sec' in text
    assert text.endswith("; and 5 more: --format json has all")


def test_the_gravest_loosened_limit_is_told_first_and_none_is_cut_at_four():
    before = edited(
        **{
            "sites__rap-pop__trusted_node": "forbidden",
            "corridors__bank-a__max_relays": 2,
            "corridors__bank-a__allowed_operators": ["acme"],
            "corridors__bank-a__avoid_sites": ["rap-pop"],
            "budget": {"capex": 1.0, "tco": 1.0},
        }
    )
    text = " ".join(comparison_text(compare_alone(before, edited())).split())
    assert "Limits: sites.rap-pop.trusted_node forbidden → " in text
    assert text.count("← ") == 6 and "more" not in text, text


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


def test_what_is_there_now_is_told_beside_what_it_spares():
    plan = sample()[1]
    (first, *_) = plan.links
    there = {"ends": list(first.ends), "fibres": list(first.fibres), "system": first.system, "count": 1}
    inventory = edited(existing={"links": {"e": there}})
    links = (first.model_copy(update={"existing": 1, "tx": first.ends[0]}), *plan.links[1:])
    text = comparison_text(compare(base(), assess(inventory, make_plan(inventory, links, corridor_paths(plan)))))
    assert "Not paid again, since they are there now: 1 link and 2 nodes." in " ".join(text.split())
    assert f"~ links.{'--'.join(first.ends)}" not in text


def test_a_trusted_node_that_is_there_now_is_told_once():
    plan, site = sample()[1], "win-co"
    inventory = edited(**{f"sites__{site}__trusted_node": "existing"})
    found = compare(base(), assess(inventory, make_plan(inventory, plan.links, corridor_paths(plan))))
    row = next(line for line in comparison_text(found).splitlines() if line.startswith(f"~ nodes.{site}"))
    assert row.count("existing") == 1 and " → end + trusted node (existing)" in row
