"""Row families: every row of a model has a family, whose inequality and source its function states.

`MATHS.md` is made of these docstrings (`python -m qplan.optimizer.model.maths`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class RowFamily:
    """Rows of some names, the module that adds or separates them, and what its function says of them."""

    names: tuple[str, ...]
    module: str
    text: str


FAMILIES: list[RowFamily] = []


def row_family(*names: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Say of a function which families of rows its docstring is about."""

    def register(function: Callable[P, R]) -> Callable[P, R]:
        FAMILIES.append(RowFamily(names, function.__module__, function.__doc__ or ""))
        return function

    return register
