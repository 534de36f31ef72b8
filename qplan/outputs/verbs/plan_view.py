"""A plan as `qplan show` sees it, and what is printed of it as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import qplan
from qplan.assessment.facts import PlanFacts
from qplan.assessment.link_budgets import LinkFacts
from qplan.assessment.losses import Loss
from qplan.assessment.spare_fibres import SpareFibre
from qplan.plan.model import Objective, Record

SHOW_VERSION = "1.0"


@dataclass(frozen=True)
class PlanView:
    """A plan, which of its relays every plan needs (None: not decided in time), and what it leaves of the fibres."""

    facts: PlanFacts
    needed: Mapping[str, bool | None]
    spare: tuple[SpareFibre, ...]


class ShownRelay(Record):
    """A trusted node: keys of others are in clear there."""

    site: str
    name: str | None
    existing: bool
    needed_by_every_plan: bool | None
    """Null: not decided in time."""
    whole_keys: tuple[str, ...]
    """Corridors whose keys it learns by itself."""
    shares: tuple[str, ...]
    """Corridors of which it learns one share."""


class ShownPath(Record):
    relays: tuple[str, ...]
    links: tuple[str, ...]


class ShownCorridor(Record):
    id: str
    served: bool
    key_rate_bps: float
    paths: tuple[ShownPath, ...]


class ShownLink(Record):
    id: str
    ends: tuple[str, str]
    system: str
    count: int
    loss_db: float
    limit_db: float
    headroom_db: float
    """To the nearer of the loss limit and the rate that is reserved."""
    load_bps: float
    capacity_bps: float


class ShownFibre(Record):
    id: str
    ends: tuple[str, str]
    length_km: float | None
    loss_db: float | None
    loss_1310_db: float | None
    free_strands: int
    taken_strands: int


class ShownLoss(Record):
    """What the loss of one thing does for good; corridors by what their traffic does without keys."""

    address: str
    best_effort: tuple[str, ...]
    pqc: tuple[str, ...]
    fail_closed: tuple[str, ...]
    lose_spare: tuple[str, ...]
    """Corridors that go on, on the last path that is left."""


class Shown(Record):
    """What `qplan show --format json` prints."""

    format_version: str = SHOW_VERSION
    qplan_version: str
    status: str
    objective: Objective
    trusted_nodes: tuple[ShownRelay, ...]
    corridors: tuple[ShownCorridor, ...]
    links: tuple[ShownLink, ...]
    spare_fibres: tuple[ShownFibre, ...]
    """Fibres with strands that the plan leaves free."""
    losses: tuple[ShownLoss, ...]
    """Of every single site, fibre, duct, link and operator that a corridor needs, the worst first."""


def show_json(view: PlanView) -> str:
    facts = view.facts
    document = Shown(
        qplan_version=qplan.__version__,
        status=facts.plan.status,
        objective=facts.plan.objective,
        trusted_nodes=tuple(
            ShownRelay(
                site=relay.id,
                name=relay.site.name,
                existing=relay.existing,
                needed_by_every_plan=view.needed.get(relay.id),
                whole_keys=relay.whole_keys,
                shares=relay.shares,
            )
            for relay in facts.relays
        ),
        corridors=tuple(
            ShownCorridor(
                id=corridor.id,
                served=corridor.served,
                key_rate_bps=corridor.demand_bps,
                paths=tuple(ShownPath(relays=path.relays, links=path.links) for path in corridor.paths),
            )
            for corridor in facts.corridors
        ),
        links=tuple(map(_shown_link, facts.links)),
        spare_fibres=tuple(ShownFibre.model_validate(fibre, from_attributes=True) for fibre in view.spare),
        losses=tuple(map(_shown_loss, facts.losses)),
    )
    return document.model_dump_json(indent=2) + "\n"


def _shown_loss(loss: Loss) -> ShownLoss:
    return ShownLoss(
        address=loss.address,
        best_effort=loss.falling_back("best_effort"),
        pqc=loss.falling_back("pqc"),
        fail_closed=loss.falling_back("fail_closed"),
        lose_spare=loss.without_spare,
    )


def _shown_link(facts: LinkFacts) -> ShownLink:
    link = facts.link
    return ShownLink(
        id=link.id,
        ends=link.ends,
        system=link.system,
        count=link.count,
        loss_db=link.loss_db,
        limit_db=facts.limit_db,
        headroom_db=round(facts.headroom_db, 9),
        load_bps=link.load_bps,
        capacity_bps=link.capacity_bps,
    )
