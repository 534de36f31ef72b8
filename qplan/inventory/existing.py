"""QKD plant that is there: links, nodes and relays that are not paid again."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from qplan.inventory.fields import Amount, AtLeastOne, Id, Ids, Model, Month, TwoEnds


class ExistingLink(Model):
    """Systems installed on a route; the transmitters stand at the first end."""

    ends: TwoEnds
    fibres: Annotated[tuple[Id, ...], Field(strict=False, min_length=1)]
    """From the first end to the second."""
    system: Id
    count: AtLeastOne = 1
    keep: bool = True
    """False: without load it is retired, at no cost."""
    bought: Month | None = None
    """Age at `economics.start`, for the refresh."""
    support_per_year: Amount | None = None
    """Per system; absent: none is due."""
    offer: Id | None = None
    """Whose monthly fees are due, and whose price a refresh has."""


class Existing(Model):
    links: dict[Id, ExistingLink] = {}
    nodes: Ids = ()
    """Sites whose node cost and node items are there; the ends of existing links need not be named."""
    relays: Ids = ()
    """Sites whose relay cost and relay items are there, and take their room."""
