"""What one minimisation is about: goal, rows held from earlier stages, limits; and a design known to be possible."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from qplan.candidates.design import Design
from qplan.candidates.model import CandidateGraph
from qplan.inventory.model import Inventory
from qplan.optimizer.limits import SearchParameters, Sighting, StopReason
from qplan.optimizer.model.changes import Reference, tie_to_paths
from qplan.optimizer.model.design_rows import formulate_design
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.objectives import Goal
from qplan.optimizer.model.path_rows import formulate
from qplan.time_budget import TimeBudget

PROOF = 1e-9  # relative difference of value and bound at which they count as equal
WHOLE = 1e-6  # above a whole number a bound may lie by rounding; relative above 1
CENT = 0.01  # to which a bound on money is rounded down


@dataclass(frozen=True)
class SideConstraint:
    """What is fixed from outside or by an earlier stage: rows of a design's model, and the same asked of a design.

    `routed` adds what only the paths can say, once all of them are in the model.
    """

    row: Callable[[Formulation], None]
    keeps: Callable[[Design], bool]
    of_relays: bool = False
    routed: Callable[[Formulation], None] = lambda model: None


@dataclass(frozen=True)
class Stage:
    """What is minimised: the goal, its value in a design, and what later stages hold of the design found."""

    goal: Callable[[Formulation], Goal]
    measure: Callable[[Design], float]
    hold: Callable[[Design], SideConstraint] | None
    exact: bool  # solved at gap 0
    whole: bool  # its values are whole numbers
    objective: bool  # its value and bound are the plan's
    of_corridors: bool = False  # it is about which optional ones are served


@dataclass(frozen=True)
class Incumbent:
    """A design that is known to be possible, and its value."""

    design: Design
    value: float


@dataclass(frozen=True)
class WarmStart:
    """An earlier plan: its design where that still holds (kept among equals), and the links to begin with."""

    design: Design | None = None
    links: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Task:
    """What is the same throughout one minimisation. `before`: the best design of the stages before, which it may be."""

    inventory: Inventory
    candidates: CandidateGraph
    stage: Stage
    side_constraints: tuple[SideConstraint, ...]
    before: Design | None
    solver: str
    parameters: SearchParameters
    start: WarmStart = WarmStart()
    reference: Reference | None = None
    """An earlier plan against which changes count."""

    @property
    def clock(self) -> TimeBudget:
        return self.parameters.clock

    @property
    def served(self) -> frozenset[str] | None:
        """Optional corridors served in an earlier stage's best, and all others; None where there was no such stage."""
        return None if self.before is None else frozenset(q.id for q in self.before.corridors if q.served)

    def part(self, share: float) -> Task:
        """The same with a share of the time left."""
        return replace(self, parameters=self.parameters.part(share))

    def knowing(self, incumbent: Incumbent | None, bound: float | None) -> Task:
        """The same, whoever watches being told at least what is known by now: solvers begin with nothing."""

        def watch(sighting: Sighting) -> None:
            values = (sighting.value, None if incumbent is None else incumbent.value)
            value = min((each for each in values if each is not None), default=None)
            self.parameters.watch(replace(sighting, value=value, bound=highest(sighting.bound, bound)))

        return replace(self, parameters=replace(self.parameters, watch=watch))

    def on(self, links: Collection[str]) -> Task:
        """The same on some of the links."""
        kept = tuple(link for link in self.candidates.links if link.id in links)
        return replace(self, candidates=replace(self.candidates, links=kept))

    def requiring(self, corridors: Collection[str]) -> Task:
        """The same for these corridors alone, all of them required; an earlier plan may serve others, and not these."""
        asked = {
            q: each.model_copy(update={"required": True})
            for q, each in self.inventory.corridors.items()
            if q in corridors
        }
        inventory = self.inventory.model_copy(update={"corridors": asked})
        start = replace(self.start, design=None)
        return replace(self, inventory=inventory, candidates=self.candidates.among(asked), start=start)

    def design_model(self) -> Formulation:
        """Raises OutOfTime."""
        model = formulate_design(self.inventory, self.candidates, self.clock)
        for constraint in self.side_constraints:
            constraint.row(model)
        return model

    def exact_model(self, clock: TimeBudget | None = None) -> Formulation:
        """On the clock of the search, if on no other. Raises OutOfTime."""
        model = formulate(self.inventory, self.candidates, clock or self.clock)
        for constraint in self.side_constraints:
            constraint.row(model)
        self.tie(model)
        return model

    def tie(self, model: Formulation) -> None:
        """Add what only the paths can say, once all of them are in the model."""
        for constraint in self.side_constraints:
            constraint.routed(model)
        if self.reference is not None:
            tie_to_paths(model, self.reference)

    def incumbent(self, design: Design) -> Incumbent | None:
        """The design with its value, unless the budget or an earlier stage forbids it."""
        budget, costs = self.inventory.budget, design.costs
        for ceiling, cost in ((budget.capex, costs.capex), (budget.tco, costs.tco)):
            if ceiling is not None and cost > ceiling:
                return None
        if not all(constraint.keeps(design) for constraint in self.side_constraints):
            return None
        return Incumbent(design, self.stage.measure(design))

    def within(self, value: float, bound: float | None) -> bool:
        """The value is proven within the gap asked for, or the question that was asked is decided."""
        return within(self.parameters, value, None if bound is None else self.least(bound))

    def least(self, bound: float) -> float:
        """What no design goes below, if not below the bound: the next whole number where values are whole."""
        rounding = WHOLE * max(1.0, abs(bound))
        return max(bound, float(math.ceil(bound - rounding))) if self.stage.whole else bound


def within(parameters: SearchParameters, value: float, bound: float | None) -> bool:
    """The bound proves the value within the relative gap; or it is clear on which side of the ceiling values lie."""
    ceiling, scale = parameters.ceiling, max(abs(value), 1e-9)
    if ceiling is not None and (value <= ceiling or surely_above(bound, ceiling)):
        return True
    return bound is not None and (value - bound <= PROOF * scale or value - bound + CENT <= parameters.gap * scale)


def surely_above(bound: float | None, ceiling: float | None) -> bool:
    """No plan is worth as little as the ceiling, in whole cents, whatever was rounded of the bound."""
    return bound is not None and ceiling is not None and bound > ceiling + CENT / 10 + PROOF * abs(ceiling)


def better(*found: Incumbent | None) -> Incumbent | None:
    """The one of least value, the first of equals."""
    return min((one for one in found if one is not None), key=lambda one: one.value, default=None)


def highest(*bounds: float | None) -> float | None:
    """The one that says most."""
    return max((bound for bound in bounds if bound is not None), default=None)


@dataclass(frozen=True)
class Found:
    """How a minimisation ended, what gave the bound, and what a reader must know of it.

    No plan within the budget serves any of the sets of optional corridors that are `too_dear`.
    """

    stopped_by: StopReason
    incumbent: Incumbent | None
    bound: float | None
    method: str = ""
    notes: tuple[str, ...] = ()
    too_dear: tuple[frozenset[str], ...] = ()

    @property
    def infeasible(self) -> bool:
        """It is proven that nothing keeps all rules and limits."""
        return self.stopped_by is StopReason.PROOF and self.incumbent is None and self.bound is None


def ending(value: float, bound: float) -> StopReason:
    """Why a search ends whose value and bound have met."""
    return StopReason.PROOF if value - bound <= PROOF * max(1.0, abs(value)) else StopReason.GAP
