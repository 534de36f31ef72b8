"""The extended formulations of a model's design, together."""

from __future__ import annotations

from dataclasses import dataclass, replace

from qplan.optimizer.cuts.components import binding_ends
from qplan.optimizer.cuts.layered_flows import add_layered_flows
from qplan.optimizer.cuts.layered_trees import LayeredTree, add_layered_trees
from qplan.optimizer.cuts.ruled_trees import add_ruled_trees
from qplan.optimizer.cuts.star_trees import StarTree, add_star_trees
from qplan.optimizer.cuts.trees import Scope, Trees, add_trees
from qplan.optimizer.model.formulation import Formulation
from qplan.optimizer.model.objectives import Goal
from qplan.time_budget import UNLIMITED, TimeBudget


@dataclass(frozen=True)
class Lifts:
    """Trees of components, also of those under rules, layered and star trees of roots, corridors with layered flows."""

    trees: Trees = Trees()
    ruled_trees: tuple[Trees, ...] = ()
    layered_trees: tuple[LayeredTree, ...] = ()
    layered_flows: frozenset[str] = frozenset()
    star_trees: tuple[StarTree, ...] = ()

    @property
    def all_trees(self) -> tuple[Trees, ...]:
        """Of components: those of all corridors, and those by rules."""
        return self.trees, *self.ruled_trees

    @property
    def layered(self) -> frozenset[str]:
        """Corridors whose limit on relays a lift sees."""
        return self.layered_flows.union(*(tree.corridors for tree in self.layered_trees))


def add_lifts(
    model: Formulation,
    goal: Goal,
    joined: bool = False,
    clock: TimeBudget = UNLIMITED,
    scope: Scope | None = None,
    like: Lifts | None = None,
) -> Lifts:
    """Add all but layered trees to a model, while there is time.

    `joined`: for designs in one piece only; `scope`: for those within; `like` those of a model with more links.
    """
    binding = binding_ends(model, goal)
    known = like.trees if like and like.trees.arcs else None
    trees = Trees() if clock.spent else add_trees(model, joined, binding, scope, known)
    layered_flows = frozenset[str]() if clock.spent else frozenset(add_layered_flows(model))
    ruled = () if clock.spent else tuple(add_ruled_trees(model, binding))
    star_trees = () if clock.spent else tuple(add_star_trees(model))
    return Lifts(trees, ruled, layered_flows=layered_flows, star_trees=star_trees)


def add_layers(model: Formulation, lifts: Lifts) -> Lifts:
    """The lifts of a model, and layered trees, added to it. Raises OutOfTime."""
    return replace(lifts, layered_trees=tuple(add_layered_trees(model)))
