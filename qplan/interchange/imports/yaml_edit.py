"""Changes to YAML text that leave every other byte as it is: comments, order, spelling, indentation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import yaml

from qplan.interchange.imports.yaml_text import entry, flow, scalar
from qplan.inventory.source.source_map import Path, Place
from qplan.inventory.source.yaml_source import Parsed, parse_yaml

COMMENT_BESIDE = re.compile(r"[ \t]+(#[^\r\n]*)")
COMMENT_LINE = re.compile(r"\r?\n( *)#[^\r\n]*")
SECTIONS = frozenset([("sites",), ("fibres",), ("corridors",), ("offers",), ("equipment", "qkd_systems")])


class NotEditable(Exception):
    """What is to be changed stands where a change would touch something else: behind an anchor, or at no mapping."""


class Edits:
    """Changes of one text, by paths; `text()` gives the text with all of them.

    Every change is made to the plain values too, and the new text must read back to these.
    """

    def __init__(self, parsed: Parsed):
        self.parsed, self.value = parsed, deepcopy(parsed.value)
        self.newline = "\r\n" if "\r\n" in parsed.text else "\n"
        self.commented: list[tuple[Path, str]] = []
        """Changed values behind which a comment stands, with the comment."""
        self._changes: list[tuple[int, int, str]] = []
        self._added: dict[Path, bool] = {}
        self._uses = Counter(id(place.value) for place in parsed.places.values())

    def set(self, path: Path, value: object) -> None:
        """Give an address within an entry that stands in the file a value. Raises `NotEditable`."""
        place = self.parsed.places.get(path)
        if place is None or place.value is None:
            self._add(path, [f"{scalar(str(path[-1]))}: {flow(value)}"], value)
            return
        self._only_once(place.value)
        for above in range(1, len(path)):
            self._only_once(self._node(path[:above]))
        start, end = place.value.start_mark.index, self._end(place.value)
        margin = " " if start == end or self._is_level(place) else ""
        self._changes.append((start, end, margin + flow(value)))
        if comment := COMMENT_BESIDE.match(self.parsed.text, end):
            self.commented.append((path, comment[1].rstrip()))
        self._put(path, value)

    def add_entry(self, path: Path, value: Mapping[str, object]) -> None:
        """Put a new entry behind the others of its section. Raises `NotEditable`."""
        self._add(path, list(entry(str(path[-1]), value, 0)), value)

    def text(self) -> str:
        """The new text. Raises `NotEditable` where it would not say what it should."""
        pieces, here = [], 0
        for start, end, words in sorted(self._changes, key=lambda change: change[0]):  # at one place in their order
            pieces += [self.parsed.text[here:start], words]
            here = end
        text = "".join([*pieces, self.parsed.text[here:]])
        read = parse_yaml("", text.encode())
        if read.findings or read.value != self.value:
            raise NotEditable("the file is written in a way that cannot be changed safely")
        return text

    def _node(self, path: Path) -> yaml.Node:
        place = self.parsed.places.get(path)
        if place is None or place.value is None:
            raise NotEditable(f"there is no {'.'.join(map(str, path))} in the file")
        return place.value

    def _only_once(self, node: yaml.Node) -> None:
        if self._uses[id(node)] > 1:
            raise NotEditable("it is shared by an anchor or an alias")

    def _put(self, path: Path, value: object) -> None:
        here: Any = self.value
        for step in path[:-1]:
            if here.get(step) is None:
                here[step] = {}
            here = here[step]
        here[path[-1]] = deepcopy(value)

    def _add(self, path: Path, lines: list[str], value: object) -> None:
        """Lines of a new key into the mapping around it; mappings that are missing are begun."""
        section = path[:-1]
        if section and section not in self.parsed.places:
            if not self._added.get(section):
                self._added[section] = True
                self._begin(section)
            self._at_end([" " * 2 * len(section) + line for line in lines])
        else:
            node = self._node(section)
            for above in range(1, len(path)):
                self._only_once(self._node(path[:above]))
            self._into(node, section, lines, f"{scalar(str(path[-1]))}: {flow(value)}")
        self._put(path, value)

    def _begin(self, section: Path) -> None:
        """Keys of mappings that are missing, at the end of the file. A part of one that is there is begun within it."""
        if len(section) > 1 and section[:1] in self.parsed.places:
            raise NotEditable(f"{section[0]} stands in the file without {section[1]}: add '{section[1]}: {{}}' there")
        self._at_end(["", *(" " * 2 * depth + f"{scalar(str(step))}:" for depth, step in enumerate(section))])

    def _at_end(self, lines: list[str]) -> None:
        end = len(self.parsed.text)
        begin = "" if self.parsed.text.endswith("\n") or self._added.get(()) else self.newline
        self._added[()] = True
        self._changes.append((end, end, begin + self.newline.join(lines) + self.newline))

    def _into(self, node: yaml.Node, section: Path, lines: list[str], one_line: str) -> None:
        if not isinstance(node, yaml.MappingNode) and node.value not in ("", "null", "~"):
            raise NotEditable(f"{'.'.join(map(str, section))} is no mapping")
        again, self._added[section] = self._added.get(section, False), True
        if not isinstance(node, yaml.MappingNode) or (not node.value and section in SECTIONS):
            margin = " " * (2 * len(section))  # `sites: {}` becomes a block; further lines follow the first ones
            start, end = len(self.parsed.text[: node.start_mark.index].rstrip(" ")), node.end_mark.index
            self._changes.append((end if again else start, end, self._below(margin, lines)))
        elif not node.value:
            at = node.start_mark.index + 1
            self._changes.append((at, at, f", {one_line}" if again else one_line))
        elif node.flow_style:
            at = self._end(node.value[-1][1])
            self._changes.append((at, at, f", {one_line}"))
        else:
            column = node.value[0][0].start_mark.column
            at, margin = self._block_end(self._end(node.value[-1][1]), column), " " * column
            self._changes.append((at, at, self._below(margin, lines)))

    def _below(self, margin: str, lines: list[str]) -> str:
        return "".join(f"{self.newline}{margin}{line}" for line in lines)

    def _is_level(self, place: Place) -> bool:
        """Whether a list stands no further in than its key, as nothing else may."""
        if place.key is None or place.value is None:
            return False
        key, value = place.key.start_mark, place.value.start_mark
        return bool(key.line < value.line and value.column <= key.column)

    def _end(self, node: yaml.Node) -> int:
        """Where what a node says ends, without blank lines and comments behind it."""
        if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
            return len(self.parsed.text[: node.end_mark.index].rstrip())
        if not isinstance(node, yaml.CollectionNode) or node.flow_style or not node.value:
            return int(node.end_mark.index)
        last = node.value[-1]
        return self._end(last[1] if isinstance(last, tuple) else last)

    def _block_end(self, index: int, column: int) -> int:
        """The end of the line, or of the last comment below it that is indented further than the mapping."""
        end = self._line_end(index)
        while comment := COMMENT_LINE.match(self.parsed.text, end):
            if len(comment[1]) <= column:
                break
            end = comment.end()
        return end

    def _line_end(self, index: int) -> int:
        end = self.parsed.text.find("\n", index)
        end = len(self.parsed.text) if end < 0 else end
        return end - 1 if end and self.parsed.text[end - 1] == "\r" else end
