"""What QKD links are called: by the two sites that they join, more exactly with their system, or by their whole id."""

from __future__ import annotations

from collections.abc import Container, Iterator


def pair_names(ends: tuple[str, str]) -> tuple[str, str]:
    """The names of all links between two sites."""
    a, b = ends
    return f"{a}--{b}", f"{b}--{a}"


def link_names(link_id: str, ends: tuple[str, str], system_id: str) -> tuple[str, ...]:
    """What a link is called in an inventory, the least exact names first."""
    forward, backward = pair_names(ends)
    return backward, forward, f"{backward}--{system_id}", f"{forward}--{system_id}", link_id


def named_pairs(name: str, sites: Container[str]) -> Iterator[tuple[str, str, str]]:
    """Every two sites that a name begins with, and what stands behind them ("": it is `a--b` and no more).

    No link joins a site with itself. Ids may hold `--` themselves.
    """
    parts = name.split("--")
    for first in range(1, len(parts)):
        a = "--".join(parts[:first])
        for second in range(len(parts), first, -1) if a in sites else ():
            b = "--".join(parts[first:second])
            if b != a and b in sites:
                yield a, b, "--".join(parts[second:])
