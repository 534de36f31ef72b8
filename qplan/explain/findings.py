"""What an explanation says: reasons with numbers, and remedies that were tried and found to work."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from qplan.candidates.design import Design
from qplan.candidates.reasons import Reason

Service = Literal["kept", "lowered", "left_out"]  # as asked for; with less asked for; with a corridor left out
SERVICE: tuple[Service, ...] = ("kept", "lowered", "left_out")
Setting = tuple[str, Any]  # an address and the value set there
PLAIN_WORD = re.compile(r"(?!(?:null|true|false)$)[a-z][a-z_]*")


@dataclass(frozen=True)
class Change:
    """One thing that is changed in an inventory, said in words, and what becomes of the service with it.

    `cost_known` is false where something must be built whose cost the inventory does not state. `lets_in`: corridors
    and sites that may relay for them only then, where that is what is changed.
    """

    text: str
    settings: tuple[Setting, ...]
    service: Service = "kept"
    cost_known: bool = True
    lets_in: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Proposal:
    """Changes that may help, made together. `design` serves the corridors of the inventory that was examined then."""

    changes: tuple[Change, ...]
    design: Design | None = None

    def join(self, other: Proposal) -> Proposal:
        """Both, the other one's changes last."""
        return Proposal(self.changes + other.changes)

    @property
    def text(self) -> str:
        return ", and ".join(change.text for change in self.changes)

    @property
    def settings(self) -> tuple[Setting, ...]:
        """A later change's value for an address stands."""
        return tuple({address: value for change in self.changes for address, value in change.settings}.items())

    @property
    def written(self) -> tuple[str, ...]:
        """`address=value`, as `--set` takes them."""
        return tuple(write_setting(address, value) for address, value in self.settings)

    @property
    def service(self) -> Service:
        return max((change.service for change in self.changes), key=SERVICE.index)

    @property
    def cost_known(self) -> bool:
        return all(change.cost_known for change in self.changes)


def propose(text: str, *settings: Setting, service: Service = "kept", design: Design | None = None) -> Proposal:
    """A proposal of one change."""
    return Proposal((Change(text, settings, service),), design)


@dataclass(frozen=True)
class Obstacle:
    """Something that stands in the way, in one reason or several, and proposals that remove it."""

    reasons: tuple[Reason, ...]
    proposals: tuple[Proposal, ...] = ()


@dataclass(frozen=True)
class Diagnosis:
    """Obstacles found, and proposals that remove none of them by itself: to ask for less, to use other systems.

    Without obstacles, the argument that was used is silent. `lead` are reasons that come first, whatever helps.
    """

    obstacles: tuple[Obstacle, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    lead: tuple[Reason, ...] = ()

    def __add__(self, other: Diagnosis) -> Diagnosis:
        return Diagnosis(self.obstacles + other.obstacles, self.proposals + other.proposals, self.lead + other.lead)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return (*self.lead, *(reason for obstacle in self.obstacles for reason in obstacle.reasons))

    @property
    def fewest_paths(self) -> int | None:
        """How many paths are possible where too few are; None where that is no reason."""
        found = (reason.value for reason in self.reasons if reason.code == "disjoint")
        return min((int(possible) for possible in found if possible is not None), default=None)


@dataclass(frozen=True)
class Remedy:
    """A proposal that was re-planned and works.

    `scope`: `inventory` where all required corridors are served with it, `corridor` where this corridor alone is (other
    corridors stand in the way of a plan for all). `cost` is the objective of that re-plan in the unit of `objective`,
    None where time ended it before that was known; `proven` says that it is the least within the gap asked for.
    """

    text: str
    settings: tuple[str, ...]
    """`address=value`, as `--set` takes them; all together."""
    scope: str
    objective: str
    cost: float | None
    proven: bool
    cost_known: bool
    """False: a site is added whose own cost nothing states, so that it is not in the figure."""
    service: Service
    breaks: tuple[str, ...] = ()
    """Checks that are errors and that the plan found for all corridors does not keep."""


@dataclass(frozen=True)
class CorridorFinding:
    """A corridor that cannot be served, whatever becomes of the others (`servable_alone` is False)."""

    corridor: str
    servable_alone: bool
    reasons: tuple[Reason, ...]
    remedies: tuple[Remedy, ...] = ()


@dataclass(frozen=True)
class Explanation:
    """Why there is no plan. `joint` is filled where every corridor could be served alone, but not all together.

    `status`: `infeasible`, `unknown` (ended by time), or `servable` where all required corridors can be served; then
    `corridors` are optional ones that cannot be, even alone.
    """

    status: str
    corridors: tuple[CorridorFinding, ...] = ()
    joint: tuple[Reason, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    notes: tuple[str, ...] = ()
    bound: float | None = None
    """Where the status is `unknown`: no plan has a lower objective. None otherwise, or where nothing is known."""
    bound_method: str = ""
    """What gave the bound."""


@dataclass(frozen=True)
class AsRead:
    """How an inventory was read: with `defaults` for what is added, and every demand times a factor at last."""

    defaults: Mapping[str, Any] = field(default_factory=dict)
    demand_factor: float = 1.0

    def write(self, settings: Iterable[Setting]) -> tuple[str, ...]:
        """`address=value`, as `--set` takes them beside the factor."""
        return tuple(write_setting(address, self._before_factor(address, value)) for address, value in settings)

    def _before_factor(self, address: str, value: Any) -> Any:
        if self.demand_factor == 1.0 or value is None or not address.startswith("corridors."):
            return value
        if address.endswith((".key_rate_bps", ".otp_bps")):
            return value / self.demand_factor
        return value * self.demand_factor if address.endswith(".rekey.interval_s") else value


def write_setting(address: str, value: Any) -> str:
    """`address=value` with the value as YAML flow text, in ASCII and without what Markdown or HTML would read."""
    if isinstance(value, str) and PLAIN_WORD.fullmatch(value):
        return f"{address}={value}"
    return f"{address}={json.dumps(value)}".replace("`", "\\u0060").replace("<", "\\u003c")
