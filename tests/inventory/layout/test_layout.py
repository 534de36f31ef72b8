"""`fmt`: one layout, twice is once, and never another meaning, a lost comment or a comment elsewhere."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from inventory.layout.random_layouts import RandomLayout
from oracle.random_inventories import random_inventory
from seeds import seeds

from qplan.cli.main import main
from qplan.errors import InvalidInput, QplanError
from qplan.inventory.layout import canonical as module
from qplan.inventory.layout.canonical import NoLayout, canonical
from qplan.inventory.layout.printer import lay_out
from qplan.inventory.reader import read_inventory
from qplan.inventory.source.suppressions import find_suppressions
from qplan.inventory.source.yaml_source import parse_yaml

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent
SHIPPED = sorted([*ROOT.glob("examples/*/sites.yaml"), *ROOT.glob("qplan/catalogue/*.yaml")])
FAILED = [479170]


def said(data: bytes) -> tuple[str, list]:
    """All values in their order with their types, and the findings of the YAML reader."""
    parsed = parse_yaml("x", data)
    return repr(parsed.value), [(item.code, item.address, item.message.split(", first")[0]) for item in parsed.findings]


def test_shipped_files_are_in_the_layout():
    assert SHIPPED
    for file in SHIPPED:
        data = file.read_bytes()
        assert canonical(file.name, data) == data, file


@pytest.mark.parametrize("ends", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_files_laid_out_by_hand_become_the_expected_ones(mark, ends):
    before, expected = (HERE / "before.yaml").read_bytes(), (HERE / "after.yaml").read_bytes()
    kept = b"\r\n" if ends == b"\r\n" else b"\n"
    after = canonical("x", mark + before.replace(b"\n", ends))
    assert after == mark + expected.replace(b"\n", kept)
    assert said(after)[0] == said(before)[0]
    assert canonical("x", after) == after


def random_value(rng: random.Random) -> dict:
    """A random inventory with texts and keys that need care in YAML."""
    words = ["x: y", "# no comment", "it's", "ü 🏔", "- a", "true", "12", "a", "", " led", "tail ", "{b}", "a, b", "*c"]
    value = random_inventory(rng)
    value["metadata"] = {"name": rng.choice(words), "description": rng.choice(words)}
    for site in value["sites"].values():
        labels = {rng.choice(words) or "k": rng.choice([None, True, 1e-7, [], {}, [[1, [2]], {"a": ["b"]}], *words])}
        site["labels"] = labels
    value["x-anchors"] = [words, {"k": [{"deep": [{"er": [1, [2, {"a": 1}]]}]}]}]
    return value


@pytest.mark.parametrize("seed", [*FAILED, *seeds(16)])
def test_random_layouts_keep_meaning_and_comments_and_come_to_rest(seed, tmp_path):
    print(f"seed {seed}")
    rng = random.Random(seed)
    made = RandomLayout(rng)
    value = random_value(rng)
    text = made.text(value)
    data = text.replace("\n", rng.choice(("\n", "\r\n"))).encode()
    data = rng.choice((b"", b"\xef\xbb\xbf")) + data
    assert parse_yaml("x", data).value == {key: item for key, item in value.items() if key != "x-anchors"}, text
    after = canonical("x", data)
    assert said(after) == said(data)
    assert canonical("x", after) == after
    assert after.count(b"#") == data.count(b"#")
    before_file, after_file = tmp_path / "before" / "s.yaml", tmp_path / "after" / "s.yaml"
    readings = []
    for file, content in ((before_file, data), (after_file, after)):
        file.parent.mkdir()
        file.write_bytes(content)
        readings.append(read_inventory(file))
    told = [[sorted((w.code, w.address, w.reason) for w in (*r.warnings, *r.suppressed))] for r in readings]
    assert (readings[0].effective_json, told[0]) == (readings[1].effective_json, told[1])


@pytest.mark.parametrize("seed", seeds(6))
def test_layouts_that_differ_in_blanks_alone_become_one(seed):
    print(f"seed {seed}")
    value = random_value(random.Random(seed))
    made = [RandomLayout(random.Random(seed + run), tidy=True, style=random.Random(seed)) for run in range(4)]
    assert len({canonical("x", layout.text(value).encode()) for layout in made}) == 1


def suppressed(data: bytes) -> list[tuple[str, list]]:
    """The reasons of all suppressions, each with the values it covers."""
    parsed = parse_yaml("x", data)
    suppressions, _ = find_suppressions({"x": parsed.text}, parsed.places)
    lines = {path: place.at_key().line for path, place in parsed.places.items()}
    return [(s.reason, [path for path in lines if ("x", lines[path]) in s.covers]) for s in suppressions]


def test_suppressions_stay_with_what_they_suppress():
    before, after = (suppressed((HERE / name).read_bytes()) for name in ("before.yaml", "after.yaml"))
    assert before == after
    assert [paths for _, paths in after] == [[("sites", "a", "lat")], [("sites", "a", "lon")]]


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("a:\n  1  {}\nb: 2\n", [("a",)]),
        ("{}\na:\n  {{b: 1,\n   c: 2}}\n", [("a",), ("a", "b")]),
        ("a:\n  {{b: 1,  {}\n   c: 2}}\n", [("a",), ("a", "b")]),
        ("a: {{b: 1,\n  c: 2}}  {}\n", [("a", "c")]),
        ("a: &x\n  'b'  {}\nc:\n  *x\n", [("a",)]),
        ("a: &x b\nc:\n  *x  {}\n", [("c",)]),
        ("a: [\n]  {}\n", [("a",)]),
        ("{}\na:\n  b: 1\n", [("a",)]),
        ("a:\n  {}\n  -\n    b: 1\n    c: 2\n", [("a", 0), ("a", 0, "b")]),
        ("a:\n  # why\n  b  {}\n", [("a",)]),
        ("a: 'b\n  c'  {}\n", []),
        ("? a\n: b  {}\n", [("a",)]),
        ('a: "\\ud83d\\ude00"\nb:\n  c  {}\n', [("b",)]),
    ],
)
def test_suppressions_cover_the_same_whatever_the_layout(text, paths):
    before = ("qplan: 1\n" + text.format("# qplan-ignore: QP303 why")).encode()
    assert suppressed(before) == suppressed(canonical("x", before)) == [("why", paths)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a:   1\n", "a: 1\n"),
        ("a: 1", "a: 1\n"),
        ("a: |\n  x", "a: |-\n  x\n"),
        ("a: |+\n\n  x\n\n\n", "a: |+\n\n  x\n\n\n"),
        ("a: |2\n    x\n   y\n", "a: |2\n    x\n   y\n"),
        ("a:\n   b: |1\n       x\n", "a:\n  b: |2\n       x\n"),
        ("a: >-   # why\n      x\n\n\n\nb: 1\n", "a: >-  # why\n  x\n\nb: 1\n"),
        ("? a\n:    b\n", "a: b\n"),
        ("a:\n- b\n-   c: 1\n    d: 2\n- - e\n", "a:\n  - b\n  - c: 1\n    d: 2\n  - - e\n"),
        ("a:\n- &x\n  b: 1\n- *x\n", "a:\n  - &x\n    b: 1\n  - *x\n"),
        ("a: &x {b:   1}\nc: {<<: *x}\n*x : d\n", "a: &x {b: 1}\nc: {<<: *x}\n*x : d\n"),
        ("a: [ 1,2 ,3, ]\n", "a: [1, 2, 3]\n"),
        ("a: {b: , c : }\n", "a: {b: , c: }\n"),
        ("a: [\n]\n", "a: []\n"),
        ("a: [1,   # one\n2]\n", "a: [1,   # one\n    2]\n"),
        ("a: [\n1,\n  2,\n]\n", "a: [\n  1,\n  2,\n]\n"),
        ("a: 0x10\nb: 012\nc: 1e9\nd: 1.50\ne: ~\n", "a: 0x10\nb: 012\nc: 1e9\nd: 1.50\ne: ~\n"),
        ("--- # head\na: 1\n...\n", "---  # head\na: 1\n...\n"),
        ("a: 1 # x\n", "a: 1  # x\n"),
        ("a: 1      # x\nbcd: 12 # y\n", "a: 1      # x\nbcd: 12  # y\n"),
        ("a: 1     # x\nbcde:   123 # y\nf: 1        # z\n", "a: 1     # x\nbcde: 123   # y\nf: 1        # z\n"),
        ("a:\n    b: 1\n    # in\n  # between\n# out\nc: 1\n", "a:\n  b: 1\n  # in\n# between\n# out\nc: 1\n"),
        ("a:\n# early\n    b: 1\n", "a:\n  # early\n  b: 1\n"),
        ("a: 'x\n\n   y'\n", "a: 'x\n\n  y'\n"),
    ],
)
def test_small_things(before, after):
    assert lay_out(before) == after
    assert lay_out(after) == after
    assert module._said(before) == module._said(after)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("qplan: 1\n? a # c\n: b\n", r"x:2: fmt has no layout for a key of several lines"),
        ("qplan: 1\nx-a: [? b : c]\n", r"x:2: fmt has no layout for a key that is written with '\?'"),
        ("qplan: 1\n? b\n", r"x:2: fmt has no layout for a key without a colon"),
        ("qplan: 1\nx-a: {? b, c: 1}\n", r"x:2: fmt has no layout for a key"),
    ],
)
def test_what_has_no_layout_is_refused(text, message):
    with pytest.raises(NoLayout, match=message):
        canonical("x", text.encode())


def test_layout_that_would_change_something_is_refused(monkeypatch):
    for wrong in ("a: 2  # c\n", "a: 1\n", "# c\na: 1\n", "a: [  # c\n"):
        monkeypatch.setattr(module, "lay_out", lambda text, wrong=wrong: wrong)
        with pytest.raises(NoLayout, match="would change what the file says"):
            canonical("x", b"a: 1  # c\n")


@pytest.mark.parametrize("file", sorted((HERE.parent / "errors").rglob("*.yaml")), ids=lambda file: file.stem)
def test_files_with_errors_keep_them_or_are_refused(file):
    data = file.read_bytes()
    try:
        after = canonical(file.name, data)
    except InvalidInput as error:
        assert all(item.severity == "error" for item in error.diagnostics)
    else:
        assert said(after) == said(data)
        assert canonical(file.name, after) == after


def run(capsysbinary, monkeypatch, *arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
    import io

    monkeypatch.setattr("sys.argv", ["qplan", "fmt", *arguments])
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsysbinary.readouterr()
    return int(ended.value.code), out.decode(), err.decode()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sites.yaml").write_bytes(b"qplan:   1\r\n")
    (tmp_path / "good.yaml").write_bytes(b"qplan: 1\n")
    (tmp_path / "bad.yaml").write_bytes(b"qplan: [\n")
    return tmp_path


def test_check_and_diff_change_nothing(folder, capsysbinary, monkeypatch):
    names = ("good.yaml", "sites.yaml")
    assert run(capsysbinary, monkeypatch, "--check", *names) == (8, "sites.yaml\n", "")
    assert run(capsysbinary, monkeypatch, "--check", "good.yaml") == (0, "", "")
    code, out, _ = run(capsysbinary, monkeypatch, "--diff", *names)
    assert code == 0 and "-qplan:   1\r\n+qplan: 1\r\n" in out
    assert run(capsysbinary, monkeypatch, "--check", "--diff", *names) == (8, out, "")
    assert (folder / "sites.yaml").read_bytes() == b"qplan:   1\r\n"


def test_files_are_rewritten_and_named_once(folder, capsysbinary, monkeypatch):
    (folder / "sites.yaml").chmod(0o640)
    (folder / "link.yaml").symlink_to("sites.yaml")
    assert run(capsysbinary, monkeypatch, "link.yaml", "good.yaml") == (0, "link.yaml\n", "")
    assert (folder / "sites.yaml").read_bytes() == b"qplan: 1\r\n"
    assert (folder / "sites.yaml").stat().st_mode & 0o777 == 0o640 and (folder / "link.yaml").is_symlink()
    assert run(capsysbinary, monkeypatch) == (0, "", "")
    assert sorted(path.name for path in folder.iterdir()) == ["bad.yaml", "good.yaml", "link.yaml", "sites.yaml"]


def test_standard_input_goes_to_standard_output(folder, capsysbinary, monkeypatch):
    assert run(capsysbinary, monkeypatch, "-", stdin=b"a:  1  # \xc3\xbc\n") == (0, "a: 1  # ü\n", "")
    assert run(capsysbinary, monkeypatch, "--check", "-", stdin=b"a:  1\n")[:2] == (8, "stdin\n")


def test_failures_are_told_and_the_other_files_are_done(folder, capsysbinary, monkeypatch):
    code, out, err = run(capsysbinary, monkeypatch, "bad.yaml", "sites.yaml")
    assert (code, out) == (3, "sites.yaml\n") and "bad.yaml:" in err and "error[QP001]" in err
    code, _, err = run(capsysbinary, monkeypatch, "nowhere.yaml", "bad.yaml")
    assert code == 1 and "cannot read nowhere.yaml" in err and "bad.yaml:" in err
    assert (folder / "bad.yaml").read_bytes() == b"qplan: [\n"


def test_disk_full_leaves_the_file(folder, capsysbinary, monkeypatch):
    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("qplan.files.replace_file", full)
    code, _, err = run(capsysbinary, monkeypatch, "sites.yaml")
    assert code == int(QplanError.exit_code) and "No space left on device" in err
    assert (folder / "sites.yaml").read_bytes() == b"qplan:   1\r\n"
