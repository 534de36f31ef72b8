"""Public networks by name, as packaged by topohub: SNDlib's, the Topology Zoo's, and backbones; none is copied here."""

from __future__ import annotations

from pathlib import Path

import pytest
from importer import outcome, written

from qplan.inventory.source.yaml_source import parse_yaml
from qplan.inventory.validation import validate

topohub = pytest.importorskip("topohub")
DATA = Path(topohub.__file__).parent / "data"
NETWORKS = {  # name → sites, fibres, what is said of it
    "sndlib/germany50": (50, 88, {"QP647"}),
    "sndlib/polska": (12, 18, {"QP647"}),
    "sndlib/nobel-eu": (28, 41, {"QP633", "QP647"}),  # degrees.minutes
    "sndlib/norway": (27, 51, {"QP631", "QP644", "QP647"}),  # pixels
    "topozoo/Abilene": (11, 14, {"QP647"}),
    "topozoo/Geant2012": (37, 58, {"QP647"}),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_public_networks_are_read_as_they_are(name, tmp_path):
    sites, fibres, said = NETWORKS[name]
    made = outcome("graphml", DATA / f"{name}.json")
    assert (len(made.draft.sites), len(made.draft.fibres)) == (sites, fibres)
    assert {item.code for item in made.findings} == said
    errors = {
        item.code for item in validate(written(tmp_path, "sites.yaml", made.text)).findings if item.severity == "error"
    }
    assert errors == ({"QP307"} if "QP644" in said else set())


def test_a_degree_is_a_degree_and_a_minute_a_minute():
    place = parse_yaml("x", outcome("graphml", DATA / "sndlib/nobel-eu.json").text.encode()).value["sites"]["Amsterdam"]
    assert (place["lat"], place["lon"]) == (pytest.approx(52.33, abs=0.01), pytest.approx(4.85, abs=0.01))
    place = parse_yaml("x", outcome("graphml", DATA / "sndlib/germany50.json").text.encode()).value["sites"]["Berlin"]
    assert (place["lat"], place["lon"]) == (52.52, 13.39)
