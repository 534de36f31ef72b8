"""The plan folder: whole or not at all, and nobody else's files are touched."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hash_seeds import under_two_hash_seeds

from qplan.errors import Exit, QplanError
from qplan.outputs import folder, swap
from qplan.outputs.folder import check_target, write_beside, write_folder

OLD = {"plan.json": b'{"qplan_version": "0"}', "report.md": b"old", "bom.csv": b"old"}
NEW = {"plan.json": b'{"qplan_version": "1"}', "report.md": b"new", "costs.json": b"{}"}


def content(path):
    """Every file below a folder with its bytes, every symbolic link with its target."""
    return {
        str(p.relative_to(path)): os.readlink(p) if p.is_symlink() else p.read_bytes()
        for p in path.rglob("*")
        if p.is_symlink() or p.is_file()
    }


DIGESTS = """
import hashlib, json
from plan_fixtures import sample
from qplan.assessment.facts import assess
from qplan.candidates.links import enumerate_candidates
from qplan.outputs.plan_files import plan_files
inventory, plan = sample()
files = plan_files(assess(inventory, plan), "{}", enumerate_candidates(inventory))
print(json.dumps({name: hashlib.sha256(data).hexdigest() for name, data in files.items()}))
"""


def test_same_plan_gives_every_promised_file_with_the_same_bytes():
    runs = under_two_hash_seeds(DIGESTS)
    assert runs[0] == runs[1]
    assert set(runs[0]) == set(folder.PLAN_FILES)


def test_new_folder_has_exactly_the_files_and_no_litter(tmp_path):
    write_folder(tmp_path / "deep" / "er" / "plan", NEW)
    assert content(tmp_path) == {f"deep/er/plan/{name}": data for name, data in NEW.items()}


def test_earlier_plan_goes_and_the_users_own_files_stay(tmp_path):
    out = tmp_path / "plan"
    write_folder(out, OLD | {"explanation.md": b"stale"})
    (out / "notes.txt").write_text("mine")
    (out / "drawings").mkdir()
    (out / "drawings" / "rack.svg").write_text("rack")
    (out / "link").symlink_to("notes.txt")
    (out / "dangling").symlink_to("nowhere")
    write_folder(out, NEW)
    mine = {"notes.txt": b"mine", "drawings/rack.svg": b"rack", "link": "notes.txt", "dangling": "nowhere"}
    assert content(out) == NEW | mine
    assert list(tmp_path.iterdir()) == [out]


def test_users_files_are_copied_where_hard_links_are_not_possible(tmp_path, monkeypatch):
    out = tmp_path / "plan"
    write_folder(out, OLD)
    (out / "notes.txt").write_text("mine")
    monkeypatch.setattr(os, "link", lambda *_, **__: (_ for _ in ()).throw(OSError(errno.EPERM, "not permitted")))
    write_folder(out, NEW)
    assert content(out) == NEW | {"notes.txt": b"mine"}


def test_permissions_follow_the_umask_and_an_earlier_folder(tmp_path):
    mask = os.umask(0o027)
    try:
        write_folder(tmp_path / "plan", NEW)
        write_folder(tmp_path / "shared", OLD)
        (tmp_path / "shared").chmod(0o775)
        write_folder(tmp_path / "shared", NEW)
    finally:
        os.umask(mask)
    mode = {path: stat.S_IMODE((tmp_path / path).stat().st_mode) for path in ("plan", "plan/plan.json", "shared")}
    assert mode == {"plan": 0o750, "plan/plan.json": 0o640, "shared": 0o775}


def make_file(out):
    out.write_text("a file")


def make_link(out):
    (out.parent / "target").mkdir()
    out.symlink_to("target")


def make_foreign(out):
    out.mkdir()
    (out / "thesis.tex").write_text("years of work")


def make_foreign_plan(out):
    out.mkdir()
    (out / "plan.json").write_text('{"terraform_version": "1.9"}')


def make_folder_of_our_name(out):
    write_folder(out, OLD)
    (out / "costs.json").mkdir()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (make_file, "is a file"),
        (make_link, "is a symbolic link"),
        (make_foreign, "holds other files and no plan"),
        (make_foreign_plan, "is not a plan of qplan's"),
        (make_folder_of_our_name, "is a folder"),
    ],
)
def test_what_is_not_ours_is_refused_with_a_way_out(tmp_path, make, said):
    out = tmp_path / "plan"
    make(out)
    before = content(tmp_path)
    for write in (write_folder, write_beside):
        with pytest.raises(QplanError, match=said) as caught:
            write(out, NEW)
        assert "--out" in str(caught.value) and caught.value.exit_code == Exit.FAILED
    assert content(tmp_path) == before


def test_the_current_folder_is_refused(tmp_path, monkeypatch):
    write_folder(tmp_path / "plan", OLD)
    monkeypatch.chdir(tmp_path / "plan")
    with pytest.raises(QplanError, match="the folder you are in"):
        check_target(tmp_path / "plan")


def test_empty_folder_and_a_folder_of_leftovers_are_accepted(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "left").mkdir()
    (tmp_path / "left" / "report.md").write_text("left over")
    for name in ("empty", "left"):
        write_folder(tmp_path / name, NEW)
        assert content(tmp_path / name) == NEW


def failing(function, error, on_call):
    """The function, but its n-th call fails."""
    calls = 0

    def wrapper(*arguments, **keywords):
        nonlocal calls
        calls += 1
        if calls == on_call:
            raise error
        return function(*arguments, **keywords)

    return wrapper


FAILURES = [
    ("fsync", OSError(errno.ENOSPC, "No space left on device"), 2),
    ("mkdir", OSError(errno.EROFS, "Read-only file system"), 2),
    ("rename", KeyboardInterrupt(), 1),
    ("rename", KeyboardInterrupt(), 2),
]


@pytest.mark.parametrize(("name", "error", "on_call"), FAILURES)
def test_failure_leaves_the_earlier_plan_and_no_litter(tmp_path, monkeypatch, name, error, on_call):
    out = tmp_path / "plan"
    write_folder(out, OLD)
    (out / "notes.txt").write_text("mine")
    before = content(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(swap, "_exchange", lambda a, b: False)
        patch.setattr(folder.os, name, failing(getattr(os, name), error, on_call))
        with pytest.raises(KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else QplanError) as caught:
            write_folder(out, NEW)
    if isinstance(error, OSError):
        assert error.strerror in str(caught.value) and "\n" not in str(caught.value)
    assert content(tmp_path) == before
    assert list(tmp_path.iterdir()) == [out]


def test_failure_in_a_new_place_leaves_nothing(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(folder.os, "fsync", failing(os.fsync, OSError(errno.EDQUOT, "Disk quota exceeded"), 1))
        with pytest.raises(QplanError, match="Disk quota exceeded"):
            write_folder(tmp_path / "a" / "b" / "plan", NEW)
    assert list(tmp_path.iterdir()) == []


def test_folder_deleted_meanwhile_is_an_error_without_litter(tmp_path, monkeypatch):
    out = tmp_path / "plan"
    write_folder(out, OLD)
    carry_over = folder._carry_over

    def vanish(old, new):
        shutil.rmtree(old)
        carry_over(old, new)

    monkeypatch.setattr(folder, "_carry_over", vanish)
    with pytest.raises(QplanError, match="No such file"):
        write_folder(out, NEW)
    assert list(tmp_path.iterdir()) == []


def test_explanation_stands_beside_a_plan_and_goes_with_the_next(tmp_path):
    out = tmp_path / "plan"
    explanation = {"explanation.json": b"{}", "explanation.md": b"# why"}
    write_beside(out, explanation)
    assert content(out) == explanation
    write_folder(out, OLD)
    assert content(out) == OLD
    write_beside(out, explanation)
    assert content(out) == OLD | explanation


def test_failed_explanation_changes_nothing(tmp_path, monkeypatch):
    out = tmp_path / "plan"
    write_folder(out, OLD)
    with monkeypatch.context() as patch:
        patch.setattr(folder.os, "fsync", failing(os.fsync, OSError(errno.ENOSPC, "No space left on device"), 2))
        with pytest.raises(QplanError, match="No space left"):
            write_beside(out, {"explanation.json": b"{}", "explanation.md": b"# why"})
    assert content(out) == OLD


def names(path):
    return sorted(entry.name for entry in path.iterdir())


@pytest.fixture(params=["exchanged", "renamed"])
def way(request, monkeypatch):
    """Whether the system can exchange two names at once."""
    if request.param == "renamed":
        monkeypatch.setattr(swap, "_exchange", lambda a, b: False)
    return request.param


def test_permissions_of_files_are_kept(tmp_path, way):
    write_folder(tmp_path / "plan", OLD)
    (tmp_path / "plan" / "plan.json").chmod(0o664)
    (tmp_path / "plan" / "notes.txt").write_text("mine")
    (tmp_path / "plan" / "notes.txt").chmod(0o600)
    write_folder(tmp_path / "plan", NEW)
    modes = {name: stat.S_IMODE((tmp_path / "plan" / name).stat().st_mode) for name in ("plan.json", "notes.txt")}
    assert modes == {"plan.json": 0o664, "notes.txt": 0o600}


REFUSED = [OSError(errno.EBUSY, "Device or resource busy"), OSError(errno.EXDEV, "Invalid cross-device link")]


@pytest.mark.parametrize("error", REFUSED, ids=lambda error: error.strerror)
def test_a_folder_that_cannot_be_renamed_is_changed_file_by_file(tmp_path, monkeypatch, error):
    """A mount point, or a folder of a lower layer of an overlay."""
    write_folder(tmp_path / "plan", OLD | {"explanation.md": b"stale"})
    (tmp_path / "plan" / "notes.txt").write_text("mine")
    monkeypatch.setattr(swap, "_exchange", failing(swap._exchange, error, 1))
    write_folder(tmp_path / "plan", NEW)
    assert content(tmp_path / "plan") == NEW | {"notes.txt": b"mine"} and names(tmp_path) == ["plan"]


def test_a_mount_point_is_written_into(tmp_path, monkeypatch):
    (tmp_path / "plan" / "lost+found").mkdir(parents=True)
    inode = (tmp_path / "plan").stat().st_ino
    monkeypatch.setattr(os.path, "ismount", lambda path: path == tmp_path / "plan")
    for files in (OLD, NEW):
        write_folder(tmp_path / "plan", files)
        assert content(tmp_path / "plan") == files
    assert (tmp_path / "plan").stat().st_ino == inode and names(tmp_path / "plan") == sorted([*NEW, "lost+found"])


def test_a_folder_changed_file_by_file_is_never_half_a_plan(tmp_path, monkeypatch):
    write_folder(tmp_path / "plan", OLD)
    monkeypatch.setattr(os.path, "ismount", lambda path: True)
    for on_call in (1, 2, 3):
        with monkeypatch.context() as patch:
            patch.setattr(folder.os, "replace", failing(os.replace, OSError(errno.EIO, "Input/output error"), on_call))
            with pytest.raises(QplanError, match="plan is written in part: Input/output error; run again"):
                write_folder(tmp_path / "plan", NEW)
        assert "plan.json" not in names(tmp_path / "plan")
        write_folder(tmp_path / "plan", NEW)
        assert content(tmp_path / "plan") == NEW


KILLED = """
import os, signal, sys
from pathlib import Path
from qplan.outputs import folder, swap
at, count, exchange = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "exchanged"
if not exchange:
    swap._exchange = lambda a, b: False
real, calls = getattr(os, at), 0
def killed(*arguments, **keywords):
    global calls
    calls += 1
    if calls == count:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments, **keywords)
setattr(os, at, killed)
folder.write_folder(Path("plan"), {"plan.json": b'{"qplan_version": "1"}', "report.md": b"new", "costs.json": b"{}"})
"""


@pytest.mark.parametrize(("at", "count"), [("mkdir", 1), ("fsync", 2), ("rename", 1), ("rename", 2), ("rmdir", 1)])
def test_a_run_that_was_killed_is_put_right_by_the_next(tmp_path, monkeypatch, way, at, count):
    monkeypatch.chdir(tmp_path)
    write_folder(tmp_path / "plan", OLD)
    (tmp_path / "plan" / "notes.txt").write_text("mine")
    subprocess.run([sys.executable, "-c", KILLED, at, str(count), way], check=False, timeout=60)
    check_target(tmp_path / "plan")
    assert names(tmp_path) == ["plan"]
    assert content(tmp_path / "plan") in (OLD | {"notes.txt": b"mine"}, NEW | {"notes.txt": b"mine"})
    write_folder(tmp_path / "plan", NEW)
    assert content(tmp_path / "plan") == NEW | {"notes.txt": b"mine"} and names(tmp_path) == ["plan"]


def test_what_a_living_run_prepares_is_left_alone(tmp_path):
    with swap.prepared(tmp_path, tmp_path / "plan") as new:
        (new / "plan.json").write_text("{}")
        check_target(tmp_path / "plan")
        write_folder(tmp_path / "plan", NEW)
        assert (new / "plan.json").exists()
    assert names(tmp_path) == ["plan"]


def test_the_root_is_refused():
    with pytest.raises(QplanError, match="/ holds the folder you are in"):
        check_target(Path("/"))


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no such file system here")
def test_where_permissions_promise_too_much_a_target_is_refused_before_any_work():
    with pytest.raises(QplanError, match="nothing can be made in /proc"):
        check_target(Path("/proc/a.plan"))
