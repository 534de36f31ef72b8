"""Reasons why something cannot be, with their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qplan.inventory.source.messages import first_of

MOST_NAMED = 5  # in one sentence
KINDS = {"sites": "site", "fibres": "fibre", "ducts": "duct", "links": "QKD link"}


@dataclass(frozen=True)
class Reason:
    """Why a plan is impossible: a code that stays the same between versions, and one sentence with the numbers."""

    code: str
    text: str
    value: float | None = None
    limit: float | None = None
    where: tuple[str, ...] = ()
    """Addresses such as `sites.x`, `fibres.f`, `ducts.d`, `links.a--b`."""


def named(things: Sequence[str]) -> str:
    """The things with commas, those over `MOST_NAMED` as a count."""
    return first_of(things, MOST_NAMED)


def spoken(address: str) -> str:
    """`site x` for `sites.x`, and so on."""
    kind, _, name = address.partition(".")
    return f"{KINDS[kind]} {name}"
