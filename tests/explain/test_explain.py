"""Why there is no plan: every kind of reason with its numbers, and remedies that hold what they promise."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import yaml
from networks import LINE, LOOP, ONE, PAIR, RING, ROOMY, corridor, fibre, network, system
from oracle.random_inventories import random_inventory
from planning import planned
from seeds import chosen_seeds

import qplan
from qplan.candidates import routes
from qplan.candidates.links import enumerate_candidates
from qplan.explain import trials
from qplan.explain.findings import AsRead, Proposal, Remedy
from qplan.explain.infeasibility import further
from qplan.explain.infeasibility.cases import examine
from qplan.explain.infeasibility.clash import find_clash, keep_limits
from qplan.explain.infeasibility.concessions import propose_relays
from qplan.explain.infeasibility.explanation import explain
from qplan.explain.infeasibility.irreducible import Irreducible, find_irreducible
from qplan.explain.infeasibility.limits import examine_limits
from qplan.explain.infeasibility.remedies import Success, Tried, try_for_all, try_for_corridor
from qplan.explain.infeasibility.rules import let_in
from qplan.explain.trials import Trials
from qplan.explain.variants import apply_settings, keep_corridors, keep_required
from qplan.inventory.model import Inventory
from qplan.inventory.reader import read_inventory
from qplan.inventory.shipped import shipped_systems
from qplan.optimizer.limits import SearchParameters, Status, StopReason
from qplan.optimizer.model.objectives import Goal
from qplan.optimizer.model.path_rows import formulate
from qplan.optimizer.planner import optimize
from qplan.optimizer.search.stages import Search
from qplan.optimizer.solvers.solver import solve
from qplan.outputs.verbs.explanation import explanation_files, explanation_json, explanation_markdown, explanation_text
from qplan.plan.model import InventoryRef, link_id
from qplan.time_budget import TimeBudget

REF = InventoryRef(name="x", sha256="0", files=(), scenario=None, set={}, effective_sha256="0")


@pytest.fixture(autouse=True)
def no_shipped_systems(monkeypatch):
    """Only what the inventories here declare, unless a test takes the shipped catalogue back."""
    monkeypatch.setattr(further, "shipped_systems", dict)


def limits(seconds: float = 30.0) -> SearchParameters:
    return SearchParameters(0.0, TimeBudget.of(seconds))


def feasible(inventory: Inventory) -> bool:
    """Whether the required corridors can be served, by the whole integer program."""
    inventory = keep_required(inventory)
    found = solve(formulate(inventory, enumerate_candidates(inventory)), Goal("any", (), 1.0), "highs", limits())
    assert found.values is not None or found.infeasible
    return found.values is not None


def explained(inventory: Inventory):
    assert not feasible(inventory)
    return explain(inventory, enumerate_candidates(inventory), "infeasible", "highs", limits())


def applied(inventory: Inventory, settings: tuple[str, ...]) -> Inventory:
    pairs = (setting.split("=", 1) for setting in settings)
    return apply_settings(inventory, [(address, yaml.safe_load(value)) for address, value in pairs])


CASES = {
    "no_fibre": (
        network({"f": fibre("a", "m"), "g": fibre("b", "n")}, ONE),
        ("no_fibre", None, None, ("sites.a", "sites.b")),
        set(),
    ),
    "amplified": (
        network({"f": fibre("a", "m", amplified=True), "g": fibre("m", "b")}, ONE),
        ("amplified", 1, 0, ("fibres.f",)),
        {("fibres.f.amplified=false",)},
    ),
    "technology": (
        network(LINE, ONE, policy={"technologies": ["cv-gmcs"]}),
        ("technology", 0, None, ("policy.technologies",)),
        {('policy.technologies=["cv-gmcs", "dv-bb84"]',)},
    ),
    "technology that reaches farther": (
        network(
            {"f": fibre("a", "b", 12)},
            ONE,
            systems={"q": system(), "far": system(technology="cv-gmcs", key_rate_curve=[[0, 200], [15, 200]])},
            policy={"technologies": ["dv-bb84"]},
        ),
        ("technology", None, None, ("equipment.qkd_systems.far",)),
        {('policy.technologies=["dv-bb84", "cv-gmcs"]',)},
    ),
    "loss": (
        network({"f": fibre("a", "b", 16)}, ONE, policy={"loss_margin_db": 1.0}),
        ("loss_db", 17, 10, ("sites.a", "sites.b", "fibres.f")),
        {
            (
                'sites.hut-f={"trusted_node": "allowed", "rack_units": null, "power_w": null}',
                'fibres.f.ends=["a", "hut-f"]',
                "fibres.f.length_km=32.0",
                "fibres.f.loss_db=8.25",
                'fibres.f-2={"length_km": 32.0, "loss_db": 8.25, "strands": 1, "ends": ["hut-f", "b"]}',
            )
        },
    ),
    "loss on the way that misses by least": (
        network({"f": fibre("a", "m", 12), "g": fibre("m", "b", 14), "h": fibre("a", "b", 15)}, ONE),
        ("loss_db", 14, 10, ("sites.b", "sites.m", "fibres.g")),
        set(),
    ),
    "loss of a patched hop": (
        network(LINE | {"h": fibre("a", "b", 13)}, {"c": corridor("a", "b", avoid_sites=["m"])},
                policy={"max_bypass_sites": 1, "bypass_loss_db": 2.0}),
        ("loss_db", 12, 10, ("sites.a", "sites.m", "sites.b", "fibres.f", "fibres.g")),
        {("corridors.c.avoid_sites=[]",)},
    ),
    "length": (
        network({"f": fibre("a", "b", 8, length_km=60)}, ONE, systems={"q": system(max_length_km=50)}),
        ("length_km", 60, 50, ("sites.a", "sites.b", "fibres.f")),
        set(),
    ),
    "rate zero": (
        network({"f": fibre("a", "b", 9)}, ONE, systems={"q": system(key_rate_curve=[[0, 900], [6, 90], [10, 0]])}),
        ("key_rate_zero", 0, 0, ("sites.a", "sites.b", "fibres.f")),
        set(),
    ),
    "O band": (
        network({"f": {"ends": ["a", "b"], "loss_db": 5.0}}, ONE, systems={"q": system(wavelength_nm=1310)}),
        ("no_o_band_loss", None, None, ("fibres.f",)),
        set(),
    ),
    "C band": (
        network({"f": {"ends": ["a", "b"], "loss_1310_db": 5.0}}, ONE),
        ("no_c_band_loss", None, None, ("fibres.f",)),
        set(),
    ),
    "relay forbidden": (
        network(LINE, ONE, sites={"m": {"trusted_node": "forbidden"}}),
        ("relay_rule", 1, 0, ("sites.m",)),
        {("sites.m.trusted_node=allowed",)},
    ),
    "country and tier": (
        network(LINE, {"c": corridor("a", "b", allowed_countries=["CH"], min_security_tier=2)},
                sites={"m": {"country": "DE"}}),
        ("relay_rule", 1, 0, ("sites.m",)),
        {('corridors.c.allowed_countries=["CH", "DE"]', "sites.m.security_tier=2")},
    ),
    "patching": (
        network(LINE, ONE, sites={"m": {"trusted_node": "forbidden"}}),
        ("max_bypass_sites", 1, 0, ("policy.max_bypass_sites",)),
        set(),
    ),
    "relays": (
        network(LINE, {"c": corridor("a", "b", max_relays=0)}),
        ("max_relays", 1, 0, ("sites.m",)),
        {("corridors.c.max_relays=1",)},
    ),
    "bridge": (network(LOOP, PAIR), ("disjoint", 1, 2, ("ducts.bridge",)), {("corridors.c.disjoint=node",)}),
    "cut site": (
        network(RING | {"h": fibre("b", "z"), "k": fibre("z", "c")},
                {"c": corridor("a", "z", paths=2, disjoint="relay")}),
        ("disjoint", 1, 2, ("sites.b", f"links.{link_id(('b', 'z'), 'q', ('h',))}")),
        {("corridors.c.paths=1",)},
    ),
    "two for three": (
        network(RING, {"c": corridor("a", "b", paths=3, disjoint="node", shares_needed=3)}),
        ("disjoint", 2, 3, ("sites.x", "sites.y")),
        {("corridors.c.paths=2", "corridors.c.shares_needed=2")},
    ),
    "three for four": (
        network(RING | {"h1": fibre("a", "z"), "h2": fibre("z", "b")},
                {"c": corridor("a", "b", paths=4, disjoint="node")}),
        ("disjoint", 3, 4, ("sites.x", "sites.y", "sites.z")),
        {("corridors.c.paths=3",)},
    ),
    "second way through the site that is forbidden": (
        network(RING | {"h1": fibre("a", "aa"), "h2": fibre("aa", "c")}, PAIR,
                sites={"y": {"trusted_node": "forbidden"}, "aa": {"trusted_node": "forbidden"}}),
        ("disjoint", 1, 2, ("sites.x", "fibres.f1", "fibres.f2")),
        {("sites.y.trusted_node=allowed",)},
    ),
    "strands on the way round": (
        network({"f": fibre("a", "b"), "g": fibre("a", "z"), "h": fibre("z", "b")}, ONE,
                systems={"q": system(strands=2)}, sites={"z": {"trusted_node": "forbidden"}}),
        ("strands", 2, 1, ("fibres.f",)),
        {("fibres.f.strands=2",)},
    ),
    "ducts in pairs": (
        network({"f1": fibre("a", "b", ducts=["d1", "d2"]), "f2": fibre("a", "b", ducts=["d2", "d3"]),
                 "f3": fibre("a", "b", ducts=["d1", "d3"])}, PAIR),
        ("disjoint", 1, 2, ("corridors.c",)),
        {("corridors.c.disjoint=node",)},
    ),
    "strands": (
        network({"f": fibre("a", "b")}, ONE, systems={"q": system(strands=2)}),
        ("strands", 2, 1, ("fibres.f",)),
        {("fibres.f.strands=2",)},
    ),
    "rack units": (
        network(ROOMY, ONE, sites={"a": {"rack_units": 2}}, systems={"q": system(rack_units=3)}),
        ("rack_units", 3, 2, ("sites.a",)),
        {("sites.a.rack_units=3.0",)},
    ),
    "power": (
        network(LINE, ONE, sites={"m": {"power_w": 250}}, systems={"q": system(power_w=100)},
                items={"relay_items": {"HSM": {"power_w": 60}}}),
        ("power_w", 260, 250, ("sites.m",)),
        {("sites.m.power_w=260.0",)},
    ),
    "key rate": (
        network({"f": fibre("a", "b")}, {"c": corridor("a", "b", key_rate_bps=1600.0)}),
        ("key_rate", 1600, 1000, (f"links.{link_id(('a', 'b'), 'q', ('f',))}",)),
        {("corridors.c.key_rate_bps=1000.0",), ("fibres.f.strands=2",)},
    ),
    "budget": (
        network(LINE, ONE, budget={"capex": 150}),
        ("budget", 200, 150, ("budget.capex",)),
        {("budget.capex=200.0",)},
    ),
    "rack units and power": (
        network(ROOMY, ONE, sites={"a": {"rack_units": 2, "power_w": 50}},
                systems={"q": system(rack_units=3, power_w=60)}),
        ("limits", None, None, ()),
        {("sites.a.rack_units=3.0", "sites.a.power_w=60.0")},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_reason_of_one_corridor(name):
    inventory, (code, value, limit, where), remedies = CASES[name]
    explanation = explained(inventory)
    [finding] = explanation.corridors
    assert (finding.corridor, finding.servable_alone, explanation.joint) == ("c", False, ())
    reason = next(reason for reason in finding.reasons if reason.code == code)
    assert (reason.value, reason.limit, reason.where) == (value, limit, where)
    assert remedies <= {remedy.settings for remedy in finding.remedies}


def test_the_rule_that_refuses_the_only_relay_comes_before_strands_of_a_hopeless_direct_link():
    """Patched through m, a system gives 40 bit/s of the 100 asked for; three of them would take six strands."""
    systems = {"q": system(key_rate_curve=[[0, 1000], [5, 1000], [10, 40]], strands=2)}
    fibres = {"f": fibre("a", "m", strands=2), "g": fibre("m", "b", strands=2)}
    corridors = {"c": corridor("a", "b", allowed_operators=["CityNet"])}
    inventory = network(fibres, corridors, {"m": {"operator": "Telco"}}, systems,
                        policy={"max_bypass_sites": 1, "bypass_loss_db": 0.0})  # fmt: skip
    [finding] = explained(inventory).corridors
    assert [reason.code for reason in finding.reasons] == ["relay_rule", "strands", "strands", "key_rate"]
    assert "m may not relay for c by allowed_operators: found Telco, expected CityNet" in finding.reasons[0].text
    assert [(remedy.settings, remedy.cost) for remedy in finding.remedies] == [
        (('corridors.c.allowed_operators=["CityNet", "Telco"]',), 200.0),
        (("fibres.f.strands=6", "fibres.g.strands=6"), 300.0),
        (("corridors.c.key_rate_bps=40.0",), 100.0),
    ]


TIGHT = {"strands": 3, "rack_units": 7}  # of the system that the demands below need twice


@pytest.mark.parametrize(
    "corridors",
    [
        {"c": corridor("a", "b", key_rate_bps=1600.0)},
        {"c1": corridor("a", "b", key_rate_bps=700.0), "c2": corridor("b", "a", key_rate_bps=900.0)},
    ],
)
def test_limits_that_bind_together_are_named_where_asking_for_less_is_enough_by_itself(corridors):
    inventory = network({"f": fibre("a", "b", strands=5)}, corridors, {"a": {"rack_units": 9}}, {"q": system(**TIGHT)})
    explanation = explained(inventory)
    reasons = explanation.joint or explanation.corridors[0].reasons
    figures = [(reason.code, reason.value, reason.limit) for reason in reasons]
    short = [("limits", None, None), ("strands", 6, 5), ("rack_units", 14, 9), ("key_rate", 1600, 1000)]
    assert figures[-4:] == short
    assert "Free strands and rack units are short together" in next(r.text for r in reasons if r.code == "limits")
    best = (explanation.remedies or explanation.corridors[0].remedies)[0]
    assert (best.text, best.cost) == ("raise fibres.f.strands to 6, sites.a.rack_units to 14", 200.0)
    assert planned(applied(inventory, best.settings)).plan.objective.value == 200.0
    assert not any(feasible(applied(inventory, (setting,))) for setting in best.settings)


def overasked(rate_bps: float) -> Inventory:
    """Two strands, and beside the cheap system a fast one, for far more than two of these give."""
    systems = {"q": system(), "fast": system(price=900, key_rate_curve=[[0, rate_bps], [10, rate_bps]])}
    return network({"f": fibre("a", "b", strands=2)}, {"c": corridor("a", "b", key_rate_bps=6e5)}, systems=systems)


@pytest.mark.parametrize(
    ("rate_bps", "most", "next_above"),
    [(17850, 35700, 35800), (17899, 35700, 35800), (500, 2000, 2010), (290999, 581000, 582000)],
)
def test_the_most_that_may_be_asked_for_is_the_most_that_can_be_served(rate_bps, most, next_above):
    inventory = overasked(rate_bps)
    [finding] = explained(inventory).corridors
    [lower] = [remedy for remedy in finding.remedies if remedy.service == "lowered"]
    assert (lower.text, lower.settings) == (
        f"ask for at most {most} bit/s for c",
        (f"corridors.c.key_rate_bps={most}.0",),
    )
    assert planned(applied(inventory, lower.settings)).plan.objective.value == lower.cost
    assert not feasible(applied(inventory, (f"corridors.c.key_rate_bps={next_above}",)))


def test_a_demand_that_may_not_be_the_most_is_not_called_so(monkeypatch):
    monkeypatch.setattr(Trials, "divide", lambda trials, count: trials.end_at(0.0))
    inventory = overasked(17850)
    [lower] = examine_limits(Trials("highs", limits()), inventory).obstacles[-1].proposals
    assert lower.text == "ask for 1000 bit/s for c (the most was not found in time)"


def test_sites_that_one_rule_lets_in_are_one_remedy_and_named():
    """Three parallel relays of one operator: the plan takes the cheapest, the rule lets in all."""
    sites = {s: {"operator": "other", "relay_cost": cost} for s, cost in (("x", 30), ("y", 20), ("z", 40))}
    fibres = {f"{end}{s}": fibre(end, s) for s in sites for end in ("a", "b")}
    corridors = {"c": corridor("a", "b", allowed_operators=["own"])}
    [finding] = explained(network(fibres, corridors, sites)).corridors
    [remedy] = [remedy for remedy in finding.remedies if remedy.cost_known]
    assert remedy.text == "let y relay for c (which also lets in x, z for c)"
    assert (remedy.settings, remedy.cost) == (('corridors.c.allowed_operators=["own", "other"]',), 220.0)


def test_a_step_that_the_plan_found_does_not_need_is_left_out():
    """Letting m in is enough; a second proposal joined to it is not told."""
    inventory = network(LINE, {"c": corridor("a", "b", max_relays=1)}, {"m": {"trusted_node": "forbidden"}})
    both = let_in(inventory, [("c", "m")]).join(propose_relays("c", 2))
    [remedy] = try_for_all(Trials("highs", limits()), inventory, [both]).remedies
    assert (remedy.text, remedy.settings) == ("let m relay for c", ("sites.m.trusted_node=allowed",))


def test_a_channel_patched_further_is_named_where_that_would_do():
    """Both ways through m and n are forbidden to relays; patched through both, a channel reaches."""
    fibres = {"f": fibre("a", "m", 2), "g": fibre("m", "n", 2), "h": fibre("n", "b", 2)}
    sites = {s: {"trusted_node": "forbidden"} for s in ("m", "n")}
    inventory = network(fibres, ONE, sites, policy={"max_bypass_sites": 1, "bypass_loss_db": 0.5})
    [finding] = explained(inventory).corridors
    reason = finding.reasons[0]
    assert (reason.code, reason.value, reason.limit) == ("max_bypass_sites", 2, 1)
    assert finding.remedies[0].settings == ("policy.max_bypass_sites=2",)


def test_a_remedy_is_told_with_the_check_that_it_breaks():
    checks = {"alone": {"metric": "relays", "max": 0, "severity": "error"}}
    checks |= {"few": {"metric": "relays", "max": 0, "severity": "warning"}}
    inventory = network(LINE, ONE, {"m": {"trusted_node": "forbidden"}}, checks=checks)
    explanation = explained(inventory)
    best = explanation.corridors[0].remedies[0]
    assert (best.settings, best.breaks) == (("sites.m.trusted_node=allowed",), ("alone",))
    assert "; then check alone is not kept (exit 6)" in explanation_text(inventory, explanation)


def test_no_plan_is_no_remedy():
    """With its only corridor optional the best plan would be nothing at all."""
    [finding] = explained(network({"f": fibre("a", "b", 40)}, ONE)).corridors
    assert all(remedy.service != "left_out" for remedy in finding.remedies)


def test_loss_text_names_hop_loss_limit_and_shortfall():
    [finding] = explained(CASES["loss of a patched hop"][0]).corridors
    text = next(reason.text for reason in finding.reasons if reason.code == "loss_db")
    for piece in ("a to b", "over f, g", "patched through m", "12.00 dB", "q reaches 10.00 dB", "2.00 dB too much"):
        assert piece in text


def test_ways_over_the_limit_by_least_shortfall_first():
    """Two hops over the limit on the best way, one on the next; huts would part each, less margin is not enough."""
    fibres = {"f": fibre("a", "m", 11), "g": fibre("m", "b", 12), "h": fibre("a", "b", 15)}
    [finding] = explained(network(fibres, ONE, policy={"loss_margin_db": 4.0})).corridors
    losses = [(reason.value, reason.where[-1]) for reason in finding.reasons if reason.code == "loss_db"]
    assert losses == [(16.0, "fibres.g"), (19.0, "fibres.h")]
    hop = "a to m over f has 15.00 dB with 4 dB margin, q reaches 10.00 dB: 5.00 dB too much"
    assert hop in finding.reasons[0].text
    assert finding.reasons[1].text.startswith("On the next way, a to b over h has 19.00 dB")
    offered = {
        tuple(setting.partition("=")[0] for setting in remedy.settings if setting.startswith("sites."))
        for remedy in finding.remedies
    }
    assert {("sites.hut-g-1", "sites.hut-g-2", "sites.hut-f"), ("sites.hut-h-1", "sites.hut-h-2")} <= offered
    assert "policy.loss_margin_db=2.0" not in str(finding.remedies)  # 6 dB too much, 4 dB of margin


def test_less_margin_where_that_is_enough():
    [finding] = explained(network({"f": fibre("a", "b", 8.5)}, ONE, policy={"loss_margin_db": 3.0})).corridors
    [margin] = [remedy for remedy in finding.remedies if remedy.settings == ("policy.loss_margin_db=1.5",)]
    assert (margin.service, margin.text) == ("lowered", "keep a margin of 1.5 dB only")


def test_a_second_way_beyond_the_loss_limit():
    fibres = LOOP | {"h": fibre("a", "b", 14)}
    [finding] = explained(network(fibres, PAIR)).corridors
    assert [reason.code for reason in finding.reasons] == ["disjoint", "loss_db"]
    assert finding.reasons[1].text.startswith("Every way that avoids duct bridge has a hop over the loss limit.")
    assert any("a trusted hut on h" in remedy.text for remedy in finding.remedies)


def test_two_huts_where_one_is_not_enough():
    inventory = network({"f": fibre("a", "b", 25)}, ONE)
    [finding] = explained(inventory).corridors
    built = next(remedy for remedy in finding.remedies if not remedy.cost_known)
    assert {"hut-f-1", "hut-f-2"} < applied(inventory, built.settings).sites.keys()
    assert (built.scope, built.cost, built.proven) == ("inventory", 300.0, True)


def test_remedy_of_several_steps():
    """The way is too long, and the piece that is left has too few strands."""
    fibres = {"f": fibre("a", "m", 12), "g": fibre("m", "b", strands=1)}
    [finding] = explained(network(fibres, ONE, systems={"q": system(strands=2)})).corridors
    assert [reason.code for reason in finding.reasons] == ["loss_db", "strands", "strands", "strands"]
    best = finding.remedies[0].settings
    assert "fibres.g.strands=2" in best and any(setting.startswith("sites.hut-f=") for setting in best)


def test_remedies_of_few_steps_come_first_whatever_is_tried_first():
    """With the slow technology, which is cheaper, one path is not enough: it takes ten strands, or a lower rate."""
    slow = system(technology="bbm92", price=50, key_rate_curve=[[0, 10], [10, 10]])
    policy = {"technologies": ["bb84"]}
    [finding] = explained(
        network({"f": fibre("a", "b")}, PAIR, systems={"q": system(), "slow": slow}, policy=policy)
    ).corridors
    assert [reason.code for reason in finding.reasons] == ["technology", "disjoint"]
    assert finding.reasons[1].text.startswith("Not enough by itself: permit the technology ")
    settings = {remedy.settings for remedy in finding.remedies}
    assert settings == {('policy.technologies=["bb84", "dv-bb84"]', "corridors.c.paths=1")}


def shared_room(spare: float) -> Inventory:
    """Two paths from a to b take 4 rack units at a, of which there are 3; the corridor to n takes 2 of them."""
    fibres = {"f": fibre("a", "b"), "g": fibre("a", "b"), "h": fibre("a", "n")}
    corridors = {"c": corridor("a", "b", paths=2), "far": corridor("a", "n")}
    return network(fibres, corridors, {"a": {"rack_units": spare}}, {"q": system(rack_units=2)})


def test_limits_that_all_corridors_need_beside_those_of_one_alone():
    explanation = explained(shared_room(3))
    [finding] = explanation.corridors
    kept = [(remedy.settings, remedy.scope) for remedy in finding.remedies if remedy.service == "kept"]
    assert kept == [(("sites.a.rack_units=4.0",), "corridor")]
    [best] = explanation.remedies
    assert (best.settings, best.scope, best.cost) == (("sites.a.rack_units=6.0",), "inventory", 300.0)


def test_limits_that_all_corridors_need_once_a_rule_is_relaxed():
    corridors = {"c": corridor("a", "b"), "far": corridor("a", "n")}
    inventory = network(
        LINE | {"h": fibre("a", "n")}, corridors, {"m": {"trusted_node": "forbidden"}}, budget={"capex": 250}
    )
    [best] = explained(inventory).remedies
    assert (best.settings, best.cost) == (("sites.m.trusted_node=allowed", "budget.capex=300.0"), 300.0)


def test_a_design_for_one_corridor_is_no_plan_for_all_where_the_time_is_over(monkeypatch):
    inventory = shared_room(3)
    early = Trials("highs", limits())
    found = examine(early, keep_corridors(inventory, ["c"]))
    monkeypatch.setattr(Trials, "plan", lambda *args, **options: Search(Status.UNKNOWN, StopReason.TIME_LIMIT))
    [kept] = [each for each in try_for_corridor(early, inventory, "c", found, False).remedies if each.service == "kept"]
    assert (kept.settings, kept.scope) == (("sites.a.rack_units=4.0",), "corridor")


def test_what_a_hut_is_assumed_to_state_is_said():
    strict = {"c": corridor("a", "b", allowed_countries=["CH"], min_security_tier=2)}
    [finding] = explained(network({"f": fibre("a", "b", 16)}, strict)).corridors
    assert finding.remedies[0].text.endswith("must permit (assumed, not known: country CH, security_tier 2)")


def test_corridors_that_clash():
    """Two of three corridors want the one strand; leaving either out, or a second strand, makes room."""
    corridors = {"c1": corridor("a", "b", key_rate_bps=600.0), "c2": corridor("a", "b", key_rate_bps=700.0)}
    far = {"c3": corridor("a", "n")}
    inventory = network({"f": fibre("a", "b"), "g": fibre("a", "n")}, corridors | far)
    explanation = explained(inventory)
    assert explanation.corridors == ()
    reasons = {reason.code: reason for reason in explanation.joint}
    assert reasons["clash"].where == (
        "corridors.c1",
        "corridors.c2",
        "fibres.f.strands",
        "corridors.c1.key_rate_bps",
        "corridors.c2.key_rate_bps",
    )
    assert "c1, c2, within the 1 free strands on f, the key rate of c1 (600 bit/s)" in reasons["clash"].text
    assert (reasons["strands"].value, reasons["strands"].limit, reasons["strands"].where) == (2, 1, ("fibres.f",))
    assert reasons["key_rate"].value == 1300
    remedies = {remedy.settings: remedy for remedy in explanation.remedies}
    assert remedies.keys() == {
        ("fibres.f.strands=2",), ("corridors.c1.required=false",), ("corridors.c2.required=false",)
    }  # fmt: skip
    assert explanation.remedies[0].settings == ("fibres.f.strands=2",)
    assert remedies["fibres.f.strands=2",].cost == 300


CLASHES = [
    (  # one strand for two, the third has a fibre of its own
        {"f": fibre("a", "b"), "g": fibre("a", "n")}, {},
        {"c1": corridor("a", "b", key_rate_bps=600.0), "c2": corridor("a", "b", key_rate_bps=700.0),
         "c3": corridor("a", "n")},
        ["corridors.c1", "corridors.c2", "fibres.f.strands", "corridors.c1.key_rate_bps", "corridors.c2.key_rate_bps"],
    ),
    (  # rack units at the middle, enough for two of three
        {"f": fibre("a", "m"), "g": fibre("b", "m"), "h": fibre("c", "m")},
        {"sites": {"m": {"rack_units": 2}}, "systems": {"q": system(rack_units=1)}},
        {"c1": corridor("a", "m"), "c2": corridor("b", "m"), "c3": corridor("c", "m")},
        ["corridors.c1", "corridors.c2", "corridors.c3", "sites.m.rack_units"],
    ),
    (  # money for one of the two; the tco ceiling is wide
        {"f": fibre("a", "b"), "g": fibre("c", "d")}, {"budget": {"capex": 150, "tco": 9000}},
        {"c1": corridor("a", "b"), "c2": corridor("c", "d")},
        ["corridors.c1", "corridors.c2", "budget.capex"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("fibres", "rest", "corridors", "expected"), CLASHES)
def test_smallest_clash_of_corridors_and_limits(fibres, rest, corridors, expected):
    inventory = network(fibres, corridors, **rest)
    reason = next(reason for reason in explained(inventory).joint if reason.code == "clash")
    assert list(reason.where) == expected and "without any one of these, the others can be" in reason.text


def crowded(seed: int) -> Inventory:
    """A ring of five with little of everything: corridors that can be served alone and often not together."""
    rng = random.Random(seed)
    names = ["a", "b", "c", "d", "e"]
    fibres = {x + y: fibre(x, y, strands=rng.randint(1, 2)) for x, y in zip(names, names[1:] + names[:1], strict=True)}
    pairs = [rng.sample(names, 2) for _ in range(4)]
    corridors = {f"c{i}": corridor(*pair, key_rate_bps=rng.choice([100.0, 600.0])) for i, pair in enumerate(pairs)}
    sites = {s: {"rack_units": rng.randint(2, 4), "relay_cost": 10} for s in names}
    budget = {"capex": rng.choice([300, 450, 9000])}
    return network(fibres, corridors, sites, {"q": system(rack_units=1)}, budget=budget)


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 5, 6, 7, 8, 9])  # each corridor can be served alone, not all together
def test_a_clash_is_irreducible(seed):
    """Without any corridor, and without any limit, what is left can be served."""
    inventory = crowded(seed)
    found = find_clash(Trials("highs", limits()), inventory, enumerate_candidates(inventory))
    part = keep_corridors(inventory, found.corridors)
    assert found.proven and found.limits and not feasible(keep_limits(part, found.limits))
    for limit in found.limits:
        assert feasible(keep_limits(part, [other for other in found.limits if other != limit]))
    for q in found.corridors:
        assert feasible(keep_corridors(part, [other for other in found.corridors if other != q]))


@pytest.mark.parametrize("seed", range(40))
def test_irreducible_sets(seed):
    """Against a random family of impossible sets: the part found holds one, and no smaller part of it does."""
    rng = random.Random(seed)
    names = [f"n{i}" for i in range(rng.randint(1, 9))]
    impossible = [set(rng.sample(names, rng.randint(1, min(4, len(names))))) for _ in range(3)]
    asked = []

    def possible(elements):
        asked.append(elements)
        return not any(bad <= set(elements) for bad in impossible)

    found = find_irreducible(possible, names)
    assert found.proven and set(found.members) in impossible
    assert all(possible(tuple(set(found.members) - {one})) for one in found.members)
    assert len(asked) < 40


def test_irreducible_admits_what_was_not_decided():
    assert find_irreducible(lambda elements: None, ["a", "b"]) == Irreducible(("a", "b"), False)


def test_a_system_of_the_shipped_catalogue_is_proposed(monkeypatch):
    monkeypatch.setattr(further, "shipped_systems", shipped_systems)
    inventory = network({"f": fibre("a", "b", 30, strands=2)}, ONE, policy={"technologies": ["cv-gmcs", "dv-bb84"]})
    [finding] = explained(inventory).corridors
    best = finding.remedies[0]
    assert "of catalogue:illustrative-2026 (reaches" in best.text and best.cost_known
    repaired = applied(inventory, best.settings)
    assert feasible(repaired)
    [added] = repaired.equipment.qkd_systems.keys() - inventory.equipment.qkd_systems.keys()
    assert repaired.equipment.qkd_systems[added].price <= best.cost


def test_the_cheapest_site_is_let_in_where_strands_are_short():
    """Both b-sites would make a second way; the cheaper one is proposed first, the other too."""
    fibres = {"f": fibre("a", "b")} | {f"{s}{e}": fibre(e, s) for s in ("b1", "b2") for e in ("a", "b")}
    corridors = {"c1": corridor("a", "b", key_rate_bps=600.0), "c2": corridor("a", "b", key_rate_bps=700.0)}
    sites = {s: {"trusted_node": "forbidden", "relay_cost": cost} for s, cost in (("b1", 90), ("b2", 10))}
    settings = [remedy.settings for remedy in explained(network(fibres, corridors, sites)).remedies]
    assert ("sites.b2.trusted_node=allowed",) in settings and ("sites.b1.trusted_node=allowed",) in settings
    assert settings.index(("sites.b2.trusted_node=allowed",)) < settings.index(("sites.b1.trusted_node=allowed",))


@pytest.mark.parametrize(
    ("budget", "missed", "raised"),
    [
        ({"capex": 399.5}, [("budget.capex", 400, 399.5)], ("budget.capex=400.0",)),
        ({"capex": 1000, "tco": 300}, [("budget.tco", 400, 300)], ("budget.tco=400.0",)),
        (
            {"capex": 300, "tco": 350},
            [("budget.capex", 400, 300), ("budget.tco", 400, 350)],
            ("budget.capex=400.0", "budget.tco=400.0"),
        ),
    ],
)
def test_budget_that_all_corridors_together_miss(budget, missed, raised):
    fibres = {"f": fibre("a", "b"), "g": fibre("c", "d")}
    corridors = {"c1": corridor("a", "b"), "c2": corridor("c", "d")}
    explanation = explained(network(fibres, corridors, systems={"q": system(price=200)}, budget=budget))
    short = [reason for reason in explanation.joint if reason.code == "budget"]
    assert [(*reason.where, reason.value, reason.limit) for reason in short] == missed
    assert raised in [remedy.settings for remedy in explanation.remedies]


def test_several_impossible_corridors_get_a_remedy_for_all():
    fibres = {"f": fibre("a", "b", 12), "g": fibre("c", "d", 14), "h": fibre("a", "c")}
    corridors = {"c1": corridor("a", "b"), "c2": corridor("c", "d"), "c3": corridor("a", "c")}
    inventory = network(fibres, corridors)
    explanation = explained(inventory)
    assert [finding.corridor for finding in explanation.corridors] == ["c1", "c2"]
    assert {remedy.scope for finding in explanation.corridors for remedy in finding.remedies} == {"corridor"}
    assert [remedy.service for remedy in explanation.remedies] == ["kept", "left_out"]
    assert all(feasible(applied(inventory, remedy.settings)) for remedy in explanation.remedies)


def test_the_budget_for_all_where_it_is_too_low_for_each():
    fibres, corridors = {"f": fibre("a", "b"), "g": fibre("c", "d")}, {"q": corridor("a", "b"), "r": corridor("c", "d")}
    explanation = explained(network(fibres, corridors, budget={"capex": 50}))
    assert [finding.corridor for finding in explanation.corridors] == ["q", "r"]
    best = explanation.remedies[0]
    assert (best.settings, best.scope, best.cost) == (("budget.capex=200.0",), "inventory", 200.0)


def test_interrupted_search_still_gives_structural_reasons():
    inventory = network(LINE | {"h": fibre("a", "n", 12)}, ONE | {"far": corridor("a", "n")})
    stopped = limits()
    stopped.clock.stop.set()
    explanation = explain(inventory, enumerate_candidates(inventory), "unknown", "highs", stopped)
    assert [(f.corridor, f.servable_alone, f.reasons[0].code) for f in explanation.corridors] == [
        ("far", False, "loss_db")
    ]
    assert explanation.status == "infeasible"
    assert explanation.corridors[0].remedies == () and explanation.remedies == ()
    assert "Not decided in time" in explanation.notes[0] and "c" in explanation.notes[0]


def test_long_after_the_limit_no_more_is_looked_for():
    inventory = network(LINE | {"h": fibre("a", "n", 12)}, ONE | {"far": corridor("a", "n")})
    for over_s, found in ((1.0, ["far"]), (60.0, [])):
        late = SearchParameters(0.0, TimeBudget.of(-over_s))
        explanation = explain(inventory, enumerate_candidates(inventory), "unknown", "highs", late)
        assert [finding.corridor for finding in explanation.corridors] == found
    assert "Not decided in time" in explanation.notes[0] and "far" in explanation.notes[0]


def test_unknown_that_is_not_a_matter_of_single_corridors():
    inventory = network(LINE, ONE)
    explanation = explain(inventory, enumerate_candidates(inventory), "unknown", "highs", limits())
    assert (explanation.corridors, explanation.joint) == ((), ())
    assert "can be served by itself" in explanation.notes[0]
    assert explanation_text(inventory, explanation).startswith("No plan was found before the search ended.")
    optional = network(LINE, {"c": corridor("a", "b", required=False)})
    explanation = explain(optional, enumerate_candidates(optional), "unknown", "highs", limits())
    assert explanation.notes == ("The search ended before it found a plan or proved that there is none.",)


def test_routes_left_out_prove_nothing(monkeypatch):
    """The only way is patched through m; with no route over two fibres considered, nothing is claimed."""
    monkeypatch.setattr(routes, "MAX_ROUTES", 0)
    sites = {"m": {"trusted_node": "forbidden"}}
    inventory = network({"f": fibre("a", "m", 4), "g": fibre("m", "b", 4)}, ONE, sites, policy={"max_bypass_sites": 1})
    explanation = explain(inventory, enumerate_candidates(inventory), "unknown", "highs", limits())
    assert (explanation.corridors, explanation.joint) == ((), ())
    assert any("at most 0 patched sites" in note for note in explanation.notes)


def test_time_that_is_over_is_admitted(monkeypatch):
    monkeypatch.setattr(trials, "AT_LEAST_S", 0.0)
    inventory = CASES["budget"][0]
    explanation = explain(inventory, enumerate_candidates(inventory), "infeasible", "highs", limits(0.0))
    assert explanation.corridors == () and explanation.remedies == ()
    assert [reason.code for reason in explanation.joint] == ["undecided"]
    assert "Not decided in time" in explanation.notes[0]


def test_outputs_are_safe_and_the_same_each_time():
    nasty = "`<script>|\x1b[31m\u202e\n# x"
    inventory = network(LINE, {"c": corridor("a", "b", allowed_operators=[nasty])}, metadata={"name": nasty},
                        sites={"m": {"operator": "it's`x`"}})  # fmt: skip
    explanation = explained(inventory)
    files = explanation_files(inventory, explanation, REF)
    assert files == explanation_files(inventory, explained(inventory), REF)
    text, markdown = explanation_text(inventory, explanation), explanation_markdown(inventory, explanation)
    assert files["explanation.md"].decode() == markdown
    for output in (text, markdown):
        assert not any(hidden in output for hidden in "\x1b\u202e")
    assert "<script>" not in markdown and "\n# x" not in markdown
    inline = [line for line in markdown.splitlines() if line.startswith("  - ")]
    assert inline and all(line.count("`") == 2 for line in inline)
    written = json.loads(files["explanation.json"])
    assert written["status"] == "infeasible" and written["inventory"]["sha256"] == "0"
    without_record = json.loads(explanation_json(inventory, explanation))
    assert without_record == {key: value for key, value in written.items() if key not in ("inventory", "stale_plan")}
    allowed = written["corridors"][0]["remedies"][0]["settings"][0].partition("=")[2]
    assert yaml.safe_load(allowed) == [nasty, "it's`x`"]


def test_what_is_printed_costs_what_is_said():
    """Settings given to `--set` as they stand, defaults and includes and all, then planned anew."""
    example = Path(__file__).parents[2] / "examples" / "infeasible" / "sites.yaml"
    reading = read_inventory(example)
    inventory = reading.inventory
    candidates, as_read = enumerate_candidates(inventory), AsRead(reading.defaults)
    explanation = explain(inventory, candidates, "infeasible", "highs", limits(), as_read)
    assert [(f.corridor, f.reasons[0].code) for f in explanation.corridors] == [
        ("long-span", "loss_db"), ("one-bridge", "disjoint"), ("wrong-side", "relay_rule")
    ]  # fmt: skip
    found = [(remedy, inventory.corridors) for remedy in explanation.remedies]
    found += [(remedy, [finding.corridor]) for finding in explanation.corridors for remedy in finding.remedies]
    assert any(setting.startswith("sites.hut-valley=") for remedy, _ in found for setting in remedy.settings)
    for remedy, corridors in found:
        repaired = read_inventory(example, overrides=remedy.settings).inventory
        plan = optimize(keep_corridors(repaired, corridors), REF, "highs", limits()).plan
        assert (plan.objective.value, remedy.cost_known) == (remedy.cost, True)


@pytest.mark.parametrize("seed", chosen_seeds(0, (1, 2, 5, 12, 13, 15, 20, 22)))
def test_random_inventories(seed, tmp_path):
    """Each verdict agrees with the integer program of that corridor alone; remedies are told once, and hold the price
    beside them when their lines are given to `--set`.
    """
    document = random_inventory(random.Random(seed))
    inventory = Inventory.model_validate(document)
    if feasible(inventory):
        return
    explanation = explain(inventory, enumerate_candidates(inventory), "infeasible", "highs", limits())
    broken = {finding.corridor for finding in explanation.corridors}
    for q, one in inventory.corridors.items():
        assert not one.required or feasible(keep_corridors(inventory, [q])) == (q not in broken)
    assert explanation.joint or all(finding.reasons for finding in explanation.corridors)
    assert bool(explanation.joint) != bool(explanation.corridors)
    for reasons in (explanation.joint, *(finding.reasons for finding in explanation.corridors)):
        assert all(reason.code != "undecided" for reason in reasons)
        assert all(r.value is None or r.limit is None or r.value != r.limit or not r.value for r in reasons)
    file = tmp_path / "sites.yaml"
    file.write_text(json.dumps(document), encoding="utf-8")
    groups = [(explanation.remedies, None), *((one.remedies, [one.corridor]) for one in explanation.corridors)]
    for remedies, alone in groups:
        assert len({(remedy.scope, frozenset(remedy.settings)) for remedy in remedies}) == len(remedies)
        for remedy in remedies:
            repaired = read_inventory(file, overrides=remedy.settings).inventory
            plan = planned(repaired if remedy.scope == "inventory" else keep_corridors(repaired, alone)).plan
            assert plan is not None and any(corridor.served for corridor in plan.corridors)
            assert not remedy.proven or plan.objective.value == pytest.approx(remedy.cost), (seed, remedy)


@pytest.mark.parametrize("demand", [{"key_rate_bps": 10}, {"otp_bps": 10}, {"rekey": {"interval_s": 25.6}}])
def test_what_is_asked_for_stands_beside_a_factor_on_all_demands(demand, tmp_path):
    """The remedy's `--set` goes behind the command, and so before its factor."""
    few = network({"ab": fibre("a", "b", strands=2)}, {"c": corridor("a", "b")}).model_dump(exclude_unset=True)
    few["corridors"]["c"] = {"ends": ["a", "b"], **demand}
    file = tmp_path / "sites.yaml"
    file.write_text(json.dumps(few))
    result = qplan.optimize(qplan.load(file, demand_factor=500))
    [finding] = result.explanation.corridors
    [remedy] = [each for each in finding.remedies if each.text.startswith("ask for")]
    again = qplan.load(file, demand_factor=500, set=remedy.settings)
    assert again.inventory.corridors["c"].demand_bps == pytest.approx(2000)
    assert qplan.optimize(again).plan.costs.tco == remedy.cost


def test_remedies_that_cost_many_times_what_others_do_are_not_told():
    def success(text: str, cost: float, service: str = "kept", scope: str = "inventory", known: bool = True) -> Success:
        remedy = Remedy(text, (text,), scope, "tco", cost, True, known, service)
        return Success(remedy, Proposal(()), Proposal(()))

    cases = [
        success("a hut of unknown cost", 10, known=False),
        success("best", 100),
        success("dear", 500),
        success("too dear", 501),
        success("too dear for one", 501, scope="corridor"),
        success("less, at a tenth", 10, "lowered"),
        success("less, and dear", 90, "lowered"),
        success("without", 1, "left_out"),
    ]
    told = [remedy.text for remedy in Tried(tuple(cases)).remedies]
    assert told == ["a hut of unknown cost", "best", "dear", "less, at a tenth", "without"]


def test_remedies_of_equal_cost_are_in_the_order_of_their_numbers():
    def remedy(amount: str) -> Remedy:
        return Remedy("", (f"corridors.c.max_relays={amount}",), "inventory", "tco", 1.0, False, True, "kept")

    nothing = Proposal(())
    tried = Tried(tuple(Success(remedy(amount), nothing, nothing) for amount in ("10", "9.25", "9.5", "8")))
    assert [one.remedy for one in tried.sort().successes] == [remedy(amount) for amount in ("8", "9.25", "9.5", "10")]
