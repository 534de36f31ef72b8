"""QKDNetSim: `input.json` of its combined example (examples_qkdnetsim_etsi_combined_input.cc, seen in August 2026).

Its nodes are numbers from 1 on and its applications can only have the rates and key lifetimes of fixed lists, so
`map.json` says which number is which site, and what each application takes against what its corridor asks for.
"""

from __future__ import annotations

from typing import NamedTuple

from qplan.errors import QplanError
from qplan.interchange.exports.exported import Exported, generator, json_text
from qplan.inventory.model import Inventory
from qplan.plan.model import Link, Plan, ServedCorridor

OTP, AES = 1, 2
APP_RATES_BPS = (20_000, 30_000, 50_000, 100_000, 150_000)
AES_LIFETIMES_BYTES = (10_000, 20_000, 100_000, 200_000, 300_000, 400_000, 500_000)
AES_KEY_BITS = 256
START_S, APPLICATIONS_START_S, STOP_S = 0, 50, 150  # of its own example: key stores fill for 50 s
MOST_BPS = 2**32 - 1  # it keeps rates in 32 bits
Json = dict[str, object]


class Traffic(NamedTuple):
    """What an application of QKDNetSim is set to, and the secret key that it takes, in bit/s."""

    takes_bps: float
    encryption: int
    rate_bps: int
    lifetime_bytes: int


def export(inventory: Inventory, plan: Plan) -> Exported:
    """`input.json` for the simulator and `map.json` for its user. Raises QplanError where a rate does not fit."""
    sites = sorted({end for link in plan.links for end in link.ends})
    numbers = {site: number for number, site in enumerate(sites, start=1)}
    served = [corridor for corridor in plan.corridors if corridor.served]
    traffic = {corridor.id: nearest_traffic(_is_otp(inventory, corridor), corridor.key_rate_bps) for corridor in served}
    lengths_km = {link.id: link.length_km for link in plan.links}
    simulation = {
        "qkd_links": [_link(link, numbers) for link in plan.links],
        "etsi_004": [],
        "etsi_014": [
            _application(inventory, corridor, traffic[corridor.id], numbers, lengths_km) for corridor in served
        ],
    }
    legend = {
        "generator": generator("qkdnetsim"),
        "nodes": {str(number): site for site, number in numbers.items()},
        "qkd_links": [link.id for link in plan.links],
        "etsi_014": [
            {"corridor": corridor.id, "asks_bps": corridor.key_rate_bps, "takes_bps": traffic[corridor.id].takes_bps}
            for corridor in served
        ],
    }
    notes = ("its applications know fixed rates only: map.json says what each takes against what its corridor asks",)
    return Exported({"input.json": json_text(simulation), "map.json": json_text(legend)}, notes)


def _is_otp(inventory: Inventory, corridor: ServedCorridor) -> bool:
    return inventory.corridors[corridor.id].otp_bps is not None


def nearest_traffic(is_otp: bool, demand_bps: float) -> Traffic:
    """The setting that takes least key of those that take as much as is asked for, else the one that takes most.

    A one-time pad takes a bit of key per bit of data, AES a key of 256 bits per lifetime (in bytes of data).
    """
    if is_otp:
        choices = [Traffic(rate, OTP, rate, AES_LIFETIMES_BYTES[0]) for rate in APP_RATES_BPS]
    else:
        choices = [
            Traffic(AES_KEY_BITS * rate / (8 * lifetime), AES, rate, lifetime)
            for rate in APP_RATES_BPS
            for lifetime in AES_LIFETIMES_BYTES
        ]
    enough = [choice for choice in choices if choice.takes_bps >= demand_bps]
    return min(enough) if enough else max(choices)


def _link(link: Link, numbers: dict[str, int]) -> Json:
    if link.capacity_bps > MOST_BPS:
        raise QplanError(f"links.{link.id} gives {link.capacity_bps:g} bit/s; QKDNetSim holds at most {MOST_BPS} bit/s")
    return {
        "startTime": START_S, "stopTime": STOP_S, "keyRate": int(link.capacity_bps), "keySize": 1024,
        "ppPacketSize": 100, "ppRate": 1000, "srcDstDistance": round(1000 * link.length_km),
        "srcNodeId": numbers[link.ends[0]], "dstNodeId": numbers[link.ends[1]],
    }  # fmt: skip


def _application(
    inventory: Inventory,
    corridor: ServedCorridor,
    traffic: Traffic,
    numbers: dict[str, int],
    lengths_km: dict[str, float],
) -> Json:
    source, destination = inventory.corridors[corridor.id].ends
    length_km = min(sum(lengths_km[link] for link in path.links) for path in corridor.paths)
    return {
        "startTime": APPLICATIONS_START_S, "stopTime": STOP_S, "encryptionType": traffic.encryption,
        "authenticationType": 0, "numberOfKeyToFetchFromKMSOptions": 3, "appHoldTimeValue": 1,
        "appRate": traffic.rate_bps, "appPacketSize": 100, "aesLifetime": traffic.lifetime_bytes,
        "srcDstDistance": round(1000 * length_km), "srcNodeId": numbers[source], "dstNodeId": numbers[destination],
    }  # fmt: skip
