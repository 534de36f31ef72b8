"""The plan folder on disk: written whole or not at all.

A folder is prepared beside its place under a hidden name, flushed to disk and exchanged with the earlier one, so that a
reader sees either the earlier plan or the new one. What the user put into the folder himself is kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from qplan.errors import QplanError
from qplan.files import is_stream, write_where_named
from qplan.outputs.swap import HIDDEN, prepared, recover, swap_in

PLAN = "plan.json"
PLAN_FILES = (
    PLAN,
    "inventory.json",
    "candidates.csv",
    "topology.svg",
    "topology.dot",
    "topology.mmd",
    "map.html",
    "bom.csv",
    "bom.xlsx",
    "costs.json",
    "report.md",
    "report.html",
)
EXPLANATION_FILES = ("explanation.json", "explanation.md")
OWN_FILES = frozenset(PLAN_FILES + EXPLANATION_FILES)
INVENTORY, HEAD_BYTES = re.compile(rb'(?:^|[{,])\s*"?qplan"?\s*:\s*\d', re.MULTILINE), 65_536
OF_THE_SYSTEM = ("lost+found",)  # in a volume that is mounted there


def default_folder(file: Path, scenario: str | None, overrides: Mapping[str, object]) -> Path:
    """`sites[.SCENARIO][.set-HASH].plan` beside `sites.yaml`; `stdin….plan` here for standard input (`-`)."""
    digest = hashlib.sha256(json.dumps(overrides, sort_keys=True).encode()).hexdigest()[:8]
    parts = ["stdin" if file == Path("-") else file.stem, scenario, f"set-{digest}" if overrides else None, "plan"]
    return file.parent / ".".join(part for part in parts if part)


def check_target(out: Path) -> None:
    """Refuse, before any work is done, a target that must not be overwritten.

    Accepted are: a path where nothing is, an empty folder, and a folder that qplan wrote (with whatever the user has
    added to it). What a run that was killed left there is put right first. Raises `QplanError` with what to do instead.
    """
    name = _shown(out)
    recover(out)
    try:
        if out.is_symlink():
            raise QplanError(f"{name} is a symbolic link: name the folder it points to, or another, with --out")
        if not out.exists():
            _check_parent(out, name)
            return
        if not out.is_dir():
            raise QplanError(f"{name} is a file, not a folder: name another folder with --out")
        if (here := Path.cwd()).is_relative_to(out.resolve()):
            what = "is" if here == out.resolve() else "holds"
            raise QplanError(f"{name} {what} the folder you are in: name a folder in it with --out")
        if not os.access(out, os.R_OK | os.W_OK | os.X_OK):
            raise QplanError(f"no permission to read and write {name}: name another folder with --out")
        _check_content(out, name)
    except OSError as error:
        raise QplanError(f"cannot read the folder {name}: {error.strerror}") from error


def check_file_target(path: Path) -> None:
    """Refuse, before any work is done, a file in a folder that is not there or not writable, and an inventory or plan.

    Raises `QplanError`.
    """
    try:
        if is_stream(path):
            return
        if not path.absolute().parent.is_dir():
            raise QplanError(f"cannot write {_shown(path)}: the folder {_shown(path.parent)} does not exist")
        _check_parent(path, _shown(path))
        if path.is_file() and _is_source(path):
            what = "may be an inventory or a plan and is not overwritten"
            raise QplanError(f"{_shown(path)} {what}: name another file")
    except OSError as error:
        raise QplanError(f"cannot write {_shown(path)}: {error.strerror}") from error


def _is_source(path: Path) -> bool:
    """What plans are made from, and the plan itself; parts of an inventory too, which no word within tells."""
    if path.suffix.lower() in (".yaml", ".yml") or path.name == PLAN:
        return True
    with open(path, "rb") as file:
        return INVENTORY.search(file.read(HEAD_BYTES)) is not None


def _check_parent(path: Path, name: str) -> None:
    """Something may be made at `path`, in the nearest folder above it that is there already."""
    above = next(folder for folder in path.absolute().parents if folder.exists())
    if not above.is_dir():
        raise QplanError(f"cannot write {name}: {_shown(above)} is a file, not a folder")
    if not os.access(above, os.W_OK | os.X_OK):
        raise QplanError(f"cannot write {name}: no permission to write in {_shown(above)}")
    try:
        with prepared(above, path):
            pass  # where folders have owners of their own, it takes a try
    except OSError as error:
        raise QplanError(f"cannot write {name}: nothing can be made in {_shown(above)}") from error


def _check_content(out: Path, name: str) -> None:
    entries = {entry.name: entry for entry in os.scandir(out) if not entry.name.startswith((HIDDEN, *OF_THE_SYSTEM))}
    for own in sorted(OWN_FILES & entries.keys()):
        if entries[own].is_dir(follow_symlinks=False):
            raise QplanError(f"{own} in {name} is a folder: move it away, or name another folder with --out")
    plan = entries.get(PLAN)
    if plan is not None and plan.is_file() and b'"qplan_version"' not in Path(plan.path).read_bytes():
        raise QplanError(f"plan.json in {name} is not a plan of qplan's: move it, or name another folder with --out")
    if entries.keys() - OWN_FILES and not {PLAN, "explanation.json"} & entries.keys():
        raise QplanError(f"{name} holds other files and no plan: name an empty or a new folder with --out")


def write_folder(out: Path, files: Mapping[str, bytes]) -> None:
    """Make `out` a folder with exactly these files of qplan's own, beside the files that the user has put there.

    Stale explanations go, and an earlier plan is replaced as a whole; where the folder itself cannot be replaced (it is
    a mount point, or the folder above it is not writable) file by file, `plan.json` last. On any failure before that
    the earlier folder is as it was. Raises `QplanError`.
    """
    check_target(out)
    with _failures_told(out), _parents(out):
        if not _is_replaceable(out) or not _replace(out, files):
            _put(out, files, OWN_FILES.difference(files))


def write_beside(out: Path, files: Mapping[str, bytes]) -> None:
    """Put files into a folder, each whole, leaving everything else in it (an earlier plan, say) as it is.

    Raises `QplanError`.
    """
    if not out.exists():
        write_folder(out, files)
        return
    check_target(out)
    with _failures_told(out):
        _put(out, files)


def _is_replaceable(out: Path) -> bool:
    return not os.path.ismount(out) and os.access(out.parent, os.W_OK | os.X_OK)


def _replace(out: Path, files: Mapping[str, bytes]) -> bool:
    """Replace the folder as a whole; False where the system refuses to have it renamed."""
    with prepared(out.parent, out) as new:
        _write_all(new, files, out)
        if out.exists():
            _carry_over(out, new)
        _sync_folder(new)
        try:
            swap_in(new, out)
        except OSError:
            if not out.is_dir():
                raise
            return False
        _sync_folder(out.parent)
    return True


def _put(out: Path, files: Mapping[str, bytes], stale: Collection[str] = ()) -> None:
    """Replace files one by one. While a plan's files change there is no plan.json, so that none is half of another."""
    with prepared(out, out) as staged:
        _write_all(staged, files, out)
        try:
            if PLAN in files:
                (out / PLAN).unlink(missing_ok=True)
            for name in sorted(files, key=lambda name: name == PLAN):
                os.replace(staged / name, out / name)
            for name in stale:
                (out / name).unlink(missing_ok=True)
        except OSError as error:
            raise QplanError(f"{_shown(out)} is written in part: {error.strerror}; run again") from error
        _sync_folder(out)


def _write_all(folder: Path, files: Mapping[str, bytes], earlier: Path) -> None:
    """Flushed to disk, with the permissions of the earlier files of the same names."""
    for name, content in files.items():
        _write(folder / name, content)
        with suppress(FileNotFoundError, NotADirectoryError):
            shutil.copymode(earlier / name, folder / name)


def write_file(path: Path, content: bytes) -> None:
    """One file, whole or not at all. Raises `QplanError`."""
    check_file_target(path)
    try:
        write_where_named(path, content)
    except OSError as error:
        raise QplanError(f"cannot write {_shown(path)}: {error.strerror}") from error


def _shown(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "replace")


@contextmanager
def _failures_told(out: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, shutil.Error) as error:
        reason = getattr(error, "strerror", None) or "files in it cannot be copied"
        raise QplanError(f"cannot write {_shown(out)}: {reason}; an earlier plan there is as it was") from error


@contextmanager
def _parents(out: Path) -> Iterator[None]:
    """The folders above `out`, made where missing and taken away again on failure."""
    missing = [folder for folder in out.parents if not folder.exists()]
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for folder in missing:
            with suppress(OSError):
                folder.rmdir()
        raise


def _write(path: Path, content: bytes) -> None:
    with open(path, "xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    """Names survive a power cut, on systems where a folder can be flushed."""
    with suppress(OSError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _carry_over(old: Path, new: Path) -> None:
    """The user's own files of the earlier folder also in the new one, and the folder's permissions."""
    for entry in sorted(os.scandir(old), key=lambda entry: entry.name):
        if entry.name in OWN_FILES or entry.name.startswith(HIDDEN):
            continue
        target = new / entry.name
        if entry.is_dir(follow_symlinks=False):
            shutil.copytree(entry.path, target, symlinks=True, copy_function=_link_or_copy)
        else:
            _link_or_copy(entry.path, target)
    shutil.copymode(old, new)


def _link_or_copy(source: str, target: str | Path) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except (OSError, NotImplementedError):  # no hard links on this file system, or not on this file
        shutil.copy2(source, target, follow_symlinks=False)
