"""Secret-key rates of QKD systems against loss, in bit/s, and the bound that none may exceed."""

from __future__ import annotations

import math
from bisect import bisect_right
from itertools import pairwise

RATE_TOLERANCE = 1e-6  # relative; the precision to which rates are promised
Curve = tuple[tuple[float, float], ...]  # (loss_db, rate_bps) points, loss strictly ascending


def rate_at_bps(curve: Curve, loss_db: float) -> float:
    """Secret-key rate at a loss: linear interpolation of log10(rate) between the points of the curve.

    Below the first point its rate holds; above the last point the rate is zero (a curve is never extrapolated).
    An interval with a zero rate at either end gives zero inside it.
    """
    if loss_db > curve[-1][0]:
        return 0.0
    if loss_db <= curve[0][0]:
        return curve[0][1]
    i = bisect_right(curve, loss_db, key=lambda point: point[0])
    (a, rate_a), (b, rate_b) = curve[i - 1], curve[min(i, len(curve) - 1)]
    if loss_db == a:
        return rate_a
    if rate_a <= 0 or rate_b <= 0:
        return 0.0
    share = (loss_db - a) / (b - a)
    rate = 10 ** (math.log10(rate_a) * (1 - share) + math.log10(rate_b) * share)
    return min(max(rate, min(rate_a, rate_b)), max(rate_a, rate_b))  # whatever was rounded


def repeaterless_bound_bps(clock_hz: float, loss_db: float) -> float:
    """Most secret bits per second that any point-to-point QKD can give: clock × −log2(1 − η), η = 10^(−loss/10).

    Pirandola, Laurenza, Ottaviani, Banchi, Nat. Commun. 8, 15043 (2017). Infinite at 0 dB.
    """
    transmittance = 10 ** (-loss_db / 10)
    if transmittance >= 1:
        return math.inf
    return clock_hz * -math.log1p(-transmittance) / math.log(2)


def loss_for_rate_db(curve: Curve, loss_db: float, rate_bps: float) -> float:
    """The loss, from `loss_db` upwards, up to which the curve gives at least the rate; `loss_db` where it gives less.

    Inverse of `rate_at_bps` along the first fall below the rate.
    """
    if rate_at_bps(curve, loss_db) < rate_bps:
        return loss_db
    for (a, rate_a), (b, rate_b) in pairwise(curve):
        if b <= loss_db or rate_b >= rate_bps:
            continue
        if rate_b <= 0:
            return max(a, loss_db)
        fall = math.log10(rate_a) - math.log10(rate_b)
        share = (math.log10(rate_a) - math.log10(rate_bps)) / fall if fall > 0 else 0.0  # none that a float tells
        return max(loss_db, a + (b - a) * share)
    return max(loss_db, curve[-1][0])
