"""Every view of the bill and the account of costs agree with the plan to the cent, on random markets.

8 markets; `QPLAN_CASES=1000 python -m pytest -n0 tests/costing/test_views.py` tries 1,000.
"""

from __future__ import annotations

import csv
import io
import json
import random
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from typing import get_args

import numpy_financial as npf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from oracle.random_markets import random_market
from planning import planned
from seeds import CASES, seeds

from qplan.assessment.facts import PlanFacts, assess
from qplan.comparison.cost_account import hold_costs
from qplan.costing.bill import ADDRESS, Category
from qplan.costing.cash_flow import KINDS, OPEX_KINDS, annualised, cash_flow, escalation_within, fees_beyond
from qplan.costing.cents import cents
from qplan.costing.cost import Cost, Life, refresh_of_year, refresh_over_horizon, tco
from qplan.costing.groups import By, group_bill
from qplan.inventory.commercial import Economics
from qplan.inventory.model import Inventory
from qplan.outputs.bill.bill_document import view_json
from qplan.outputs.bill.views import view_csv, view_markdown, view_text
from qplan.outputs.costs.costs_json import account_json
from qplan.outputs.costs.texts import account_csv
from qplan.outputs.schemas import SCHEMAS

INSTANCES = CASES or 8
VIEWS = get_args(By)
BILL, ACCOUNT = (Draft202012Validator(SCHEMAS[name]()) for name in ("bom", "cost"))
SPLIT = {"site": "at_sites", "link": "on_links", "corridor": "shares"}
MUST_COME_UP = {"fee", "refresh", "surplus", "spare", "existing-support", "licence", "energy", "yearly-service"}


def markets():
    """Random markets that have a plan, in one of three currencies."""
    made = 0
    for seed in seeds(100 * INSTANCES, 8 * 10**6):
        rng = random.Random(seed)
        document = random_market(rng)
        for amount in ("setup_cost_per_strand", "cost_per_strand_year"):  # what no cent divides
            for fibre in document["fibres"].values():
                fibre[amount] = rng.choice((0, 0.333, 7.005))
        for offer in document["offers"].values():
            if offer["kind"] == "purchase" and rng.random() < 0.5:  # more than is needed is bought for this
                offer["tiers"] = [{"from": 4, "discount": 0.97}]
        document["economics"]["currency"] = currency = rng.choice(("EUR", "CHF", "USD"))
        document["economics"]["exchange_rates"] = {"USD": 1.0 if currency == "USD" else 0.913, "EUR": 1.07}
        inventory = Inventory.model_validate(document)
        plan = planned(inventory, gap=0.05).plan
        if plan is not None and plan.links:
            yield seed, assess(inventory, plan)
            made += 1
        if made == INSTANCES:
            return


def test_every_view_of_every_market_sums_to_the_plan_to_the_cent(record_property):
    seen: Counter[str] = Counter()
    for seed, facts in markets():
        seen.update({ADDRESS[line.category] for line in facts.bill})
        try:
            for by in VIEWS:
                _view_sums(facts, by)
            _account_sums(facts)
        except AssertionError as wrong:
            raise AssertionError(f"seed {seed}: {wrong}") from wrong
    record_property("at work", dict(seen))
    missing = MUST_COME_UP - seen.keys()
    assert INSTANCES < 100 or not missing, f"never at work: {missing}"


def _view_sums(facts: PlanFacts, by: By) -> None:
    view, costs = group_bill(facts.inventory.economics, facts.bill, by), facts.plan.costs
    stated = {"capex": costs.capex, "opex_per_year": costs.opex_per_year, "tco": costs.tco}
    for name, total in stated.items():
        total = Decimal(str(total))
        groups = [getattr(group.money, name) for group in view.groups]
        lines = [[getattr(entry.money, name) for entry in group.entries] for group in view.groups]
        assert sum(groups) == getattr(view.money, name) == total, (by, name)
        assert [sum(amounts) for amounts in lines] == groups, (by, name)
    again = refresh_over_horizon(facts.inventory.economics, facts.costs.total)
    assert view.money.refresh == cents(again), by
    assert {group.id for group in view.groups} >= ({share.corridor for share in facts.costs.shares} & _used(facts)
                                                   if by == "corridor" else set())  # fmt: skip
    if by == "corridor":
        tcos = {group.id: (group.money.capex, group.money.tco) for group in view.groups}
        assert all(tcos.get(each.corridor, (0, 0)) == (each.capex, each.tco) for each in facts.costs.shares)
    if by in SPLIT:
        for line in facts.bill:
            parts = [e.line.quantity for g in view.groups for e in g.entries if e.line.address == line.address]
            assert len(parts) == len(getattr(line, SPLIT[by]))
            assert sum(parts) == pytest.approx(line.quantity, abs=Decimal("1e-5"))
    document = json.loads(view_json(facts, view))
    BILL.validate(document)
    for name, total in stated.items():
        assert round(sum(line[name] for line in document["lines"]), 2) == document[name] == total, (by, name)
    keys = [(line["group"], line["line"]) for line in document["lines"]]
    assert keys == sorted(set(keys))
    rows = list(csv.DictReader(io.StringIO(view_csv(facts, view), newline="")))
    assert sum(Decimal(row["TCO"]) for row in rows) == view.money.tco
    paid = [Decimal(row["Line total"]) for row in rows if row["Line total"] not in ("", "to be quoted")]
    assert sum(paid) == view.money.capex
    assert sum("to be quoted" in row["Unit price"] for row in rows) == sum(g.to_be_quoted for g in view.groups)
    assert view_text(facts, view, 100) and view_markdown(facts, view)


def _used(facts: PlanFacts) -> set[str]:
    return {corridor for line in facts.bill for corridor, _ in line.shares}


def _account_sums(facts: PlanFacts) -> None:
    account = hold_costs(facts)
    document = json.loads(account_json(account))
    ACCOUNT.validate(document)
    for row in document["cash_flow"]:
        assert round(sum(row[kind] for kind in KINDS), 2) == row["nominal"]
    stated = {year: span for span in facts.plan.costs.by_year for year in range(span.first, span.last + 1)}
    for row in facts.costs.years[1:]:
        opex, span = sum(row.kinds[kind] for kind in OPEX_KINDS), stated[row.year]
        assert [float(opex), float(row.kinds["refresh"])] == [span.opex, span.refresh], row.year
    first = facts.costs.years[0].kinds
    assert (first["capex"], first["contingency"]) == (facts.costs.capex, facts.costs.contingency)
    assert round(sum(row["discounted"] for row in document["cash_flow"]), 2) == document["tco"] == facts.plan.costs.tco
    assert round(sum(row["nominal"] for row in document["cash_flow"]), 2) == document["total_nominal"]
    for name in ("capex", "tco"):
        assert round(sum(each[name] for each in document["corridors"].values()), 2) == document[name]
    figures = {row["key"]: row["value"] for row in csv.DictReader(io.StringIO(account_csv(account), newline=""))}
    assert Decimal(figures["tco"]) == Decimal(str(document["tco"]))


# ---- against numpy-financial, which knows nothing of this

amounts = st.integers(0, 10**7).map(lambda cents: Decimal(cents) / 100)
costs = st.builds(
    Cost, capex=amounts, support=amounts, lease=amounts, energy=amounts, hosting=amounts,
    fees=st.lists(st.tuples(st.sampled_from([1, 12, 36, 48, 60]), amounts), max_size=2, unique_by=lambda x: x[0]).map(
        lambda fees: tuple(sorted(fees))
    ),
    refreshes=st.lists(
        st.tuples(st.builds(Life, st.integers(1, 12), st.integers(0, 5)), amounts), max_size=2, unique_by=lambda x: x[0]
    ).map(lambda again: tuple(sorted(again))),
)  # fmt: skip
growth = st.sampled_from([0.0, 0.02, 0.035, -0.05])
economies = st.builds(
    lambda horizon, rate, share, **grow: Economics(
        horizon_years=horizon, discount_rate=rate, contingency=share, escalation=grow
    ),
    st.integers(1, 30), st.sampled_from([0.0, 0.03, 0.05, 0.123]), st.sampled_from([0.0, 0.1]),
    support=growth, lease=growth, energy=growth,
)  # fmt: skip


@pytest.mark.filterwarnings("ignore:invalid value encountered in divide:RuntimeWarning")  # of numpy-financial at rate 0
@settings(max_examples=60)
@given(economies, costs)
def test_years_and_the_equal_payment_agree_with_numpy_financial(economics, cost):
    rows = cash_flow(economics, cost)
    rate, horizon = economics.discount_rate, economics.horizon_years
    value = npf.npv(rate, [float(row.nominal) for row in rows])
    assert float(tco(economics, cost)) == pytest.approx(value, abs=0.01 * len(rows))
    each = annualised(economics, cost)
    assert float(each) == pytest.approx(-npf.pmt(rate, horizon, float(tco(economics, cost))), abs=0.006)
    assert npf.pv(rate, horizon, -float(each)) == pytest.approx(float(tco(economics, cost)), abs=0.01 * horizon)

    steady = economics.model_copy(update={"escalation": Economics().escalation})
    level = Cost(support=cost.support, lease=cost.lease, energy=cost.energy, hosting=cost.hosting)
    paid = -npf.pv(rate, horizon, float(level.opex_per_year))
    assert float(tco(steady, level)) == pytest.approx(paid, abs=0.01)
    nominal = sum((row.nominal for row in rows), Decimal(0))
    calm = sum((row.nominal for row in cash_flow(steady, cost)), Decimal(0))
    assert escalation_within(economics, cost) == pytest.approx(nominal - calm, abs=Decimal("0.02") * len(rows))
    assert refresh_over_horizon(economics, cost) == sum(
        refresh_of_year(economics, cost, y) for y in range(1, horizon + 1)
    )
    months = sum(fee * (term * -(-12 * horizon // term) - 12 * horizon) for term, fee in cost.fees)
    assert fees_beyond(economics, cost) == cents(Fraction(months))


def test_the_equal_payment_of_a_purchase_by_hand():
    economics = Economics(horizon_years=10, discount_rate=0.05)
    assert annualised(economics, Cost(capex=Decimal(100))) == Decimal("12.95")  # npf.pmt(0.05, 10, -100)
    assert annualised(economics.model_copy(update={"horizon_years": 0}), Cost(capex=Decimal(100))) is None
    assert Category.SUPPORT.recurring
