"""The shipped catalogue: complete provenance, curves within physics, and the arithmetic behind the derived figures."""

from __future__ import annotations

import math
from importlib.resources import files

import pytest
import yaml
from yamlcore import CoreLoader

from qplan.inventory.model import Inventory
from qplan.physics.key_rate import rate_at_bps, repeaterless_bound_bps

TEXT = files("qplan").joinpath("catalogue", "illustrative-2026.yaml").read_text(encoding="utf-8")
EQUIPMENT = Inventory.model_validate(yaml.load(TEXT, Loader=CoreLoader)).equipment
SYSTEMS = EQUIPMENT.qkd_systems
ITEMS = {**EQUIPMENT.node_items, **EQUIPMENT.relay_items}
WORDS = {"manufacturer", "model", "part_number", "technology", "description", "provenance", "source", "labels"}


def test_catalogue_has_every_promised_system():
    assert sorted(SYSTEMS) == [
        "bbm92-field", "cow-legacy", "cv-metro", "dv-backbone-snspd", "dv-metro-1g",
        "dv-mux-oband", "dv-std-ingaas", "dv-value-ingaas", "dv-value-snspd",
    ]  # fmt: skip


@pytest.mark.parametrize("entry", [*SYSTEMS, *ITEMS])
def test_every_figure_has_a_provenance(entry):
    record = SYSTEMS.get(entry) or ITEMS[entry]
    figures = record.model_fields_set - WORDS - {"quantity"}
    assert set(record.provenance) == figures
    assert record.provenance["price"] == record.provenance["support_per_year"] == "illustrative"
    assert record.source


@pytest.mark.parametrize("name", SYSTEMS)
def test_curves_fall_and_stay_within_physics(name):
    system = SYSTEMS[name]
    losses, rates = zip(*system.key_rate_curve, strict=True)
    assert list(losses) == sorted(set(losses))
    assert list(rates) == sorted(set(rates), reverse=True)
    assert system.max_loss_db == losses[-1]
    clock_hz = system.clock_hz or 1e9  # no product here runs faster
    for step in range(1, int(losses[-1] * 10) + 1):
        assert rate_at_bps(system.key_rate_curve, step / 10) <= repeaterless_bound_bps(clock_hz, step / 10)


def test_backbone_curve_is_the_published_distances_at_0_2_db_per_km():
    published_kbps_by_km = {0: 376, 50: 179, 100: 25.9, 120: 8.3, 150: 1.47}
    curve = dict(SYSTEMS["dv-backbone-snspd"].key_rate_curve)
    assert curve == pytest.approx({km * 0.2: kbps * 1000 for km, kbps in published_kbps_by_km.items()})


def test_cv_curve_is_a_quarter_of_the_asymptotic_rate_at_its_clock():
    system = SYSTEMS["cv-metro"]
    for loss_db, rate_bps in system.key_rate_curve:
        asymptotic = max(_cv_bits_per_symbol(loss_db, tenths / 10) for tenths in range(5, 101))
        assert rate_bps == pytest.approx(asymptotic * system.clock_hz / 4, rel=0.02)


def _cv_bits_per_symbol(loss_db: float, modulation_variance: float) -> float:
    """β I_AB − χ_BE of Gaussian-modulated coherent states with a trusted homodyne receiver (Lodewyck et al. 2007)."""
    beta, efficiency, electronic = 0.95, 0.6, 0.1
    t = 10 ** (-loss_db / 10)
    v = modulation_variance + 1
    line = 1 / t - 1 + 0.005 + 0.0005 / (efficiency * t)
    homodyne = (1 - efficiency + electronic) / efficiency
    total = line + homodyne / t
    mutual = 0.5 * math.log2((v + total) / (1 + total))
    a = v * v * (1 - 2 * t) + 2 * t + t * t * (v + line) ** 2
    root_b = t * (v * line + 1)
    c = (a * homodyne + v * root_b + t * (v + line)) / (t * (v + total))
    d = root_b * (v + root_b * homodyne) / (t * (v + total))
    holevo = sum(map(_entropy, _eigenvalues(a, root_b**2))) - sum(map(_entropy, _eigenvalues(c, d)))
    return beta * mutual - holevo


def _eigenvalues(trace: float, determinant: float) -> tuple[float, float]:
    root = math.sqrt(max(trace * trace - 4 * determinant, 0))
    return math.sqrt((trace + root) / 2), math.sqrt((trace - root) / 2)


def _entropy(x: float) -> float:
    if x <= 1 + 1e-12:
        return 0.0
    return (x + 1) / 2 * math.log2((x + 1) / 2) - (x - 1) / 2 * math.log2((x - 1) / 2)
