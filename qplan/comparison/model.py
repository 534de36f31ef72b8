"""A comparison: frozen, by address, with the value before and after of everything that differs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from qplan.assessment.checks import CheckResult
from qplan.assessment.facts import PlanFacts
from qplan.errors import Diagnostic

S = TypeVar("S")
T = TypeVar("T")
Action = Literal["create", "update", "delete"]
Direction = Literal["loosened", "tightened", "changed"]
Fields = Mapping[str, object]


@dataclass(frozen=True)
class Pair(Generic[T]):
    """A value before and after; None where there is none."""

    before: T | None
    after: T | None

    @property
    def changed(self) -> bool:
        return self.before != self.after


def pair_of(before: S | None, after: S | None, value: Callable[[S], T]) -> Pair[T]:
    """What is worked out of each of two things, where it is there."""
    return Pair(None if before is None else value(before), None if after is None else value(after))


@dataclass(frozen=True)
class Change:
    """A node, a link or a corridor of the plan that is new, gone, or another than before.

    Addresses are `nodes.SITE`, `links.A--B` (with `#2` … where several join the same sites) and `corridors.ID`.
    """

    address: str
    before: Fields | None
    after: Fields | None

    @property
    def action(self) -> Action:
        return "create" if self.before is None else "delete" if self.after is None else "update"

    @property
    def kind(self) -> str:
        return self.address.partition(".")[0]

    @property
    def fields(self) -> tuple[str, ...]:
        """Those that differ, of an update."""
        before, after = self.before or {}, self.after or {}
        return tuple(name for name in {**before, **after} if before.get(name) != after.get(name))


@dataclass(frozen=True)
class Turnover:
    """What came and what went, sorted."""

    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.gained or self.lost)


@dataclass(frozen=True)
class CorridorChange:
    """What a corridor gets now and got before; a value is None where there is no such corridor."""

    id: str
    ends: Pair[tuple[str, str]]
    served: Pair[bool]
    key_rate_bps: Pair[float]
    tco: Pair[float]
    """Its share."""
    paths: Pair[tuple[tuple[str, ...], ...]]
    """The sites of each path, from end to end; of standby paths the preferred first."""
    relays: Turnover
    operators: Turnover
    """Who run its relays; "" where it is not stated."""
    countries: Turnover


@dataclass(frozen=True)
class FailureChange:
    """How a corridor fails; a value is None where it is not served, or nothing is drilled."""

    id: str
    availability: Pair[float]
    """Share of the year with keys, over its planned paths."""
    longest_gap_s: Pair[float]
    """Without fresh keys, in any drill of the inventory."""


@dataclass(frozen=True)
class Expectations:
    """How many things the drills of an inventory expect, and how many of them a plan keeps."""

    stated: int
    kept: int
    missed: tuple[str, ...]
    """`CORRIDOR in DRILL`."""
    unplayed: tuple[str, ...] = ()
    """Drills that expect something and that the plan cannot play: what they expect is not kept."""


@dataclass(frozen=True)
class SightChange:
    """A site, an operator or a country that sees keys of more or of fewer corridors in clear, at an end or as a relay.

    A corridor is gained also where a share was seen and the whole key is seen now, and lost the other way round.
    """

    name: str
    corridors: Turnover
    sees: Pair[bool]
    """Keys of any corridor."""
    relays: Pair[bool]


@dataclass(frozen=True)
class ExposureChange:
    """Who newly sees keys in clear, at the end of a corridor or as a relay, and who sees more or less than before."""

    sites: Turnover
    """That relay keys now and did not, or see any now and saw none; or the other way round."""
    operators: Turnover
    countries: Turnover
    by_site: tuple[SightChange, ...]
    by_operator: tuple[SightChange, ...]
    by_country: tuple[SightChange, ...]


@dataclass(frozen=True)
class Amount:
    """Money before and after. The difference is None where the two are in different currencies.

    Of totals over the horizon, also where that is another one.
    """

    before: float | None
    after: float | None
    delta: float | None

    @property
    def share(self) -> float | None:
        """The difference as a share of the amount before; None where that is 0 or not known."""
        return self.delta / self.before if self.delta is not None and self.before else None


@dataclass(frozen=True)
class Money:
    currency: Pair[str]
    capex: Amount
    opex_per_year: Amount
    tco: Amount
    horizon_years: Pair[int]
    quoted_share: Pair[float]
    """Of the tco: what rests on quotes that hold, in the plan's currency."""
    illustrative_share: Pair[float]
    unpriced_lines: Pair[int]


@dataclass(frozen=True)
class Worst:
    """The link that has least left; None where there is no link."""

    link: str
    value: float


@dataclass(frozen=True)
class Margins:
    headroom_db: Pair[Worst]
    load: Pair[Worst]
    """Share of a link's capacity that is reserved."""


@dataclass(frozen=True)
class Proof:
    """What is proven of a plan."""

    status: str
    gap: float | None


@dataclass(frozen=True)
class Limit:
    """A limit or a rule of the inventory that was raised, lowered, taken away or set."""

    address: str
    before: object
    after: object
    direction: Direction
    gravity: int = 0
    """The gravest is 0."""


@dataclass(frozen=True)
class Input:
    """An address of the effective inventory whose value differs; None: nothing stands there."""

    address: str
    before: object
    after: object


@dataclass(frozen=True)
class Inputs:
    """Two inventories compared."""

    changed: tuple[Input, ...]
    limits: tuple[Limit, ...]
    """Those of the changed addresses that limit a plan, and the limits of drills and corridors that are new or gone."""


@dataclass(frozen=True)
class PlanChange:
    """Two plans compared; lists are sorted by address, id or name."""

    before: PlanFacts
    after: PlanFacts
    links: tuple[Mapping[str, str], Mapping[str, str]]
    """The addresses of the links of both plans, by id."""
    changes: tuple[Change, ...]
    corridors: tuple[CorridorChange, ...]
    """Those that differ."""
    exposure: ExposureChange
    money: Money
    margins: Margins
    failures: tuple[FailureChange, ...]
    """Of corridors that fail otherwise."""
    expectations: Pair[Expectations]
    checks: tuple[tuple[str, Pair[CheckResult]], ...]
    """All, by id."""
    objective: Pair[str]
    as_of: Pair[str]
    """The day on which quotes are judged; None: none has run out."""
    proof: Pair[Proof]

    def count(self, action: Action) -> int:
        return sum(change.action == action for change in self.changes)

    @property
    def changed(self) -> bool:
        """Anything of the plan that a reader is shown."""
        checks = any(_differs(pair) for _, pair in self.checks)
        amounts = (self.money.capex, self.money.opex_per_year, self.money.tco)
        money = any(amount.before != amount.after for amount in amounts)
        firmness = (self.money.quoted_share, self.money.illustrative_share, self.money.unpriced_lines)
        others = (*firmness, self.proof, self.objective, self.as_of, self.expectations)
        return bool(self.changes or self.failures) or checks or money or any(pair.changed for pair in others)


@dataclass(frozen=True)
class Comparison:
    """What differs between two inventories, and between the plans for them where there are plans."""

    inputs: Inputs
    plan: PlanChange | None
    renamed: Mapping[str, str]
    """Addresses of the inventory that are called otherwise now, old to new; before, all go by the new ones."""
    silenced: tuple[Diagnostic, ...] = ()
    """Findings that a comment suppresses now and did not before, where that is known."""

    @property
    def changed(self) -> bool:
        inventory = self.inputs.changed or self.renamed or self.silenced
        return bool(inventory or (self.plan is not None and self.plan.changed))


def _differs(pair: Pair[CheckResult]) -> bool:
    """In its limits or in how it came out: a value that moved within its limits is seen elsewhere."""
    before, after = pair.before, pair.after
    if before is None or after is None:
        return before is not after
    return (before.check, before.ok) != (after.check, after.ok)
