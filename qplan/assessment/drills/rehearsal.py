"""One run of drills: which ones are asked for, and what came of all of them, also where the run was stopped."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from qplan.assessment.checks import CheckResult
from qplan.assessment.drills.generated import (
    DAY_S,
    WINDOW_S,
    Pairs,
    double_losses,
    maintenances,
    repaired_losses,
    single_losses,
    surge,
)
from qplan.assessment.drills.playing import Field, Named, play_drill
from qplan.assessment.drills.results import Played
from qplan.assessment.drills.sizing import StoreSize, size_stores
from qplan.assessment.losses import Loss, losses
from qplan.assessment.network import NotPlayable
from qplan.inventory.drills import Drill, DrillPolicy
from qplan.inventory.source.messages import did_you_mean

LASTS_S = 30 * DAY_S  # drills that are generated and end with no repair
MOST_PAIRS_PLAYED = 20

Progress = Callable[[str, int, int], bool]
"""Told what is being played, how much of it is done and how much there is; False stops the run."""


@dataclass(frozen=True)
class Request:
    """What is to be played; nothing of it: every drill of the inventory."""

    names: tuple[str, ...] = ()
    all_single: bool = False
    all_double: bool = False
    maintenance: bool = False
    mttr: bool = False
    surge: float | None = None
    autonomy_h: float | None = None
    without: str | None = None
    """What is lost while the stores are to last; None: each link in turn."""
    duration_s: float = LASTS_S
    window_s: float = WINDOW_S
    trigger: str | None = None
    restoration: str | None = None
    """Instead of what the drills' own policies say."""
    trace: bool = False

    @property
    def generates(self) -> bool:
        return self.all_single or self.all_double or self.maintenance or self.mttr or self.surge is not None

    @property
    def plays(self) -> bool:
        """Only where sizes of stores are all that is asked for, nothing is played."""
        return bool(self.names) or self.generates or self.autonomy_h is None


DEFAULT = Request()


@dataclass(frozen=True)
class Sizes:
    autonomy_h: float
    without: str | None
    stores: tuple[StoreSize, ...]


@dataclass(frozen=True)
class Rehearsal:
    """Everything that was played, in the order asked for."""

    drills: tuple[Played, ...]
    asked: int
    """How many drills there were to play, the worst pairs of losses included."""
    pairs: Pairs | None = None
    worst_pairs: tuple[Played, ...] = ()
    sizes: Sizes | None = None
    losses: tuple[Loss, ...] | None = None
    """With all single losses: what each does for good."""
    checks: tuple[CheckResult, ...] = ()
    """Those of the inventory that are about failure."""

    @property
    def played(self) -> tuple[Played, ...]:
        return self.drills + self.worst_pairs

    @property
    def complete(self) -> bool:
        return len(self.played) == self.asked and (self.pairs is None or self.pairs.looked_at == self.pairs.count)

    @property
    def ok(self) -> bool:
        """Every expectation is kept, of what was played, and every check whose breach is an error."""
        kept = (check.ok or check.check.severity == "warning" for check in self.checks)
        return all(played.ok for played in self.played) and all(kept)


def rehearse(
    field: Field,
    request: Request,
    progress: Progress = lambda what, done, of: True,
    checks: tuple[CheckResult, ...] = (),
) -> Rehearsal:
    """Raises `NotPlayable` where a name is unknown, an event names a link that the plan does not have, or a store
    could never be used."""
    if field.contradiction:
        raise NotPlayable(field.contradiction)
    sizes = None
    if request.autonomy_h is not None:
        stores = size_stores(field, request.autonomy_h, request.without)
        sizes = Sizes(request.autonomy_h, request.without, stores)
    if not request.plays:
        return Rehearsal((), 0, sizes=sizes, checks=checks)
    drills = [(name, _with_policy(drill, request)) for name, drill in _asked(field, request)]
    pairs, alone = None, len(drills)
    if request.all_double:
        policy = _policy(request)
        pairs = double_losses(field, policy, request.duration_s, lambda done, of: progress("pairs of losses", done, of))
        worst = itertools.islice(pairs.worse, MOST_PAIRS_PLAYED)
        drills += [pair.drill(policy, request.duration_s) for pair in worst]
    played = []
    for name, drill in drills:
        played.append(play_drill(field, name, drill, request.trace))
        if not progress("drills", len(played), len(drills)):
            break
    lasting = losses(field) if request.all_single else None
    return Rehearsal(tuple(played[:alone]), len(drills), pairs, tuple(played[alone:]), sizes, lasting, checks)


def _asked(field: Field, request: Request) -> Iterator[Named]:
    declared = field.inventory.drills
    unknown = [name for name in request.names if name not in declared]
    if unknown:
        hint = did_you_mean(unknown[0], declared) or f"declared: {', '.join(declared) or 'none'}"
        raise NotPlayable(f"the inventory has no drill '{unknown[0]}'; {hint}")
    for name in request.names or ([] if request.generates else declared):
        yield name, declared[name]
    policy = _policy(request)
    if request.all_single:
        yield from single_losses(field, policy, request.duration_s)
    if request.mttr:
        yield from repaired_losses(field, policy)
    if request.maintenance:
        yield from maintenances(field, policy, request.window_s)
    if request.surge is not None:
        yield surge(field, policy, request.surge, request.duration_s)


def _policy(request: Request) -> DrillPolicy:
    return _changed(DrillPolicy(), request)


def _changed(policy: DrillPolicy, request: Request) -> DrillPolicy:
    stated = {"trigger": request.trigger, "restoration": request.restoration}
    return policy.model_copy(update={key: value for key, value in stated.items() if value is not None})


def _with_policy(drill: Drill, request: Request) -> Drill:
    return drill.model_copy(update={"policy": _changed(drill.policy, request)})
