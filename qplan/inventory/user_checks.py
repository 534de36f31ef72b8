"""The user's own `checks`: limits that a plan must keep, by metric and selection."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from qplan.inventory.fields import Amount, Country, Id, Model

Metric = Literal[
    "capex",
    "opex_per_year",
    "tco",
    "relays",
    "nodes",
    "links",
    "trusted_nodes",
    "new_trusted_nodes",
    "corridors_seen",
    "headroom_db",
    "load",
    "relays_on_path",
    "cost_of",
    "quoted_share",
    "unpriced_lines",
    "survives",
    "availability",
    "max_gap_s",
    "autonomy_h",
]


class Where(Model):
    """What of a plan a check is about; of several keys all must fit."""

    country: Country | None = None
    """Sites there; ISO 3166-1 alpha-2."""
    operator: str | None = None
    """Sites run by it."""
    key_domain: str | None = None
    security_tier_below: Annotated[int, Field(ge=0, le=5)] | None = None
    """Sites of a lower tier, and those that state none."""
    site: Id | None = None
    link: str | None = None
    """QKD links between two sites, `a--b`."""
    corridor: Id | None = None
    loss_of: Literal["site", "fibre", "duct", "link"] | None = None
    """What is lost, one at a time; absent: any of these."""
    drill: Id | None = None
    """One of `drills`; absent: every one, and for `autonomy_h` no key being made from now on."""


class Check(Model):
    """A limit that a plan must keep; it is judged after planning and does not steer it."""

    metric: Metric
    where: Where = Where()
    min: Amount | None = None
    max: Amount | None = None
    severity: Literal["error", "warning"] = "error"
    message: str | None = None
