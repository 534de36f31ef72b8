"""Proposals that ask for less: more relays, weaker disjointness, fewer paths, a corridor left out."""

from __future__ import annotations

from collections.abc import Sequence

from qplan.candidates.reasons import named
from qplan.explain.findings import Proposal, Setting, propose
from qplan.inventory.model import Corridor
from qplan.inventory.source.messages import counted

DISJOINT_LEVELS = ("relay", "node", "duct")


def propose_relays(q: str, count: int) -> Proposal:
    return propose(f"accept {counted(count, 'relay')} on a path of {q}", (f"corridors.{q}.max_relays", count))


def propose_less(q: str, corridor: Corridor, most: int) -> list[Proposal]:
    """Ways of asking for less: weaker disjointness, fewer paths (`most` as disjoint as now)."""
    if corridor.paths == 1:
        return []
    found = []
    for fewer in range(min(corridor.paths - 1, most), 0, -1):
        settings: list[Setting] = [(f"corridors.{q}.paths", fewer)]
        if corridor.shares_needed > fewer:
            settings.append((f"corridors.{q}.shares_needed", fewer))
        whole = ", whose relays then see the whole key" if corridor.shares_needed > fewer == 1 else ""
        found.append(propose(f"ask for {counted(fewer, 'path')} for {q}{whole}", *settings, service="lowered"))
    for level in reversed(DISJOINT_LEVELS[: DISJOINT_LEVELS.index(corridor.disjoint)]):
        setting = (f"corridors.{q}.disjoint", level)
        found.append(propose(f"ask for {level}-disjoint paths only for {q}", setting, service="lowered"))
    return found


def propose_optional(corridors: Sequence[str]) -> Proposal:
    settings = ((f"corridors.{q}.required", False) for q in corridors)
    return propose(f"make {named(corridors)} optional", *settings, service="left_out")
