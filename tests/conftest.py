"""The seed of the random tests, the same in all processes, is told at the end."""

from __future__ import annotations

import pytest
import seeds  # sets the environment that the processes of xdist inherit


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(f"Random tests: QPLAN_TEST_SEED={seeds.FRESH} repeats this run.")
