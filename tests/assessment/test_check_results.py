"""The user's checks, judged on the figures of a plan."""

from __future__ import annotations

import copy

import pytest
from plan_fixtures import SAMPLE, sample

from qplan.assessment.facts import assess
from qplan.inventory.model import Inventory

VALUES = {"capex": 709_000, "opex_per_year": 148_836.5, "tco": None, "relays": 2, "nodes": 4, "links": 4}


@pytest.mark.parametrize("metric", VALUES)
def test_a_check_fails_above_its_limit_and_not_at_it(metric):
    _, plan = sample()
    value = VALUES[metric] or plan.costs.tco
    checks = {"at": {"metric": metric, "max": value}, "below": {"metric": metric, "max": value - 0.01}}
    facts = assess(Inventory.model_validate({**SAMPLE, "checks": checks}), plan)
    assert [(result.id, result.value, result.ok) for result in facts.checks] == [
        ("at", value, True),
        ("below", value, False),
    ]
    assert [result.id for result in facts.failed_checks] == ["below"]


MEASURED = [
    ({"metric": "trusted_nodes"}, 2),
    ({"metric": "trusted_nodes", "where": {"security_tier_below": 3}}, 1),
    ({"metric": "trusted_nodes", "where": {"country": "CH", "site": "rap-pop"}}, 1),
    ({"metric": "trusted_nodes", "where": {"country": "DE"}}, 0),
    ({"metric": "new_trusted_nodes"}, 1),
    ({"metric": "corridors_seen", "where": {"site": "win-co"}}, 2),
    ({"metric": "corridors_seen", "where": {"site": "rap-pop"}}, 1),
    ({"metric": "corridors_seen", "where": {"site": "uster-hut"}}, 0),
    ({"metric": "relays_on_path"}, 1),
    ({"metric": "relays_on_path", "where": {"corridor": "grid-b"}}, 0),
    ({"metric": "unpriced_lines"}, 2),
    ({"metric": "survives", "where": {"loss_of": "site"}}, 1.0),
    ({"metric": "survives", "where": {"loss_of": "fibre"}}, 0.5),
    ({"metric": "survives", "where": {"loss_of": "duct"}}, 0.5),
    ({"metric": "survives"}, 0.5),
]
IN_SHARES = [
    ({"metric": "corridors_seen", "where": {"site": "rap-pop"}}, 0),
    ({"metric": "corridors_seen", "where": {"operator": "acme"}}, 2),
    ({"metric": "survives", "where": {"loss_of": "site"}}, 0.0),
    ({"metric": "survives", "where": {"loss_of": "link"}}, 0.0),
]


@pytest.mark.parametrize(
    ("check", "value"), [(c, v) for c, v in MEASURED] + [(c | {"shares": 2}, v) for c, v in IN_SHARES]
)
def test_what_a_metric_measures_in_the_sample(check, value):
    content = copy.deepcopy(SAMPLE)
    content["corridors"]["bank-a"]["shares_needed"] = check.pop("shares", 1)
    facts = assess(Inventory.model_validate({**content, "checks": {"c": {**check, "max": 0.0}}}), sample()[1])
    assert facts.checks[0].value == pytest.approx(value)
    assert facts.checks[0].ok == (value <= 0)


def test_what_is_left_on_links_and_a_corridors_share():
    checks = {
        "all": {"metric": "headroom_db", "min": 3.0},
        "grid": {"metric": "headroom_db", "where": {"corridor": "grid-b"}, "min": 3.0},
        "link": {"metric": "headroom_db", "where": {"link": "sg-hq--rap-pop"}, "min": 3.0},
        "load": {"metric": "load", "max": 0.5},
        "none": {"metric": "headroom_db", "where": {"link": "zrh-dc1--sg-hq"}, "min": 3.0},
        "share": {"metric": "cost_of", "where": {"corridor": "grid-b"}, "max": 1.0},
    }
    facts = assess(Inventory.model_validate({**SAMPLE, "checks": checks}), sample()[1])
    found = {result.id: result for result in facts.checks}
    headroom = {tuple(sorted(link.link.ends)): round(link.headroom_db, 6) for link in facts.links}
    assert found["all"].value == min(headroom.values()) and found["grid"].value == headroom["win-co", "zrh-dc1"]
    assert found["link"].value == headroom["rap-pop", "sg-hq"]
    assert found["load"].value == pytest.approx(max(link.utilisation for link in facts.links), abs=1e-6)
    assert found["none"].value is None and found["none"].ok
    assert found["share"].value == float(next(share.tco for share in facts.costs.shares if share.corridor == "grid-b"))
    assert found["all"].broken == ("min" if found["all"].value < 3 else None)
