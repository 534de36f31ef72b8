"""Files made to harm, damaged files, and mutated copies of good ones: a message or an inventory, never a traceback."""

from __future__ import annotations

import contextlib
import json
import random
import tempfile
import zipfile
from functools import partial
from pathlib import Path

import pytest
from binaries import END, archive, gnpy_plant, plant, trace, workbook
from hypothesis import given, settings
from hypothesis import strategies as st
from importer import PAIRS, codes, findings, inventory, outcome, qplan, written

from qplan.errors import InvalidInput, QplanError
from qplan.interchange.imports.formats import FORMATS
from qplan.interchange.imports.importing import imported
from qplan.interchange.imports.mapping import ImportMap, read_map
from qplan.inventory.source.yaml_source import parse_yaml

KML = "<kml><Placemark><name>{}</name><Point><coordinates>7,46</coordinates></Point></Placemark></kml>"
BOMB = '<!DOCTYPE k [<!ENTITY a "lol">{}]>' + KML.format("&j;")
ENTITIES = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True))


def zeros(name: str, mebibytes: int) -> bytes:
    """A small archive that is large unpacked."""
    return archive({name: b"\0" * (mebibytes * 2**20)})


def far_cell() -> bytes:
    """A workbook with one cell at the far end of the sheet, which a dense reader would make billions of."""
    data = workbook({"A": [["id", "lat"], ["a", 1]]})
    with tempfile.TemporaryFile() as file:
        file.write(data)
        with zipfile.ZipFile(file) as opened:
            files = {name: opened.read(name) for name in opened.namelist()}
    sheet = files["xl/worksheets/sheet1.xml"]
    files["xl/worksheets/sheet1.xml"] = sheet.replace(b'r="B2"', b'r="XFD1048576"').replace(
        b'<row r="2"', b'<row r="1048576"'
    )
    return archive(files)


HOSTILE = {
    "entities.kml": ("kml", BOMB.format(ENTITIES).encode(), "QP602"),
    "external.kml": (
        "kml",
        ('<!DOCTYPE k [<!ENTITY j SYSTEM "file:///etc/passwd">]>' + KML.format("&j;")).encode(),
        "QP602",
    ),
    "entities.graphml": ("graphml", b'<!DOCTYPE g [<!ENTITY a "x">]><graphml><graph/></graphml>', "QP602"),
    "entities.xml": ("sndlib", b'<!DOCTYPE g [<!ENTITY a "x">]><network/>', "QP602"),
    "deep.kml": ("kml", b"<kml>" + b"<Folder>" * 5000, "QP602"),
    "bomb.kmz": ("kml", partial(zeros, "doc.kml", 257), "QP602"),
    "bomb.xlsx": ("xlsx", partial(zeros, "xl/workbook.xml", 257), "QP602"),
    "far.xlsx": ("xlsx", far_cell(), "QP602"),
    "no-kml.kmz": ("kml", archive({"readme.txt": b"hello"}), "QP601"),
    "cut.kmz": ("kml", archive({"doc.kml": KML.format("a").encode()})[:60], "QP601"),
    "other.zip": ("xlsx", archive({"a.txt": b""}), "QP601"),
    "cut.xlsx": ("xlsx", plant()[:3000], "QP601"),
    "page.xlsx": ("xlsx", b"<html><table>", "QP601"),
    "deep.geojson": ("geojson", b'{"type":' + b"[" * 200_000, "QP602"),
    "nan.geojson": ("geojson", b'{"type": "Feature", "geometry": {"type": "Point", "coordinates": [NaN, 1]}}', "QP601"),
    "digits.json": ("ofds", b'{"networks": [{"nodes": [{"id": ' + b"9" * 10_000 + b"}]}]}", "QP601"),
    "list.json": ("gnpy", b"[1, 2]", "QP601"),
    "wide.csv": ("csv", b"id," + b"x" * 200_000, "QP602"),
    "many.csv": ("csv", b"id,lat\n" + b"," * 2_000 + b"\n", "QP602"),
    "binary.csv": ("csv", bytes(range(256)) * 8, "QP601"),
    "empty.csv": ("csv", b"", "QP603"),
    "empty.kml": ("kml", b"", "QP601"),
    "page.kml": ("kml", b"<html><body>404</body></html>", "QP601"),
    "old.sor": ("otdr", b"\x64\x00GenParams\x00", "QP601"),
    "cut.sor": ("otdr", trace("a", "b", "c", [(1, 0.2, 9, END)])[:200], "QP601"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_and_broken_files_end_in_a_message(name, tmp_path):
    form, data, code = HOSTILE[name]
    path = tmp_path / name
    path.write_bytes(data() if callable(data) else data)
    there = written(tmp_path, "sites.yaml", "qplan: 1\n") if form == "otdr" else None
    (found,) = findings(form, [path], existing=there)
    assert (found.code, found.severity, found.file.split("[")[0]) == (code, "error", name) and found.message


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('Site,Name,Lat,Lon\na,"Alpha,47,8\nb,Beta,47.1,8\nc,Gamma,47.2,8\n', 2),
        ('Site,Name,Lat,Lon\na,"Al\n\npha",47,8\nb,"Be\nta",47,"8\nc,Gamma,47.2,8', 6),
        ('Site,Name,Lat,Lon\na,Alpha,47,8\nb,"', 3),
        ('sep=,\nSite,Name,Lat,Lon\na,"Alpha ""1"",47,8\n\n', 3),
    ],
)
def test_a_quote_that_is_never_closed_is_refused_at_its_line(text, line, ends, tmp_path):
    (found,) = findings("csv", [written(tmp_path, "s.csv", text.replace("\n", ends))])
    assert (found.code, found.severity, found.line) == ("QP601", "error", line) and "never closed" in found.message


def test_quotes_that_are_closed_somehow_are_read(tmp_path):
    text = 'Site,Name,Lat,Lon\na,"Al"pha",47,8\nb,12" rack,47.1,8\nc,"Gam\nma",47.2,"8"'
    made = outcome("csv", written(tmp_path, "s.csv", text))
    assert [site.name for site in inventory(tmp_path, made.text).sites.values()] == ['Alpha"', '12" rack', "Gam ma"]


NETBOX_SITES = "name,slug,status,latitude,longitude"


@pytest.mark.parametrize(
    ("form", "text", "line", "advice"),
    [
        ("csv", "Name,A,B,Length km,Loss dB\nF1,a,b,31,6\nF2,a,b,30,5,8,1\nF3,b,c,20,5,5\n", 3, "decimal commas?"),
        ("csv", "Name,A,B,Length km\nF1,Bern, Wankdorf,b,30\n", 2, "in quotes"),
        ("csv", "Name;A;B;Length km\nF1;a;b;30;5\n", 2, "give each column a heading"),
        ("netbox", f"{NETBOX_SITES}\na,a,planned,47,8\nb,b,planned,47,1,8,2\n", 3, "decimal commas?"),
    ],
)
def test_rows_longer_than_their_headings_are_refused(form, text, line, advice, tmp_path):
    there = written(tmp_path, "sites.yaml", "qplan: 1\n")
    for existing in (None, there):
        (found,) = findings(form, [written(tmp_path, "f.csv", text)], existing=existing)
        assert (found.code, found.severity, found.line) == ("QP606", "error", line)
        assert advice in found.hint and str(line) in found.message


def test_empty_cells_at_the_end_are_no_surplus_and_cells_without_a_heading_are_said(tmp_path):
    ends = written(tmp_path, "ends.csv", "Name,A,B,Length km\nF1,a,b,30,,,\n,,,,,\n")
    assert not codes("csv", [ends]) & {"QP606", "QP614"}
    table = [["Name", "A", "B", "Length km"], ["F1", "a", "b", 30.5, "note"]]
    (tmp_path / "f.xlsx").write_bytes(workbook({"Fibres": table}))
    padded = written(tmp_path, "padded.csv", "Name,A,B,Length km,\nF1,a,b,30.5,note\n")
    for form, path in (("xlsx", tmp_path / "f.xlsx"), ("csv", padded)):
        said = [item.message for item in findings(form, [path]) if item.code == "QP614"]
        assert said == ["1 column not read: column 5 (without a heading)"]


def test_names_in_archives_are_never_paths(tmp_path):
    path = tmp_path / "evil.kmz"
    path.write_bytes(archive({"../../evil.kml": KML.format("a").encode(), "/etc/x.kml": KML.format("b").encode()}))
    made = outcome("kml", path)
    assert len(made.draft.sites) == 1 and [entry.name for entry in tmp_path.iterdir()] == ["evil.kmz"]


def test_formulas_and_markup_stay_text(tmp_path):
    text = 'id,name,lat,lon\n"=HYPERLINK(""x"")",<script>,47,8\n\'=cmd,"a\nb",=1+1,9\n"x: y # z","{[&*!|>%@`",48,7\n'
    made = outcome("csv", written(tmp_path, "s.csv", text))
    sites = inventory(tmp_path, made.text).sites
    assert sorted(site.name for site in sites.values()) == ["<script>", "a b", "{[&*!|>%@`"]
    assert {item.code for item in made.findings} >= {"QP611"}
    assert made.text.isprintable() or set(made.text) <= {c for c in made.text if c.isprintable()} | {"\n"}


def test_what_a_workbook_hides_is_said(tmp_path):
    path = tmp_path / "plant.xlsx"
    path.write_bytes(plant())
    said = [item.message for item in findings("xlsx", [path]) if item.code == "QP616"]
    assert (
        any("E4" in message for message in said)
        and any("hidden row" in m for m in said)
        and any("merged" in m for m in said)
    )


def test_every_file_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "a.csv", "x,y\n1,2\n")
    written(tmp_path, "b.csv", "u\n3\n")
    assert {item.file for item in findings("csv", [Path("a.csv"), Path("b.csv")])} == {"a.csv", "b.csv"}
    run = qplan("import", "csv", "gone.csv", "also-gone.csv")
    assert run.code == 1 and "gone.csv" in run.err and "also-gone.csv" in run.err and not Path("sites.yaml").exists()


def _sources() -> list[tuple[str, list[Path], Path]]:
    """Format, files and mapping file of every golden pair whose files are text."""
    found = []
    for folder in sorted(PAIRS.iterdir()):
        form, *words = (folder / "import.txt").read_text(encoding="utf-8").split()
        paths = [folder / word for word in words if "." in word and word != "map.yaml"]
        if all(path.exists() for path in paths):
            found.append((form, paths, folder / "map.yaml"))
    return found


SOURCES = _sources()


def mutated(data: bytes, rng: random.Random) -> bytes:
    """A copy with a few bytes, words, lines or numbers changed, taken out, repeated or put elsewhere."""
    data = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        at, length = rng.randrange(len(data) or 1), rng.choice([1, 1, 2, 8, 40, 200])
        part = data[at : at + length]
        kind = rng.randrange(6)
        if kind == 0:
            del data[at : at + length]
        elif kind == 1:
            data[at:at] = part * rng.choice([1, 3])
        elif kind == 2:
            data[at : at + 1] = bytes([rng.randrange(256)])
        elif kind == 3:
            word = rng.choice(
                [
                    b"",
                    b"-1",
                    b"1e400",
                    b"null",
                    b"[]",
                    b"{}",
                    b'"',
                    b";",
                    b"<x>",
                    b"0",
                    b"99999999999",
                    b"\xff",
                    "ß".encode(),
                ]
            )
            data[at : at + length] = word
        elif kind == 4:
            to = rng.randrange(len(data) or 1)
            data[to:to] = part
        else:
            digits = [i for i, byte in enumerate(data) if 48 <= byte < 58]
            if digits:
                data[rng.choice(digits)] = rng.choice(b"0123456789-.")
    return bytes(data)


ODD_VALUES = (None, True, 0, 3, -1.5, "", "x", [], [3], {}, {"id": 3})


def revalued(value: object, rng: random.Random) -> object:
    """JSON in which some values are of another kind."""
    if rng.random() < 0.04:
        return rng.choice(ODD_VALUES)
    if isinstance(value, dict):
        return {key: revalued(item, rng) for key, item in value.items()}
    return [revalued(item, rng) for item in value] if isinstance(value, list) else value


def altered(path: Path, rng: random.Random) -> bytes:
    """A copy of a file that is damaged, or, of JSON, of other values."""
    data = path.read_bytes()
    if path.suffix.endswith("json") and rng.random() < 0.5:
        return json.dumps(revalued(json.loads(data), rng)).encode()
    return mutated(data, rng)


@pytest.mark.parametrize("value", ODD_VALUES)
@pytest.mark.parametrize("key", ["phases", "nodes", "spans", "links", "name", "networks"])
def test_ofds_with_values_of_another_kind_is_read_or_refused(key, value, tmp_path):
    network = {"id": "n", "nodes": [{"id": "a"}, {"id": "b"}], "spans": [{"id": "s", "start": "a", "end": "b"}]}
    document = {"networks": value} if key == "networks" else {"networks": [network | {key: value}]}
    path = written(tmp_path, "n.json", json.dumps(document))
    with contextlib.suppress(InvalidInput):
        assert outcome("ofds", path).text


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**9))
def test_mutated_copies_are_read_or_refused(seed):
    """Whatever is read is an inventory of valid YAML that reads back, and merging it once more changes nothing."""
    rng = random.Random(seed)
    form, paths, map_file = rng.choice(SOURCES)
    mapping = read_map(map_file) if map_file.exists() else ImportMap()
    with tempfile.TemporaryDirectory() as folder:
        own = []
        for path in paths:
            own.append(Path(folder) / path.name)
            own[-1].write_bytes(altered(path, rng) if rng.random() < 0.8 else path.read_bytes())
        try:
            made = imported(form, own, mapping, None)
        except InvalidInput as error:
            assert error.diagnostics
            return
        parsed = parse_yaml("sites.yaml", made.text.encode())
        assert not parsed.findings and len(parsed.value["sites"]) == len(made.draft.sites)
        there = Path(folder) / "sites.yaml"
        there.write_bytes(made.text.encode())
        assert imported(form, own, mapping, there).text == made.text


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**9))
def test_mutated_workbooks_and_traces_are_read_or_refused(seed):
    rng = random.Random(seed)
    form, data, name = rng.choice(
        [
            ("xlsx", plant(), "a.xlsx"),
            ("gnpy", gnpy_plant(), "a.xlsx"),
            ("otdr", trace("Bern", "Thun", "k", [(2, 0.3, 0.5, "0F9999LS"), (9, 0.3, 20, END)]), "a.sor"),
        ]
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(mutated(data, rng))
        there = (
            written(Path(folder), "sites.yaml", "qplan: 1\nfibres: {k: {ends: [bern, thun]}}\n")
            if form == "otdr"
            else None
        )
        try:
            imported(form, [path], ImportMap(), there)
        except InvalidInput as error:
            assert error.diagnostics


@pytest.mark.parametrize("form", FORMATS)
def test_other_formats_are_refused_by_each(form, tmp_path):
    for name, (own, paths, _) in enumerate(SOURCES):
        if own != form and {own, form} != {"csv", "netbox"}:
            try:
                assert codes(form, paths)
            except QplanError as error:
                pytest.fail(f"{name}: {error}")


JOINTS = {
    "csv": "id,lat,lon,passive\nm,47,8,yes\n",
    "geojson": '{"features": [{"geometry": {"type": "Point", "coordinates": [8, 47]}, "properties": {"id": "pole"}}], '
    '"type": "FeatureCollection"}',
    "kml": KML.format("Manhole 7"),
    "gnpy": '{"elements": [{"uid": "m"}, {"uid": "f", "type": "Fiber"}], "connections": []}',
    "ofds": '{"nodes": [{"id": "m", "type": ["borderCrossing"]}]}',
    "graphml": '{"nodes": [{"id": "m", "type": "waypoint"}]}',
}


@pytest.mark.parametrize("form", JOINTS)
def test_of_joints_alone_there_is_nothing_to_import(form, tmp_path):
    found = findings(form, [written(tmp_path, "m.txt", JOINTS[form])])
    assert {item.code for item in found if item.severity == "error"} == {"QP605"}
    assert any("1 joint without any fibre left out" in item.message for item in found)


def test_a_joint_where_a_corridor_ends_stays(tmp_path):
    sites = written(tmp_path, "s.csv", "id,lat,lon,passive\nm,47,8,yes\nA,47.3,8,\n")
    made = outcome("csv", sites, written(tmp_path, "c.csv", "from,to,key_rate_bps\nm,A,100\n"))
    assert made.draft.corridors["m--A"]["ends"] == ["m", "A"]


NAMED_ONCE = {  # a source of each kind with sites A and {} and a fibre between them
    "csv": ["id,lat,lon\nA,47,8\n{0},47.3,8\n", "from,to,length_km\nA,{0},40\n"],
    "netbox": [
        "name,slug,status,latitude,longitude\nA,A,active,47,8\n{0},{0},active,47.3,8\n",
        "label,side_a_site,side_b_site,length,length_unit\nk,A,{0},40,km\n",
    ],
    "ofds": [
        '{{"nodes": [{{"id": "A"}}, {{"id": "{0}"}}], "spans": [{{"id": "s", "start": "A", "end": "{0}"}}]}}',
    ],
    "gnpy": [
        '{{"elements": [{{"uid": "A", "type": "Roadm"}}, {{"uid": "f", "type": "Fiber", "params": {{"length": 40}}}}, '
        '{{"uid": "{0}", "type": "Roadm"}}], '
        '"connections": [{{"from_node": "A", "to_node": "f"}}, {{"from_node": "f", "to_node": "{0}"}}]}}',
    ],
    "graphml": [
        '<graphml><graph><node id="A"/><node id="{0}"/><edge source="A" target="{0}"/></graph></graphml>',
    ],
    "sndlib": [
        '<network><networkStructure><nodes><node id="A"/><node id="{0}"/></nodes><links><link id="l"><source>A</source>'
        "<target>{0}</target></link></links></networkStructure></network>",
    ],
}
NODE_LINK = '{{"nodes": [{{"id": "A"}}, {{"id": "{0}"}}], "links": [{{"source": "A", "target": "{0}"}}]}}'


@pytest.mark.parametrize("word", ["B", "NAN", "null", "n/a", "?", "#1", "B  b", "B" * 300, "", " "])
@pytest.mark.parametrize(("form", "texts"), [*NAMED_ONCE.items(), ("graphml", [NODE_LINK])])
def test_sites_may_be_called_in_any_word_but_none(form, texts, word, tmp_path):
    made = outcome(form, *(written(tmp_path, f"{n}.txt", text.format(word)) for n, text in enumerate(texts)))
    assert (len(made.draft.sites), len(made.draft.fibres)) == ((2, 1) if word.strip() else (1, 0))
    left_out = [item for item in made.findings if item.code == "QP612"]
    assert bool(left_out) == (not word.strip())


def test_words_for_no_site_are_ends_only_of_one_that_is_called_so(tmp_path):
    sites = written(
        tmp_path, "s.csv", "id,name,lat,lon\nA,,47,8\ntbd,Bern,47.1,8\ntbd,Thun,47.2,8\n-,,47.3,8\n-,,47.4,8\n"
    )
    fibres = written(tmp_path, "f.csv", "id,from,to,length_km\nf,A,tbd,40\ng,Bern,Thun,40\nh,A,unknown,40\ni,A,-,40\n")
    made = outcome("csv", sites, fibres)
    assert (list(made.draft.sites), list(made.draft.fibres)) == (["A", "Bern", "Thun"], ["g"])
    said = [item.message for item in made.findings if item.code == "QP612"]
    assert said == [
        "3 fibres without both ends left out: f, h, i",
        "2 sites without an id or a name left out: s.csv:5, s.csv:6",
    ]
    there = written(tmp_path, "sites.yaml", made.text)
    losses = written(tmp_path, "l.csv", "id,from,to,loss_db\ng,-,-,9\n")
    assert "loss_db: 9" in outcome("csv", losses, existing=there).text


@pytest.mark.parametrize(
    ("stated", "field", "value", "found"),
    [
        ({"length": 50, "length_units": "mi"}, "length_km", 80.467, ""),
        ({"length": 80, "length_units": "parsec"}, "length_km", None, "f length 80 parsec"),
        ({"length": "x"}, "length_km", None, "f length 'x' km"),
        ({"length": True}, "length_km", None, "f length true km"),
        ({"length": -80}, "length_km", None, "f length -80 km"),
        ({"length": "1,234"}, "length_km", None, "f length '1,234' km"),
        ({"loss_coef": "0,2"}, "attenuation_db_per_km", 0.2, ""),
        ({"loss_coef": [0.2]}, "attenuation_db_per_km", None, "f loss_coef a list"),
        ({"loss_coef": -1}, "attenuation_db_per_km", None, "f loss_coef -1"),
        ({"loss_coef": 1e99}, "attenuation_db_per_km", None, "f loss_coef 1e+99"),
        ({"con_in": 0.5, "con_out": "x"}, "connectors", 2, "f con_out 'x'"),
    ],
)
def test_figures_of_gnpy_are_read_or_said(stated, field, value, found, tmp_path):
    document = json.loads(NAMED_ONCE["gnpy"][0].format("B"))
    document["elements"][1]["params"] = stated
    made = outcome("gnpy", written(tmp_path, "t.json", json.dumps(document)))
    assert made.draft.fibres["f"].get(field) == value
    said = [item.message for item in made.findings if item.code == "QP611"]
    assert len(said) == bool(found) and found in "".join(said)


def test_spans_of_gnpy_state_no_more_than_all_their_fibres_do(tmp_path):
    document = json.loads(NAMED_ONCE["gnpy"][0].format("B"))
    document["elements"] += [{"uid": uid, "type": "Fiber", "params": {"length": 20}} for uid in ("g", "loose")]
    document["elements"][1]["params"]["loss_coef"] = 0.2
    document["connections"][1]["from_node"] = "g"
    document["connections"].append({"from_node": "f", "to_node": "g"})
    made = outcome("gnpy", written(tmp_path, "t.json", json.dumps(document)))
    assert (made.draft.fibres["f"]["length_km"], made.draft.fibres["f"]["attenuation_db_per_km"]) == (60, 0.225)
    assert any(item.message == "1 fibre not connected at both ends left out: loose" for item in made.findings)
    del document["elements"][3]["params"]["length"]
    made = outcome("gnpy", written(tmp_path, "t.json", json.dumps(document)))
    assert "length_km" not in made.draft.fibres["f"] and made.draft.fibres["f"]["attenuation_db_per_km"] == 0.275


BAD_LINES = ([[8, 47], [8.1, "x"], [8.3, 47]], [[8, 47], [8.3, None]], [[8, 47]])


@pytest.mark.parametrize("points", BAD_LINES)
def test_a_line_with_a_point_that_cannot_be_read_is_no_route(points, tmp_path):
    document = json.loads(NAMED_ONCE["ofds"][0].format("B"))
    document["spans"][0] |= {"fibreLength": 30, "route": {"type": "LineString", "coordinates": points}}
    made = outcome("ofds", written(tmp_path, "n.json", json.dumps(document)))
    assert "geometry" not in made.draft.fibres["s"] and "QP635" in {item.code for item in made.findings}
    features = [
        {"type": "Feature", "geometry": {"type": kind, "coordinates": at}, "properties": {}}
        for kind, at in (("Point", [8, 47]), ("LineString", points))
    ]
    document = {"type": "FeatureCollection", "features": features}
    text = " ".join(",".join(str(value) for value in point) for point in points)
    line = f"<Placemark><LineString><coordinates>{text}</coordinates></LineString></Placemark></kml>"
    for form, source in (("geojson", json.dumps(document)), ("kml", KML.format("a").replace("</kml>", line))):
        made = outcome(form, written(tmp_path, "m.txt", source))
        assert not made.draft.fibres and any("1 × line of less" in item.message for item in made.findings)
