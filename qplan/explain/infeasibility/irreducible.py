"""Irreducible sets that make something impossible (QuickXplain, Junker 2004): few trials where few members are left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Verdict = Callable[[tuple[str, ...]], bool | None]


@dataclass(frozen=True)
class Irreducible:
    """Members that are impossible together; `proven` says that without any one of them the rest is possible."""

    members: tuple[str, ...]
    proven: bool


def irreducible(possible: Verdict, elements: Sequence[str]) -> Irreducible:
    """An irreducible part of elements that are impossible together, in their order; no element at all is possible.

    `possible` says whether the elements given can be had together, None where that was not decided in time (the part
    found may then be too large).
    """
    search = _Search(possible)
    members = search.among((), (), tuple(elements)) if elements else ()
    return Irreducible(tuple(element for element in elements if element in members), search.decided)


class _Search:
    def __init__(self, possible: Verdict):
        self.possible, self.decided = possible, True

    def among(self, kept: tuple[str, ...], latest: tuple[str, ...], rest: tuple[str, ...]) -> tuple[str, ...]:
        """Members out of `rest` that make `kept` impossible; `latest` is what was added to `kept` last."""
        if latest and self._impossible(kept):
            return ()
        if len(rest) == 1:
            return rest
        half = len(rest) // 2
        first, second = rest[:half], rest[half:]
        of_second = self.among(kept + first, first, second)
        return self.among(kept + of_second, of_second, first) + of_second

    def _impossible(self, elements: tuple[str, ...]) -> bool:
        verdict = self.possible(elements)
        self.decided = self.decided and verdict is not None
        return verdict is False
