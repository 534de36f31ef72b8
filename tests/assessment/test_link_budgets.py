"""Headroom is what may be lost before a link fails its corridors; a loss budget sums to the loss."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from plan_fixtures import make_link, sample

from qplan.assessment.link_budgets import link_facts
from qplan.inventory.model import Inventory
from qplan.inventory.source.messages import headroom_figure, loss_figure
from qplan.outputs.text import wording
from qplan.physics.key_rate import loss_for_rate_db, rate_at_bps

rates = st.one_of(*[st.floats(1e-3, 1e9)] * 4, st.just(0.0))


@st.composite
def curves(draw):
    losses = sorted(draw(st.lists(st.integers(0, 60), min_size=1, max_size=5, unique=True)))
    return tuple((float(loss), draw(rates)) for loss in losses)


@given(curves(), st.floats(0, 1), st.floats(0.001, 1))
@example(((0.0, 15.0), (1.0, 15.0), (2.0, 0.0)), 0.375, 1.0)  # a flat piece, on which the rate was rounded up
@example(((0.0, 15.000000000000002), (1.0, 15.0), (2.0, 0.0)), 0.0, 1.0)
def test_the_rate_is_given_up_to_the_loss_and_not_beyond(curve, place, share):
    loss = place * curve[-1][0]
    rate = share * rate_at_bps(curve, loss)
    assume(rate > 0)
    limit = loss_for_rate_db(curve, loss, rate)
    steps = (loss + share * (limit - loss) for share in (0, 0.1, 0.5, 0.9, 0.999))
    assert all(rate_at_bps(curve, step) >= rate * (1 - 1e-9) for step in steps)
    assert rate_at_bps(curve, limit + 1e-9) < rate * (1 + 1e-6)


def one_link(loss_db, load_bps, reserve=0.0, **system):
    """A dv-metro link of this loss that carries this load, with a reserve on top."""
    inventory, _ = sample()
    fibre = inventory.fibres["f-zrh-win"].model_copy(update={"loss_db": loss_db})
    bought = inventory.equipment.qkd_systems["dv-metro"].model_copy(update=system)
    equipment = inventory.equipment.model_copy(update={"qkd_systems": {"dv-metro": bought}})
    fibres = {**inventory.fibres, "f-zrh-win": fibre}
    policy = inventory.policy.model_copy(update={"key_rate_reserve": reserve})
    inventory = inventory.model_copy(update={"fibres": fibres, "equipment": equipment, "policy": policy})
    link = make_link(inventory, ("zrh-dc1", "win-co"), "dv-metro", ("f-zrh-win",), load_bps=load_bps)
    return link_facts(inventory, link)


@pytest.mark.parametrize(
    ("loss_db", "load_bps", "said"),
    [
        (20.0, 0.0, "4.00 dB"),
        (20.0, 1000.0, "4.00 dB"),  # the curve ends at 24 dB with 1 kbit/s
        (20.0, 10_000.0, "0.16 dB (key rate)"),  # 14.5 dB + 9.5 dB × log(300/10) / log(300/1) = 20.165 dB
        (14.5, 300_000.0, "0.00 dB (key rate)"),
        (24.0, 1.0, "0.00 dB"),
    ],
)
def test_headroom_ends_at_the_nearer_of_loss_limit_and_reserved_rate(loss_db, load_bps, said):
    assert wording.headroom(one_link(loss_db, load_bps)) == said


def test_headroom_keeps_the_reserve_on_top_of_what_is_reserved():
    assert wording.headroom(one_link(20.0, 5000.0, reserve=0.5)) == "0.16 dB (key rate)"


def test_headroom_goes_on_along_a_level_curve():
    level = ((0.0, 5000.0), (10.0, 1000.0), (21.0, 1000.0), (24.0, 10.0))
    assert wording.headroom(one_link(5.0, 1000.0, key_rate_curve=level)) == "16.00 dB (key rate)"


def test_a_stated_limit_below_the_curves_end_counts():
    assert wording.headroom(one_link(20.0, 0.0, max_loss_db=21.15)) == "1.15 dB"


@given(st.integers(0, 3_000_000), st.sampled_from(["18.00", "23.50", "30.00", "36.00"]))
@example(1_662_500, "18.00")
@example(2_917_500, "36.00")
def test_what_is_lost_and_what_is_left_come_to_the_limit_as_they_are_shown(loss_e5, limit):
    loss_db = loss_e5 / 1e5
    assume(loss_db <= float(limit))
    left = headroom_figure(float(limit) - loss_db)
    assert Decimal(loss_figure(loss_db)) + Decimal(left) == Decimal(limit)


def test_a_loss_budget_sums_to_the_loss_and_holds_a_measured_loss_whole():
    inventory, _ = sample()
    data = inventory.model_dump(exclude_unset=True)
    del data["fibres"]["f-ust-rap"]["loss_db"]
    data["fibres"]["f-ust-rap"] |= {"length_km": 20.0, "attenuation_db_per_km": 0.2, "connectors": 4, "splices": 3}
    data["policy"] = {"loss_margin_db": 1.5, "bypass_loss_db": 0.7}
    inventory = Inventory.model_validate(data)
    link = make_link(inventory, ("zrh-dc1", "rap-pop"), "dv-metro", ("f-zrh-ust", "f-ust-rap"), ("uster-hut",))
    budget = link_facts(inventory, link).budget
    assert (budget.fibre, budget.connectors, budget.splices) == pytest.approx((4.9 + 4.0, 1.0, 0.15))
    assert (budget.patching, budget.margin) == pytest.approx((0.7, 1.5))
    assert budget.total == pytest.approx(link.loss_db, abs=1e-9)
