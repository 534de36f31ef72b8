"""Bytes of foreign files, and text, JSON, XML and zip archives read from them without trust.

Whatever the bytes are, the end is a value or `Refused`: sizes are bounded, XML entities are not expanded, archives are
looked at before anything is unpacked, and no name inside an archive is ever used as a path.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from qplan.errors import Diagnostic, QplanError
from qplan.interchange.imports.rows import Origin, doubt
from qplan.inventory.rules import printable

MAX_BYTES = 64 * 2**20
MAX_UNPACKED = 256 * 2**20
MAX_MEMBERS = 10_000
MAX_ELEMENTS = 2_000_000
MAX_DEPTH = 100
OLE = b"\xd0\xcf\x11\xe0"  # the old workbook format


class Refused(Exception):
    """A file, or what is needed to understand it, cannot be used; carries why."""

    def __init__(self, *findings: Diagnostic):
        super().__init__(findings[0].message if findings else "")
        self.findings = findings


def refused(code: str, origin: Origin, message: str, hint: str = "") -> Refused:
    return Refused(doubt(code, origin, "", message, hint))


@dataclass(frozen=True)
class SourceFile:
    name: str
    """As findings give it, and as a mapping file names it: without folders, where that tells it from the others."""
    data: bytes = field(repr=False)

    @property
    def origin(self) -> Origin:
        return Origin(self.name)


def read_sources(paths: Sequence[Path]) -> tuple[SourceFile, ...]:
    """The files by their names. Raises `QplanError` where one cannot be read, `Refused` where one is too large."""
    sources, unreadable = [], []
    often = {name for name, count in Counter(path.name for path in paths).items() if count > 1}
    for path in paths:
        name = printable(os.fsencode(path if path.name in often else path.name).decode("utf-8", "replace"))
        try:
            with open(path, "rb") as file:
                data = file.read(MAX_BYTES + 1)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not a file name"
            unreadable.append(f"cannot read {printable(str(path))}: {reason}")
            continue
        if len(data) > MAX_BYTES:
            raise refused("QP602", Origin(name), f"the file is larger than {MAX_BYTES // 2**20} MiB")
        sources.append(SourceFile(name, data))
    if unreadable:
        raise QplanError("\n".join(unreadable))
    return tuple(sources)


def decoded(data: bytes) -> tuple[str, str]:
    """Text, and the name of its encoding: by its mark, else UTF-8 where it is that, else Windows-1252."""
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(name, "replace"), name.removesuffix("-sig").upper()
    if data[:400].count(0) > len(data[:400]) // 4:  # every other byte of Latin text in UTF-16 is zero
        name = "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"
        return data.decode(name, "replace"), "UTF-16"
    try:
        return data.decode(), "UTF-8"
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), "Windows-1252"


def json_value(source: SourceFile) -> object:
    """The value of a JSON file. Raises `Refused`."""
    text, _ = decoded(source.data)
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        where = source.origin.at(error.lineno)
        raise refused("QP601", where, f"not valid JSON: {error.msg} in column {error.colno}") from None
    except RecursionError:
        raise refused("QP602", source.origin, "the JSON is nested too deeply") from None
    except ValueError as error:  # NaN, Infinity, or a number with thousands of digits
        raise refused("QP601", source.origin, f"not valid JSON: {error}") from None


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


@dataclass
class Element:
    """An XML element: its name without namespace, attributes, children, own text and line."""

    name: str
    attributes: dict[str, str]
    line: int
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def get(self, name: str) -> str:
        """An attribute; empty where there is none."""
        return self.attributes.get(name, "")

    def all(self, name: str) -> Iterator[Element]:
        """Every element of that name below this one, in the order of the file."""
        for child in self.children:
            if child.name == name:
                yield child
            yield from child.all(name)

    def child(self, name: str) -> Element | None:
        return next((child for child in self.children if child.name == name), None)

    def text_of(self, *names: str) -> str:
        """The text of the child that the names lead to; empty where there is none."""
        here: Element | None = self
        for name in names:
            here = here.child(name) if here else None
        return here.text.strip() if here else ""


def xml_root(source: SourceFile) -> Element:
    """The root of an XML file, in any namespace. Raises `Refused`, also where entities are declared."""
    builder = _Builder(source.origin)
    parser = builder.parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = builder.start, builder.end
    parser.CharacterDataHandler, parser.EntityDeclHandler = builder.characters, builder.entity
    try:
        parser.Parse(source.data, True)
    except (expat.ExpatError, UnicodeError, ValueError, LookupError) as error:
        line = getattr(error, "lineno", 0)
        words = expat.ErrorString(error.code) if isinstance(error, expat.ExpatError) else str(error)
        raise refused("QP601", source.origin.at(line), f"not valid XML: {words}") from None
    return builder.root


class _Builder:
    def __init__(self, origin: Origin):
        self.origin, self.count = origin, 0
        self.open: list[Element] = []
        self.texts: list[list[str]] = []
        self.root = Element("", {}, 0)
        self.parser: expat.XMLParserType

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if self.count > MAX_ELEMENTS or len(self.open) > MAX_DEPTH:
            raise refused("QP602", self.origin, "the XML has too many elements, or is nested too deeply")
        plain = {key.rpartition("}")[2]: value for key, value in attributes.items()}
        element = Element(name.rpartition("}")[2], plain, self.parser.CurrentLineNumber)
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)
        self.texts.append([])

    def end(self, name: str) -> None:
        self.open.pop().text = "".join(self.texts.pop())

    def characters(self, text: str) -> None:
        self.texts[-1].append(text)

    def entity(self, name: str, *_: object) -> None:
        raise refused(
            "QP602", self.origin, f"the XML declares the entity '{name[:40]}'; files with entities are refused"
        )


def archive(source: SourceFile) -> zipfile.ZipFile:
    """A zip archive that may be unpacked: its stated sizes are bounded. Raises `Refused`."""
    try:
        opened = zipfile.ZipFile(io.BytesIO(source.data))
        entries = opened.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError) as error:
        raise refused("QP601", source.origin, f"not a whole zip archive: {error}") from None
    if len(entries) > MAX_MEMBERS or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        much = f"more than {MAX_MEMBERS} files or {MAX_UNPACKED // 2**20} MiB"
        raise refused("QP602", source.origin, f"the archive holds {much} unpacked")
    return opened


def unpacked(source: SourceFile, opened: zipfile.ZipFile, name: str) -> SourceFile:
    """One file of an archive, no larger than it says. Raises `Refused`."""
    try:
        with opened.open(name) as file:
            data = file.read(MAX_UNPACKED + 1)
    except Exception as error:  # every decompressor has its own
        raise refused("QP601", source.origin, f"the archive cannot be unpacked: {error}") from None
    if len(data) > MAX_UNPACKED:
        raise refused("QP602", source.origin, f"the archive holds more than {MAX_UNPACKED // 2**20} MiB unpacked")
    return SourceFile(source.name, data)
