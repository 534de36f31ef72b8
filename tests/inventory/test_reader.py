"""Reading an inventory: what is effective, what is refused and how it is said, and that nothing else can happen."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qplan.errors import InvalidInput, QplanError
from qplan.inventory.checks.costs import today
from qplan.inventory.fields import is_id
from qplan.inventory.model import Inventory
from qplan.inventory.reader import Reading, effective_json, read_inventory
from qplan.inventory.source import includes
from qplan.inventory.source.overlay import merge_defaults
from qplan.inventory.source.rendering import render
from qplan.inventory.source.yaml_source import parse_yaml

HERE = Path(__file__).parent
CASES = sorted((HERE / "errors").glob("*.yaml"))
EXAMPLES = sorted((HERE.parents[1] / "examples").glob("*/sites.yaml"))
SMALL = """\
qplan: 1
metadata: {name: Small}
sites:
  a: {lat: 47.0, lon: 8.0, country: NO}
  b: {lat: 47.1, lon: 8.1}
fibres:
  f: {ends: [a, b], length_km: 20, strands: 4}
equipment:
  qkd_systems:
    s: {key_rate_curve: [[5, 1e6], [20, 1e3]], price: 100}
corridors:
  c: {ends: [a, b], key_rate_bps: 100}
"""


def read(folder: Path, text: str | bytes, **options) -> Reading:
    path = folder / "sites.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_inventory(path, **options)


def refusal(folder: Path, text: str | bytes, **options) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        read(folder, text, **options)
    return caught.value


def codes(error: InvalidInput) -> list[str]:
    return [item.code for item in error.diagnostics if item.severity == "error"]


def as_read(case: Path) -> str:
    """Everything that is said about a file, read with the options in its first line."""
    with open(case, encoding="utf-8", errors="replace", newline="") as file:
        first = file.readline()
    words = shlex.split(first.removeprefix("# read with:")) if first.startswith("# read with:") else []
    options = list(zip(words[::2], words[1::2], strict=True))
    scenario = dict(options).get("--scenario")
    try:
        overrides = [v for k, v in options if k == "--set"]
        reading = read_inventory(case.name, scenario=scenario, overrides=overrides, as_of=today())
    except InvalidInput as error:
        return render(error.diagnostics, error.sources, len(error.suppressed))
    return render(reading.warnings, reading.sources, len(reading.suppressed))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_findings_are_as_written_beside_the_file(case, monkeypatch):
    monkeypatch.chdir(case.parent)
    assert as_read(case) == case.with_suffix(".txt").read_text(encoding="utf-8")


def test_yaml_1_2_scalars_windows_line_ends_and_bom(tmp_path):
    reading = read(tmp_path, b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())
    assert reading.inventory.sites["a"].country == "NO"
    assert reading.inventory.equipment.qkd_systems["s"].key_rate_curve == ((5, 1e6), (20, 1e3))


def test_anchors_merges_and_ignored_keys(tmp_path):
    text = "x-any: [&hut {operator: acme, rack_units: 2}, !odd {1: 1, 1: 1}]\n" + SMALL
    text = text.replace("  b: {", "  b: {<<: *hut, rack_units: 3, ").replace("sites:\n", "sites:\n  h: *hut\n")
    sites = read(tmp_path, text).inventory.sites
    assert (sites["b"].operator, sites["b"].rack_units, sites["h"].rack_units) == ("acme", 3, 2)


def test_order_of_overrides(tmp_path):
    text = SMALL + (
        "set: {policy.loss_margin_db: 1, policy.bypass_loss_db: 1, policy.key_rate_reserve: 0.1}\n"
        "scenarios: {s: {set: {policy.bypass_loss_db: 2, policy.key_rate_reserve: 0.2}}}\n"
        "policy: {loss_margin_db: 0, max_bypass_sites: 7}\n"
    )
    policy = read(tmp_path, text, scenario="s", overrides=["policy.key_rate_reserve=0.3"]).inventory.policy
    assert (policy.max_bypass_sites, policy.loss_margin_db, policy.bypass_loss_db, policy.key_rate_reserve) == (
        7,
        1,
        2,
        0.3,
    )
    reading = read(
        tmp_path, text, overrides=["policy.max_bypass_sites=1", "policy.max_bypass_sites=2", "budget.tco=1e6"]
    )
    assert reading.inventory.policy.max_bypass_sites == 2
    assert reading.set == {"policy.max_bypass_sites": 2, "budget.tco": 1e6}


def test_defaults_merge_and_null_takes_away(tmp_path):
    text = SMALL + (
        "defaults:\n"
        "  site: {operator: acme, labels: {tier: {a: 1, b: 2}, list: [1]}}\n"
        "  fibre: {ducts: [k1, k2], strands: 9, loss_1310_db: 3}\n"
        "  corridor: {rekey: {interval_s: 60, tunnels: 8}, paths: 2}\n"
    )
    text = text.replace("a: {lat", "a: {operator: null, labels: {tier: {b: null, c: 3}, list: []}, lat")
    text = text.replace("corridors:\n", "corridors:\n  d: {ends: [a, b], paths: null}\n")
    text = text.replace("length_km: 20, strands: 4", "length_km: 20, ducts: [k3], strands: null")
    inventory = read(tmp_path, text, overrides=["defaults.fibre.loss_1310_db=4"]).inventory
    assert inventory.sites["a"].operator is None and inventory.sites["b"].operator == "acme"
    assert inventory.sites["a"].labels == {"tier": {"a": 1, "c": 3}, "list": []}
    assert (inventory.fibres["f"].ducts, inventory.fibres["f"].strands) == (("k3",), 2)
    assert inventory.fibres["f"].loss_1310_db == 4
    assert inventory.corridors["c"].rekey is None and inventory.corridors["c"].paths == 2
    assert inventory.corridors["d"].rekey.tunnels == 8 and inventory.corridors["d"].paths == 1


def test_overrides_set_a_demand_and_whole_entries(tmp_path):
    options = [
        "corridors.c.rekey={interval_s: 1}",
        "sites.new={lat: 1, lon: 2}",
        "sites.a.rack_units=3",
        "sites.b.name=",
    ]
    inventory = read(tmp_path, SMALL, overrides=options).inventory
    assert inventory.corridors["c"].key_rate_bps is None and inventory.corridors["c"].demand_bps == 256
    assert inventory.sites["new"].lon == 2 and inventory.sites["a"].rack_units == 3
    two = ["corridors.c.otp_bps=1", "corridors.c.rekey={interval_s: 1}"]
    assert codes(refusal(tmp_path, SMALL, overrides=two)) == ["QP403"]
    assert "corridors" not in json.loads(read(tmp_path, SMALL, overrides=["corridors=null"]).effective_json)


@pytest.mark.parametrize(
    ("default", "own", "bps"),
    [
        ("{key_bits: 512, tunnels: 4, interval_s: 3600}", "{interval_s: 60}", 512 * 4 / 60),
        ("{key_bits: 512, tunnels: 4}", "{interval_s: 60}", 512 * 4 / 60),  # what all have in common, and no more
        ("{tunnels: 4, interval_s: 60}", "{tunnels: null}", 256 / 60),
    ],
)
def test_rekey_merges_with_its_default(tmp_path, default, own, bps):
    text = SMALL.replace("key_rate_bps: 100", f"rekey: {own}") + f"defaults: {{corridor: {{rekey: {default}}}}}\n"
    assert read(tmp_path, text).inventory.corridors["c"].demand_bps == pytest.approx(bps)


def test_a_default_rekey_does_not_make_up_for_an_interval(tmp_path):
    text = SMALL.replace(", key_rate_bps: 100", "") + "defaults: {corridor: {rekey: {tunnels: 4}}}\n"
    assert codes(refusal(tmp_path, text)) == ["QP101"]


def test_includes_merge_and_are_hashed(tmp_path):
    (tmp_path / "net" / "parts").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (tmp_path / "net" / "parts" / "fibres.yaml").write_text(
        "qplan: 1\ninclude: [../../common.yaml]\n"
        "fibres: {g: {ends: [a, b], length_km: 30}}\nset: {fibres.f.strands: 7}\n"
    )
    (tmp_path / "common.yaml").write_text("policy: {max_bypass_sites: 1}\n")
    text = SMALL.replace(
        "qplan: 1\n", "qplan: 1\ninclude: [../common.yaml, parts/fibres.yaml, 'catalogue:illustrative-2026']\n"
    )
    reading = read(tmp_path / "net", text + "policy: {loss_margin_db: 2}\n")
    inventory = reading.inventory
    assert list(inventory.fibres) == ["f", "g"] and inventory.fibres["f"].strands == 7
    assert (inventory.policy.max_bypass_sites, inventory.policy.loss_margin_db) == (1, 2)
    assert list(inventory.equipment.qkd_systems) == sorted(inventory.equipment.qkd_systems)
    assert [path for path, _ in reading.files] == [
        "../common.yaml", "catalogue:illustrative-2026", "parts/fibres.yaml", "sites.yaml",
    ]  # fmt: skip
    main = (tmp_path / "net" / "sites.yaml").read_bytes()
    assert reading.sha256 == dict(reading.files)["sites.yaml"] == hashlib.sha256(main).hexdigest()
    assert reading.effective_sha256 == hashlib.sha256(reading.effective_json.encode()).hexdigest()
    assert str(tmp_path) not in reading.effective_json and reading.name == "Small"


def test_includes_stay_inside(tmp_path):
    folder = tmp_path / "net"
    folder.mkdir()
    (tmp_path / "secret.yaml").write_text("policy: {loss_margin_db: 1}\n")
    (folder / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (folder / "null.yaml").symlink_to("/dev/null")
    (folder / "self.yaml").symlink_to("self.yaml")
    os.mkfifo(folder / "pipe.yaml")
    for name, code in {
        "../secret.yaml": "QP012", "link.yaml": "QP012", "null.yaml": "QP012", str(tmp_path / "secret.yaml"): "QP012",
        "self.yaml": "QP011", "pipe.yaml": "QP011", "a\\0b": "QP011", "x" * 5000: "QP011", "sites.yaml": "QP013",
    }.items():  # fmt: skip
        error = refusal(folder, SMALL + f'include: ["{name}"]\n')
        assert codes(error) == [code] and error.diagnostics[0].line == 13
    (tmp_path / ".git").mkdir()
    assert read(folder, SMALL + "include: [link.yaml]\n").inventory.policy.loss_margin_db == 1


@pytest.mark.parametrize(
    ("data", "code", "place"),
    [
        (b"qplan: 1\nsites: {\xff}\n", "QP002", (2, 9)),
        (b"qplan: 1\n\0", "QP002", (2, 1)),
        ("qplan: 1\n".encode("utf-16"), "QP002", (1, 1)),
        ("qplan: 1\n".encode("utf-32"), "QP002", (1, 1)),
        (b"\x89PNG\r\n\x1a\n", "QP002", (1, 1)),
        (b"", "QP004", (1, 1)),
        (b"---\n", "QP004", (1, 1)),
        (b"---\nnull\n", "QP103", (2, 1)),
        (b"qplan: 1\nmetadata: {name: " + b"a" * 70_000 + b"}", "QP003", (2, 18)),
        (b"#" * (17 * 2**20), "QP003", (0, 0)),
        (b"- " * 100_000, "QP003", (1, 1)),
        (b"{a: " * 100_000, "QP003", (1, 1)),
        (b"? " * 100_000, "QP003", (1, 1)),
        (b"a: " + b"[" * 100_000 + b"]" * 100_000, "QP003", (1, 1)),
        (b"qplan: 1\nmetadata: {? " + b"k" * 2000 + b" : 1}", "QP003", (2, 14)),
        (b"a: [&0 {}" + b"".join(b", &%d {<<: *%d}" % (i + 1, i) for i in range(5000)) + b"]", "QP003", (1, 938)),
    ],
    ids=[
        "bytes",
        "nul",
        "utf-16",
        "utf-32",
        "png",
        "empty",
        "dashes",
        "null",
        "scalar",
        "file",
        "list",
        "mapping",
        "keys",
        "flow",
        "key",
        "chain",
    ],
)
def test_unreadable_bytes_are_refused_quickly(tmp_path, data, code, place):
    started = time.process_time()  # whatever else the machine does
    error = refusal(tmp_path, data)
    assert time.process_time() - started < 5
    assert [(item.code, item.line, item.column) for item in error.diagnostics] == [(code, *place)]
    assert "UTF-16" not in error.diagnostics[0].message or data[2:4] != b"\0\0"


def test_main_file_that_cannot_be_read_is_a_failure_not_invalid_input(tmp_path):
    for path in (tmp_path / "missing.yaml", tmp_path, "a\0b", tmp_path / ("x" * 5000)):
        with pytest.raises(QplanError, match="cannot read") as caught:
            read_inventory(path)
        assert not isinstance(caught.value, InvalidInput)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_effective_inventory_reads_back_the_same(path, tmp_path):
    reading = read_inventory(path)
    again = read(tmp_path, reading.effective_json)
    assert again.inventory == reading.inventory
    assert again.effective_json == reading.effective_json


def test_effective_inventory_keeps_odd_characters(tmp_path):
    name = "a\0\x1b\x7f\x85\u2028\u202e\ufeff\uffff\U0001f600'\"\\/: # {}<b>\t\r\n é"
    text = SMALL.replace(
        "name: Small", f"name: {json.dumps(name, ensure_ascii=True)}".replace("\\ud83d\\ude00", "\\U0001f600")
    )
    reading = read(tmp_path, text)
    assert reading.inventory.metadata.name == name
    assert read(tmp_path, reading.effective_json).inventory == reading.inventory


def test_reading_does_not_depend_on_the_order_of_entries(tmp_path):
    reading = read(tmp_path, SMALL)
    blocks = SMALL.replace("  a: {lat: 47.0, lon: 8.0, country: NO}\n", "").replace(
        "  b: {lat: 47.1, lon: 8.1}\n", "  b: {lat: 47.1, lon: 8.1}\n  a: {lat: 47.0, lon: 8.0, country: NO}\n"
    )
    assert read(tmp_path, blocks).effective_json == reading.effective_json
    assert reading.inventory == Inventory.model_validate_json(reading.effective_json)


KEYED = {
    "key_stores": {"links": {"a--b": {"floor_bits": 1e4}, "b--a--q": {"floor_bits": 2e4}}},
    "reliability": {"ducts": {"k1": {"length_km": 1}, "k2": {"length_km": 2}},
                    "operators": {"x": {"mtbf_h": 1e3, "mttr_h": 1}, "y": {"mtbf_h": 2e3, "mttr_h": 1}}},
    "economics": {"exchange_rates": {"CHF": 1.1, "USD": 0.9}},
    "services": {"r": {"per": "plan", "price": 1}, "s": {"per": "node", "price": 2}},
    "moved": {"sites.o1": "sites.a", "sites.o2": "sites.b"},
    "spares": {"qkd_systems.q": 1, "qkd_systems.p": 2},
}  # fmt: skip


def turned(value: object) -> object:
    """With every mapping the other way round."""
    return {key: turned(value[key]) for key in reversed(value)} if isinstance(value, dict) else value


@pytest.mark.parametrize("section", KEYED)
def test_whatever_stands_under_ids_may_be_declared_in_any_order(section):
    one, other = (merge_defaults({section: value}) for value in (KEYED[section], turned(KEYED[section])))
    first, second = (Inventory.model_validate({"qplan": 1, **values}) for values in (one, other))
    assert effective_json(first) == effective_json(second)


def test_a_free_mapping_keeps_its_order(tmp_path):
    labels = read(tmp_path, SMALL, overrides=["sites.a.labels={z: {y: 1, x: 2}, b: 1}"]).inventory.sites["a"].labels
    assert list(labels) == ["z", "b"] and list(labels["z"]) == ["y", "x"]


def test_an_id_is_one_line():
    assert is_id("a-1_B") and not any(map(is_id, ("a\n", "a\nb", "\na", "", "-a")))


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.text(max_size=4).map(lambda key: f"k{key}"), st.text(max_size=12), max_size=4))
@example({"k": "\U0001f600 \\ud83d\\ude00 \ue000 \uf7ff"})
def test_json_as_python_dumps_it_is_read(labels):
    text = json.dumps(labels)
    parsed = parse_yaml("x.json", f'{{"labels": {text}}}'.encode())
    if not any("\ud800" <= c <= "\udfff" or not c.isprintable() for word in [*labels, *labels.values()] for c in word):
        assert parsed.findings == [] and parsed.value == {"labels": labels}


def test_places_behind_a_character_in_two_halves(tmp_path):
    text = json.dumps({"qplan": 1, "metadata": {"name": "\U0001f600"}, "objective": "x"})
    assert [(d.code, d.column) for d in refusal(tmp_path, text).diagnostics] == [("QP105", text.index('"x"') + 1)]
    error = refusal(tmp_path, SMALL.replace("name: Small", r'name: "\ud83d alone"'))
    assert [(item.code, item.line) for item in error.diagnostics] == [("QP001", 2)]


def test_a_number_sign_in_an_override_begins_no_comment(tmp_path):
    reading = read(tmp_path, SMALL, overrides=["sites.a.name=DC #1", "sites.b.name='x # y'", "metadata.owner=#1"])
    sites = reading.inventory.sites
    assert (sites["a"].name, sites["b"].name, reading.inventory.metadata.owner) == ("DC #1", "x # y", "#1")
    assert codes(refusal(tmp_path, SMALL, overrides=["fibres.f.strands=4 # all"])) == ["QP103"]
    assert codes(refusal(tmp_path, SMALL, overrides=['sites.a.name="DC" # 1'])) == ["QP015"]
    assert read(tmp_path, SMALL, overrides=['sites.a.name="\\ud83d\\ude00"']).inventory.sites["a"].name == "\U0001f600"


def test_included_files_are_recorded_as_they_are_written(tmp_path):
    (tmp_path / ".git").mkdir()
    for folder in ("net", "common/deep"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "common" / "plant.yaml").write_text("include: [deep/policy.yaml]\nsites: {h: {}}\n")
    (tmp_path / "common" / "deep" / "policy.yaml").write_text("policy: {loss_margin_db: 1}\n")
    (tmp_path / "net" / "plant.yaml").symlink_to("../common/plant.yaml")
    (tmp_path / "net" / "parts").symlink_to("../common/deep")
    paths = [path for path, _ in read(tmp_path / "net", SMALL + "include: [./plant.yaml]\n").files]
    assert paths == ["../common/deep/policy.yaml", "plant.yaml", "sites.yaml"]
    paths = [path for path, _ in read(tmp_path / "net", SMALL + "include: [parts/policy.yaml]\n").files]
    assert paths == ["parts/policy.yaml", "sites.yaml"]


def test_secrets_and_hidden_files_are_not_included(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "net").mkdir()
    secret = "secret: hunter2\n"
    for name in (".env", ".git/config", "net/prod.env", "net/.netrc", "net/.env.local"):
        (tmp_path / name).write_text(secret)
    (tmp_path / "net" / "fibres.yaml").symlink_to("../.git/config")
    (tmp_path / "net" / "sites2.yaml").symlink_to(".env.local")
    for name in ("../.env", "../.git/config", "prod.env", ".netrc", "fibres.yaml", "sites2.yaml", "../net/./.netrc"):
        error = refusal(tmp_path / "net", SMALL + f"include: [{name}]\n")
        assert codes(error) == ["QP012"] and "hunter2" not in render(error.diagnostics, error.sources)


def test_main_file_is_no_link_to_somewhere_else(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "credentials").write_text("token: hunter2\n")
    net = tmp_path / "net"
    (net / "deep").mkdir(parents=True)
    (net / "real.yaml").write_text(SMALL)
    (net / "deep" / "sites.yaml").symlink_to("../real.yaml")
    with pytest.raises(QplanError, match="it is a link out of its folder; name the file itself"):
        read_inventory(net / "deep" / "sites.yaml")
    (net / ".git").mkdir()
    (net / ".git" / "config").write_text("token: hunter2\n")
    assert read_inventory(net / "deep" / "sites.yaml").name == "Small"
    for target in ("../home/credentials", ".git/config", ".env"):
        (net / ".env").write_text("token: hunter2\n")
        (net / "sites.yaml").unlink(missing_ok=True)
        (net / "sites.yaml").symlink_to(target)
        with pytest.raises(
            QplanError, match=r"^cannot read .*sites\.yaml: (it is a link out of|no inventory is kept in)"
        ):
            read_inventory(net / "sites.yaml")


def test_a_pipe_is_read(tmp_path):
    reading, writing = os.pipe()
    os.write(writing, SMALL.encode())
    os.close(writing)
    assert read_inventory(f"/dev/fd/{reading}").name == "Small"
    os.close(reading)


def test_limits_are_for_all_files_together(tmp_path, monkeypatch):
    monkeypatch.setattr(includes, "MAX_NODES", 12_000)
    names = [f"part-{i}.yaml" for i in range(8)]
    for name in names:  # of 9 ** 4 values each
        ten = "".join(f", &{'abcd'[k]} [{', '.join(['*' + 'abcd'[k - 1]] * 9)}]" for k in range(1, 4))
        text = f"sites: {{{name[:6]}: {{labels: {{x: [&a [0, 0, 0, 0, 0, 0, 0, 0, 0]{ten}]}}}}}}\n"
        (tmp_path / name).write_text(text)
    error = refusal(tmp_path, SMALL + f"include: [{', '.join(names)}]\n")
    assert {item.code for item in error.diagnostics} == {"QP003"} and len(error.diagnostics) == 7
    assert "values together with the files read before it" in error.diagnostics[0].message
    for name in names:
        (tmp_path / name).write_text("#" * (3 * 2**20) + "\nsites: {}\n")
    error = refusal(tmp_path, SMALL + f"include: [{', '.join(names)}]\n")
    assert [item.message for item in error.diagnostics if item.code == "QP003"] == [
        f"cannot include 'part-{i}.yaml': all files together are larger than 16 MiB" for i in (5, 6, 7)
    ]


def test_defaults_that_multiply_are_refused(tmp_path):
    labels = ", ".join(f"k{i}: {i}" for i in range(2000))
    text = "qplan: 1\nsites:\n" + "".join(f"  s{i}: {{}}\n" for i in range(600))
    error = refusal(tmp_path, text + f"defaults: {{site: {{labels: {{{labels}}}}}}}\n")
    assert codes(error) == ["QP003"] and error.diagnostics[0].line == 603
