"""Exports on disk and on the command line: whole or not at all, and nobody else's files are touched."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from plan_fixtures import sample

from qplan.cli.main import main
from qplan.errors import QplanError
from qplan.interchange.exports import writing
from qplan.interchange.exports.exported import Exported
from qplan.interchange.exports.formats import FORMATS, export
from qplan.interchange.exports.writing import MANIFEST, write_file, write_folder
from qplan.inventory.reader import effective_json

PLAN = sample()[1]


def content(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def write(folder, files: dict[str, str], name: str = "quditto") -> None:
    write_folder(folder, name, PLAN, Exported(files, ("a note",)))


def test_later_export_replaces_the_earlier_and_takes_away_what_it_no_longer_has(tmp_path):
    out = tmp_path / "deep" / "out"
    write(out, {"a": "1", "b": "1"})
    (out / "mine").write_text("kept")
    write(out, {"b": "2", "c": "2"})
    manifest = json.loads((out / MANIFEST).read_text())
    assert content(out) == {"b": "2", "c": "2", "mine": "kept", MANIFEST: (out / MANIFEST).read_text()}
    assert (manifest["files"], manifest["notes"], manifest["export"]) == (["b", "c"], ["a note"], "quditto")


@pytest.mark.parametrize(
    "there",
    [
        {"mine": "x"},
        {MANIFEST: "no JSON"},
        {MANIFEST: "[]"},
        {MANIFEST: '{"export": "netbox", "files": []}'},
        {MANIFEST: '{"export": "quditto", "files": null}'},
        {MANIFEST: '{"export": "quditto", "files": []}', "a": "the user's own"},
    ],
)
def test_folder_of_others_is_refused_and_left_alone(tmp_path, there):
    for name, text in there.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(QplanError, match="with --out"):
        write(tmp_path, {"a": "1"})
    assert content(tmp_path) == there


def test_manifest_cannot_lead_out_of_the_folder(tmp_path):
    (tmp_path / "victim").write_text("x")
    write(tmp_path / "out", {"a": "1"})
    manifest = tmp_path / "out" / MANIFEST
    names = ["a", "../victim", str(tmp_path / "victim"), "..", 1]
    manifest.write_text(json.dumps({"export": "quditto", "files": names}))
    write(tmp_path / "out", {"b": "1"})
    assert (tmp_path / "victim").exists() and not (tmp_path / "out" / "a").exists()


def test_file_of_others_is_refused_and_left_alone(tmp_path):
    target, link = tmp_path / "x.kml", tmp_path / "link.kml"
    target.write_text("<kml/>")
    link.symlink_to(target)
    for path in (target, link, tmp_path):
        with pytest.raises(QplanError, match="with --out"):
            write_file(path, "new")
    assert target.read_text() == "<kml/>" and sorted(os.listdir(tmp_path)) == ["link.kml", "x.kml"]


def test_failure_leaves_the_earlier_file_and_no_litter(tmp_path, monkeypatch):
    target = tmp_path / "plan.kml"
    earlier = export("kml", *sample()).files["plan.kml"]
    write_file(target, earlier)

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing.os, "fsync", full)
    with pytest.raises(QplanError, match="No space left on device"):
        write_file(target, earlier + " ")
    assert content(tmp_path) == {"plan.kml": earlier}


@pytest.fixture
def planned(tmp_path, monkeypatch):
    """A plan folder with the two files that an export reads; the current folder is beside it."""
    import hashlib

    inventory, plan = sample()
    text = effective_json(inventory)
    reference = plan.inventory.model_copy(update={"effective_sha256": hashlib.sha256(text.encode()).hexdigest()})
    folder = tmp_path / "x.plan"
    folder.mkdir()
    (folder / "inventory.json").write_text(text)
    (folder / "plan.json").write_text(plan.model_copy(update={"inventory": reference}).to_json())
    monkeypatch.chdir(tmp_path)
    return folder


def run(capsys, monkeypatch, *arguments: str) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.argv", ["qplan", "export", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    return int(ended.value.code), out, err


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_written_twice_to_the_same(name, planned, tmp_path, capsys, monkeypatch):
    target = tmp_path / ("out" if FORMATS[name].several_files else "out.file")
    runs = []
    for source in ("x.plan", "x.plan/plan.json"):
        assert run(capsys, monkeypatch, name, source, "-o", target.name, "-q") == (0, "", "")
        runs.append(content(target) if target.is_dir() else target.read_text())
    assert runs[0] == runs[1]
    code, out, err = run(capsys, monkeypatch, name, "x.plan", "-o", "-")
    if FORMATS[name].several_files:
        assert (code, out) == (2, "") and "name a folder with --out" in err
    else:
        assert (code, out) == (0, runs[0])
        assert all(line.startswith("note: ") for line in err.splitlines())


def test_file_goes_into_an_existing_folder_under_its_own_name(planned, tmp_path, capsys, monkeypatch):
    assert run(capsys, monkeypatch, "geojson", "x.plan", "-o", ".")[0] == 0
    assert (tmp_path / "plan.geojson").is_file()


def test_what_is_no_plan_ends_in_a_message(planned, tmp_path, capsys, monkeypatch):
    shutil.copy(planned / "plan.json", tmp_path / "alone.json")
    for name, code in (("nowhere", 1), ("alone.json", 1), ("x.plan/inventory.json", 3)):
        assert run(capsys, monkeypatch, "kml", name)[0] == code
    assert run(capsys, monkeypatch, "kml", "x.plan", "-o", "x.plan/plan.json")[0] == 1
    assert run(capsys, monkeypatch, "shapefile", "x.plan")[0] == 2
    assert sorted(os.listdir(planned)) == ["inventory.json", "plan.json"]
