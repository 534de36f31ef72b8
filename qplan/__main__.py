"""The command `qplan`, also as `python -m qplan`: what can end it at any time, before anything else is imported."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType, TracebackType

FAILED, LIMIT = 1, 5  # of qplan.errors.Exit, which is not imported yet


def run() -> None:
    """Run the command line and end the process with the promised code.

    Ctrl-C and SIGTERM end it at once where nothing is to be saved; `optimize` heeds them while it searches and writes.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)
    _open_closed_streams()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # no use of more here, and where it gets none it raises SIGINT
    for name in [name for name in os.environ if name.startswith("NETWORKX_")]:
        del os.environ[name]  # other backends of networkx: not needed, and one that is not there ends its import
    _end(_exit_code())


def _open_closed_streams() -> None:
    """A closed stream's number would go to the next file that is opened; what is written to it is dropped instead."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")


def _exit_code() -> int:
    try:
        from qplan.cli.main import main

        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else FAILED
    except Exception as error:
        _say(f"error: a defect of qplan, please report it: {_described(error, error.__traceback__)}")
    return FAILED


def _end(code: int) -> None:
    """Without the interpreter's shutdown, which waits for the threads of a solver, for ever where memory ran out."""
    try:
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
    except OSError:
        code = FAILED
    os._exit(code)


def _stop(number: int, frame: FrameType | None) -> None:
    _say("stopped")
    os._exit(LIMIT)


def _say(text: str) -> None:
    try:
        os.write(2, f"{text}\n".encode("utf-8", "backslashreplace"))
    except OSError:
        pass  # there is no stderr


def _described(error: Exception, place: TracebackType | None) -> str:
    """Kind, words and place of an exception, in one line that a terminal shows as it is."""
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f" ({os.path.basename(place.tb_frame.f_code.co_filename)}:{place.tb_lineno})" if place else ""
    words = f"{type(error).__name__}: {error}{where}"
    return "".join(c if c.isprintable() else " " for c in words).replace("##", "# #")[:500]


if __name__ == "__main__":
    run()
