"""Why a system cannot work, or cannot be built, on a route: in words, with the figures."""

from __future__ import annotations

from qplan.candidates.model import Refusal
from qplan.inventory.source.messages import loss_figure
from qplan.physics.bands import Band

NO_LOSS = {Band.O: "no_o_band_loss", Band.C: "no_c_band_loss"}
WORDS = {
    "amplified": "the fibre has optical amplifiers",
    **{reason: f"no loss in the {band.value} band is known of a fibre" for band, reason in NO_LOSS.items()},
    "length_km": "a length of {value:.1f} km, its limit is {limit:g} km",
    "key_rate_bps": "its net key rate is zero at that loss",
    "strands": "{value:g} free, it takes {limit:g} on every fibre of its route",
    "rack_units": "{value:g} rack units free at an end, node and module take {limit:g}",
    "power_w": "{value:g} W free at an end, node and module take {limit:g} W",
}
WHY = {
    "amplified": "for amplifiers",
    **{reason: f"for an unknown loss in the {band.value} band" for band, reason in NO_LOSS.items()},
    "loss_db": "for loss",
    "length_km": "for length",
    "key_rate_bps": "for a key rate of zero",
    "strands": "for strands",
    "rack_units": "for rack units",
    "power_w": "for power",
}
UNKNOWN_LENGTH = "a length that is not known, its limit is {limit:g} km"


def describe_figures(refusal: Refusal) -> str:
    """`41.20 dB, it reaches 36.00 dB`, and so on."""
    if refusal.reason == "loss_db" and refusal.value is not None and refusal.limit is not None:
        return f"{loss_figure(refusal.value)} dB, it reaches {loss_figure(refusal.limit)} dB"
    words = UNKNOWN_LENGTH if refusal.reason == "length_km" and refusal.value is None else WORDS[refusal.reason]
    return words.format(value=refusal.value, limit=refusal.limit)
