"""Cuts of the layered graph of one corridor with a limit on relays."""

from __future__ import annotations

from qplan.candidates.bundles import CorridorNetwork
from qplan.candidates.layered_graph import layered_arcs, layered_network
from qplan.candidates.max_flow import VIOLATION, FlowNetwork
from qplan.optimizer.cuts.path_cuts import PathDemand
from qplan.optimizer.cuts.row import Point, Row, Separator, require
from qplan.optimizer.model.families import row_family
from qplan.optimizer.model.formulation import Formulation


@row_family("layered_cut")
def layered_cuts(model: Formulation, networks: list[CorridorNetwork]) -> Separator:
    """Σ link over the links of a cut in the layered graph of a corridor with a limit on relays ≥ its number of paths.

    Disjoint paths cross the cut on different links. Cuts of partitions that only links over more than one layer cross
    are among them (jump inequalities, Dahl 1999).
    """
    index = model.index()
    asked: list[tuple[PathDemand, FlowNetwork | None]] = []
    for network in networks:
        model.clock.check()
        corridor = model.inventory.corridors[network.corridor]
        if corridor.max_relays is not None:
            layered = _layered(model, network, corridor.max_relays + 1, index)
            asked.append((PathDemand.of(model, network, index), layered))

    def separate(point: Point) -> list[Row]:
        rows = []
        for demand, layered in asked:
            model.clock.check()
            paths, wanted = float(demand.paths), demand.wanted(point)
            if layered is None:
                rows.append(require("layered_cut", (), paths, demand.served))
            elif wanted > VIOLATION:
                for cut, _ in layered.cuts(layered.capacities(point), 0, 1, wanted):
                    rows.append(require("layered_cut", layered.columns(cut), paths, demand.served))
        return list(dict.fromkeys(rows))

    return Separator("layered_cut", separate)


def _layered(
    model: Formulation, network: CorridorNetwork, most_links: int, index: dict[str, int]
) -> FlowNetwork | None:
    """The corridor's layered graph; None where no way keeps to the limit."""
    ends = model.inventory.corridors[network.corridor].ends
    columns: dict[tuple[str, str], set[int]] = {}
    for bundle in network.bundles:
        columns.setdefault(bundle.ends, set()).update(index[model.link[link].name] for link in bundle.links)
    arcs = {
        (tail, head, h): sorted(columns[min(tail, head), max(tail, head)])
        for tail, head, h in layered_arcs(network, ends, most_links)
    }
    return layered_network(arcs, ends, len(index)) if arcs else None
