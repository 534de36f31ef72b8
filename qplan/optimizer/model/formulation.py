"""The integer programme, held by PuLP, its variables keyed by the ids of the inventory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pulp

from qplan.candidates.bundles import CorridorNetwork
from qplan.candidates.model import CandidateGraph
from qplan.inventory.model import Inventory
from qplan.time_budget import UNLIMITED, TimeBudget

FlowKey = tuple[str, int, int, bool]  # corridor, number of the flow, index of the bundle, along its ends
Terms = list[tuple[pulp.LpVariable, float]]


@dataclass
class Formulation:
    """A PuLP problem and its variables; `columns` is the order in which they were made.

    Whatever is added to it, or made of it, raises OutOfTime once its clock is over: a large model takes long to build.
    """

    problem: pulp.LpProblem
    inventory: Inventory
    candidates: CandidateGraph
    networks: tuple[CorridorNetwork, ...]
    clock: TimeBudget = UNLIMITED
    link: dict[str, pulp.LpVariable] = field(default_factory=dict)
    count: dict[str, pulp.LpVariable] = field(default_factory=dict)
    node: dict[str, pulp.LpVariable] = field(default_factory=dict)
    relay: dict[str, pulp.LpVariable] = field(default_factory=dict)
    served: dict[str, pulp.LpVariable] = field(default_factory=dict)
    flow: dict[FlowKey, pulp.LpVariable] = field(default_factory=dict)
    bought: dict[str, pulp.LpVariable] = field(default_factory=dict)  # of links for which systems may be bought
    extended: dict[str, pulp.LpVariable] = field(default_factory=dict)  # of existing links: systems are bought for it
    money: dict[str, Terms] = field(default_factory=dict)  # what the design costs, by metric, beside what is fixed
    fixed: dict[str, float] = field(default_factory=dict)  # what every design costs, by metric
    columns: list[pulp.LpVariable] = field(default_factory=list)
    shared: dict[str, str] = field(default_factory=dict)  # what has no variable of its own -> name of the one it shares

    def variable(self, kind: str, *ids: object, upper: int = 1, integer: bool = True) -> pulp.LpVariable:
        """A variable from 0 to `upper`, named after what it stands for (ids have no dots, so names are distinct)."""
        self.clock.check()
        name = variable_name(kind, *ids)
        made = self.problem.add_variable(name, 0, upper, "Integer" if integer else "Continuous")
        self.columns.append(made)
        return made

    def share(self, variable: pulp.LpVariable, kind: str, *ids: object) -> pulp.LpVariable:
        """Let the variable stand for one thing more."""
        if variable.name != (name := variable_name(kind, *ids)):
            self.shared[name] = variable.name
        return variable

    def values(self, point: np.ndarray, group: Mapping[str, pulp.LpVariable]) -> dict[str, float]:
        """Values of a group of variables, by their keys, at a point (a value per column)."""
        index = self.index()
        return {key: float(point[index[variable.name]]) for key, variable in group.items()}

    def design(self) -> list[pulp.LpVariable]:
        """The variables that say what is built and who is served."""
        return [v for group in (self.link, self.count, self.node, self.relay, self.served) for v in group.values()]

    def index(self) -> dict[str, int]:
        """Position of every variable among the columns, by name."""
        return {variable.name: i for i, variable in enumerate(self.columns)}

    def integers(self) -> np.ndarray:
        """Positions of the variables that have to be whole."""
        return np.array([i for i, variable in enumerate(self.columns) if variable.cat == "Integer"], dtype=np.int64)

    def index_of_all(self) -> dict[str, int]:
        """The same, also by the names of what has no variable of its own."""
        index = self.index()
        return index | {name: index[variable] for name, variable in self.shared.items()}

    def add(self, terms: Terms, sense: str, rhs: float, *name: object) -> None:
        """Σ coefficient × variable (≤ | ≥ | =) rhs, under a readable name."""
        self.clock.check()
        total = linear(terms)
        row = total <= rhs if sense == "<=" else total >= rhs if sense == ">=" else total == rhs
        self.problem += row, f"{name[0]}({','.join(str(i) for i in name[1:])})".replace("-", ".").replace(" ", ".")

    def inflow(self, network: CorridorNetwork, number: int, site: str) -> Terms:
        return [(self.flow[key], 1.0) for key, _, head in self.arcs(network, number) if head == site]

    def arcs(self, network: CorridorNetwork, number: int) -> list[tuple[FlowKey, str, str]]:
        """Every variable of a flow with its tail and head; none into the first end, none out of the second."""
        first, second = self.inventory.corridors[network.corridor].ends
        directed = (
            (i, along, *(bundle.ends if along else bundle.ends[::-1]))
            for i, bundle in enumerate(network.bundles)
            for along in (True, False)
        )
        return [
            ((network.corridor, number, i, along), tail, head)
            for i, along, tail, head in directed
            if head != first and tail != second
        ]

    def bundle_flow(self, network: CorridorNetwork, index: int, flows: range | None = None) -> Terms:
        """Flow through a bundle in both directions, summed over flows (default all)."""
        keys = (
            (network.corridor, number, index, along)
            for number in (flows if flows is not None else range(network.flows))
            for along in (True, False)
        )
        return [(self.flow[key], 1.0) for key in keys if key in self.flow]


def variable_name(kind: str, *ids: object) -> str:
    return f"{kind}({','.join(str(i) for i in ids)})".replace("-", ".")


def linear(terms: Iterable[tuple[pulp.LpVariable, float]]) -> pulp.LpAffineExpression:
    """Σ coefficient × variable (building it at once is several times quicker than adding)."""
    total: dict[str, tuple[pulp.LpVariable, float]] = {}
    for variable, coefficient in terms:
        known = total.get(variable.name)
        total[variable.name] = (variable, float(coefficient) + (known[1] if known else 0.0))
    build = getattr(pulp.LpAffineExpression, "from_list", pulp.LpAffineExpression)  # PuLP 4, PuLP 3
    return build(list(total.values()))
