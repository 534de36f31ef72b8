r"""Characters beyond U+FFFF as JSON escapes them, in two halves (`\ud83d\ude00`), which libyaml does not read.

Each half is given another escape of the same length before the text is composed, one of Unicode's private use, so that
every place in it stays; the nodes are mended afterwards.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import yaml

PAIR = re.compile(r"(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})")
HALF = 0x400  # so many first halves there are, and as many second ones
BLOCKS = (0xE000, 0xE800, 0xF000)  # for private use


class Hidden(NamedTuple):
    """A text whose pairs have other escapes, these by the ones that they stand for, and their block."""

    text: str
    pairs: dict[str, str]
    block: int


def hide_pairs(text: str) -> Hidden | None:
    """The text with other escapes for its pairs; None where it has none, or uses all blocks itself."""
    free = (block for block in BLOCKS if not re.search(_characters(block) + "|" + _escapes(block), text))
    block = next(free, None)
    if block is None or not PAIR.search(text):
        return None
    pairs: dict[str, str] = {}

    def hide(match: re.Match[str]) -> str:
        first, second = (int(half, 16) % HALF for half in match[2].split("\\u")[1:])
        digits = "X" if re.search("[A-F]", match[2]) else "x"
        escapes = f"\\u{block + first:{digits}}\\u{block + HALF + second:{digits}}"
        pairs.setdefault(escapes, match[2])
        return match[1] + escapes

    return Hidden(PAIR.sub(hide, text), pairs, block)


def _characters(block: int) -> str:
    return f"[{chr(block)}-{chr(block + 2 * HALF - 1)}]"


def _escapes(block: int) -> str:
    digits = "".join(f"{(block >> 8) % 16 + i:x}{(block >> 8) % 16 + i:X}" for i in range(8))
    return rf"\\(?:u|U0000){f'{block >> 12:x}'}[{digits}]|\\(?:u|U0000){f'{block >> 12:X}'}[{digits}]"


def show_pairs(node: yaml.Node, hidden: Hidden) -> None:
    """Mend the scalars of a tree of nodes in place: in double quotes the characters, elsewhere the text as it was."""
    halves = re.compile(f"[{chr(hidden.block)}-{chr(hidden.block + HALF - 1)}][{chr(hidden.block + HALF)}-\\uffff]")
    seen: set[int] = set()
    nodes = [node]
    while nodes:
        item = nodes.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if not isinstance(item, yaml.ScalarNode):
            nodes += [child for entry in item.value for child in (entry if isinstance(entry, tuple) else (entry,))]
        elif item.style == '"':
            item.value = halves.sub(lambda pair: _character(pair[0], hidden.block), item.value)
        else:
            item.value = show_in_text(item.value, hidden)


def show_in_text(text: str, hidden: Hidden) -> str:
    """A text with its pairs escaped as they were."""
    for escapes, pair in hidden.pairs.items():
        text = text.replace(escapes, pair)
    return text


def _character(halves: str, block: int) -> str:
    return chr(0x10000 + (ord(halves[0]) - block) * HALF + ord(halves[1]) - block - HALF)
