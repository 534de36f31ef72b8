"""What holds for every test: how random ones are made, and their seed, the same in all processes, told at the end."""

from __future__ import annotations

import os
import sys

import pytest
import seeds  # sets the environment that the processes of xdist inherit
from hypothesis import HealthCheck, settings

settings.register_profile(
    "qplan",
    max_examples=seeds.CASES or 50,
    deadline=None,  # the machine may be under load
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("qplan")


def pytest_configure(config: pytest.Config) -> None:
    """Where bytecode may not lie beside the sources, the many processes of the tests share some of pytest's own."""
    if sys.dont_write_bytecode and hasattr(config, "cache") and not hasattr(config, "workerinput"):
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # `python -B` sets none
        os.environ["PYTHONPYCACHEPREFIX"] = str(config.cache.mkdir("bytecode"))


@pytest.fixture
def qplan(monkeypatch, capsys):
    """Run the command in this process: exit code, stdout, stderr."""
    from qplan.cli.main import main

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["qplan", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code, *capsys.readouterr()

    return run


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(f"Random tests: QPLAN_TEST_SEED={seeds.FRESH} repeats this run.")
