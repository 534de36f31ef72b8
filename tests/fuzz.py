"""Odd inventories without end: strategies for them, and what must hold of each.

`tests/test_fuzz.py` tries a few. `python tests/fuzz.py --seconds 300 [--seed N]` tries new ones for so long, says how
many, and shrinks the first that ends in a traceback, hangs, or leaves a file that cannot be read.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import csv
import io
import json
import random
import shutil
import signal
import sys
import tempfile
import time
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import get_args
from unittest import mock
from xml.etree import ElementTree

import yaml
from hostile import HOSTILE
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from oracle.random_inventories import random_inventory

from qplan.api.words import FindingsStyle, render_findings
from qplan.cli.main import main
from qplan.errors import InvalidInput
from qplan.inventory.reader import read_inventory
from qplan.inventory.source.source_map import paths_in
from qplan.inventory.validation import report, validate
from qplan.outputs.folder import EXPLANATION_FILES, PLAN_FILES

HERE = Path(__file__).parent
FILES = sorted([*(HERE / "inventory" / "errors").glob("*.yaml"), *HERE.parent.glob("examples/*/sites.yaml")])
TEXTS = [path.read_bytes() for path in FILES]
SLOWEST_S = 60
NOT_SHOWN = ("Cc", "Cs", "Zl", "Zp")  # Unicode categories: control characters, halves of pairs, separators of lines
TURNS_AROUND = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"

WORDS = (
    "qplan sites fibres corridors equipment qkd_systems policy set scenarios defaults include site corridor a b c f s "
    "ends lat lon key_rate_curve rekey interval_s technologies labels provenance sites.a policy.loss_margin_db <<"
)
KEYS = st.sampled_from(WORDS.split())
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | KEYS
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.integers(0, 3), inner, max_size=5),
    max_leaves=20,
)
NUMBERS = st.sampled_from([0, 1, 2, 0.1, 5e-324, 1e-300, 1e-9, 1e6, 1e9, 1e15]) | st.integers(0, 20) | st.floats(0, 100)
ODD = NUMBERS | st.sampled_from([
    None, True, False, -1, 2**53, -(2**53), 1e300, "", "x" * 300, "1e3", "NO", [], {}, [[]], ["a"], [0, 0], {"a": {}},
    {"a": None}, *HOSTILE,
])  # fmt: skip
HOSTILE_TEXTS = st.sampled_from([
    *HOSTILE, "=HYPERLINK(1)", "+1", "-2+3", "@SUM(1)", "\t=1", "\x1b[2J\x1b]0;x\x07",
    "::error file=x::y\n::set-output::", "]]><x/>",
]) | st.text(max_size=20)  # fmt: skip
TEXT_FIELDS = [
    ("sites", "name"), ("sites", "operator"), ("sites", "key_domain"), ("corridors", "classification"),
    ("checks", "message"), ("fibres", "fibre_type"),
]  # fmt: skip
SLIPS = st.binary(max_size=3) | st.sampled_from(
    [b"\t", b": ", b"- ", b"\n", b"*a", b"&a ", b"<<: ", b"!x ", b"null", b"[", b"}", b"1e999", b'"', b"-", b"0", b"# "]
)


def as_yaml(tree: object, **style) -> bytes:
    return yaml.safe_dump(tree, allow_unicode=True, **style).encode("utf-8", "surrogatepass")


@st.composite
def trees(draw: st.DrawFn) -> bytes:
    """Any tree of words that inventories use."""
    return as_yaml({"qplan": 1, **draw(st.dictionaries(KEYS, TREES, max_size=6))})


@st.composite
def slips(draw: st.DrawFn) -> bytes:
    """A file of the examples or of the error cases with up to three slips of the keyboard."""
    text = bytearray(draw(st.sampled_from(TEXTS)))
    for _ in range(draw(st.integers(1, 3))):
        at, cut = draw(st.integers(0, len(text))), draw(st.integers(0, 6))
        text[at : at + cut] = draw(SLIPS)
    return bytes(text)


@st.composite
def overrides(draw: st.DrawFn) -> str:
    address = ".".join(draw(st.lists(KEYS | st.text(max_size=3), max_size=4)))
    equals = draw(st.sampled_from(["=", ""]))
    return address + equals + as_yaml(draw(SCALARS | TREES), default_flow_style=True).decode("utf-8", "replace")


@st.composite
def edited(draw: st.DrawFn) -> bytes:
    """A small inventory that may be planned for, with up to three odd values, lost keys or copied entries."""
    tree = random_inventory(random.Random(draw(st.integers(0, 10**6))))
    tree |= {"checks": {"few": {"metric": "links", "max": 0, "severity": "warning"}}}
    tree |= {"metadata": {"name": draw(HOSTILE_TEXTS)}} if draw(st.booleans()) else {}
    for _ in range(draw(st.integers(0, 3))):
        path = draw(st.sampled_from([path for path in paths_in(tree) if path]))
        holder = tree
        for step in path[:-1]:
            holder = holder[step]
        match draw(st.sampled_from(["number", "number", "odd", "lost", "copied", "named"])):
            case "number" if isinstance(holder[path[-1]], int | float):
                holder[path[-1]] = draw(NUMBERS)
            case "number" | "odd":
                holder[path[-1]] = copy.deepcopy(draw(ODD))
            case "lost":
                del holder[path[-1]]
            case "copied" if isinstance(holder, dict):
                holder["copy-of-it"] = copy.deepcopy(holder[path[-1]])
            case "named":
                section, field = draw(st.sampled_from(TEXT_FIELDS))
                entries = tree.get(section)
                for entry in entries.values() if isinstance(entries, dict) else ():
                    if isinstance(entry, dict):
                        entry[field] = draw(HOSTILE_TEXTS)
    return as_yaml(tree)


def reads_or_refuses(folder: Path, data: bytes, *options: str) -> str:
    """What is read can be written and read again; what is refused is told in every format. Returns which."""
    file = folder / "sites.yaml"
    file.write_bytes(data)
    told = report([validate(file, overrides=options)], (), (), strict=False)
    said = {style: render_findings(told, style) for style in get_args(FindingsStyle)}
    assert said["text"].replace("\n", "").isprintable()
    assert all(line.startswith("::") and line.isprintable() for line in said["github"].splitlines())
    for style in ("json", "sarif", "codequality"):
        json.loads(said[style])
    ElementTree.fromstring(said["junit"].encode())
    try:
        reading = read_inventory(file, overrides=options)
    except InvalidInput:
        assert told.count("error")
        return "refused"
    again = folder / "again.yaml"
    again.write_text(reading.effective_json, encoding="utf-8")
    assert read_inventory(again).inventory == reading.inventory
    return "read"


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command line; an exception is let through."""
    out, err = io.StringIO(), io.StringIO()
    arguments = mock.patch.object(sys, "argv", ["qplan", *arguments])
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), arguments:
        try:
            main()
        except SystemExit as end:
            return int(end.code or 0), out.getvalue(), err.getvalue()
    raise AssertionError("the command line did not exit")


def plans_or_refuses(folder: Path, data: bytes, limit_s: float = 0.5) -> str:
    """`optimize` ends as promised, with whole files that all other verbs can read. Returns how it ended."""
    file, out = folder / "sites.yaml", folder / "sites.plan"
    file.write_bytes(data)
    for old in out.glob("*"):
        old.unlink()
    code, said, told = run("optimize", str(file), "--time-limit", str(limit_s))
    assert code in (0, 3, 4, 5, 6), told
    assert not [c for c in said + told if c != "\n" and (unicodedata.category(c) in NOT_SHOWN or c in TURNS_AROUND)]
    written = {path.name for path in out.glob("*")}
    if "plan.json" in written:
        assert written == set(PLAN_FILES) and code in (0, 5, 6)
        check_files(out)
        assert run("verify", str(file), str(out))[0] == 0
        answers(file, out)
    else:
        assert written == (set() if code == 3 else set(EXPLANATION_FILES))
    return f"exit {code}"


def answers(file: Path, out: Path) -> None:
    """Every verb that works from a plan ends as promised, with a document."""
    twin = Path(shutil.copytree(out, out.with_suffix(".twin"), dirs_exist_ok=True))
    for verb, *words in (
        ("candidates", file), ("show", out), ("availability", out), ("drill", out, "--all-single"), ("diff", out, out),
        ("compare", out, twin), ("explain", out), ("bom", out, "--by", "site"), ("cost", out, "--compare-to", twin),
    ):  # fmt: skip
        code, said, told = run(verb, *map(str, words), "--format", "json")
        assert code in (0, 5, 6), (verb, code, told)  # 5: compare ends as the search for its plans did
        assert next(iter(json.loads(said))) == "format_version", verb


def check_files(out: Path) -> None:
    """Every file of a plan folder can be read by what reads such files, and no cell is a formula of the inventory's."""
    for name in ("plan.json", "inventory.json", "costs.json"):
        json.loads((out / name).read_bytes())
    ElementTree.parse(out / "topology.svg")
    rows = list(csv.reader(io.StringIO((out / "bom.csv").read_text(encoding="utf-8"), newline="")))
    assert len({len(row) for row in rows}) == 1
    assert not any(cell[:1] in ("=", "+", "-", "@", "\t", "\r") for row in rows for cell in row)
    assert zipfile.ZipFile(out / "bom.xlsx").testzip() is None


CHECKS: dict[str, tuple[st.SearchStrategy[bytes], Callable[[Path, bytes], str], int]] = {
    "trees": (trees(), reads_or_refuses, 60),
    "slips": (slips(), reads_or_refuses, 40),
    "edited": (edited(), reads_or_refuses, 40),
    "plans": (edited(), plans_or_refuses, 12),
}
"""Inputs, what must hold of them, and how many the suite tries."""


def _too_slow(*_: object) -> None:
    raise TimeoutError(f"took more than {SLOWEST_S} s")


def try_one(check: Callable[..., str], folder: Path, *inputs: object) -> str:
    """Runs a check, which must not hang either."""
    before = signal.signal(signal.SIGALRM, _too_slow)
    signal.alarm(SLOWEST_S)
    try:
        return check(folder, *inputs)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def fuzz(seconds: float, number: int) -> Counter[str]:
    """How many inputs of each kind ended how. Raises what the first failing input, shrunk, raises."""
    ended: Counter[str] = Counter()
    until = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as scratch:
        while time.monotonic() < until:
            for name in CHECKS:
                tries(name, Path(scratch), ended, number)()
            number += 1
    return ended


def tries(name: str, folder: Path, ended: Counter[str], number: int) -> Callable[[], None]:
    """A function that tries new inputs of one kind and counts how they end."""
    inputs, check, count = CHECKS[name]

    @seed(number)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
        print_blob=False,
    )
    @given(inputs)
    def tried(data: bytes) -> None:
        ended[f"{name}: {try_one(check, folder, data)}"] += 1

    return tried


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    given_options = parser.parse_args()
    print(f"seed {given_options.seed}")
    found = fuzz(given_options.seconds, given_options.seed)
    print(f"{sum(found.values())} inputs", *(f"{count:7}  {how}" for how, count in sorted(found.items())), sep="\n")
