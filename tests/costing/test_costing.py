"""The bill of materials, its views and the cost report."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_fixtures import SAMPLE, make_link, make_plan, sample
from planning import planned
from seeds import CASES

from qplan.assessment.facts import assess
from qplan.costing.bill import Category, bill_of_materials
from qplan.costing.cents import apportion, cents
from qplan.costing.cost import Cost, Life, present_value_beyond_first_terms, present_value_factor
from qplan.costing.firmness import price_basis
from qplan.costing.market import Market
from qplan.costing.planned import plan_cost, state_costs
from qplan.costing.quotes import register_quotes
from qplan.costing.views import by_corridor, by_part, by_site
from qplan.inventory.commercial import Economics
from qplan.inventory.model import Inventory
from qplan.outputs.costs.costs_json import costs_json
from qplan.plan.model import Path

CENT = Decimal("0.01")
amounts = st.one_of(
    st.just(0.0), st.integers(1, 10**6).map(float), st.floats(0, 1e6, allow_nan=False).map(lambda x: round(x, 3))
)
prices = st.one_of(st.none(), amounts)
SITES = [f"s{i}" for i in range(6)]


@st.composite
def random_plans(draw):
    """A row of sites with a fibre and a link between neighbours, and corridors over some of its stretches."""
    site = st.fixed_dictionaries(
        {
            "trusted_node": st.sampled_from(["allowed", "existing"]),
            "node_cost": amounts, "node_cost_per_year": amounts, "relay_cost": amounts, "relay_cost_per_year": amounts,
        }
    )  # fmt: skip
    fibre = st.fixed_dictionaries(
        {
            "length_km": st.floats(0.1, 90).map(lambda km: round(km, 4)), "setup_cost_per_strand": amounts,
            "cost_per_strand_year": amounts, "cost_per_strand_km_year": amounts,
        }
    )  # fmt: skip
    system = st.fixed_dictionaries(
        {"price": prices, "support_per_year": amounts, "strands": st.integers(1, 3)},
    )
    item = st.fixed_dictionaries({"quantity": st.integers(1, 3), "price": prices, "support_per_year": amounts})
    items = st.dictionaries(st.sampled_from(["P1", "P2"]), item)
    stretches = draw(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 5)), min_size=1, max_size=4))
    stretches = {f"c{n}": (a, min(a + length, 5)) for n, (a, length) in enumerate(stretches)}
    inventory = Inventory.model_validate(
        {
            "qplan": 1,
            "sites": {s: draw(site) for s in SITES},
            "fibres": {f"f{i}": {"ends": (SITES[i], SITES[i + 1]), **draw(fibre)} for i in range(5)},
            "equipment": {
                "qkd_systems": {f"q{i}": {"key_rate_curve": ((60.0, 1e3),), **draw(system)} for i in range(2)},
                "node_items": draw(items), "relay_items": draw(items),
            },
            "corridors": {c: {"ends": (SITES[a], SITES[b]), "key_rate_bps": 1.0} for c, (a, b) in stretches.items()},
            "economics": {
                "horizon_years": draw(st.integers(0, 130)), "discount_rate": draw(st.sampled_from([0.0, 0.05, 0.123])),
                "contingency": draw(st.sampled_from([0.0, 0.1, 0.333])),
            },
        }
    )  # fmt: skip
    used = sorted({hop for a, b in stretches.values() for hop in range(a, b)})
    links = {
        hop: make_link(
            inventory, (SITES[hop], SITES[hop + 1]), draw(st.sampled_from(["q0", "q1"])), (f"f{hop}",),
            count=draw(st.integers(1, 3)),
        )
        for hop in used
    }  # fmt: skip
    paths = {
        c: (Path(links=tuple(links[hop].id for hop in range(a, b)), relays=tuple(SITES[a + 1 : b])),)
        for c, (a, b) in stretches.items()
    }
    return inventory, make_plan(inventory, tuple(links.values()), paths)


@settings(max_examples=CASES or 30)
@given(random_plans())
def test_every_account_adds_up_to_the_plan_to_the_cent(case):
    inventory, plan = case
    bill = bill_of_materials(inventory, plan)
    costs = {name: Decimal(str(getattr(plan.costs, name))) for name in ("capex", "contingency", "opex_per_year", "tco")}
    assert sum(line.line_total or 0 for line in bill) == costs["capex"]
    assert sum(line.support_per_year for line in bill) == costs["opex_per_year"]
    for view in (bill, by_part(bill)):
        assert len({line.address for line in view}) == len(view)
        assert all(sum(share for _, share in line.shares) == 1 for line in view)
        assert sum(line.line_total or 0 for line in view) == costs["capex"]
    shares = by_corridor(inventory, plan, bill)
    for name, total in costs.items():
        assert sum(getattr(share, name) for share in shares) == total

    report = json.loads(costs_json(assess(inventory, plan)))
    assert {name: Decimal(str(report[name])) for name in costs} == costs
    for table in ("by_category", "by_price_provenance"):
        assert sum(Decimal(str(row["capex"] or 0)) for row in report[table]) == costs["capex"]
        assert sum(Decimal(str(row["opex_per_year"])) for row in report[table]) == costs["opex_per_year"]
    assert sum(Decimal(str(year["discounted"])) for year in report["cash_flow"]) == costs["tco"]
    assert sum(Decimal(str(year["nominal"])) for year in report["cash_flow"]) == Decimal(str(report["total_nominal"]))


@settings(max_examples=CASES or 30)
@given(random_plans())
def test_nothing_without_a_price_is_hidden_and_nothing_installed_is_missing(case):
    inventory, plan = case
    bill = bill_of_materials(inventory, plan)
    new_relays = [site for site in plan.relays if inventory.sites[site].trusted_node == "allowed"]
    expected = {("system", link.system) for link in plan.links} | {("auth", "")}
    expected |= {("node", part) for part in inventory.equipment.node_items}
    expected |= {("relay", part) for part in inventory.equipment.relay_items if new_relays}
    names = {
        Category.QKD_SYSTEM: "system", Category.NODE_ITEM: "node", Category.RELAY_ITEM: "relay",
        Category.AUTHENTICATION: "auth",
    }  # fmt: skip
    assert {(names[line.category], line.key) for line in bill if line.category in names} == expected
    for line in bill:
        assert (line.line_total is None) == (line.to_be_quoted or line.category.recurring)

    installed = by_site(inventory, plan)
    pairs = sum(link.count for link in plan.links)
    assert sum(line.quantity for line in bill if line.category is Category.QKD_SYSTEM) == pairs
    for end, what in enumerate(("transmitter (Tx)", "receiver (Rx)")):
        modules = [one for one in installed if one.what == what]
        assert sum(one.quantity for one in modules) == pairs
        assert {(one.link, one.site, one.far_end) for one in modules} == {
            (link.id, link.ends[end], link.ends[1 - end]) for link in plan.links
        }
    for category in (Category.NODE_ITEM, Category.RELAY_ITEM):
        bought = sum(line.quantity for line in bill if line.category is category)
        assert sum(one.quantity for one in installed if one.what == category) == bought


def test_the_sample_costs_what_a_reader_adds_up_by_hand():
    _, plan = sample()
    capex = 3 * 150_000 + 4 * 30_000 + 2 * 20_000 + (12_000 + 8_000 + 5_000 + 12_000) + 60_000 + 4 * 500
    support = 3 * 15_000 + 4 * 5_000 + 2 * 2_000
    opex = support + (9_000 + 6_000 + 3_000 + 7_000) + (4_000 + 2_500.5) + 2 * (27.4 + 58.3) * 240 + 2 * 3_600
    assert plan.costs.capex == capex
    assert plan.costs.contingency == pytest.approx(0.1 * capex, abs=1e-9)
    assert plan.costs.opex_per_year == pytest.approx(opex, abs=1e-9)
    tco = 1.1 * capex + sum(opex / 1.05**year for year in range(1, 11))
    assert plan.costs.tco == pytest.approx(tco, abs=0.005)


def test_a_corridor_bears_an_equal_part_of_what_it_shares():
    inventory, plan = sample()
    bank, grid = by_corridor(inventory, plan, bill_of_materials(inventory, plan))
    shared_link = 150_000 + 2 * 500
    shared_nodes = (12_000 + 30_000) + (8_000 + 30_000)
    assert (grid.corridor, grid.capex) == ("grid-b", Decimal(shared_link + shared_nodes) / 2)
    assert bank.capex == Decimal(str(plan.costs.capex)) - grid.capex
    assert (bank.to_be_quoted, grid.to_be_quoted) == (2, 1)


def test_what_no_corridor_uses_is_shown_as_such():
    inventory, plan = sample()
    idle = plan.model_copy(update={"corridors": plan.corridors[1:]})
    shares = by_corridor(inventory, idle, bill_of_materials(inventory, idle))
    assert [share.corridor for share in shares] == ["", "grid-b"]
    assert sum(share.capex for share in shares) == Decimal(str(plan.costs.capex))
    assert shares[0].capex > 0


def edited(**changes):
    """The sample with some sections of its inventory changed by key."""
    data = {**SAMPLE, **{section: {**SAMPLE[section], **values} for section, values in changes.items()}}
    return Inventory.model_validate(data)


def test_one_part_on_equal_terms_is_bought_as_one_line():
    key_manager = SAMPLE["equipment"]["node_items"]["KMS-1"]
    _, plan = sample()
    same = edited(equipment={"relay_items": {"KMS-1": key_manager}})
    dearer = edited(equipment={"relay_items": {"KMS-1": {**key_manager, "price": 31_000.0}}})
    (line,) = (line for line in by_part(bill_of_materials(same, plan)) if line.part_number == "KMS-1")
    assert (line.quantity, line.line_total, line.support_per_year) == (5, 150_000, 25_000)
    assert dict(line.shares) == {"bank-a": Fraction(4, 5), "grid-b": Fraction(1, 5)}
    later = edited(equipment={"relay_items": {"KMS-1": {**key_manager, "lead_time_weeks": 99}}})
    for other in (dearer, later):
        assert [x.quantity for x in by_part(bill_of_materials(other, plan)) if x.part_number == "KMS-1"] == [4, 1]


@pytest.mark.parametrize(
    ("product", "price", "support"),
    [
        ({"price": 1.0, "provenance": "paper"}, "paper", ""),
        ({"price": 1.0, "provenance": {"price": "quote", "support_per_year": "paper"}}, "quote", ""),
        ({"price": 1.0, "support_per_year": 2.0, "provenance": {"price": "quote"}}, "quote", "no source"),
        ({"price": 1.0, "provenance": {"power_w": "datasheet"}}, "no source", ""),
        ({"support_per_year": 1.0, "provenance": {"price": "quote", "support_per_year": "paper"}}, "", "paper"),
        ({"provenance": "datasheet"}, "", ""),
    ],
)
def test_provenance_of_price_and_support_is_that_of_the_money_shown(product, price, support):
    _, plan = sample()
    inventory = edited(equipment={"node_items": {"KMS-1": product}})
    (line,) = (line for line in bill_of_materials(inventory, plan) if line.key == "KMS-1")
    assert (line.provenance, line.support_provenance) == (price, support)


@pytest.mark.parametrize(
    ("labels", "as_of", "firm"),
    [
        ({"quote_valid_until": "2031-03-31"}, "2031-03-31", True),
        ({"quote_valid_until": "2031-03-31"}, "2031-04-01", False),
        ({"quote_valid_until": "2031-03-31"}, None, True),
        ({"quote_valid_until": "in spring"}, "2031-04-01", True),
        ({"currency": "USD"}, None, False),
        ({"currency": "CHF"}, None, True),
        ({}, "2031-04-01", True),
    ],
)
def test_only_a_quote_that_holds_in_the_plans_currency_is_firm(labels, as_of, firm):
    _, plan = sample()
    key_manager = {"price": 1000.0, "support_per_year": 100.0, "provenance": "quote", "labels": labels}
    dv = {**SAMPLE["equipment"]["qkd_systems"]["dv-metro"], "provenance": "datasheet"}
    systems = {**SAMPLE["equipment"]["qkd_systems"], "dv-metro": dv}
    inventory = edited(equipment={"node_items": {"KMS-1": key_manager}, "qkd_systems": systems})
    plan = plan.model_copy(update={"inventory": plan.inventory.model_copy(update={"as_of": as_of})})
    costs = assess(inventory, plan).costs
    worth = 4 * (1000 + 100 * float(present_value_factor(inventory.economics)))
    assert costs.firmness.quoted == pytest.approx(worth / float(costs.tco) if firm else 0)
    assert sum(costs.firmness.shares.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("labels", "as_of", "basis"),
    [
        ({"quote_ref": "Q-3", "quote_valid_until": "2020-01-01"}, "2026-01-01", "expired quote"),
        ({"currency": "USD"}, "2026-01-01", "foreign currency"),
        ({"currency": "USD", "quote_valid_until": "2020-01-01"}, "2026-01-01", "expired quote, foreign currency"),
        ({"currency": "CHF", "quote_valid_until": "2020-01-01"}, None, "quote"),
    ],
)
def test_quotes_of_services_and_encryptors_run_out_like_others(labels, as_of, basis):
    _, plan = sample()
    stated = {"provenance": "quote", "labels": labels}
    encryptors = {"fw": {"qkd_licence_per_year": 10.0, **stated}}
    inventory = edited(
        corridors={"grid-b": {**SAMPLE["corridors"]["grid-b"], "encryptor": "fw"}},
        equipment={"encryptors": encryptors},
    ).model_dump(exclude_unset=True, by_alias=True)
    services = {"install": {"per": "plan", "price": 1000.0, "price_per_year": 5.0, **stated}}
    plan = plan.model_copy(update={"inventory": plan.inventory.model_copy(update={"as_of": as_of})})
    bill = bill_of_materials(Inventory.model_validate({**inventory, "services": services}), plan)
    lines = {line.category: line for line in bill if line.key in ("install", "fw")}
    assert set(lines) == {Category.SERVICE, Category.YEARLY_SERVICE, Category.LICENCE}
    for line in lines.values():
        assert (price_basis(line), line.quote_ref) == (basis, labels.get("quote_ref", ""))
        assert line.quote_valid_until == labels.get("quote_valid_until", "")


def test_a_spare_rests_on_the_offer_that_sets_its_price():
    quoted = {"for": "node_items.KMS-1", "supplier": "Acme", "currency": "CHF", "provenance": "quote"}
    offers = {
        "dear": {**quoted, "list_price": 900.0, "quote_ref": "Q-9"},
        "least": {**quoted, "list_price": 1000.0, "discount": 0.2, "quote_ref": "Q-8", "support_per_year": 5.0},
        "leased": {**quoted, "kind": "lease", "fee_per_month": 1.0, "term_months": 12, "quote_ref": "Q-1"},
    }
    _, plan = sample()
    key_manager = {"price": 700.0, "provenance": "illustrative"}
    inventory = edited(equipment={"node_items": {"KMS-1": key_manager}})
    inventory = Inventory.model_validate(
        {**inventory.model_dump(exclude_unset=True, by_alias=True), "offers": offers, "spares": {"node_items.KMS-1": 2}}
    )
    (line,) = (line for line in bill_of_materials(inventory, plan) if line.address == "spare.KMS-1")
    assert (line.line_total, line.offer, line.quote_ref, line.provenance) == (1600, "least", "Q-8", "quote")
    assert (line.supplier, line.support_per_year, line.support_provenance) == ("Acme", 0, "")
    assert "spare.KMS-1" in {key for quote in register_quotes(inventory, [line]) for key in quote.lines}


def test_the_bill_says_that_a_spare_stands_outside_of_tiers():
    """Four pieces are needed, one is kept at the base price; the tier from 5 is had by a fifth all the same."""
    offer = {"for": "node_items.KMS-1", "list_price": 1000.0, "tiers": [{"from": 5, "discount": 0.5}]}
    inventory = edited(equipment={"node_items": {"KMS-1": {}}})
    stated = inventory.model_dump(exclude_unset=True, by_alias=True)
    inventory = Inventory.model_validate({**stated, "offers": {"o": offer}, "spares": {"node_items.KMS-1": 1}})
    result = planned(inventory)
    lines = {line.address: line for line in bill_of_materials(inventory, result.plan)}
    bought, beyond, spare = (lines[key] for key in ("node-item.KMS-1.o", "surplus.KMS-1.o", "spare.KMS-1"))
    assert [(line.quantity, line.unit_price) for line in (bought, beyond, spare)] == [(4, 500), (1, 500), (1, 1000)]
    assert beyond.description == "Beyond the need, for the tier from 5 (spares do not count): KMS-1"
    assert spare.description == "Spare, at the base price: KMS-1"


@pytest.mark.parametrize(("term_months", "months"), [(1, 35), (12, 24), (18, 18), (24, 24), (30, 30), (36, 0), (48, 0)])
def test_fees_beyond_the_first_term_are_told_apart_from_what_is_agreed(term_months, months):
    """Of three years, whole terms: 24 months are paid twice, 30 likewise."""
    economics = Economics(horizon_years=3, discount_rate=0.0)
    fee, again = Cost(fees=((term_months, Decimal(1)),)), Cost(refreshes=((Life(2), Decimal(100)),))
    assert present_value_beyond_first_terms(economics, fee) == months
    assert present_value_beyond_first_terms(economics, fee + again) == months + 100


def test_the_register_comes_to_the_shares_of_what_is_quoted():
    _, plan = sample()
    key_manager = {"price": 1000.0, "support_per_year": 100.0, "provenance": "quote"}
    dv = {**SAMPLE["equipment"]["qkd_systems"]["dv-metro"], "provenance": "datasheet"}
    systems = {**SAMPLE["equipment"]["qkd_systems"], "dv-metro": dv}
    costs = assess(edited(equipment={"node_items": {"KMS-1": key_manager}, "qkd_systems": systems}), plan)
    quotes = register_quotes(costs.inventory, costs.bill)
    firm = sum(quote.before_contingency for quote in quotes if quote.firm)
    assert costs.inventory.economics.contingency and firm
    assert float(firm / costs.costs.tco) == pytest.approx(costs.costs.firmness.quoted, abs=1e-6)


def test_one_more_thing_in_the_bill_leaves_the_other_keys_as_they_are():
    inventory, plan = sample()
    fewer = make_plan(inventory, plan.links[1:], {"bank-a": (), "grid-b": ()})
    keys, fewer_keys = ([line.address for line in bill_of_materials(inventory, each)] for each in (plan, fewer))
    assert set(fewer_keys) < set(keys)
    assert {"system.dv-metro", "node-item.KMS-1", "relay-item.HSM-2", "lease.f-zrh-win", "authentication"} <= {*keys}


def test_every_line_has_a_key_of_its_own_also_where_products_share_an_id():
    network = {
        "qplan": 1,
        "sites": {"a": {}, "b": {}, "c": {}},
        "fibres": {"ac": {"ends": ["a", "c"], "loss_db": 5}, "bc": {"ends": ["b", "c"], "loss_db": 5}},
        "equipment": {
            "qkd_systems": {"X": {"key_rate_curve": [[0, 1000], [20, 10]], "price": 100, "life_years": 3}},
            "node_items": {"X": {"price": 10, "life_years": 3}},
            "relay_items": {"X": {"price": 20, "life_years": 4}},
        },
        "spares": {"node_items.X": 1, "relay_items.X": 1},
        "corridors": {"q": {"ends": ["a", "b"], "key_rate_bps": 1}},
        "policy": {"max_bypass_sites": 0},
    }
    inventory = Inventory.model_validate_json(json.dumps(network))
    keys = [line.address for line in bill_of_materials(inventory, planned(inventory).plan)]
    assert len(set(keys)) == len(keys) and {"spare.X.relay-item", "refresh.X.node-item"} <= set(keys)


def test_a_fixed_lease_beside_one_by_length_has_a_key_of_its_own():
    _, plan = sample()
    fibre = {**SAMPLE["fibres"]["f-zrh-win"], "cost_per_strand_year": 10.0}
    bill = bill_of_materials(edited(fibres={"f-zrh-win": fibre}), plan)
    units = {line.address: line.unit for line in bill if line.address.startswith("lease.f-zrh-win")}
    assert units == {"lease.f-zrh-win": "strand-year", "lease.f-zrh-win.km": "strand-km-year"}


def test_a_fibre_without_length_has_no_lease_by_length():
    _, plan = sample()
    fibre = {k: v for k, v in SAMPLE["fibres"]["f-zrh-win"].items() if k != "length_km"}
    fibre |= {"cost_per_strand_year": 10.0, "cost_per_strand_km_year": 3.0, "loss_db": 5.0}
    sites = {s: {k: v for k, v in site.items() if k not in ("lat", "lon")} for s, site in SAMPLE["sites"].items()}
    bill = bill_of_materials(edited(fibres={"f-zrh-win": fibre}, sites=sites), plan)
    assert [line.unit for line in bill if line.address.startswith("lease.f-zrh-win")] == ["strand-year"]


@pytest.mark.parametrize("escalation", [0.0, 0.01])
def test_years_that_are_not_listed_are_all_counted(escalation):
    _, plan = sample()
    inventory = edited(economics={"horizon_years": 150, "escalation": {"lease": escalation}, "contingency": 0.0})
    report = json.loads(costs_json(assess(inventory, plan)))
    leases = sum(line.cost.lease for line in bill_of_materials(inventory, plan))
    grown = sum(leases * (Decimal(repr(1 + escalation)) ** year - 1) for year in range(150))
    total = Decimal(str(report["capex"])) + 150 * Decimal(str(report["opex_per_year"])) + grown
    assert Decimal(str(report["total_nominal"])) == pytest.approx(total, abs=Decimal(2))


def scaled(driver, factor):
    """The sample with one driver's figures multiplied, edited where a user would."""
    systems, items, economics = {}, {}, dict(SAMPLE["economics"])
    sites = {key: dict(site) for key, site in SAMPLE["sites"].items()}
    fibres = {key: dict(fibre) for key, fibre in SAMPLE["fibres"].items()}
    systems = {key: dict(system) for key, system in SAMPLE["equipment"]["qkd_systems"].items()}
    items = {kind: dict(*SAMPLE["equipment"][kind].values()) for kind in ("node_items", "relay_items")}
    targets = {
        "systems, one-off": [(systems.values(), "price")],
        "node items": [([items["node_items"]], "price")],
        "relay fit-out": [([items["relay_items"]], "price"), (sites.values(), "relay_cost")],
        "node works": [(sites.values(), "node_cost")],
        "fibre set-up": [(fibres.values(), "setup_cost_per_strand")],
        "support": [(group, "support_per_year") for group in (systems.values(), items.values())],
        "node hosting": [(sites.values(), "node_cost_per_year")],
        "relay operation": [(sites.values(), "relay_cost_per_year")],
        "fibre lease": [(fibres.values(), "cost_per_strand_year"), (fibres.values(), "cost_per_strand_km_year")],
        "discount rate": [([economics], "discount_rate")],
        "contingency": [([economics], "contingency")],
    }
    for entries, field in targets[driver]:
        for entry in entries:
            if field in entry:
                entry[field] *= factor
    equipment = {"qkd_systems": systems, "node_items": {"KMS-1": items["node_items"]}}
    equipment["relay_items"] = {"HSM-2": items["relay_items"]}
    return edited(sites=sites, fibres=fibres, equipment=equipment, economics=economics)


def test_sensitivity_is_the_tco_with_the_figures_changed_in_the_inventory():
    inventory, plan = sample()
    drivers = json.loads(costs_json(assess(inventory, plan)))["sensitivity"]["drivers"]
    assert len(drivers) == 11
    for driver in drivers:
        for key, factor in (("tco_if_lower", 0.8), ("tco_if_higher", 1.2)):
            changed = scaled(driver["driver"], factor)
            again = state_costs(changed, plan_cost(Market(changed), plan))
            assert again.tco != plan.costs.tco
            assert driver[key] == pytest.approx(again.tco, abs=0.011), driver["driver"]
    swings = [abs(driver["tco_if_higher"] - driver["tco_if_lower"]) for driver in drivers]
    assert swings == sorted(swings, reverse=True)


def test_a_horizon_of_centuries_keeps_the_cash_flow_short():
    _, plan = sample()
    inventory = edited(economics={"horizon_years": 10**9})
    report = json.loads(costs_json(assess(inventory, plan)))
    assert [(year["year"], year["last_year"]) for year in report["cash_flow"][-2:]] == [(100, 100), (101, 10**9)]
    assert report["total_nominal"] == pytest.approx(report["capex"] * 1.1 + 10**9 * report["opex_per_year"])


@pytest.mark.parametrize("rate", [1e-9, 2e-9])
def test_a_tiny_discount_rate_discounts_next_to_nothing(rate):
    assert float(present_value_factor(Economics(discount_rate=rate, horizon_years=10))) == pytest.approx(
        10 - 55 * rate, rel=1e-15
    )


parts = st.one_of(
    st.integers(0, 10**9).map(lambda n: Decimal(n) / 100),
    st.fractions(0, 10**6, max_denominator=997),
)


def test_remainders_that_rounding_on_the_way_parts_are_alike():
    """A seed of the workbooks' test: the later of two equal rests got the cent, by 10⁻²⁵ of one."""
    parts = [Decimal("35.85619047619047619047619048"), Decimal("18.4161904761904761904761904808")]
    assert apportion(parts) == [Decimal("35.86"), Decimal("18.41")]


@given(st.lists(parts, max_size=30))
def test_apportioned_cents_add_up_and_move_only_what_is_not_whole(exact):
    rounded = apportion(exact)
    assert sum(rounded) == cents(sum(map(Fraction, exact), Fraction(0)))
    for part, result in zip(exact, rounded, strict=True):
        assert result == result.quantize(CENT)
        assert abs(Fraction(result) - Fraction(part)) < Fraction(1, 100)
        assert (Fraction(part) * 100).denominator > 1 or Fraction(result) == Fraction(part)


def test_a_sum_that_rounding_on_the_way_keeps_off_a_half_is_a_half():
    parts = [Decimal("184.1899999999999999999999999"), Decimal("130.065")]
    assert apportion(parts) == [Decimal("184.19"), Decimal("130.07")]  # 314.255, whose half goes to the even cent
