"""What hangs together by fibres, and what is cut off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from qplan.interchange.imports.rows import Rows, doubt, listed
from qplan.inventory.source.messages import counted


def components(rows: Rows) -> list[list[str]]:
    """Keys of sites that hang together, the largest part first."""
    beside: dict[str, set[str]] = defaultdict(set)
    for row in rows.fibres:
        a, b = row.ends
        beside[a].add(b)
        beside[b].add(a)
    seen: set[str] = set()
    parts = []
    for site in rows.sites:
        if site.key not in seen:
            part = list(_reached(site.key, beside, seen))
            parts.append(sorted(part))
    return sorted(parts, key=lambda part: (-len(part), part))


def _reached(start: str, beside: dict[str, set[str]], seen: set[str]) -> Iterator[str]:
    seen.add(start)
    open_ = [start]
    while open_:
        here = open_.pop()
        yield here
        for other in beside[here] - seen:
            seen.add(other)
            open_.append(other)


def told(rows: Rows) -> Rows:
    """With a finding about sites that no fibre joins to the largest part."""
    parts = components(rows)
    if len(parts) < 2:
        return rows
    lone = [part[0] for part in parts if len(part) == 1]
    larger = [part for part in parts if len(part) > 1]
    words = [f"{len(part)} sites hang together" for part in larger[:1]]
    words += [f"{len(part)} sites around {part[0]}" for part in larger[1:]]
    words += [f"{counted(len(lone), 'site')} without any fibre: {listed(lone)}"] if lone else []
    message = f"{len(parts)} parts that no fibre joins: {'; '.join(words)}"
    hint = "a corridor can be served within one part alone"
    return rows.adding(doubt("QP661", rows.sites[0].origin.whole, "", message, hint))
