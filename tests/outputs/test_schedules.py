"""The link schedule and the fibre order list."""

from __future__ import annotations

from copy import deepcopy

import pytest
from plan_fixtures import SAMPLE, make_link, make_plan, sample

from qplan.assessment.facts import assess
from qplan.inventory.model import Inventory
from qplan.inventory.plant import strands_taken
from qplan.outputs.bill.fibre_orders import fibre_order_table, fibre_orders
from qplan.outputs.bill.schedule import link_schedule, schedule_table
from qplan.plan.model import Path


def rows_by(table, column):
    return {row[table.header.index(column)]: dict(zip(table.header, row, strict=True)) for row in table.rows}


def test_the_schedule_says_what_stands_where_and_what_a_pair_must_give():
    values = deepcopy(SAMPLE)
    values["sites"]["sg-hq"]["address"] = "Rosenbergstrasse 1, St. Gallen"
    values["policy"] = {"key_rate_reserve": 0.2}
    values["existing"] = {"links": {"old": {
        "ends": ("zrh-dc1", "sg-hq"), "fibres": ("f-zrh-win", "f-win-sg"), "system": "dv-metro", "count": 1,
    }}}  # fmt: skip
    inventory = Inventory.model_validate(values)
    link = make_link(
        inventory, ("sg-hq", "zrh-dc1"), "dv-metro", ("f-win-sg", "f-zrh-win"), ("win-co",), count=2, load_bps=1000.0
    )
    link = link.model_copy(update={"existing": 1, "tx": "zrh-dc1"})
    paths = {"bank-a": (Path(links=(link.id,), relays=()),)}
    plan = make_plan(inventory, (link,), paths)
    schedule = link_schedule(assess(inventory, plan))
    row = rows_by(schedule_table(schedule), "QKD link")[link.id]
    assert row["First end address"] == "Rosenbergstrasse 1, St. Gallen" and row["Second end address"] == ""
    assert (row["First end side"], row["Second end side"]) == ("Rx", "Tx")
    assert (row["Pairs"], row["Pairs there"], row["Strands"]) == (2, 1, 4)
    assert (row["Fibres"], row["Patched through"]) == ("f-win-sg, f-zrh-win", "win-co")
    assert row["Required rate per pair (bit/s)"] == pytest.approx(1000 / 2 / 0.8)
    assert row["Loss (dB)"] == pytest.approx(14.2 + 6.1 + 0.5)


def test_the_fibre_orders_add_up_to_the_strands_that_the_plan_lights_in_each_band():
    inventory, plan = sample()
    values = inventory.model_dump()
    values["equipment"]["qkd_systems"]["cv-long"]["wavelength_nm"] = 1310.0
    values["fibres"]["f-zrh-win"]["strands"] = 5
    inventory = Inventory.model_validate(values)
    beside = make_link(inventory, ("zrh-dc1", "win-co"), "cv-long", ("f-zrh-win",))
    plan = plan.model_copy(update={"links": tuple(sorted((*plan.links, beside), key=lambda link: link.id))})
    orders = fibre_orders(assess(inventory, plan))
    taken = {fibre: sum(o.strands for o in orders if o.fibre == fibre) for fibre in {o.fibre for o in orders}}
    assert taken == strands_taken(inventory, plan.links)
    both = [o for o in orders if o.fibre == "f-zrh-win"]
    assert [(o.band.centre_nm, o.strands, o.basis) for o in both] == [(1550, 2, "measured"), (1310, 1, "computed")]
    table = fibre_order_table(orders)
    assert all(len(row) == len(table.header) for row in table.rows)
