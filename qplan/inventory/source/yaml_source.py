"""YAML 1.2 text to plain values with the place of each; never an exception, whatever the bytes are."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import yaml
from yamlcore import CCoreLoader

from qplan.errors import Diagnostic
from qplan.files import wide_encoding
from qplan.inventory.fields import MOST_AMOUNT
from qplan.inventory.rules import Spot, finding
from qplan.inventory.source.messages import figure, shown
from qplan.inventory.source.source_map import Path, Place, Values, dotted
from qplan.inventory.source.surrogates import hide_pairs, show_pairs
from qplan.inventory.source.units import number_remedy, numbers
from qplan.inventory.source.yaml_problems import explain_problem

MAX_BYTES = 16 * 2**20
MAX_DEPTH = 64
TOO_DEEP = f"is nested more than {MAX_DEPTH} levels deep"
MAX_NODES = 1_000_000
MAX_SCALAR = 2**16  # characters
MAX_KEY = 255  # characters
MAX_INTEGER = 2**53  # up to here every JSON reader keeps whole numbers exact
ESCAPE = "invalid Unicode character escape code"  # what libyaml says of half a character, too
NOT_IN_YAML = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NOT_IN_KEYS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
TAG = "tag:yaml.org,2002:"
TEXT, NULL = TAG + "str", TAG + "null"
NOT_TEXT_AT_ONCE = frozenset("-+.~0123456789tTfFnN")  # first characters of numbers, truth values and null
UNREADABLE = object()  # stands for a value that already has a finding


class Parsed(NamedTuple):
    """A YAML text as plain values; `value` is `UNREADABLE` where the text could not be read at all."""

    value: object
    places: dict[Path, Place]
    findings: list[Diagnostic]
    text: str
    size: int = 0
    """How many values there are, aliases written out."""


class _Stop(Exception):
    """Nothing more can be read from this text."""

    def __init__(self, finding: Diagnostic):
        self.finding = finding


class _TooMuch(yaml.YAMLError):
    pass


class _Composer(CCoreLoader):  # type: ignore[misc]  # the base has no types
    """libyaml's composer, which would recurse without limit, held to a depth and a number of nodes."""

    def __init__(self, text: str, most_nodes: int):
        super().__init__(text)
        self.depth = self.nodes = 0
        self.most_nodes = most_nodes

    def descend_resolver(self, parent: yaml.Node, index: object) -> None:
        self.depth += 1
        self.nodes += 1
        if self.depth > MAX_DEPTH:
            raise _TooMuch(TOO_DEEP)
        if self.nodes > self.most_nodes:
            raise _TooMuch(f"holds more than {MAX_NODES} values{_together(self.most_nodes)}")

    def ascend_resolver(self) -> None:
        self.depth -= 1

    def resolve(self, kind: type[yaml.Node], value: str, implicit: tuple[bool, bool]) -> str:
        if kind is yaml.ScalarNode and implicit[0] and value and value[0] not in NOT_TEXT_AT_ONCE:
            return TEXT
        tag: str = super().resolve(kind, value, implicit)
        return tag


def parse_yaml(file: str, data: bytes, most_nodes: int = MAX_NODES) -> Parsed:
    """Read one YAML file; `file` is the name that findings give it, `most_nodes` how many values it may hold.

    Top-level keys that begin with `x-` are left out.
    """
    text = ""
    try:
        text = _decode(file, data)
        root = _compose(file, text, most_nodes)
        if root is None or (root.tag == NULL and not root.value):
            raise _Stop(finding("QP004", Spot(file, 1, 1), "", "the file is empty", hint="begin with 'qplan: 1'"))
        builder = _Builder(file, most_nodes)
        if not isinstance(root, yaml.MappingNode):
            at = Place(file, None, root).at_value()
            found, expected = _kind_of(root), "a mapping with keys such as 'sites:'"
            raise _Stop(finding("QP103", at, "", f"the file is {found}; expected {expected}", expected=expected))
        root.value = [(key, value) for key, value in root.value if key.value[:2] != "x-"]
        size, _ = builder.measure(root)
        return Parsed(builder.build(root, ()), builder.places, builder.findings, text, size)
    except _Stop as stop:
        return Parsed(UNREADABLE, {}, [stop.finding], text)


def parse_value(file: str, text: str) -> Parsed:
    """Read the value of an override; an empty text is null.

    No comment is looked for: a plain text goes on behind ` #`.
    """
    try:
        bad = NOT_IN_YAML.search(text)
        if bad:
            raise _Stop(finding("QP002", Spot(file), "", f"the character {bad.group()!a} is not allowed"))
        root = _compose(file, text)
        behind = text[root.end_mark.index if root else 0 :].strip()
        if behind.startswith("#"):
            if root is None or (isinstance(root, yaml.ScalarNode) and root.style not in ("'", '"')):
                return Parsed(text.strip(), {}, [], text)
            hint = "put quotes around all of it, or leave it out"
            raise _Stop(finding("QP015", Spot(file), "", f"{shown(behind)} stands behind the value", hint=hint))
        if root is None:
            return Parsed(None, {}, [], text)
        builder = _Builder(file)
        builder.measure(root)
        return Parsed(builder.build(root, ()), {}, builder.findings, text)
    except _Stop as stop:
        return Parsed(UNREADABLE, {}, [stop.finding], text)


def _decode(file: str, data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise _Stop(finding("QP003", Spot(file), "", f"the file is larger than {MAX_BYTES // 2**20} MiB"))
    if wide := wide_encoding(data):
        raise _Stop(finding("QP002", Spot(file, 1, 1), "", f"the file is in {wide}", hint="save it as UTF-8"))
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        at = _spot_after(file, data[: error.start].decode())
        byte = f"byte 0x{data[error.start]:02x} is not UTF-8"
        raise _Stop(finding("QP002", at, "", byte, hint="save the file as UTF-8")) from None
    bad = NOT_IN_YAML.search(text)
    if bad:
        message = f"the character {bad.group()!a} is not allowed in a text file"
        raise _Stop(finding("QP002", _spot_after(file, text[: bad.start()]), "", message))
    return text


def _spot_after(file: str, before: str) -> Spot:
    lines = re.split("\r\n|[\n\r\x85\u2028\u2029]", before)
    return Spot(file, len(lines), len(lines[-1]) + 1)


def _compose(file: str, text: str, most_nodes: int = MAX_NODES) -> yaml.Node | None:
    try:
        root: yaml.Node | None = _Composer(text, most_nodes).get_single_node()
        return root
    except _TooMuch as error:
        raise _Stop(finding("QP003", Spot(file, 1, 1), "", f"the file {error}")) from None
    except yaml.YAMLError as error:
        hidden = hide_pairs(text) if ESCAPE in str(error) else None
        if hidden:
            root = _compose(file, hidden.text, most_nodes)
            if root is not None:
                show_pairs(root, hidden)
            return root
        if "nesting depth" in str(error):  # libyaml's own limit, which its newer releases reach before the composer
            raise _Stop(finding("QP003", Spot(file, 1, 1), "", f"the file {TOO_DEEP}")) from None
        raise _Stop(explain_problem(file, text, error)) from None


class _Builder:
    """Plain values from YAML nodes; a value with a finding becomes `UNREADABLE`, so that the rest is still read."""

    def __init__(self, file: str, most_nodes: int = MAX_NODES):
        self.file, self.most_nodes = file, most_nodes
        self.places: dict[Path, Place] = {}
        self.findings: list[Diagnostic] = []
        self._sizes: dict[int, tuple[int, int] | None] = {}
        self._commas: dict[int, str] = {}  # by the id of a number's node: what follows it from its first comma on

    def measure(self, node: yaml.Node, above: int = 0) -> tuple[int, int]:
        """Values in a node and levels below it, aliases written out; stops at what contains itself or is too much.

        `above` is the number of levels above: below `MAX_DEPTH` nothing is looked at, as that is too much already.
        """
        if isinstance(node, yaml.ScalarNode) or above > MAX_DEPTH:
            return 1, 1
        known = self._sizes.get(id(node), ())
        if known:
            return known
        if known is None:
            at = Place(self.file, None, node).at_value()
            raise _Stop(finding("QP010", at, "", "an alias stands for something that contains the alias"))
        self._sizes[id(node)] = None
        size = depth = 0
        for item in node.value:
            for child in item if isinstance(item, tuple) else (item,):
                child_size, child_depth = self.measure(child, above + 1)
                size, depth = size + child_size, max(depth, child_depth)
        if size >= self.most_nodes or depth >= MAX_DEPTH:
            at = Place(self.file, None, node).at_value()
            values = f"more than {MAX_NODES} values{_together(self.most_nodes)}"
            much = values if size >= self.most_nodes else f"more than {MAX_DEPTH} levels"
            raise _Stop(finding("QP003", at, "", f"with its aliases written out, this has {much}"))
        self._sizes[id(node)] = size + 1, depth + 1
        return size + 1, depth + 1

    def build(self, node: yaml.Node, path: Path) -> object:
        """The plain value of a node that stands at a path, whose place is noted with it."""
        if path == ():
            self.places[path] = Place(self.file, None, node)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if isinstance(node, yaml.MappingNode) and node.tag == TAG + "map":
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == TAG + "seq":
            return self._list(node, path)
        return self._bad("QP008", node, path, f"unknown tag {_tag(node)}", hint="leave the tag out")

    def _list(self, node: yaml.SequenceNode, path: Path) -> list[object]:
        values = []
        for index, item in enumerate(node.value):
            here = (*path, index)
            self.places[here] = Place(self.file, None, item)
            values.append(self.build(item, here))
        return values

    def _mapping(self, node: yaml.MappingNode, path: Path) -> Values:
        values: Values = {}
        for name, (key, value) in self._pairs(node, path).items():
            here = (*path, name)
            self.places[here] = Place(self.file, key, value)
            values[name] = self.build(value, here)
        return values

    def _pairs(self, node: yaml.MappingNode, path: Path) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """Own entries, then those that come by `<<`; the first of equal keys stands."""
        pairs: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        merged = None
        before: tuple[yaml.Node, yaml.Node] | None = None
        for key, value in node.value:
            if before and _follows_comma(*before, self._commas.get(id(before[1]), ""), key, value):
                self._commas[id(before[1])] = f"{self._commas.get(id(before[1]), '')},{key.value}"
                continue
            before = key, value
            name = key.value if key.tag == TEXT and len(key.value) <= MAX_KEY else self._odd_key(key, path)
            if name == "<<" and key.style not in ("'", '"'):
                if merged is not None:
                    self._bad("QP006", key, path, "duplicate key '<<'", hint="give one list: <<: [*a, *b]")
                merged = value
            elif name in pairs:
                line = pairs[name][0].start_mark.line + 1
                message = f"duplicate key '{name}'" + (f" in {dotted(path)}" if path else "")
                self._bad("QP006", key, (*path, name), f"{message}, first given in line {line}")
            elif name is not None:
                if NOT_IN_KEYS.search(name):
                    self._bad("QP007", key, path, "a key contains a control character")
                pairs[name] = key, value
        for source in self._merge_sources(merged, path):
            for name, pair in self._pairs(source, path).items():
                pairs.setdefault(name, pair)
        return pairs

    def _merge_sources(self, node: yaml.Node | None, path: Path) -> Iterator[yaml.MappingNode]:
        for source in node.value if isinstance(node, yaml.SequenceNode) else [node] if node else []:
            if isinstance(source, yaml.MappingNode):
                yield source
            else:
                self._bad("QP010", source, path, "'<<' merges mappings only", hint="give an alias of a mapping")

    def _odd_key(self, key: yaml.Node, path: Path) -> str | None:
        """Findings for a key that is not short text; its characters all the same, so that references to it hold."""
        where = f" in {dotted(path)}" if path else ""
        if not isinstance(key, yaml.ScalarNode):
            self._bad("QP007", key, path, f"a key{where} is a list or a mapping", expected="text")
            return None
        if len(key.value) > MAX_KEY:
            self._bad("QP003", key, path, f"a key{where} is longer than {MAX_KEY} characters")
            return None
        kinds = {"int": "a number", "float": "a number", "bool": "true or false", "null": "null"}
        kind = kinds.get(key.tag.removeprefix(TAG), f"{_tag(key)}")
        message = f"YAML reads the key '{key.value}'{where} as {kind}"
        name: str = key.value
        hint = "give the key a name" if name in ("", "~") else f'write "{name}" in quotes'
        self._bad("QP007", key, (*path, name), message, found=kind, expected="text", hint=hint)
        return name

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> object:
        if id(node) in self._commas:
            found, key = f"{node.value}{self._commas[id(node)]}", str(path[-1])
            keys = "a key" if found.count(",") == 1 else "keys"
            message = f"{dotted(path)} is {found}, which YAML reads as {node.value} and {keys}; expected a number"
            return self._bad("QP103", node, path, message, found=found, hint=number_remedy(key, found))
        if len(node.value) > MAX_SCALAR:
            return self._bad("QP003", node, path, f"a text of more than {MAX_SCALAR} characters")
        if node.tag == TEXT:
            return node.value
        construct = _CONSTRUCTORS.get(node.tag)
        if construct is None:
            return self._bad("QP008", node, path, f"unknown tag {_tag(node)}", hint="leave the tag out")
        try:
            value = construct(node.value)
        except (ValueError, KeyError):
            return self._bad("QP008", node, path, f"'{node.value[:60]}' is not of the tag {_tag(node)}")
        if isinstance(value, float) and not math.isfinite(value):
            return self._bad("QP009", node, path, f"{node.value[:60]} is not a finite number")
        if isinstance(value, int) and abs(value) > MAX_INTEGER:
            most = f"amounts go up to {figure(MOST_AMOUNT)}"
            return self._bad("QP009", node, path, f"{node.value[:60]} is too large; {most}", expected=most)
        return value

    def _bad(self, code: str, node: yaml.Node, path: Path, message: str, **words: str) -> object:
        at = Place(self.file, None, node).at_value()
        self.findings.append(finding(code, at, dotted(path), message, **words))
        return UNREADABLE


def _together(most_nodes: int) -> str:
    return " together with the files read before it" if most_nodes < MAX_NODES else ""


def _follows_comma(of: yaml.Node, before: yaml.Node, commas: str, key: yaml.Node, value: yaml.Node) -> bool:
    """Whether a key without a value is what follows a comma in the number before it, in a flow mapping.

    `of` is the key of that number, and `commas` what follows it already; a unit may follow its decimals, as in
    `loss_db: 11,2 dB`.
    """
    if value.tag != NULL or value.value or key.start_mark.index != before.end_mark.index + len(commas) + 1:
        return False
    if not (isinstance(of, yaml.ScalarNode) and _is_plain(before) and _is_plain(key)):
        return False
    is_number, written = key.tag in (TAG + "int", TAG + "float"), f"{before.value}{commas},{key.value}"
    return bool(numbers(before.value) and (is_number or number_remedy(of.value, written)))


def _kind_of(node: yaml.Node) -> str:
    """What a node that is no mapping is called."""
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return "null" if node.tag == NULL else f"a single value, {shown(node.value)}"


def _is_plain(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.style not in ("'", '"')


def _tag(node: yaml.Node) -> str:
    return node.tag.replace(TAG, "!!", 1)


def _integer(text: str) -> int:
    if len(text) > 300:
        return MAX_INTEGER + 1
    base = {"0o": 8, "0x": 16}.get(text[:2], 10)
    return int(text if base == 10 else text[2:], base)


_CONSTRUCTORS: dict[str, Callable[[str], object]] = {
    NULL: lambda text: None,
    TAG + "bool": lambda text: {
        "true": True,
        "True": True,
        "TRUE": True,
        "false": False,
        "False": False,
        "FALSE": False,
    }[text],
    TAG + "int": _integer,
    TAG + "float": lambda text: float(text.lower().replace(".inf", "inf").replace(".nan", "nan")),
}
