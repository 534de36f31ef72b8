"""Merging into an inventory: measurements come in, everything else in the file stays as it is, byte for byte."""

from __future__ import annotations

import difflib
import random

import pytest
from binaries import END, trace
from hypothesis import given, settings
from hypothesis import strategies as st
from importer import PAIRS, codes, inventory, outcome, written

from qplan.errors import InvalidInput, QplanError
from qplan.interchange.imports.mapping import ImportMap
from qplan.interchange.imports.yaml_edit import Edits, NotEditable
from qplan.inventory.reader import read_inventory
from qplan.inventory.source.yaml_source import parse_yaml

HAND = """\
# A file of one's own; every line of it is meant.
qplan: 1   # format
include: [catalogue:illustrative-2026]

defaults: {site: {country: CH}}

sites:
    bern:                      # odd indentation
        name:   "Bern"         # head office
        lat: 46.950
        lon: 7.440
        security_tier: 4       # accredited in May
        # nothing after this line is about Bern

    thun: {name: Thun, lat: 46.76, lon: 7.63, trusted_node: forbidden}    # by contract
    'spiez': {}


fibres:
    k1: {ends: [thun, bern], length_km: 31.4, loss_db: 8.10, labels: {contract: V-77, source: "csv:k1"}}   # let
    k2:
        ends:
        - thun
        - spiez
        length_km: 1.12e+1
        amplified: true        # until 2028
    gone: {ends: [bern, spiez], length_km: 44, labels: {source: "csv:gone"}}
corridors:
    bank: {ends: [bern, thun], rekey: {interval_s: 60}}
# the end
"""
FIBRES = """\
id,from,to,length km,loss dB,amplified,fibre type
k1,Bern,Thun,31.4,8.4,,G.652.D
k2,Thun,Spiez,11.2,3.3,no,
k3,Spiez,Bern,45,,,
"""


LISTS = """\
qplan: 1
sites: {a: {}, b: {labels: {source: "csv:B 1"}}, qx: {}}
fibres:
  k1: {ends: [a, b], length_km: 9, ducts: [d1]}
  k2: {ends: [b, a], length_km: 9, ducts: [d2], labels: {source: "csv:K 2"}}
equipment: {qkd_systems: {qx-1: {key_rate_curve: [[2, 4e5], [24, 400]], price: 9}}}
corridors: {c1: {ends: [a, b], rekey: {interval_s: 60}}}
"""


@pytest.mark.parametrize(
    ("table", "now", "left_out"),
    [
        ("System;Preis;Support pro Jahr\nqx-1;5000;600\nqx-9;1;2\n", {"equipment.qkd_systems.qx-1.price": 5000}, 3),
        ("System;Preis\nQX 1;5000\n", {"equipment.qkd_systems.qx-1.price": 5000}, None),
        ("id;HE;Preis\nqx-1;2;5000\n", {"equipment.qkd_systems.qx-1.rack_units": 2}, None),
        ("id;HE;Preis\nqx;2;5000\n", {"sites.qx.rack_units": 2}, None),
        (
            "Kabel;Jahresmiete\nk1;70\nK 2;70\nk3;5\n",
            {"fibres.k1.cost_per_strand_year": 70, "fibres.k2.cost_per_strand_year": 70},
            4,
        ),
        ("Kabel;Länge km\nk1;8\n", {"fibres.k1.length_km": 8}, None),
        ("Kabel;Von;Bis;Länge km\nk1;a;;8\nK 2;;;7\n", {"fibres.k1.length_km": 9, "fibres.k2.length_km": 7}, 2),
        ("Korridor;Max Relais\nc1;3\n", {"corridors.c1.max_relays": 3}, None),
    ],
)
def test_a_table_without_what_new_entries_need_updates_those_of_its_ids(tmp_path, table, now, left_out):
    sites = written(tmp_path, "sites.yaml", LISTS)
    made = outcome("csv", written(tmp_path, "list.csv", table), existing=sites)
    found = {item.code: item.line for item in made.findings if item.code not in ("QP614", "QP671")}
    assert found == ({"QP612": left_out} if left_out else {})
    before, after = (parse_yaml("", text.encode()).value for text in (LISTS, made.text))
    assert {key: sorted(value) for key, value in after.items() if key not in ("qplan", "equipment")} == {
        key: sorted(value) for key, value in before.items() if key not in ("qplan", "equipment")
    }
    for address, value in now.items():
        entry = after
        for step in address.split("."):
            entry = entry[step]
        assert entry == value


@pytest.mark.parametrize(
    ("table", "missing"),
    [
        ("System;Preis\nqx-9;5000\n", "a table of equipment by its headings ('System', 'Preis'), without a column for "
         "key_rate_curve"),
        ("Kabel;Bis;Dämpfung\nk9;a;5\n", "a table of fibres by its headings ('Kabel', 'Bis', 'Dämpfung'), without a "
         "column for from,"),
        ("Korridor;Schlüsselrate\nc9;5\n", "without a column for from and to"),
    ],
)  # fmt: skip
def test_a_table_of_new_entries_alone_names_the_column_that_is_missing(tmp_path, table, missing):
    sites, source = written(tmp_path, "sites.yaml", LISTS), written(tmp_path, "list.csv", table)
    for existing in (None, sites):
        with pytest.raises(InvalidInput) as refused:
            outcome("csv", source, existing=existing)
        (found,) = refused.value.diagnostics
        assert (found.code, found.line) == ("QP603", 1) and missing in found.message


def changed(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in lines if line[:3] not in ("---", "+++") and line[:2] != "@@"]


def test_measurements_come_in_and_every_other_byte_stays(tmp_path):
    there = written(tmp_path, "sites.yaml", HAND)
    made = outcome("csv", written(tmp_path, "fibres.csv", FIBRES), existing=there)
    assert changed(HAND, made.text) == [
        "-    k1: {ends: [thun, bern], length_km: 31.4, loss_db: 8.10, "
        'labels: {contract: V-77, source: "csv:k1"}}   # let',
        '+    k1: {ends: [thun, bern], length_km: 31.4, loss_db: 8.4, labels: {contract: V-77, source: "csv:k1"}, '
        "fibre_type: G.652.D}   # let",
        "+        loss_db: 3.3",
        '+        labels: {source: "csv:k2"}',
        '+    k3: {ends: [spiez, bern], length_km: 45, labels: {source: "csv:k3"}}',
    ]
    assert there.read_text(encoding="utf-8") == HAND
    assert {item.code for item in made.findings} == {
        "QP623",
        "QP672",
    }  # k2 stays amplified; half of the fibres that were imported are a part of them, and none is missed
    read = inventory(tmp_path, made.text)
    assert read.fibres["k2"].amplified and read.sites["thun"].trusted_node == "forbidden"


def test_a_byte_order_mark_stays(tmp_path):
    there = written(tmp_path, "sites.yaml", HAND, "utf-8-sig")
    made = outcome("csv", written(tmp_path, "fibres.csv", FIBRES), existing=there)
    assert made.text.startswith("\ufeff#") and made.before.encode() == there.read_bytes()


def test_what_has_vanished_is_listed_and_stays(tmp_path):
    there = written(tmp_path, "sites.yaml", HAND)
    sites = written(
        tmp_path, "s.csv", "id,name,lat,lon\nbern,Bern,46.951,7.44\nthun,Thun,46.76,7.63\nspiez,Spiez,46.69,7.68\n"
    )
    made = outcome("csv", sites, written(tmp_path, "fibres.csv", FIBRES), existing=there)
    (gone,) = [item.message for item in made.findings if item.code == "QP671"]
    assert gone == "no longer in the source, kept: fibres.gone" and "gone: {ends" in made.text
    assert inventory(tmp_path, made.text).sites["bern"].lat == 46.951


def test_of_a_list_of_fibres_alone_too_what_has_vanished_is_listed(tmp_path):
    there = written(tmp_path, "sites.yaml", HAND.replace("    k2:\n", "    k2:\n        labels: {source: 'csv:k2'}\n"))
    (gone,) = [
        item.message
        for item in outcome("csv", written(tmp_path, "fibres.csv", FIBRES), existing=there).findings
        if item.code == "QP671"
    ]
    assert gone == "no longer in the source, kept: fibres.gone"


def test_a_site_renamed_by_hand_keeps_its_name(tmp_path):
    table = written(tmp_path, "s.csv", "id,lat,lon\nZH 1,47.38,8.54\nWin,47.50,8.72\n")
    fibres = written(tmp_path, "f.csv", "from,to,length km\nZH 1,Win,27\n")
    text = outcome("csv", table, fibres).text.replace("zh-1", "headquarters")
    there = written(tmp_path, "sites.yaml", text)
    assert outcome("csv", table, fibres, existing=there).text == text
    written(tmp_path, "f.csv", "from,to,length km\nZH 1,Win,28\n")
    assert changed(text, outcome("csv", table, fibres, existing=there).text)[1].startswith("+  headquarters--Win: {")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_empty_sections_and_missing_ones_are_filled(tmp_path, newline):
    fibres = written(tmp_path, "f.csv", "id,from,to,length km\nk1,a,b,3\n12,b,c,4\n")
    for begin in (
        "qplan: 1",
        "qplan: 1\nsites: {}\nfibres:\n",
        "sites:\nfibres: {}\nqplan: 1\n",
        "{qplan: 1, sites: {}}",
    ):
        there = written(tmp_path, "sites.yaml", begin.replace("\n", newline))
        if begin.startswith("{"):
            with pytest.raises(QplanError, match=r"was not changed: .* cannot be changed safely"):
                outcome("csv", fibres, existing=there)
            continue
        made = outcome("csv", fibres, existing=there)
        assert sorted(inventory(tmp_path, made.text).fibres) == ["b--c", "k1"] and ": \n" not in made.text
        assert made.text.startswith(begin.split("\n")[0]) and ("\r\n" in made.text) == (
            newline == "\r\n" and "\n" in begin
        )


def test_what_cannot_be_changed_is_said_and_left(tmp_path):
    written(tmp_path, "plant.yaml", "fibres:\n  k1: {ends: [bern, thun], length_km: 29}\n")
    text = (
        "qplan: 1\ninclude: [plant.yaml]\nsites: {bern: {}, thun: {}, spiez: {}}\nx-s: &s {length_km: 9}\n"
        "fibres:\n  k2: &f {ends: [thun, spiez], <<: *s}\n  k4: *f\n  k3:\n"
    )
    there = written(tmp_path, "sites.yaml", text)
    made = outcome("csv", written(tmp_path, "fibres.csv", FIBRES), existing=there)
    stuck = [item.message for item in made.findings if item.code == "QP673"]
    assert stuck == [
        "not changed: fibres.k3: it is no mapping",
        "not changed: fibres.k2: it is shared by an anchor or an alias",
        "not changed: fibres.k1: it stands in an included file: update that one",
    ]
    assert made.text == text


def test_an_inventory_that_is_no_yaml_is_refused(tmp_path):
    there = written(tmp_path, "sites.yaml", "sites: {a: [}\n")
    with pytest.raises(InvalidInput, match="QP001"):
        outcome("csv", written(tmp_path, "f.csv", FIBRES), existing=there)


@pytest.mark.parametrize("name", sorted(path.name for path in PAIRS.iterdir() if (path / "import.txt").exists()))
def test_importing_again_changes_nothing(name):
    form, *words = (PAIRS / name / "import.txt").read_text(encoding="utf-8").split()
    paths = [PAIRS / name / word for word in words if "." in word and word != "map.yaml"]
    if not all(path.exists() for path in paths):
        pytest.skip("made by the test of pairs")
    from qplan.interchange.imports.mapping import read_map

    mapping = read_map(PAIRS / name / "map.yaml") if "--map" in words else ImportMap()
    there = PAIRS / name / "sites.yaml"
    assert outcome(form, *paths, mapping=mapping, existing=there).text == there.read_text(encoding="utf-8")


def test_traces_find_their_fibre_by_name_by_ends_or_by_the_mapping(tmp_path):
    text = (
        "qplan: 1\nsites: {be: {name: Bern}, th: {name: Thun}}\n"
        "fibres:\n  a: {ends: [be, th], length_km: 17}\n  b: {ends: [be, th], length_km: 30}\n"
    )
    there = written(tmp_path, "sites.yaml", text)
    events = [(5.0, 0.2, 0.1, "0F9999LS"), (17.0, 0.2, 20.0, END)]

    def run(name: str, data: bytes, mapping: ImportMap | None = None):
        path = tmp_path / name
        path.write_bytes(data)
        return outcome("otdr", path, mapping=mapping, existing=there)

    by_name = run("1.sor", trace("x", "y", "A", events))
    assert read(tmp_path, by_name.text)["a"].loss_db == pytest.approx(0.2 * 17 + 0.1, abs=2e-3)
    either = run("2.sor", trace("Bern", "THUN", "?", events))
    assert {item.code for item in either.findings} >= {"QP681"} and either.text == text
    mapped = run("3.sor", trace("Bern", "THUN", "?", events), ImportMap(traces={"3.sor": "b"}))
    assert read(tmp_path, mapped.text)["b"].loss_db and {"QP684", "QP685"} <= {item.code for item in mapped.findings}
    assert "QP681" in {
        item.code for item in run("4.sor", trace("x", "y", "?", events), ImportMap(traces={"4.sor": "c"})).findings
    }
    assert "QP683" in {item.code for item in run("5.sor", trace("x", "y", "a", events, wavelength_nm=1625)).findings}
    assert "QP683" in {item.code for item in run("6.sor", trace("x", "y", "a", events[:1])).findings}
    agreed = run("7.sor", trace("Thun", "Bern", "b", events, total_db=3.45))
    assert read(tmp_path, agreed.text)["b"].loss_db == 3.45 and "QP682" not in {item.code for item in agreed.findings}


def read(folder, text):
    return inventory(folder, text).fibres


def test_both_directions_are_averaged_and_the_worst_strand_counts(tmp_path):
    there = written(tmp_path, "sites.yaml", "qplan: 1\nsites: {be: {}, th: {}}\nfibres: {a: {ends: [be, th]}}\n")
    for name, data in {
        "1.sor": trace("be", "th", "a", [(10, 0.20, 20, END)]),
        "2.sor": trace("th", "be", "a", [(10, 0.30, 20, END)]),
        "3.sor": trace("be", "th", "a", [(10, 0.21, 20, END)], strand="2"),
        "4.sor": trace("th", "be", "a", [(10, 0.23, 20, END)], strand="2"),
    }.items():
        (tmp_path / name).write_bytes(data)
    made = outcome("otdr", *(tmp_path / f"{n}.sor" for n in range(1, 5)), existing=there)
    fibre = read_inventory(written(tmp_path, "new.yaml", made.text)).inventory.fibres["a"]
    assert (fibre.loss_db, fibre.length_km) == (pytest.approx(2.5, abs=1e-3), pytest.approx(10, abs=1e-3))
    assert "QP685" not in codes("otdr", [tmp_path / "1.sor", tmp_path / "2.sor"], existing=there)


STYLES = ("{{{}}}", "\n    {}")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9))
def test_edits_change_what_they_should_and_nothing_else(seed):
    """Random files of random style, random changes: the text reads back to the changed values, or is refused."""
    rng = random.Random(seed)
    keys, names = [f"k{n}" for n in range(rng.randint(1, 4))], ["lat", "name", "ducts", "labels", "note"]
    lines = ["qplan: 1 # v", "sites:" + rng.choice(["", "   # all"])]
    for key in keys:
        own = rng.sample(names, rng.randint(1, 4))
        values = {name: rng.choice(["1.50", '"x # y"', "[a, b]", "{c: 1}", "", "'z'"]) for name in own}
        if rng.random() < 0.5 and "" not in values.values():
            lines.append(
                f"  {key}: {{{', '.join(f'{n}: {v}' for n, v in values.items())}}}" + rng.choice(["", "  # c"])
            )
        else:
            lines.append(f"  {key}:" + rng.choice(["", "  # c"]))
            for name, value in values.items():
                lines += [f"    {name}: {value}" + rng.choice(["", "  # d"])] + (
                    ["    # e"] if rng.random() < 0.2 else []
                )
                lines += ["      - p", "      - q # r"] if value == "" and name == "ducts" else []
        lines += [""] if rng.random() < 0.3 else []
    text = rng.choice(["\n", "\r\n"]).join([*lines, "fibres: {}", "# end"]) + rng.choice(["", "\n"])
    parsed = parse_yaml("x", text.encode())
    edits = Edits(parsed)
    touched = set()
    for _ in range(rng.randint(1, 5)):
        key, name = rng.choice(keys), rng.choice([*names, "new", "lon"])
        if (key, name) not in touched and parsed.value["sites"][key] is not None:
            touched.add((key, name))
            edits.set(("sites", key, name), rng.choice([2.25, "a: b", ["c"], {"d": [1]}, True]))
    edits.add_entry(("fibres", "f"), {"ends": ["k0", "k1"]})
    edits.add_entry(("sites", "k9"), {"name": "x" * rng.choice([3, 150])})
    try:
        made = edits.text()
    except NotEditable:
        pytest.fail(text)
    assert parse_yaml("x", made.encode()).value == edits.value != parsed.value
    comments = [line.partition("#")[2] for line in text.splitlines()]
    assert [c for c in comments if c] == [
        c for line in made.splitlines() if (c := line.partition("#")[2]) and "x #" not in line
    ] or '"x # y"' in text
