"""Who can learn keys: ends and relays, and what an operator or a country gets together."""

from __future__ import annotations

import copy

import pytest
from plan_fixtures import SAMPLE, sample

from qplan.assessment.facts import assess
from qplan.inventory.model import Inventory
from qplan.outputs.report.report import report_document


def facts(shares=1, rules=(), **operators):
    """The sample, with operators of sites (by id, - for _) and rules of bank-a changed."""
    data = copy.deepcopy(SAMPLE)
    data["corridors"]["bank-a"] |= {"shares_needed": shares, **dict(rules)}
    for site, operator in operators.items():
        data["sites"][site.replace("_", "-")]["operator"] = operator
    return assess(Inventory.model_validate(data), sample()[1])


def party(found, name):
    return next(each for each in found if each.name == name)


def test_ends_are_exposed_as_relays_are():
    exposed = {site.id: site for site in facts().exposure.sites}
    assert sorted(exposed) == ["rap-pop", "sg-hq", "win-co", "zrh-dc1"]
    assert exposed["sg-hq"].end_of == ("bank-a",) and not exposed["sg-hq"].relays
    assert exposed["win-co"].end_of == ("grid-b",) and exposed["win-co"].whole_keys == ("bank-a",)
    assert [site.id for site in facts().relays] == ["rap-pop", "win-co"]


@pytest.mark.parametrize(
    ("shares", "operators", "whole", "joined", "some"),
    [
        (1, ("telco", "telco"), ("bank-a",), (), ()),
        (1, ("telco", "other"), ("bank-a",), (), ()),
        (2, ("telco", "telco"), ("bank-a",), ("bank-a",), ()),
        (2, ("telco", "other"), (), (), ("bank-a",)),
    ],
)
def test_what_one_operator_gets_from_its_relays(shares, operators, whole, joined, some):
    found = party(facts(shares, win_co=operators[0], rap_pop=operators[1]).exposure.operators, "telco")
    assert (found.whole_keys, found.joined, found.shares) == (whole, joined, some)
    assert found.end_of == ("grid-b",)


def test_a_country_is_taken_together_and_what_is_not_stated_stands_last():
    found = facts(2)
    (switzerland,) = found.exposure.countries
    assert switzerland.name == "CH" and switzerland.joined == ("bank-a",) and len(switzerland.sites) == 4
    assert [each.name for each in found.exposure.operators] == ["acme", ""]  # the patched site states none


@pytest.mark.parametrize(("operator", "third"), [("acme", False), ("telco", True), (None, True)])
def test_who_runs_a_patched_site_is_named(operator, third):
    found = facts(uster_hut=operator)
    (patched,) = found.exposure.patched
    assert (patched.id, patched.corridors, patched.third_party) == ("uster-hut", ("bank-a",), third)
    assert party(found.exposure.operators, operator or "").patched == ("bank-a",)


def test_an_end_that_its_corridors_rules_would_refuse_is_named_in_the_report():
    found = facts(rules={"min_security_tier": 4, "allowed_operators": ("acme",)}, sg_hq="telco")
    bank, grid = found.corridors
    assert [(end, refusal.rule) for end, refusal in bank.refused_ends] == [
        ("zrh-dc1", "min_security_tier"),
        ("sg-hq", "allowed_operators"),
    ]
    assert grid.refused_ends == ()
    exposure = next(section for section in report_document(found).sections if section.id == "exposure")
    assert [row[-1] for row in exposure.tables[0].rows] == [
        "Zürich DC 1 breaks min_security_tier: 3; St. Gallen HQ breaks allowed_operators: telco",
        "–",
    ]
    assert exposure.tables[0].rows[0][1] == "Zürich DC 1 (acme, CH, tier 3); St. Gallen HQ (telco, CH, tier 4)"
