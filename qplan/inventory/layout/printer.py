"""Writes the tokens of a YAML text anew: two blanks a level, one between words, scalars as they stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import yaml

from qplan.inventory.layout.gaps import Gap, gap_between
from qplan.inventory.layout.lines import Line, written

STEP = 2
BLOCK_SCALARS = ("|", ">")


class CannotLayOut(Exception):
    """Something in the text that has no place in the layout."""

    def __init__(self, line: int, message: str):
        super().__init__(message)
        self.line = line  # from 1


class Token(NamedTuple):
    kind: str
    start: int
    end: int
    line: int
    column: int
    style: str | None


class Level(NamedTuple):
    """An open block collection: its column in the source and in the layout."""

    column: int
    indent: int


@dataclass
class Bracket:
    """An open flow collection."""

    base: int
    """Indentation of the line it is opened on."""
    column: int
    """Behind the bracket."""
    hanging: bool = False
    """Whether nothing follows it on its line."""

    @property
    def inner(self) -> int:
        return self.base + STEP if self.hanging else self.column

    @property
    def closing(self) -> int:
        return self.base if self.hanging else self.column - 1


def lay_out(text: str) -> str:
    """The layout of a YAML text of one document, lines ended by \\n. Raises CannotLayOut, and yaml's errors."""
    return _Printer(text).document()


class _Printer:
    def __init__(self, text: str):
        self.text = text
        self.tokens = [
            Token(
                type(token).__name__.removesuffix("Token"), token.start_mark.index, token.end_mark.index,
                token.start_mark.line + 1, token.start_mark.column, getattr(token, "style", None),
            )
            for token in yaml.scan(text, Loader=yaml.CSafeLoader)
        ]  # fmt: skip
        self.at = 0
        self.position = 0  # in the source, behind the last token written
        self.blank_pending = False
        self.lines: list[Line] = []
        self.levels: list[Level] = []
        self.closed: list[Level] = []  # since the last token written, the inner before the outer
        self.brackets: list[Bracket] = []

    def document(self) -> str:
        self._take()  # the start of the stream
        while self._next().kind in ("Directive", "DocumentStart"):
            token = self._next()
            self._fill_gap(token, 0)
            self._fresh(0)
            self._put_source(self._take())
        if self._next().kind not in ("BlockMappingStart", "StreamEnd", "DocumentEnd"):
            self._fill_gap(self._next(), 0)
            self._fresh(0)
        self._node(-STEP)
        while self._next().kind == "DocumentEnd":
            self._fill_gap(self._next(), 0)
            self._fresh(0)
            self._put_source(self._take())
        self._fill_gap(self._next(), 0)
        while self.lines and not self.lines[-1].text and not self.lines[-1].verbatim:
            self.lines.pop()
        return written(self.lines)

    # tokens and lines

    def _next(self) -> Token:
        return self.tokens[self.at]

    def _take(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def _fresh(self, indent: int) -> None:
        self.lines.append(Line(" " * indent))

    def _put(self, text: str) -> None:
        self.lines[-1].text += text

    def _put_source(self, token: Token) -> None:
        self._put(self.text[token.start : token.end])
        self.position = token.end

    def _gap(self, token: Token) -> Gap:
        return gap_between(self.text, self.position, token.start)

    def _fill_gap(self, token: Token, indent: int, entry: bool = True) -> None:
        """Write the comments and blank lines before a token that begins a line with this indentation.

        A comment further in than an entry belongs to the innermost collection, of those before it, that it stands in.
        """
        gap = self._gap(token)
        if gap.beside is not None:
            column = self.position - self.text.rfind("\n", 0, self.position) - 1
            self.lines[-1].comment, self.lines[-1].gap = gap.beside, gap.beside.column - column
        around = [*self.levels, *reversed(self.closed)]
        for comment in (None, *gap.lines) if self.blank_pending else gap.lines:
            if comment is not None:
                inside = [level.indent for level in around if level.column <= comment.column]
                further_in = entry and comment.column > token.column and inside
                self.lines.append(Line(" " * (inside[-1] if further_in else indent) + comment.text))
            elif self.lines and (self.lines[-1].text or self.lines[-1].verbatim):
                self.lines.append(Line())
        self.blank_pending = False
        self.closed.clear()

    # block collections

    def _node(self, indent: int, item: bool = False) -> None:
        """A value in a collection with this indentation; nothing where the value is left out."""
        own_line = indent < 0  # the whole document
        properties = self._properties(indent, own_line)
        kind = self._next().kind
        if kind in ("BlockMappingStart", "BlockSequenceStart"):
            start = self._take()
            self._collection(start, indent + STEP, compact=item and not properties)
            self._take()  # its end
        elif kind == "BlockEntry" and not item:
            self._collection(self._next(), indent + STEP, compact=False)  # of the column of the key above it
        elif kind in ("Scalar", "Alias", "FlowMappingStart", "FlowSequenceStart"):
            self._beside(indent + STEP, own_line and not properties)
            self._leaf(indent)

    def _properties(self, indent: int, own_line: bool) -> bool:
        """Anchor and tag before a value."""
        found = False
        while self._next().kind in ("Anchor", "Tag"):
            self._beside(max(0, indent + STEP), own_line and not found)
            self._put_source(self._take())
            found = True
        return found

    def _beside(self, indent: int, first: bool) -> None:
        """Go on behind a blank; on a line of its own where a comment stands between."""
        if self._gap(self._next()).comments and not first:
            self._fill_gap(self._next(), indent, entry=False)
            self._fresh(indent)
        elif not first:
            self._put(" ")

    def _collection(self, start: Token, indent: int, compact: bool) -> None:
        """Entries of a block mapping or sequence, each on a line of its own; the first behind `- ` where it can be."""
        self.levels.append(Level(start.column, indent))
        entries = ("Key", "Value") if start.kind == "BlockMappingStart" else ("BlockEntry",)
        first = True
        while (token := self._next()).kind in entries:
            if first and compact and not self._gap(token).comments:
                self._put(" ")
            else:
                self._fill_gap(token, indent)
                self._fresh(indent)
            first = False
            if token.kind == "BlockEntry":
                self._put_source(self._take())
                self._node(indent, item=True)
            else:
                self._key()
                self._node(indent)
        self.closed.append(self.levels.pop())

    def _key(self) -> None:
        """A key on one line, and its colon."""
        token, lines = self._next(), len(self.lines)
        if token.kind == "Key":
            self.position = self._take().end
        while self._next().kind in ("Anchor", "Tag"):
            self._put_source(self._take())
            self._put(" ")
        if self._next().kind not in ("Scalar", "Alias", "FlowMappingStart", "FlowSequenceStart"):
            raise CannotLayOut(token.line, "a key that is left out")
        self._leaf(0)
        if len(self.lines) != lines or self._gap(self._next()).comments:
            raise CannotLayOut(token.line, "a key of several lines")
        if self._next().kind != "Value":
            raise CannotLayOut(token.line, "a key without a colon")
        self._colon()

    def _colon(self) -> None:
        if self.tokens[self.at - 1].kind == "Alias":
            self._put(" ")  # else the colon would be part of the alias's name
        self._put_source(self._take())

    # values that are no block collection

    def _leaf(self, indent: int) -> None:
        token = self._next()
        if token.kind in ("FlowMappingStart", "FlowSequenceStart"):
            self._flow()
        elif token.style in BLOCK_SCALARS:
            self._block_scalar(self._take(), indent)
        else:
            first, *more = self.text[token.start : token.end].split("\n")
            self._put(first)
            inner = self.brackets[-1].inner if self.brackets else indent + STEP
            for line in more:
                kept = line.lstrip(" \t")
                self.lines.append(Line(" " * max(inner, STEP) + kept if kept else "", verbatim=True))
            self.position = self._take().end

    def _block_scalar(self, token: Token, indent: int) -> None:
        """A literal or folded text: its lines are moved as a whole."""
        header, *content = self.text[token.start : token.end].split("\n")
        header, hash_sign, comment = header.partition("#")
        header = header.rstrip()
        stated = next((int(char) for char in header if char.isdigit()), 0)
        ended = bool(content) and content[-1] == ""
        if ended:
            content.pop()
        elif content:
            header = header.rstrip("+-") + "-"  # the file ends in the text: the line end that is added is not its own
        self._put(header.replace(str(stated), str(STEP)) if stated else header)
        if hash_sign:
            self._put(f"  #{comment.rstrip()}")
        if "+" not in header:
            while content and not content[-1].strip(" "):
                content.pop()
                self.blank_pending = True
        before = self.levels[-1].column + stated if stated else _indentation(content)
        for line in content:
            kept = line[before:]
            self.lines.append(Line(" " * (indent + STEP) + kept if kept else "", verbatim=True))
        self.position = token.end

    def _flow(self) -> None:
        """A collection in brackets: line breaks stay where they are, blanks between words become one."""
        start = self._take()
        self._put_source(start)
        text = self.lines[-1].text
        bracket = Bracket(base=len(text) - len(text.lstrip(" ")), column=len(text))
        self.brackets.append(bracket)
        opened = space = False  # whether anything stands in the brackets; whether a blank comes before the next word
        while (token := self._next()).kind not in ("FlowMappingEnd", "FlowSequenceEnd"):
            if token.kind == "Key":
                if token.end > token.start:
                    raise CannotLayOut(token.line, "a key that is written with '?' in brackets")
                self._take()
                continue
            if token.kind == "FlowEntry" and self._is_needless_comma():
                self.position = self._take().end
                continue
            broken = self._flow_break(token, bracket, opened)
            if token.kind == "Value":
                if broken:
                    raise CannotLayOut(token.line, "a line break or comment before a colon")
                self._colon()
                space = True
            elif token.kind == "FlowEntry":
                if not broken and self.tokens[self.at - 1].kind == "Value":
                    self._put(" ")
                self._put_source(self._take())
                space = True
            else:
                self._put(" " if space and not broken else "")
                self._flow_word()
                space = self.tokens[self.at - 1].kind in ("Anchor", "Tag")
            opened = True
        if self._flow_break(token, bracket, opened, closing=True):
            self.lines[-1].text = " " * bracket.closing
        elif self.tokens[self.at - 1].kind == "Value":
            self._put(" ")
        self._put_source(self._take())
        self.brackets.pop()

    def _is_needless_comma(self) -> bool:
        """A comma before a bracket that closes on the same line."""
        after = self.tokens[self.at + 1]
        gap = gap_between(self.text, self._next().end, after.start)
        return after.kind in ("FlowMappingEnd", "FlowSequenceEnd") and not gap.breaks and not gap.comments

    def _flow_break(self, token: Token, bracket: Bracket, opened: bool, closing: bool = False) -> bool:
        """Begin a line where the source does so before this token."""
        gap = self._gap(token)
        if not gap.breaks or (closing and not opened and not gap.comments):
            return False
        if token.kind == "Value" and not gap.comments:
            return False
        bracket.hanging = bracket.hanging or not opened
        self._fill_gap(token, bracket.inner, entry=False)
        self._fresh(bracket.inner)
        return True

    def _flow_word(self) -> None:
        if self._next().kind in ("Anchor", "Tag"):
            self._put_source(self._take())
        else:
            self._leaf(0)


def _indentation(content: list[str]) -> int:
    first = next((line for line in content if line.strip(" ")), "")
    return len(first) - len(first.lstrip(" "))
