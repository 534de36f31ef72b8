"""Where a minimisation stands, and what its steps share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from qplan.candidates.bundles import find_tight_links
from qplan.candidates.prices import Prices
from qplan.optimizer.cuts.corridor_ends import paths_are_several
from qplan.optimizer.cuts.row import Row
from qplan.optimizer.limits import StopReason
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.objectives import Goal
from qplan.optimizer.model.stage import Incumbent, Task
from qplan.optimizer.search.arc_flow import ArcFlow
from qplan.optimizer.search.root import Root

MANY_SITES = 400  # from so many on cuts of several paths are many and slow
MANY_COLUMNS = 20_000  # of a model with layered graphs: the simplex method would take minutes
VERY_FEW_SITES = 20  # plans for fewer are proven by the solver, to the end
FEW_SITES = 100  # plans for fewer are proven without flows, whatever their numbers of paths


@dataclass(frozen=True)
class Minimization:
    """What all steps share: the task, the design's model, which the root relaxation extends, its goal and prices."""

    task: Task
    model: Formulation
    goal: Goal
    prices: Prices

    @cached_property
    def rates_bind(self) -> bool:
        """More may be asked of some link than one system gives."""
        return bool(find_tight_links(self.task.inventory, self.task.candidates))

    @property
    def small(self) -> bool:
        """Cuts and branching prove plans for so few sites."""
        return len(self.model.relay) < FEW_SITES

    @property
    def tiny(self) -> bool:
        """The solver alone proves plans for so few sites."""
        return len(self.model.relay) < VERY_FEW_SITES

    @cached_property
    def paths_differ(self) -> bool:
        """Corridors ask for different numbers of paths, on more sites than a few."""
        paths = {corridor.paths for corridor in self.task.inventory.corridors.values() if corridor.required}
        return len(paths) > 1 and not self.small

    @cached_property
    def paths_are_several(self) -> bool:
        """Required corridors ask for several paths."""
        return paths_are_several(self.task.inventory)

    @cached_property
    def _limited_paths(self) -> frozenset[int]:
        """The numbers of paths of required corridors with a limit on relays."""
        corridors = self.task.inventory.corridors.values()
        return frozenset(each.paths for each in corridors if each.required and each.max_relays is not None)

    @cached_property
    def paths_are_limited(self) -> bool:
        """The same with few relays on each, on more sites than the solver takes by itself."""
        return any(paths > 1 for paths in self._limited_paths) and not self.tiny

    @cached_property
    def layers_say_more(self) -> bool:
        """Corridors with one path have few relays, and no arc flow that can be branched on says so."""
        return 1 in self._limited_paths and (self.cuts_are_slow or not self.rates_bind)

    @property
    def layers_are_many(self) -> bool:
        """Too many of layered graphs, once the model has grown by them, for the simplex method."""
        return len(self.model.columns) > MANY_COLUMNS

    @property
    def cuts_are_slow(self) -> bool:
        """Cuts of several paths are many, as there are many sites."""
        return len(self.model.relay) >= MANY_SITES


@dataclass(frozen=True)
class Standing:
    """Where a minimisation stands: the best plan, a valid bound and what gave it, and what the steps so far leave.

    `rows` are cuts that hold, over the columns of the design's model; `ended` says why no further step is taken,
    `notes` what failed on the way.
    """

    incumbent: Incumbent | None = None
    bound: float | None = None
    method: str = ""
    root: Root | None = None
    flows: ArcFlow | None = None
    rows: tuple[Row, ...] = ()
    ended: StopReason | None = None
    notes: tuple[str, ...] = ()


class Step(Protocol):
    """A part of the search, with its name."""

    name: str

    def wanted(self, search: Minimization, standing: Standing) -> bool:
        """Whether the step is of use where the search stands."""

    def take(self, search: Minimization, standing: Standing) -> Standing:
        """Where the search stands after the step. Raises `UnsoundCut`."""


def met(task: Task, standing: Standing) -> bool:
    """The plan's value and the bound are within the gap asked for."""
    return standing.incumbent is not None and task.within(standing.incumbent.value, standing.bound)
