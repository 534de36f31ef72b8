"""Folders that change as a whole, and what a run that was killed meanwhile leaves behind.

What is prepared stands under a hidden name beside its place, locked as long as its run lives. So a later run can tell
what nobody will finish any more, and puts it right: the lock goes with the process, whatever ended it.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # not a system with locks on folders: what is left behind stays
    fcntl = None  # type: ignore[assignment]  # that is how it is told

RENAME_EXCHANGE, AT_FDCWD = 2, -100  # <linux/fs.h>, <fcntl.h>
HIDDEN = ".qplan-"
PREPARED, EARLIER = ".new", ".old"


@contextmanager
def prepared(parent: Path, out: Path) -> Iterator[Path]:
    """A new folder in `parent` with the permissions of the user's umask, for what will stand at `out`.

    Whatever is left of it goes. Raises OSError.
    """
    path = parent / f"{_stem(out)}{secrets.token_hex(4)}{PREPARED}"
    try:
        path.mkdir()
        with _locked(path):
            yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def swap_in(new: Path, out: Path) -> None:
    """Put a prepared folder at `out`; one that is there stands at `new` afterwards, or nowhere. Raises OSError.

    At once where the system can exchange two names; else there is a moment without either, which `recover` mends.
    """
    if not os.path.lexists(out):
        os.rename(new, out)
    elif not _exchange(new, out):
        aside = new.with_suffix(EARLIER)
        with _locked(out):
            try:
                os.rename(out, aside)
                os.rename(new, out)
            except BaseException:
                if not os.path.lexists(out):
                    os.rename(aside, out)
                raise
        shutil.rmtree(aside, ignore_errors=True)


def recover(out: Path) -> None:
    """Put right what runs that were killed left of writing to `out`: its earlier folder comes back, the rest goes."""
    for parent in (out.parent, out):
        with suppress(OSError):
            left = sorted(parent.glob(f"{_stem(out)}*"), key=lambda path: path.suffix != EARLIER)
            for path in filter(_is_left, left):
                if path.suffix == EARLIER and not os.path.lexists(out):
                    os.rename(path, out)
                else:
                    shutil.rmtree(path, ignore_errors=True)


def _stem(out: Path) -> str:
    """How the names of all that is prepared for a folder begin."""
    return f"{HIDDEN}{hashlib.sha256(os.fsencode(out.name)).hexdigest()[:8]}-"


def _exchange(a: Path, b: Path) -> bool:
    """Exchange two names at once; False where the system, or the file system, cannot. Raises OSError."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None, "renameat2", None)
    if renameat2 is None:
        return False
    done: int = renameat2(AT_FDCWD, os.fsencode(a), AT_FDCWD, os.fsencode(b), RENAME_EXCHANGE)
    number = ctypes.get_errno()
    if done != 0 and number not in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        raise OSError(number, os.strerror(number))
    return done == 0


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock of a folder, which another run that holds it already may keep."""
    if fcntl is None:
        yield
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def _is_left(path: Path) -> bool:
    """Whether nobody holds the lock of a folder; False where that cannot be told."""
    if fcntl is None:
        return False
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True
