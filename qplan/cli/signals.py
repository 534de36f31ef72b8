"""Ctrl-C and SIGTERM while something is worth saving: the first asks for an end, the second is one."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from qplan.errors import Exit

GRACE_S = 2.7  # of the process's own time, after which a run that was asked to end is ended
MOST_WAITING_S = 20.0  # of anybody's time, on a machine that has none for this process
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """An event that the first signal sets, so that what was found is written; the second ends the process at once.

    So does the end of the time of grace. A thread of its own sees to it, whatever the others are at.
    """
    stop, (here, there) = threading.Event(), socket.socketpair()
    there.setblocking(False)
    before = {number: signal.signal(number, lambda number, frame: None) for number in SIGNALS}
    wakeup = signal.set_wakeup_fd(there.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(here, stop), daemon=True).start()
    try:
        yield stop
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)
        there.close()


def _watch(here: socket.socket, stop: threading.Event) -> None:
    """Wait for signals, the bytes that come, until the other end is closed."""
    ends = wall_ends = 0.0
    with here:
        while True:
            here.settimeout(0.05 if stop.is_set() else None)
            with suppress(TimeoutError):
                number = here.recv(1)
                if not number:
                    return
                if number[0] in SIGNALS:
                    if stop.is_set():
                        _end("stopped: nothing more was written")
                    stop.set()
                    ends, wall_ends = time.process_time() + GRACE_S, time.monotonic() + GRACE_S
            late = time.monotonic() - wall_ends if stop.is_set() else 0.0
            if late > 0 and (time.process_time() > ends or late > MOST_WAITING_S):
                _end("stopped: the rest would have taken longer")


def _end(said: str) -> None:
    with suppress(OSError):
        os.write(2, f"{said}\n".encode())
    os._exit(int(Exit.LIMIT))
