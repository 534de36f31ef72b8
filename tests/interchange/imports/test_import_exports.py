"""What `qplan export` writes is read back by `qplan import`: the same sites, and fibres between the same ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from importer import outcome
from plan_fixtures import sample

from qplan.interchange.exports.formats import export
from qplan.interchange.exports.writing import MANIFEST, write_folder


@pytest.mark.parametrize("name", ["geojson", "kml", "graphml", "ofds", "netbox"])
def test_own_exports_are_read_back(name, tmp_path):
    inventory, plan = sample()
    paths: list[Path] = []
    for file, text in export(name, inventory, plan).files.items():
        paths.append(tmp_path / file)
        paths[-1].write_text(text, encoding="utf-8")
    form = name
    made = outcome(form, *(path for path in paths if path.suffix != ".txt"))
    nodes = {node.site for node in plan.nodes}
    assert nodes <= {key for key in inventory.sites if key in made.draft.sites}
    for key, site in made.draft.sites.items():
        own = inventory.sites[key]
        assert (site.get("lat"), site.get("lon")) == (own.lat, own.lon)
    ends = {frozenset(fibre["ends"]) for fibre in made.draft.fibres.values()}
    assert ends <= {frozenset(fibre.ends) for fibre in inventory.fibres.values()}
    said = [item.message for item in made.findings if item.code == "QP651"]
    assert said == ["4 QKD links of a plan left out: they are no fibres"] * (name in ("geojson", "kml", "graphml"))
    if name != "graphml":  # which has QKD links, and no fibres
        assert {frozenset(inventory.fibres[fibre].ends) for link in plan.links for fibre in link.fibres} <= ends
    assert not [item for item in made.findings if item.severity == "error"]


def test_a_folder_for_netbox_is_read_whole(tmp_path):
    inventory, plan = sample()
    write_folder(tmp_path / "netbox", "netbox", plan, export("netbox", inventory, plan))
    made = outcome("netbox", *sorted((tmp_path / "netbox").iterdir()))
    assert made.draft.sites and made.draft.fibres
    assert MANIFEST in [item.file for item in made.findings if item.message.startswith("list not read: ")]
