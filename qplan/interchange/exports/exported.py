"""What an export is: the text of each file, and what a reader must know of it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from qplan import __version__
from qplan.inventory.model import Inventory
from qplan.plan.model import Link, Plan

MARK = "written by qplan export"
"""Stands in every file that an export writes alone, and so says that a later export may replace it."""
LEAST_KM = 0.001


@dataclass(frozen=True)
class Exported:
    files: Mapping[str, str]
    """Text by file name."""
    notes: tuple[str, ...] = ()
    """What the format cannot say, and what was put in its place."""


def generator(name: str) -> str:
    """The mark of a file in the format of this name."""
    return f"{MARK} {name} {__version__}"


def json_text(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def stable_uuid(plan: Plan, *address: str) -> str:
    """A UUID that depends on the network's name and the address alone (RFC 9562, version 5)."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(("qplan:", plan.inventory.name, *address))))


def site_name(inventory: Inventory, site: str) -> str:
    """The site's name, else its id."""
    return inventory.sites[site].name or site


def one_link_per_pair(plan: Plan, target: str) -> tuple[list[Link], list[str]]:
    """For targets that know one link between two nodes: that of least loss, and a note about each other one."""
    best: dict[frozenset[str], Link] = {}
    for link in sorted(plan.links, key=lambda link: (link.loss_db, link.id)):
        best.setdefault(frozenset(link.ends), link)
    kept = sorted(best.values(), key=lambda link: link.id)
    notes = [
        f"links.{link.id}: left out, as {target} knows one link between two nodes; {best[frozenset(link.ends)].id} "
        "loses less"
        for link in plan.links
        if best[frozenset(link.ends)] is not link
    ]
    notes += [f"links.{link.id}: its {link.count} parallel systems are one link" for link in kept if link.count > 1]
    return kept, notes


def length_to_divide_km(link: Link) -> tuple[float, list[str]]:
    """The link's length for a loss per length, and a note where none is known."""
    if link.length_km >= LEAST_KM:
        return link.length_km, []
    return LEAST_KM, [f"links.{link.id}: no length is known; 1 m carries its whole loss of {link.loss_db:g} dB"]
