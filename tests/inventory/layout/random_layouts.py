"""The same values as YAML in a random layout: any indentation, style, breaks, blank lines and comments."""

from __future__ import annotations

import json
import random
import re

PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*( [A-Za-z0-9_.-]+)*")
SUPPRESSED = ("QP209", "QP210", "QP305", "QP315", "QP407", "QP408", "QP501")
NOT_PLAIN = frozenset(("true", "false", "null", "True", "False", "Null"))


class RandomLayout:
    """`tidy` leaves out what a layout keeps of its source: comments, blank lines, line breaks in brackets."""

    def __init__(self, rng: random.Random, tidy: bool = False, style: random.Random | None = None):
        self.rng, self.tidy = rng, tidy
        self.style = style or rng  # what is kept: brackets or not, quotes or not, literal texts
        self.comments = 0
        self.behind_literal = False  # where a comment that is further in would be part of the text

    def text(self, value: dict) -> str:
        lines = self._between(0) + (["---"] if not self.tidy and self.rng.random() < 0.1 else [])
        lines += self._block(value, self.rng.choice((0, 0, 0, 1, 3))) + self._between(0)
        return "\n".join(lines) + self.rng.choice(("", "\n", "\n\n\n"))

    def _between(self, indent: int) -> list[str]:
        found = []
        while not self.tidy and self.rng.random() < 0.25:
            column = self.rng.choice((indent, indent, indent, indent + 2, max(0, indent - 2), self.rng.randint(0, 9)))
            found.append(self.rng.choice(("", " " * (0 if self.behind_literal else column) + self._comment())))
        self.behind_literal = False
        return found

    def _comment(self) -> str:
        self.comments += 1
        if self.rng.random() < 0.1:
            return f"# qplan-ignore: {self.rng.choice(SUPPRESSED)} c{self.comments}"
        return f"#{self.rng.choice(('', ' '))}c{self.comments}{self.rng.choice(('', ' it: [is', ' #x'))}"

    def _beside(self) -> str:
        return "" if self.tidy or self.rng.random() < 0.8 else " " * self.rng.randint(1, 9) + self._comment()

    def _blanks(self) -> str:
        return " " * self.rng.choice((1, 1, 1, 2, 5))

    def _block(self, value: dict | list, indent: int, compact: bool = False) -> list[str]:
        """Entries in lines; `compact`: the first is to go on a line that is begun already."""
        lines: list[str] = []
        for key, item in value.items() if isinstance(value, dict) else ((None, item) for item in value):
            head = " " * indent + ("-" if key is None else f"{self._scalar(key)}:")
            before = [] if compact and not lines else self._between(indent)
            lines += before + self._entry(head, item, indent, in_list=key is None)
        return lines

    def _entry(self, head: str, item: object, indent: int, in_list: bool) -> list[str]:
        if isinstance(item, (dict, list)) and item and self.style.random() < 0.6:
            if in_list and self.rng.random() < 0.6:
                blanks = self._blanks()
                first, *more = self._block(item, indent + 1 + len(blanks), compact=True)
                return [f"{head}{blanks}{first.lstrip()}", *more]
            least = 0 if isinstance(item, list) and not in_list else 1  # a list may stand in the column of its key
            return [head + self._beside(), *self._block(item, indent + self.rng.randint(least, 5))]
        if isinstance(item, str) and re.match("[^ ]", item) and self.style.random() < 0.15:
            self.behind_literal = True
            return [f"{head}{self._blanks()}|-", " " * (indent + self.rng.randint(1, 4)) + item]
        if not self.tidy and self.rng.random() < 0.1:
            inline = " " * (indent + 3) + self._inline(item, indent) + self._beside()
            return "\n".join([head + self._beside(), *self._between(indent), inline]).split("\n")
        return f"{head}{self._blanks()}{self._inline(item, indent)}{self._beside()}".split("\n")

    def _inline(self, item: object, indent: int) -> str:
        if isinstance(item, dict):
            pairs = [f"{self._scalar(k)}:{self._blanks()}{self._inline(v, indent)}" for k, v in item.items()]
            return self._brackets("{}", pairs, indent)
        if isinstance(item, list):
            return self._brackets("[]", [self._inline(each, indent) for each in item], indent)
        return self._scalar(item)

    def _brackets(self, ends: str, items: list[str], indent: int) -> str:
        text = ends[0] + self._break(indent)
        for number, item in enumerate(items):
            last = number == len(items) - 1
            text += item + ("" if last and self.rng.random() < 0.9 else self.rng.choice((",", " ,")))
            text += self._break(indent) or ("" if last else " ")
        return text + ends[1]

    def _break(self, indent: int) -> str:
        if self.tidy or self.rng.random() < 0.9:
            return self.rng.choice(("", "", "  "))
        between = "".join(f"{line}\n" for line in self._between(indent + 1))
        return f"{self._beside()}\n{between}{' ' * (indent + self.rng.randint(1, 6))}"

    def _scalar(self, value: object) -> str:
        if not isinstance(value, str):
            return json.dumps(value)
        plain = PLAIN.fullmatch(value) and value not in NOT_PLAIN
        kind = self.style.choice(("plain", "plain", "single", "double") if plain else ("single", "double"))
        if kind == "plain":
            return value
        return "'" + value.replace("'", "''") + "'" if kind == "single" else json.dumps(value, ensure_ascii=False)
