"""SeQUeNCe 0.8: a topology that its `QKDTopo` reads; photons run from the transmitter to the receiver."""

from __future__ import annotations

from qplan.interchange.exports.exported import Exported, generator, json_text, length_to_divide_km, one_link_per_pair
from qplan.inventory.model import Inventory
from qplan.plan.model import Link, Plan

STOP_PS = 1_000_000_000_000  # 1 s, for a first run
Json = dict[str, object]


def export(inventory: Inventory, plan: Plan) -> Exported:
    """`sequence.json`: attenuation in dB per m, so that channel length × attenuation is the link's loss."""
    links, notes = one_link_per_pair(plan, "SeQUeNCe")
    channels = []
    for link in links:
        km, more = length_to_divide_km(link)
        channels.append(_channel(link, round(1000 * km, 3)))
        notes += more
    topology = {
        "generator": generator("sequence"),
        "nodes": [{"name": node.site, "type": "QKDNode", "seed": seed} for seed, node in enumerate(plan.nodes)],
        "qchannels": channels,
        "cconnections": [
            {"node1": link.ends[0], "node2": link.ends[1], "distance": channel["distance"]}
            for link, channel in zip(links, channels, strict=True)
        ],
        "stop_time": STOP_PS,
    }
    notes.append("every QKD node of SeQUeNCe runs BB84; its detectors and sources are its defaults, not your systems")
    return Exported({"sequence.json": json_text(topology)}, tuple(notes))


def _channel(link: Link, metres: float) -> Json:
    source, destination = link.tx_rx
    return {
        "name": link.id, "source": source, "destination": destination, "distance": metres,
        "attenuation": link.loss_db / metres,
    }  # fmt: skip
