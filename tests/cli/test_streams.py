"""What is printed gives no orders to a runner of CI, and no encoding of a terminal ends a run."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from qplan.api.words import FindingsStyle, Style, VerifyStyle
from qplan.cli.main import main
from qplan.cli.streams import disarm

ORDER = re.compile(r"##\w*\[|^\s*::", re.MULTILINE)
ORDERS = ("::add-mask::x", "##vso[task.setvariable variable=PATH]/evil", "##[stop-commands]tok", "##teamcity[x]")
INVENTORY = """\
qplan: 1
metadata: {{name: "{0}"}}
sites: {{a: {{name: "{1}", operator: "{2}"}}, b: {{name: "{0}"}}}}
fibres: {{f: {{ends: [a, b], length_km: 20, loss_db: 99}}}}
equipment: {{qkd_systems: {{s: {{key_rate_curve: [[{reach}, 1e3]], model: "{3}"}}}}}}
corridors: {{c: {{ends: [a, b], key_rate_bps: 1, classification: "{0}"}}}}
checks: {{k: {{metric: links, max: 0, severity: warning, message: "{1}"}}}}
"""
NAMES = ("→ – × ≤", "€ ü", "東京", "\U0001f600")


@pytest.fixture
def qplan(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[str, str]:
        monkeypatch.setattr(sys, "argv", ["qplan", *arguments])
        with pytest.raises(SystemExit):
            main()
        return capsys.readouterr()

    return run


def test_no_verb_prints_an_order(qplan):
    said = []
    for name, reach in (("good", 120), ("far", 9)):
        Path(f"{name}.yaml").write_text(INVENTORY.format(*ORDERS, reach=reach), encoding="utf-8")
        said += qplan("optimize", f"{name}.yaml")
    for style in get_args(Style):
        said += qplan("explain", "far.yaml", "--format", style)
        said += qplan("explain", "good.plan", "corridors.c", "--format", style)
    wrong = "".join(f'"x{order}": {{}} # {order}\n' for order in ORDERS)
    Path("wrong.yaml").write_text(f"qplan: 1\n{wrong}", encoding="utf-8")
    judging = [
        (("validate", "wrong.yaml", "good.yaml"), FindingsStyle),
        (("verify", "good.yaml", "good.plan"), VerifyStyle),
    ]
    for words, styles in judging:
        for style in get_args(styles):
            out, err = qplan(*words, "--format", style)
            meant = re.sub("^::(error|warning) file=", "", out, flags=re.MULTILINE) if style == "github" else out
            assert (meant != out) == (style == "github"), words
            said += [meant, err]
    for order in ORDERS:
        for arguments in (["validate", order], ["validate", "good.yaml", "--scenario", order], [order]):
            said += qplan(*arguments)
    assert not [text for text in said if ORDER.search(text)]
    for word in ("add-mask", "vso", "stop-commands", "teamcity"):
        assert sum(word in text for text in said) > 5


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.recursive(st.sampled_from(ORDERS) | st.text(max_size=5), st.lists, max_leaves=5))
@example(["##vso[x]", "\\##["])
def test_a_document_says_what_it_said(value):
    text = json.dumps(value, indent=2, ensure_ascii=False)
    if text[0] != '"':
        assert json.loads(disarm(text)) == value and not re.search(r"##\w*\[", disarm(text))
    assert not ORDER.search(disarm(f"- {value}")) and disarm(disarm(text)) == disarm(text)


def test_a_document_in_xml_says_what_it_said():
    suite = ElementTree.Element("a", name="##vso[x]")
    text = '<?xml version="1.0"?>\n' + ElementTree.tostring(suite, encoding="unicode")
    assert ElementTree.fromstring(disarm(text)).get("name") == "##vso[x]" and "##" not in disarm(text)


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "cp437", "cp932", "ascii", "utf-8", "utf-16"])
def test_no_encoding_ends_a_run(encoding, qplan, monkeypatch):
    Path("sites.yaml").write_text(INVENTORY.format(*NAMES, reach=120), encoding="utf-8")
    for style in ("text", "json"):
        said = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        monkeypatch.setattr(sys, "stdout", said)
        qplan("optimize", "--format", style)
        said.flush()
        text = said.buffer.getvalue().decode("utf-8" if encoding == "ascii" else encoding)
        shown = text if style == "text" else json.loads(text)["summary"]
        assert re.search(r"→|\\u2192" if style == "text" else "Proven optimal", shown)


def test_the_terminal_of_a_process_has_any_encoding(tmp_path):
    (tmp_path / "sites.yaml").write_text(INVENTORY.format(*NAMES, reach=120), encoding="utf-8")
    done = subprocess.run([sys.executable, "-m", "qplan", "optimize"], cwd=tmp_path, check=False, capture_output=True,
                          timeout=120, env={**os.environ, "PYTHONIOENCODING": "cp1252"})  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ("_QPLAN_COMPLETE=bash_complete", 2), ("_QPLAN_COMPLETE=x", 2),
        ("_QPLAN_COMPLETE=bash_source", 0), ("COLUMNS=x", 0), ("PYTHONWARNINGS=error", 0),
    ],
)  # fmt: skip
def test_no_setting_of_the_environment_is_a_defect(setting, code, tmp_path):
    (tmp_path / "sites.yaml").write_text(INVENTORY.format(*NAMES, reach=120), encoding="utf-8")
    name, value = setting.split("=")
    done = subprocess.run([sys.executable, "-m", "qplan", "validate"], cwd=tmp_path, check=False, timeout=120,
                          capture_output=True, env={**os.environ, name: value})  # fmt: skip
    assert done.returncode == code and b"defect" not in done.stderr and b"Traceback" not in done.stderr


def test_backends_of_networkx_are_not_looked_for():
    """One that is not there would end its import."""
    program = (
        "import os, sys\nfrom qplan.__main__ import run\nsys.argv, os._exit = ['qplan', '--version'], sys.exit\n"
        "try: run()\nexcept SystemExit: import networkx"
    )
    environment = {**os.environ, "NETWORKX_BACKEND_PRIORITY": "x"}
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, env=environment)
    assert (done.returncode, done.stderr) == (0, b"")
