"""What is said of a plan by address: the best plan without or with it, held against exhaustive search and `--set`."""

from __future__ import annotations

import json
import random

import pytest
from networks import LINE, ONE, RING, corridor, fibre, network, system
from oracle.forced import best_using
from oracle.random_inventories import random_inventory
from oracle.search import best_value
from planning import planned
from seeds import chosen_seeds

from qplan.candidates.listing import list_candidates
from qplan.explain.about.alternatives import Replanner
from qplan.explain.about.limits import judge_limits
from qplan.explain.about.needed_relays import judge_relays
from qplan.explain.about.questions import UnknownAddress, ask, sum_up
from qplan.explain.trials import Trials
from qplan.explain.variants import MANY_STRANDS, apply_settings, keep_required
from qplan.inventory.model import Budget, Inventory
from qplan.inventory.reader import read_inventory
from qplan.optimizer.limits import SearchParameters
from qplan.time_budget import TimeBudget

SEED = 7_000_900


def trials(seconds: float = 60.0) -> Trials:
    return Trials("highs", SearchParameters(0.0, TimeBudget.of(seconds)))


def inventories(*chosen: int):
    """Random ones that have a plan, with their best plans, the corridors all required."""
    for seed in chosen_seeds(SEED, chosen):
        document = random_inventory(random.Random(seed))
        for entry in document["corridors"].values():
            entry.pop("required", None)
        inventory = Inventory.model_validate(document)
        plan = planned(inventory).plan
        if plan is not None:
            yield seed, document, inventory, plan


def test_the_best_plan_with_a_link_a_fibre_or_a_duct_that_the_plan_leaves_out():
    """Held against exhaustive search; what it costs beyond the budget is looked for where nothing else is possible."""
    compared = impossible = 0
    for seed, _, inventory, plan in inventories(21, 33, 37, 40, 51, 54):
        listed = [each for each in list_candidates(inventory).links if each.corridors]
        built, rng = {link.id for link in plan.links}, random.Random(seed)
        links = [each.link for each in listed if each.link.id not in built]
        taken = {f for link in plan.links for f in link.fibres}
        fibres = sorted({f for link in links for f in link.route.fibres} - taken)
        asked = [(f"links.{link.id}", [link]) for link in rng.sample(links, min(2, len(links)))]
        asked += [
            (f"fibres.{f}", [x for x in links if f in x.route.fibres]) for f in rng.sample(fibres, len(fibres))[:1]
        ]
        for address, wanted in asked:
            pairs = {(link.system, link.route.fibres) for link in wanted}
            value = best_using(inventory, pairs)
            beyond = best_using(inventory.model_copy(update={"budget": Budget()}), pairs)
            [found] = ask(trials(), inventory, plan, address).without
            expected = beyond if value is None else value
            assert (found.value is None) == (expected is None), (seed, address)
            if expected is None:
                impossible += 1
                assert [reason.code for reason in found.reasons] == ["no_way"], (seed, address)
                continue
            assert found.value == pytest.approx(expected, abs=0.0101), (seed, address)
            assert ("with budget." in found.text) == (value is None)
            compared += 1
    assert compared >= 8 and impossible >= 2


def test_what_is_printed_costs_what_is_said(tmp_path):
    """Lines for `--set` under an answer, given to the reader, lead to the value beside them."""
    tried = 0
    for seed, document, inventory, plan in inventories(33, 35, 40, 54):
        file = tmp_path / "sites.yaml"
        file.write_text(json.dumps(document), encoding="utf-8")
        sites, fibres = random.Random(seed).sample(sorted(inventory.sites), 2), sorted(inventory.fibres)[:1]
        addresses = [f"sites.{s}" for s in sites] + [f"fibres.{f}" for f in fibres]
        for address in [*addresses, f"corridors.{plan.corridors[0].id}"]:
            answer = ask(trials(), inventory, plan, address)
            for found in (*answer.without, *answer.changes):
                if found.settings and found.status == "optimal":
                    again = planned(read_inventory(file, overrides=found.settings).inventory).plan
                    assert again.objective.value == pytest.approx(found.value), (seed, address, found)
                    tried += 1
    assert tried >= 5


def test_a_line_that_leaves_a_corridor_out_leaves_out_what_names_it(tmp_path):
    """A drill that surges it and expects something of it, and a check of it."""
    drill = {
        "duration_s": 60,
        "events": [{"at_s": 1, "surge": "corridors.c", "factor": 2, "for_s": 5}, {"at_s": 2, "fail": "fibres.h"}],
        "expect": [{"corridor": "c", "max_gap_s": 9}, {"corridor": "d", "delivered_min": 0.5}],
    }
    checks = {"c": {"metric": "relays_on_path", "where": {"corridor": "c"}, "max": 5}}
    corridors = {"c": corridor("a", "b"), "d": corridor("a", "m")}
    fibres = {"g": fibre("a", "m"), "h": fibre("m", "b")}
    inventory = network(fibres, corridors, drills={"dig": drill}, checks=checks)
    [found] = ask(trials(), inventory, planned(inventory).plan, "corridors.c").without
    (tmp_path / "sites.yaml").write_text(inventory.model_dump_json(exclude_unset=True), encoding="utf-8")
    again = read_inventory(tmp_path / "sites.yaml", overrides=found.settings)
    assert planned(again.inventory).plan.objective.value == found.value
    assert [each.corridor for each in again.inventory.drills["dig"].expect] == ["d"]


def test_what_a_change_breaks_and_who_then_sees_keys_is_said_beside_its_cost():
    """Split over two relays; in one path it is cheaper, one relay sees it whole, and a check is no longer kept."""
    fibres = {f"{end}{s}": fibre(end, s) for s in ("m", "n") for end in ("a", "b")}
    split = {"c": corridor("a", "b", paths=2, shares_needed=2, disjoint="node")}
    checks = {"both": {"metric": "relays", "min": 2, "severity": "error"}}
    inventory = network(fibres, split, {"n": {"relay_cost": 7}}, checks=checks)
    found = ask(trials(), inventory, planned(inventory).plan, "corridors.c").changes
    [one] = [each for each in found if each.text.startswith("ask for 1 path")]
    assert one.text == "ask for 1 path for c, whose relays then see the whole key"
    assert (one.breaks, one.newly_seen) == (("both",), {"c": ("m",)})


def test_what_binds_changes_the_optimum_when_it_alone_is_lifted():
    """By exhaustive search of the inventory without the limit."""
    lifted = {"strands": MANY_STRANDS, "rack_units": None, "power_w": None, "max_relays": None}
    binding = idle = 0
    for seed, _, inventory, plan in inventories(10, 21, 37, 45, 51):
        replanner = Replanner(trials(), inventory, plan)
        everywhere = {
            f"{kind}.{name}" for kind in ("sites", "fibres", "corridors") for name in getattr(inventory, kind)
        }
        for state in judge_limits(replanner, (), everywhere | {"budget.capex", "budget.tco"})[0]:
            limit = state.at
            if state.binds is None:
                continue
            money = limit.kind == "budget"
            free = apply_settings(
                inventory, [(limit.where, None) if money else (f"{limit.where}.{limit.limit}", lifted[limit.limit])]
            )
            changed = best_value(free).value < plan.objective.value - 0.005
            assert state.binds == changed, (seed, limit)
            binding, idle = binding + changed, idle + (not changed)
    assert binding >= 1 and idle >= 3


def test_patching_binds_where_a_higher_limit_is_cheaper():
    """Through m and n a channel of 8 dB would do with one system instead of three and two relays."""
    fibres = {"f": fibre("a", "m", 2), "g": fibre("m", "n", 2), "h": fibre("n", "b", 2)}
    inventory = network(fibres, ONE, policy={"max_bypass_sites": 1, "bypass_loss_db": 1.0})
    plan = planned(inventory).plan
    assert plan.objective.value == 200
    [state] = [each for each in sum_up(trials(), inventory, plan).limits if each.at.limit == "max_bypass_sites"]
    assert (state.binds, state.at.taken, state.at.free) == (True, 1, 1)
    [better] = [each for each in ask(trials(), inventory, plan, "corridors.c").changes if each.better]
    assert (better.settings, better.value) == (("policy.max_bypass_sites=2",), 100)


def test_a_site_that_its_rules_keep_out_gets_no_credit_for_another():
    """Letting `useless` in lets `good` in too, which alone makes the plan cheaper."""
    fibres = {"far": fibre("a", "b", 9.9, cost_per_strand_year=900)}
    fibres |= {f"{end}{s}": fibre(end, s) for s in ("good", "useless") for end in ("a", "b")}
    sites = {
        "good": {"operator": "other"},
        "useless": {"operator": "other", "trusted_node": "forbidden", "relay_cost": 50},
    }
    corridors = {"c": corridor("a", "b", allowed_operators=["own"])}
    inventory = network(fibres, corridors, sites, economics={"horizon_years": 1, "discount_rate": 0.0})
    plan = planned(inventory).plan
    answer = ask(trials(), inventory, plan, "sites.useless")
    [forced], [relaxed] = answer.without, answer.changes
    assert forced.text.startswith("useless made to relay (let useless relay for c")
    assert (forced.value, forced.new_nodes, forced.settings) == (250, ("useless",), ())
    assert (relaxed.text, relaxed.value, relaxed.new_nodes) == ("let good relay for c", 200, ("good",))


def test_a_gain_that_needs_no_change_is_not_credited_to_it():
    """A plan that is not the best: whatever is changed, the better one found holds without it."""
    inventory = network(RING | {"h": fibre("a", "b", 9)}, {"c": corridor("a", "b", allowed_countries=["CH"])},
                        {"x": {"country": "CH"}, "y": {"country": "CH"}})  # fmt: skip
    dear = planned(apply_settings(inventory, [("fibres.h.strands", 0)])).plan
    answer = ask(trials(), inventory, dear, "corridors.c")
    assert answer.changes and not any(each.better for each in answer.changes)
    assert all(not each.needed for each in answer.changes if each.difference < 0)


def test_relays_that_every_plan_needs():
    """By exhaustive search of the inventory in which the site may not relay."""
    needed = other = 0
    for seed, _, inventory, plan in inventories(1, 6, 16, 18, 38, 40, 51, 52):
        for s, verdict in judge_relays(trials(), inventory, plan).items():
            without = apply_settings(keep_required(inventory), [(f"sites.{s}.trusted_node", "forbidden")])
            assert verdict == (best_value(without) is None), (seed, s)
            needed, other = needed + verdict, other + (not verdict)
    assert needed >= 5 and other >= 2


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("links.a--b", "no_corridor"),
        ("links.a--far", "out_of_reach"),
        ("links.far--n", "loss_db"),
        ("fibres.long", "loss_db"),
    ],
)
def test_why_a_link_cannot_be_of_use(address, told):
    fibres = LINE | {"long": fibre("n", "far", 30), "h": fibre("b", "n"), "direct": fibre("a", "b")}
    corridors = {"c": corridor("a", "m"), "d": corridor("b", "n")}
    sites = {s: {"trusted_node": "forbidden"} for s in ("a", "b", "m", "n", "far")}
    inventory = network(fibres, corridors, sites)
    answer = ask(trials(), inventory, planned(inventory).plan, address)
    assert not answer.in_plan and answer.without == ()
    assert answer.reasons[0].code == told


def test_a_dead_end_is_said_to_be_none_that_a_path_leads_over():
    inventory = network(LINE | {"blind": fibre("m", "n")}, ONE)
    plan = planned(inventory).plan
    over, at = (ask(trials(), inventory, plan, address) for address in ("fibres.blind", "sites.n"))
    assert over.why[-1] == "1 QKD link could be built over it; corridors' rules and key rates allow 1 of them."
    assert over.without[0].status == "infeasible"
    assert over.without[0].reasons[0].text.startswith("No path of a plan that keeps all rules can lead over it")
    assert at.why[1:] == (
        "1 QKD link could end there, from m.",
        "It may relay, but no path of a plan can lead through it.",
    )


def test_what_a_cut_duct_leaves_without_keys():
    ducted = {name: entry | ({"ducts": ["k"]} if name in ("f1", "g1") else {}) for name, entry in RING.items()}
    inventory = network(ducted, {"one": corridor("a", "x"), "two": corridor("a", "b", paths=2, disjoint="node")},
                        systems={"q": system(key_rate_curve=[[0, 9000], [10, 9000]])})  # fmt: skip
    answer = ask(trials(), inventory, planned(inventory).plan, "ducts.k")
    assert "Cut, it leaves one, two without keys." in answer.why
    assert answer.without[0].settings == ("fibres.f1.strands=0", "fibres.g1.strands=0")


@pytest.mark.parametrize("address", ["ducts.none", "fibres.none", "links.none--b", "links.a--a", "links.q", "roads.x"])
def test_addresses_that_name_nothing(address):
    inventory = network(LINE, ONE)
    with pytest.raises(UnknownAddress):
        ask(trials(), inventory, planned(inventory).plan, address)
