"""What holds for every test: how random ones are made, and their seed, the same in all processes, told at the end."""

from __future__ import annotations

import sys

import pytest
import seeds  # sets the environment that the processes of xdist inherit
from hypothesis import HealthCheck, settings

settings.register_profile("qplan", deadline=None, suppress_health_check=[HealthCheck.too_slow])  # of a loaded machine
settings.load_profile("qplan")


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
