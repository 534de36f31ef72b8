"""Addresses in questions: what they name, and what may have been meant where they name nothing."""

from __future__ import annotations

from collections.abc import Collection

from qplan.errors import WrongUsage
from qplan.inventory.link_names import named_pairs
from qplan.inventory.source.messages import did_you_mean

IN_A_PLAN = "of all else a plan is asked: name its folder instead of the inventory, or ask `qplan candidates`"
KINDS = ("sites", "links", "corridors", "fibres", "ducts")


class UnknownAddress(WrongUsage):
    """The address names nothing that can be asked about; the message says what was found and what could be meant."""


def split_address(address: str, kinds: Collection[str], elsewhere: str = "") -> tuple[str, str]:
    """`sites`, `x` of `sites.x`. `elsewhere` says where other kinds can be asked about. Raises UnknownAddress."""
    kind, dot, name = address.partition(".")
    if kind not in kinds or not dot or not name:
        expected = " or ".join(f"{one}.ID" for one in kinds)
        hint = elsewhere if elsewhere and kind in KINDS and kind not in kinds else did_you_mean(kind, kinds)
        raise UnknownAddress(f"the address {address!r} is not of the form {expected}" + (f"; {hint}" if hint else ""))
    return kind, name


def look_up(name: str, kind: str, entries: Collection[str]) -> str:
    """The name, where there is such an entry. Raises UnknownAddress."""
    if name in entries:
        return name
    hint = did_you_mean(name, entries) or f"there are {', '.join(sorted(entries)[:8]) or 'none'}"
    raise UnknownAddress(f"there is no {kind}.{name} here; {hint}")


def find_links(name: str, links: Collection[str]) -> list[str]:
    """Links by their id or by the beginning of it (`a--b`), in either direction; empty where none begins so."""
    if name in links:
        return [name]
    a, dashes, b = name.partition("--")
    beginnings = (f"{name}--", f"{b}--{a}--", name) if dashes and b else (name,)
    found = ([link for link in sorted(links) if link.startswith(start)] for start in beginnings)
    return next(filter(None, found), [])


def find_pair(name: str, sites: Collection[str]) -> tuple[str, str] | None:
    """The two sites of `a--b`, or of the id of a link that begins so."""
    return next(((a, b) for a, b, _ in named_pairs(name, sites)), None)
