"""Irreducible sets that make something impossible (QuickXplain, Junker 2004): few trials where few members are left."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Element = TypeVar("Element", bound=Hashable)


@dataclass(frozen=True)
class Irreducible(Generic[Element]):
    """Members that are impossible together; `proven` says that without any one of them the rest is possible."""

    members: tuple[Element, ...]
    proven: bool


def find_irreducible(
    possible: Callable[[tuple[Element, ...]], bool | None], elements: Sequence[Element]
) -> Irreducible[Element]:
    """An irreducible part of elements that are impossible together, in their order; no element at all is possible.

    `possible` says whether the elements given can be had together, None where that was not decided in time (the part
    found may then be too large).
    """
    decided = True

    def impossible(chosen: tuple[Element, ...]) -> bool:
        nonlocal decided
        verdict = possible(chosen)
        decided = decided and verdict is not None
        return verdict is False

    members = _search(impossible, (), (), tuple(elements)) if elements else ()
    return Irreducible(tuple(element for element in elements if element in members), decided)


def _search(
    impossible: Callable[[tuple[Element, ...]], bool],
    kept: tuple[Element, ...],
    latest: tuple[Element, ...],
    rest: tuple[Element, ...],
) -> tuple[Element, ...]:
    """Members out of `rest` that make `kept` impossible; `latest` is what was added to `kept` last."""
    if latest and impossible(kept):
        return ()
    if len(rest) == 1:
        return rest
    half = len(rest) // 2
    first, second = rest[:half], rest[half:]
    of_second = _search(impossible, kept + first, first, second)
    return _search(impossible, kept + of_second, of_second, first) + of_second
