"""The stored JSON Schemas are current, and say the same as the reader about good and bad files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from plan_fixtures import SAMPLE, sample
from yamlcore import CoreLoader

from qplan.inventory.reader import read_inventory
from qplan.outputs.schemas import SCHEMAS, inventory_schema, plan_schema, schema_text

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*/sites.yaml"))
GOOD = json.loads(json.dumps(SAMPLE))
INVENTORY = Draft202012Validator(inventory_schema())


def faults(schema: Draft202012Validator, document: object) -> list[str]:
    return [error.message for error in schema.iter_errors(document)]


@pytest.mark.parametrize("name", SCHEMAS)
def test_stored_schemas_are_current(name):
    """`python -m qplan.outputs.schemas schemas` brings them up to date."""
    schema = SCHEMAS[name]()
    Draft202012Validator.check_schema(schema)
    assert (ROOT / "schemas" / f"{name}.schema.json").read_text("utf-8") == schema_text(schema)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_examples_and_their_effective_inventories_fit(path):
    assert not faults(INVENTORY, yaml.load(path.read_text("utf-8"), Loader=CoreLoader))
    assert not faults(INVENTORY, json.loads(read_inventory(path).effective_json))


def test_a_plan_fits_and_half_a_plan_does_not():
    schema = Draft202012Validator(plan_schema())
    plan = json.loads(sample()[1].to_json())
    assert not faults(schema, plan)
    del plan["links"][0]["loss_db"]
    assert faults(schema, plan) == ["'loss_db' is a required property"]


@pytest.mark.parametrize(
    "added",
    [
        {"x-anchors": [1]},
        {"sites": {"a": None}, "metadata": None},
        {"defaults": {"site": {"rack_units": None}, "corridor": {"key_rate_bps": 1}, "fibre": {"strands": None}}},
        {"set": {"sites.a.lat": None}, "include": ["catalogue:x"], "scenarios": {"s": {"set": {"objective": "capex"}}}},
        {"corridors": {"c": {"ends": ["a", "b"], "rekey": {"interval_s": 1}, "otp_bps": None}}},
        {"equipment": {"qkd_systems": {"s": {"key_rate_curve": [[1, 2]], "provenance": {"price": "quote"}}}}},
    ],
)
def test_schema_accepts(added):
    assert not faults(INVENTORY, {**GOOD, **added})


@pytest.mark.parametrize(
    "added",
    [
        {"qplan": 2},
        {"nodes": {}},
        {"sites": {"a b": {}}},
        {"sites": {"a": {"lng": 1}}},
        {"sites": [{}]},
        {"fibres": {"f": {"length_km": 1}}},
        {"fibres": {"f": {"ends": ["a"]}}},
        {"fibres": {"f": {"ends": ["a", "b"], "length_km": "27 km"}}},
        {"corridors": {"c": {"ends": ["a", "b"], "paths": 0}}},
        {"corridors": {"c": {"ends": ["a", "b"], "rekey": {}}}},
        {"equipment": {"qkd_systems": {"s": {"key_rate_curve": [2, 3]}}}},
        {"objective": "cost"},
    ],
)
def test_schema_refuses(added):
    assert faults(INVENTORY, {**GOOD, **added})


def test_keys_carry_the_models_descriptions():
    site = inventory_schema()["$defs"]["Site"]["properties"]
    assert site["security_tier"]["description"] == "0 (street cabinet) to 4 (accredited vault)."
    assert not [name for name, model in inventory_schema()["$defs"].items() if "properties" not in model]


@pytest.mark.parametrize("name", ["candidates", "show"])
def test_what_is_printed_of_links_and_plans_fits(name):
    """As the pairs of `tests/explain` hold it, with the keys that are promised."""
    printed = (ROOT / "tests" / "explain" / "pairs" / f"{name}_json.txt").read_text("utf-8")
    document = json.loads(printed[printed.index("{") : printed.rindex("}") + 1])
    assert next(iter(document)) == "format_version"
    assert faults(Draft202012Validator(SCHEMAS[name]()), document) == []
    if name == "candidates":
        promised = "id ends fibres bypass_sites system loss_db budget_db limit_db headroom_db key_rate_bps capex tco"
        assert set(promised.split()) <= document["links"][0].keys()
        assert {"ends", "fibres", "system", "reason", "value", "limit"} <= document["refused"][0].keys()
