"""Cuts of the layered graph of one corridor with a limit on relays."""

from __future__ import annotations

from qplan.candidates.bundles import CorridorNetwork
from qplan.candidates.max_flow import VIOLATION, FlowNetwork
from qplan.optimizer.cuts.layered_flows import layered_arcs, layered_network
from qplan.optimizer.cuts.row import Point, Row, Separator, factored
from qplan.optimizer.model.formulation import Formulation


def layered_cuts(model: Formulation, chosen: list[CorridorNetwork]) -> Separator:
    """Σ link over the links of a cut in the layered graph of a corridor with a limit on relays ≥ its number of paths.

    Layer h holds the sites that a path can reach with h links and leave in time; a path within the limit leads through
    the layers (Gouveia 1998), so that disjoint paths cross the cut on different links. Cuts of partitions that only
    links over more than one layer cross are among them (jump inequalities, Dahl 1999).
    """
    index = model.index()
    asked = []
    for network in chosen:
        corridor = model.inventory.corridors[network.corridor]
        if corridor.max_relays is not None:
            asked.append((network.corridor, _layered(model, network, corridor.max_relays + 1, index)))

    def separate(point: Point) -> list[Row]:
        rows = []
        for q, layered in asked:
            corridor = model.inventory.corridors[q]
            served = index[model.served[q].name] if q in model.served else None
            paths = float(corridor.paths)
            wanted = paths if served is None else paths * point[served]
            if layered is None:
                rows.append(factored("hop_cut", (), (), served, paths))
            elif wanted > VIOLATION:
                for cut, _ in layered.cuts(layered.capacities(point), 0, 1, wanted):
                    columns = layered.columns(cut)
                    rows.append(factored("hop_cut", columns, (1.0,) * len(columns), served, paths))
        return list(dict.fromkeys(rows))

    return separate


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
