"""libyaml's syntax errors in the words of someone who writes an inventory."""

from __future__ import annotations

import yaml

from qplan.errors import Diagnostic
from qplan.inventory.rules import Spot, finding

IN_FLOW = "a text in it that contains ': ' or ',' needs quotes"
# what libyaml's message contains → (what it means, remedy)
PROBLEMS = {
    "mapping values are not allowed": (
        "a ':' stands where no key can be",
        "put a text that contains ': ' in quotes, or check the indentation of this line and the line above",
    ),
    "found unexpected ':'": ("a ':' stands where no key can be", "write a blank after the colon"),
    "could not find expected ':'": ("a key without ':'", "write 'key: value', with a space after the colon"),
    "did not find expected key": (
        "this line does not fit the lines above it",
        "check its indentation, and the quotes and brackets before it",
    ),
    "did not find expected '-' indicator": ("a list item without '-'", "check the indentation of this line"),
    "did not find expected ',' or ']'": ("the list opened by '[' lacks a ',' or its ']'", IN_FLOW),
    "did not find expected ',' or '}'": ("the mapping opened by '{' lacks a ',' or its '}'", IN_FLOW),
    "found unexpected end of stream": ("the file ends inside a quoted text", "close the quote"),
    "found a tab character": ("a tab is used for indentation", "use spaces"),
    "found character '\\t'": ("a tab is used for indentation", "use spaces"),
    "found undefined alias": ("an alias '*…' whose anchor '&…' does not stand before it in this file", ""),
    "did not find expected <document start>": (
        "more follows where the document ends",
        "check the indentation of this line and the lines above",
    ),
    "invalid Unicode character escape code": (
        "an escape in double quotes that stands for no character",
        "write the character itself; of one in two halves such as \\ud83d\\ude00, both",
    ),
    "found unknown escape character": ("an unknown escape in double quotes", "write \\\\ for a backslash"),
    "block sequence entries are not allowed": ("a list item '-' stands where none can be", "begin it on its own line"),
}


def explain_problem(file: str, text: str, error: yaml.YAMLError) -> Diagnostic:
    """The finding for a syntax error, at its place in the file."""
    mark = getattr(error, "problem_mark", None)
    opened = getattr(error, "context_mark", None)
    if opened and (mark is None or mark.index >= len(text.rstrip())):
        mark = opened  # what is open at the end of the file is better shown where it begins
    at = Spot(file, mark.line + 1, mark.column + 1) if mark and file != "--set" else Spot(file)
    problem = getattr(error, "problem", None) or str(error)
    if getattr(error, "context", None) == "expected a single document in the stream":
        return finding("QP005", at, "", "a second document begins here", hint="give every document a file of its own")
    character = text[mark.index : mark.index + 1] if mark else ""
    if "cannot start any token" in problem:
        if character == "\t":
            return finding("QP001", at, "", "a tab is used for indentation", hint="use spaces")
        return finding("QP001", at, "", f"a value cannot begin with '{character}'", hint="put it in quotes")
    for part, (message, hint) in PROBLEMS.items():
        if part in problem:
            return finding("QP001", at, "", message, hint=hint)
    return finding("QP001", at, "", f"not valid YAML: {problem.splitlines()[0] if problem else 'unreadable'}")
