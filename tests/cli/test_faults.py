"""What the machine can do to a run: signals, memory, streams, the environment, solvers that fail."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pulp
import pytest

from qplan.cli.main import main
from qplan.errors import SolverFailed
from qplan.optimizer.solvers.cbc import run_until_stopped
from qplan.time_budget import TimeBudget

COMMAND = [sys.executable, "-m", "qplan"]
GOOD = """\
qplan: 1
sites: {a: {name: Zürich}, b: {}}
fibres: {f: {ends: [a, b], length_km: 20}}
equipment: {qkd_systems: {s: {key_rate_curve: [[9, 1e3]], price: 1}}}
corridors: {c: {ends: [a, b], key_rate_bps: 1}}
"""


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sites.yaml").write_text(GOOD, encoding="utf-8")
    return tmp_path


def run(*arguments: str, **options) -> tuple[int, str]:
    done = subprocess.run([*COMMAND, *arguments], check=False, stderr=subprocess.PIPE, timeout=120,
                          **{"stdout": subprocess.PIPE} | options)  # fmt: skip
    assert b"Traceback" not in done.stderr
    return done.returncode, done.stderr.decode("utf-8", "replace")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("module", ["click", "pydantic", "qplan.inventory.reader", "highspy"])
def test_a_signal_while_it_starts_ends_with_5(here, number, module):
    """The signal comes when the module is looked for, in the middle of the imports of others."""
    program = (
        "import os, signal, sys\n"
        f"signal.signal({int(number)}, signal.SIG_DFL)\n"  # which a shell's background jobs do not begin with
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {module!r}: os.kill(os.getpid(), {int(number)})\n"
        "sys.meta_path.insert(0, Finder())\n"
        "from qplan.__main__ import run\n"
        "sys.argv = ['qplan', 'optimize']\n"
        "run()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (5, b"", b"stopped\n")
    assert {path.name for path in here.iterdir()} == {"sites.yaml"}


def test_a_defect_is_told_in_one_line(here):
    program = (
        "import sys, qplan.cli.main as cli\n"
        "from qplan.__main__ import run\n"
        "def main(): raise KeyError('a\\nb')\n"
        "cli.main = main\n"
        "run()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("error: a defect of qplan, please report it: KeyError: 'a\\nb' (<string>:")


def test_full_disk_leaves_the_earlier_plan(here, qplan):
    """No file may grow beyond what the largest of a plan needs: to the program as if the disk were full."""
    assert qplan("optimize", "-q")[0] == 0
    before = {path.name: path.read_bytes() for path in (here / "sites.plan").iterdir()}
    for limit in (1, max(map(len, before.values())) - 1):
        code, told = run("optimize", preexec_fn=lambda limit=limit: _limit_files(limit))
        assert code == 1 and "cannot write sites.plan" in told
        assert {path.name: path.read_bytes() for path in (here / "sites.plan").iterdir()} == before
        assert {path.name for path in here.iterdir()} == {"sites.yaml", "sites.plan"}


def _limit_files(size: int) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


ODD = {
    "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "COLUMNS": "1", "HOME": "/nonexistent",
    "TMPDIR": "/nonexistent", "NO_COLOR": "1", "TERM": "", "PATH": "",
}  # fmt: skip


@pytest.mark.parametrize("environment", [ODD, {"PYTHONIOENCODING": "ascii"}], ids=["odd", "ascii"])
def test_odd_environment_changes_nothing(here, environment):
    (here / "wrong.yaml").write_text(GOOD.replace("price: 1", "pryce: 1"), encoding="utf-8")
    assert run("validate", "wrong.yaml", env={**os.environ, **environment})[0] == 3
    if environment is ODD:  # for another encoding there is a test of its own
        assert run("optimize", env={**os.environ, **environment})[0] == 0


@pytest.mark.parametrize(
    "setting", ["SOURCE_DATE_EPOCH=soon", "QPLAN_OPTIMIZE_TIME_LIMIT=soon", "QPLAN_OPTIMIZE_SOLVER=x"]
)
def test_wrong_settings_in_the_environment_are_wrong_usage(here, setting):
    name, value = setting.split("=")
    assert run("optimize", env={**os.environ, name: value})[0] == 2


@pytest.mark.parametrize("arguments", [["validate"], ["optimize"], ["validate", "gone.yaml"], ["rules"]])
def test_no_place_to_write_to_is_no_traceback(here, arguments):
    if arguments != ["optimize"]:  # which prints as the others do
        with open("/dev/full", "wb") as full:
            assert run(*arguments, stdout=full)[0] == 1
    command = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *COMMAND, *arguments]
    closed = subprocess.run(command, check=False, timeout=120)
    assert closed.returncode == (1 if "gone.yaml" in arguments else 0)


def test_a_working_folder_that_is_gone(here):
    gone = here / "gone"
    gone.mkdir()
    starts = f'cd {gone} && rmdir {gone} && exec "$@"'
    for arguments, code in ((["validate"], 2), (["validate", str(here / "sites.yaml")], 0), (["validate", "-"], 1)):
        gone.mkdir(exist_ok=True)
        done = subprocess.run(["sh", "-c", starts, "sh", *COMMAND, *arguments], check=False, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=120)  # fmt: skip
        assert done.returncode == code and b"Traceback" not in done.stderr, done.stderr


def test_out_of_memory_is_told(here):
    program = (
        "import resource, qplan.cli.optimize\n"
        "from qplan.explain.infeasibility import explanation\n"
        "from qplan.optimizer import planner\n"
        "from qplan.outputs.bill import workbook\n"
        "from qplan.outputs.map import page\n"
        "from qplan.outputs.report import report\n"
        "from qplan.outputs.topology import svg\n"
        "from qplan.__main__ import run\n"
        "status = dict(line.split(':') for line in open('/proc/self/status'))\n"
        "most = int(status['VmSize'].split()[0]) * 1024 + 2**21\n"
        "resource.setrlimit(resource.RLIMIT_AS, (most, most))\n"
        "import sys; sys.argv = ['qplan', 'optimize', 'sites.yaml', '-o', 'plan']; run()\n"
    )
    shutil.copy(Path(__file__).parents[2] / "examples" / "germany" / "sites.yaml", here)
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and "Traceback" not in done.stderr and "memory" in done.stderr.lower()
    assert not (here / "plan").exists()


FAILING_CBC = {"killed": "kill -9 $$", "crashed": "kill -SEGV $$", "refused": "echo no licence; exit 1"}


@pytest.mark.parametrize("how", FAILING_CBC)
def test_a_solver_that_fails_is_told(here, how):
    program = here / "cbc"
    program.write_text(f"#!/bin/sh\n{FAILING_CBC[how]}\n")
    program.chmod(0o755)
    with pytest.raises(SolverFailed, match="CBC ended with code"):
        run_until_stopped([str(program)], TimeBudget())


def test_a_missing_solver_ends_with_1(here, monkeypatch, capsys):
    monkeypatch.setattr(pulp, "listSolvers", list)
    monkeypatch.setattr(sys, "argv", ["qplan", "optimize", "--solver", "cbc"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1 and "CBC is not installed" in capsys.readouterr().err
    assert {path.name for path in here.iterdir()} == {"sites.yaml"}


def _bound_by_permissions() -> None:
    """Take from root what other users have not (Linux: CAP_DAC_OVERRIDE, out of the bounding set)."""
    if os.geteuid() == 0:
        ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)


def test_a_folder_in_one_that_is_not_writable(tmp_path, qplan):
    """A new plan there is refused before the search; one that is there and writable is replaced file by file."""
    shared = tmp_path / "shared"
    (shared / "sites.plan").mkdir(parents=True)
    (shared / "sites.yaml").write_text(GOOD, encoding="utf-8")
    assert qplan("optimize", str(shared / "sites.yaml"), "-q")[0] == 0
    shared.chmod(0o555)
    try:
        if subprocess.run(["touch", str(shared / "x")], check=False, preexec_fn=_bound_by_permissions).returncode == 0:
            pytest.skip("permissions do not bind here")
        new, plan = shared / "new.plan", shared / "sites.plan"
        code, told = run("optimize", str(shared / "sites.yaml"), "-o", str(new), preexec_fn=_bound_by_permissions)
        assert code == 1 and "no permission to write in" in told
        written = (plan / "plan.json").stat().st_mtime_ns
        assert run("optimize", str(shared / "sites.yaml"), "-q", preexec_fn=_bound_by_permissions) == (0, "")
        assert (plan / "plan.json").stat().st_mtime_ns > written
        assert {path.name for path in shared.iterdir()} == {"sites.yaml", plan.name}
    finally:
        shared.chmod(0o755)
