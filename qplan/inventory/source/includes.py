"""The main file and everything that it includes, merged into one; an address stands in one place only."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from dataclasses import dataclass, field

from qplan.errors import Diagnostic, QplanError
from qplan.inventory.rules import Spot, finding, printable
from qplan.inventory.shipped import shipped_catalogues
from qplan.inventory.source.boundary import check_main_file, enclosing_repository, refusal_of_include
from qplan.inventory.source.messages import did_you_mean, kind, shown
from qplan.inventory.source.source_map import Declared, Path, Place, Values, dotted
from qplan.inventory.source.yaml_source import MAX_BYTES, MAX_NODES, UNREADABLE, parse_yaml

CATALOGUE = "catalogue:"
STDIN, STDIN_NAME = "-", "stdin"
MAX_CHAIN = 50  # files that include each other in a row
SECTIONS = (
    *("sites", "fibres", "corridors", "checks", "scenarios", "set", "metadata", "policy", "budget", "economics"),
    *("services", "spares", "offers", "classical", "existing", "moved", "key_stores", "reliability", "drills"),
)
MERGED: frozenset[Path] = frozenset(
    [(), ("equipment",), ("defaults",)]
    + [(section,) for section in SECTIONS]
    + [("equipment", part) for part in ("qkd_systems", "node_items", "relay_items", "encryptors")]
    + [("defaults", part) for part in ("site", "fibre", "corridor")]
    + [("economics", "exchange_rates"), ("existing", "links"), ("key_stores", "links")]
    + [("reliability", part) for part in ("fibre", "ducts", "operators")]
)
"""Mappings that several files may add entries to."""


@dataclass(frozen=True)
class SourceFile:
    """One file that was read."""

    path: str  # relative to the main file's folder, with "/"; `catalogue:NAME` for a shipped one
    shown: str  # the name that findings give it
    real: str  # to tell whether two names are one file
    data: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """Over the bytes of the file."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass
class Loaded:
    """All files, the main one first, and what they declare together."""

    files: list[SourceFile] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    value: Values = field(default_factory=dict)
    places: dict[Path, Place] = field(default_factory=dict)
    findings: list[Diagnostic] = field(default_factory=list)
    complete: bool = True  # every file could be read

    @property
    def declared(self) -> Declared:
        """What all files declare, with the place of each value."""
        return Declared(self.value, self.places)


def is_shipped(file: str) -> bool:
    """Whether a file, as findings name it, is a shipped catalogue."""
    return file.startswith(CATALOGUE)


class _Refused(Exception):
    """An include that must not or cannot be read: rule, reason and remedy."""

    def __init__(self, code: str, reason: str, hint: str = ""):
        self.code, self.reason, self.hint = code, reason, hint


def load(path: str) -> Loaded:
    """Read an inventory and its includes; `-` is standard input, in the working folder.

    Raises `QplanError` where the main file itself cannot be read.
    """
    data, folder = read_bytes(path), os.path.realpath(os.path.dirname(path) or ".")
    path = STDIN_NAME if path == STDIN else path
    reader = _Reader(path, folder)
    main = SourceFile(_clean(os.path.basename(path)), _clean(path), os.path.realpath(path), data)
    reader.visit(main, (), required_version=True)
    return reader.loaded


def read_bytes(path: str) -> bytes:
    """The bytes of a file (`-` is standard input), of a too large one the beginning. Raises QplanError."""
    try:
        if path == STDIN:
            return _standard_input()
        check_main_file(path)
        return _read(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a file name"
        raise QplanError(f"cannot read {printable(path)}: {reason}") from error


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(MAX_BYTES + 1)


def _standard_input() -> bytes:
    if sys.stdin is None:
        raise QplanError("cannot read standard input: it is closed")
    return sys.stdin.buffer.read(MAX_BYTES + 1)


def _clean(path: str) -> str:
    """A path as valid text with forward slashes."""
    return os.fsencode(path).decode("utf-8", "replace").replace(os.sep, "/")


class _Reader:
    """Follows includes depth first; a file that is reached twice is read once."""

    def __init__(self, path: str, folder: str):
        self.typed_folder, self.folder = os.path.dirname(path), folder
        self.boundary = enclosing_repository(folder) or folder
        self.reached: set[str] = set()  # real paths
        self.loaded = Loaded()
        self.values_left, self.bytes_left = MAX_NODES, MAX_BYTES  # for all files together

    def visit(self, file: SourceFile, chain: tuple[SourceFile, ...], required_version: bool = False) -> None:
        """Take in a file and, depth first, everything that it includes."""
        parsed = parse_yaml(file.shown, file.data, self.values_left)
        self.values_left -= parsed.size
        self.bytes_left -= len(file.data)
        self.loaded.files.append(file)
        self.reached.add(file.real)
        self.loaded.texts[file.shown] = parsed.text
        self.loaded.findings += parsed.findings
        if not isinstance(parsed.value, dict):
            self.loaded.complete = False
            return
        declared: Values = parsed.value
        self._check_version(file, declared.pop("qplan", None), parsed.places, required_version)
        includes = declared.pop("include", None)
        if chain:
            self._replace_offers(declared.get("offers"), parsed.places)
        _merge(self.loaded, declared, parsed.places, (), self.loaded.value)
        for path, place in parsed.places.items():
            self.loaded.places.setdefault(path, place)
        self._follow(includes, parsed.places, (*chain, file))

    def _replace_offers(self, offers: object, added: dict[Path, Place]) -> None:
        """Offers of an include take the place of those of the same id, as a whole, in an include before it."""
        known, places, main = self.loaded.value.get("offers"), self.loaded.places, self.loaded.files[0].shown
        if not isinstance(offers, dict) or not isinstance(known, dict):
            return
        for name in offers.keys() & known.keys():
            path: Path = ("offers", name)
            first, second = places[path], added[path].at_key()
            if first.file == main or offers[name] is None or known[name] is None:
                continue
            message = f"'{dotted(path)}' takes the place of the one in {first.file}:{first.at_key().line}"
            self.loaded.findings.append(finding("QP701", second, dotted(path), message))
            del known[name]
            for inner in [inner for inner in places if inner[:2] == path]:
                del places[inner]

    def _follow(self, includes: object, places: dict[Path, Place], chain: tuple[SourceFile, ...]) -> None:
        if includes is not None and not isinstance(includes, list):
            hint = f"write [{includes}]" if isinstance(includes, str) else ""
            self._add("QP103", places["include",].at_value(), f"include is {shown(includes)}; expected a list", hint)
            self.loaded.complete = False
            return
        for index, name in enumerate(includes or ()):
            at = places["include", index].at_value()
            if not isinstance(name, str):
                if name is not UNREADABLE:
                    self._add("QP103", at, f"an include is {shown(name)}; expected the name of a file")
                self.loaded.complete = False
                continue
            try:
                self._include(name, chain)
            except _Refused as refused:
                self._add(refused.code, at, f"cannot include {shown(name)}: {refused.reason}", refused.hint)
                self.loaded.complete = False

    def _include(self, name: str, chain: tuple[SourceFile, ...]) -> None:
        path, real = self._locate(name, chain)
        cycle = [file.path for file in chain]
        for index, file in enumerate(chain):
            if file.real == real:
                raise _Refused("QP013", f"files include each other: {' → '.join([*cycle[index:], file.path])}")
        if len(chain) >= MAX_CHAIN:
            raise _Refused("QP013", f"more than {MAX_CHAIN} files include each other in a row")
        if real not in self.reached:
            self.visit(self._open(path, real), chain)

    def _locate(self, name: str, chain: tuple[SourceFile, ...]) -> tuple[str, str]:
        """Path relative to the main file's folder, and the real path."""
        including = chain[-1]
        if is_shipped(name):
            return name, name
        if is_shipped(including.path):
            raise _Refused("QP012", "a shipped catalogue includes shipped ones only")
        if not name or "\0" in name or "://" in name:
            raise _Refused("QP011", "not the name of a file")
        if os.path.isabs(name):
            raise _Refused("QP012", "the path is absolute", f"write it relative to {including.path}")
        folder = self.folder if len(chain) == 1 else os.path.dirname(including.real)
        real = os.path.realpath(os.path.join(folder, name))
        if reason := refusal_of_include(name, real, self.folder, self.boundary):
            raise _Refused("QP012", reason)
        return self._as_written(os.path.join(os.path.dirname(including.path), name), real), real

    def _as_written(self, path: str, real: str) -> str:
        """The path relative to the main file's folder, links as they are; the real one where only that leads there."""
        path = os.path.normpath(path)
        leads_there = os.path.realpath(os.path.join(self.folder, path)) == real
        return _clean(path if leads_there else os.path.relpath(real, self.folder))

    def _open(self, path: str, real: str) -> SourceFile:
        if is_shipped(path):
            return SourceFile(path, path, real, _shipped(path.removeprefix(CATALOGUE)))
        try:
            if not stat.S_ISREG(os.stat(real).st_mode):
                raise _Refused("QP011", "it is not a file")
            data = _read(real)
            if len(data) > self.bytes_left:
                raise _Refused("QP003", f"all files together are larger than {MAX_BYTES // 2**20} MiB")
        except OSError as error:
            raise _Refused("QP011", error.strerror or "it cannot be read") from error
        except ValueError as error:
            raise _Refused("QP011", "not the name of a file") from error
        return SourceFile(path, _clean(os.path.normpath(os.path.join(self.typed_folder, path))), real, data)

    def _check_version(self, file: SourceFile, version: object, places: dict[Path, Place], required: bool) -> None:
        if version is UNREADABLE:
            return
        if version is None and required:
            message = "missing key 'qplan', the format version"
            self._add("QP018", Spot(file.shown, 1, 1), message, "begin the file with 'qplan: 1'")
        elif version is not None and (version != 1 or type(version) is not int):
            at = places["qplan",].at_value()
            what = f"{shown(version)} ({kind(version)})" if kind(version) else shown(version)
            self._add("QP018", at, f"format version {what} is not supported; expected 1", address="qplan")

    def _add(self, code: str, at: Spot, message: str, hint: str = "", address: str = "include") -> None:
        self.loaded.findings.append(finding(code, at, address, message, hint=hint))


def _shipped(name: str) -> bytes:
    known = shipped_catalogues()
    if name not in known:
        hint = did_you_mean(name, known) or f"shipped: {', '.join(known)}"
        raise _Refused("QP011", "there is no such catalogue", hint)
    return known[name]


def _merge(loaded: Loaded, added: Values, places: dict[Path, Place], path: Path, into: Values) -> None:
    """Add the entries of a further file; `into` is changed in place while everything is read."""
    for key, value in added.items():
        here = (*path, key)
        present = into.get(key)
        if value is None and key in into:
            continue
        if present is None:
            into[key] = value
            if here in loaded.places:
                loaded.places[here] = places[here]
        elif here in MERGED and isinstance(value, dict) and isinstance(present, dict):
            _merge(loaded, value, places, here, present)
        elif value is not UNREADABLE:
            first, second = loaded.places[here].at_key(), places[here].at_key()
            if is_shipped(second.file):
                message = f"'{dotted(here)}' is defined twice, also in {second.file}:{second.line}"
                hint = "give it another id, or change the shipped one with set"
                loaded.findings.append(finding("QP014", first, dotted(here), message, hint=hint))
            else:
                message = f"'{dotted(here)}' is defined twice, first in {first.file}:{first.line}"
                loaded.findings.append(finding("QP014", second, dotted(here), message, hint="keep one of the two"))
