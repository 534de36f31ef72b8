"""The extended formulations of a model's design, together."""

from __future__ import annotations

from dataclasses import dataclass

from qplan.optimizer.cuts.layered_flows import add_layered_flows
from qplan.optimizer.cuts.layered_trees import LayeredTree, add_layered_trees
from qplan.optimizer.cuts.trees import Trees, add_trees
from qplan.optimizer.model.formulation import Formulation


@dataclass(frozen=True)
class Lifts:
    """Trees of components, layered trees of roots, and the corridors that have layered flows."""

    trees: Trees = Trees()
    layered_trees: tuple[LayeredTree, ...] = ()
    layered_flows: frozenset[str] = frozenset()

    @property
    def layered(self) -> frozenset[str]:
        """Corridors whose limit on relays a lift sees."""
        return self.layered_flows.union(*(tree.corridors for tree in self.layered_trees))


def add_lifts(model: Formulation, joined: bool = False) -> Lifts:
    """Add all to a model. `joined`: for designs in one piece only."""
    trees = add_trees(model, joined)
    return Lifts(trees, tuple(add_layered_trees(model)), frozenset(add_layered_flows(model)))
