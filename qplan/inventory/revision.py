"""Files as they were at a revision of their git repository, read without running anything of the repository.

Only objects are read (`ls-tree`, `cat-file`): no checkout, so no hook and no filter runs, and nothing is fetched. What
the environment says of another repository is not heeded.
"""

from __future__ import annotations

import os
import posixpath
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qplan.errors import QplanError, WrongUsage
from qplan.inventory.rules import printable
from qplan.inventory.source.includes import CATALOGUE
from qplan.inventory.source.yaml_source import parse_yaml

SAFE = (
    "--no-pager",
    "--literal-pathspecs",
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "protocol.allow=never"),
)
ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",  # of a partial clone, nothing is fetched
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
SHALLOW = (
    "this clone is shallow: `git fetch --unshallow` brings its history (in pipelines: fetch-depth: 0 of "
    "actions/checkout, GIT_DEPTH: 0 of GitLab)"
)
LINK, FOLDER = "120000", "040000"
MOST_LINKS = 20
LIMIT_S = 60.0


@dataclass(frozen=True)
class Revision:
    """A commit of the git repository that lies at `top`."""

    top: str
    commit: str
    name: str
    """As the user gave it."""

    def find(self, path: str) -> tuple[str, bytes] | None:
        """The path that a file has behind all symbolic links, and its bytes; None where there is no such file."""
        for _ in range(MOST_LINKS):
            found = self._entry(path)
            if found is None:
                return None
            path, mode, blob = found
            if mode != LINK:
                return path, _git(self.top, "cat-file", "blob", blob)
            path = _join(posixpath.dirname(path), os.fsdecode(_git(self.top, "cat-file", "blob", blob)))
        return None

    def _entry(self, path: str) -> tuple[str, str, str] | None:
        """Path, mode and object of a file or of a link; folders on the way that are links are followed."""
        done, steps, links = "", [step for step in path.split("/") if step], 0
        while steps:
            done = posixpath.join(done, steps.pop(0))
            if done.startswith(".."):
                return None
            mode, kind, blob = self._listed(done)
            if mode == LINK and steps and links < MOST_LINKS:
                links += 1
                target = _join(posixpath.dirname(done), os.fsdecode(_git(self.top, "cat-file", "blob", blob)))
                done, steps = "", [*target.split("/"), *steps]
            elif (mode == FOLDER) != bool(steps) or (not steps and kind != "blob"):
                return None
            elif not steps:
                return done, mode, blob
        return None

    def _listed(self, path: str) -> tuple[str, str, str]:
        entry = _git(self.top, "ls-tree", "-z", self.commit, "--", path).split(b"\0")[0]
        words = entry.split(b"\t")[0].decode("ascii", "replace").split()
        return (words[0], words[1], words[2]) if len(words) == 3 else ("", "", "")

    def former_path(self, path: str) -> str:
        """What a file was called at the revision, where it has been renamed since (and git knows it); else the same."""
        if self.find(path) is not None:
            return path
        words = _git(self.top, "diff-index", "--cached", "--name-status", "-z", "-M", "--diff-filter=R", self.commit)
        fields = os.fsdecode(words).split("\0")
        renamed = dict(zip(fields[2::3], fields[1::3], strict=False))
        return renamed.get(path, path)


def revision_of(file: Path, name: str) -> tuple[Revision, str]:
    """A revision of the repository that a file lies in, and the file's path there.

    Raises WrongUsage where there is no such revision, QplanError where there is no git or no repository.
    """
    if not name or name.startswith("-") or not name.isprintable():
        raise WrongUsage(
            f"{name!a} is no revision; expected a commit, a branch or a tag, such as HEAD~1 or origin/main"
        )
    folder = os.path.dirname(os.path.realpath(file))
    top = os.fsdecode(_git(folder, "rev-parse", "--show-toplevel")).rstrip("\r\n")
    if not top:
        raise QplanError(f"{printable(str(file))} lies in a bare git repository: name a file of a working copy")
    commit = _commit(top, name)
    path = os.path.relpath(os.path.realpath(file), os.path.realpath(top)).replace(os.sep, "/")
    return Revision(top, commit, name), path


def _commit(top: str, name: str) -> str:
    try:
        return _git(top, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").decode("ascii").strip()
    except QplanError as error:
        shallow = _git(top, "rev-parse", "--is-shallow-repository").strip() == b"true"
        hint = SHALLOW if shallow else "`git fetch` brings what another clone has"
        raise WrongUsage(f"this git repository has no revision {printable(name)}; {hint}") from error


def export(revision: Revision, path: str, folder: Path) -> Path | None:
    """Write an inventory and all that it includes, as they were, into an empty folder, which stands for the repository.

    The place of the inventory there; None where there was none. What cannot be found is left for the reader to tell.
    """
    (folder / ".git").mkdir()
    if _place(revision, path, folder) is None:
        return None
    seen, queue = {path}, [path]
    while queue:
        here = queue.pop()
        found = _place(revision, here, folder)
        if found is None:
            continue
        real, data = found
        parsed = parse_yaml(real, data).value
        includes = parsed.get("include") if isinstance(parsed, dict) else None
        for name in includes if isinstance(includes, list) else ():
            if not isinstance(name, str) or name.startswith((CATALOGUE, "/")) or not name or "\0" in name:
                continue
            included = _join(posixpath.dirname(real), name)
            if included not in seen and not included.startswith(".."):
                seen.add(included)
                queue.append(included)
    return folder / path


def export_plan(revision: Revision, path: str, folder: Path, names: tuple[str, ...]) -> bool:
    """Write files of a plan's folder, as they were; whether all were there."""
    return all(_place(revision, f"{path}/{name}", folder) is not None for name in names)


def _place(revision: Revision, path: str, folder: Path) -> tuple[str, bytes] | None:
    """The file at its path, and where that is a link, what it leads to as well."""
    found = revision.find(path)
    if found is None:
        return None
    real, data = found
    target, link = folder / real, folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    if real != path and not link.exists():
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)
    return found


def _join(folder: str, name: str) -> str:
    return posixpath.normpath(posixpath.join(folder, name))


def _git(folder: str, *arguments: str) -> bytes:
    """What a git command prints. Raises QplanError with what git says."""
    try:
        done = subprocess.run(
            ["git", *SAFE, *arguments],
            cwd=folder or ".",
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LIMIT_S,
            check=False,
        )
    except FileNotFoundError as error:
        raise QplanError("git is not installed: compare two files or two plans instead") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise QplanError(f"git cannot be run: {getattr(error, 'strerror', None) or 'it took too long'}") from error
    if done.returncode:
        said = re.sub(r"^(fatal|error): ", "", done.stderr.decode("utf-8", "replace").strip())
        raise QplanError(f"git {arguments[0]} failed: {printable(' '.join(said.split())) or 'it says nothing'}")
    return done.stdout


def _environment() -> Mapping[str, str]:
    """Without what names another repository, as hooks have it; the user's own settings stay."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k.startswith("GIT_CONFIG_")}
    return {**kept, **ENVIRONMENT}
