"""What a rule means, why it matters and how to mend what it finds, with an example: the words of `qplan rules CODE`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml


@dataclass(frozen=True)
class Explanation:
    """One paragraph; an example that has the finding, and the same without. `options` go with both on the command line.

    An example is an inventory but for its first line, `qplan: 1`, where that is not what the rule is about.
    """

    text: str
    before: str
    after: str
    options: tuple[str, ...] = ()


@cache
def explanations() -> dict[str, Explanation]:
    """By the code of the rule, in the order of the codes."""
    text = (files("qplan.inventory") / "explanations.yaml").read_text(encoding="utf-8")
    entries = yaml.load(text, Loader=yaml.CSafeLoader)
    return {
        code: Explanation(entry["text"].strip(), entry["before"], entry["after"], tuple(entry.get("options", ())))
        for code, entry in entries.items()
    }
