"""How work grows, counted in instructions of the interpreter, not by a clock."""

from __future__ import annotations

import sys
from collections.abc import Callable

FEW, MANY = 30, 120


def instructions(work: Callable[[], object]) -> int:
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def is_linear(workload: Callable[[int], Callable[[], object]]) -> bool:
    """Whether the work on four times as much is about four times the work; `workload` prepares that on so many."""
    return instructions(workload(MANY)) < 1.5 * MANY / FEW * instructions(workload(FEW))
