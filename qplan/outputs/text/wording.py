"""Numbers with units and sentences that the report and the terminal summary share: plain text, not escaped."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from qplan.assessment.link_budgets import LinkFacts
from qplan.assessment.weaknesses import SmallestSet
from qplan.explain.findings import write_setting
from qplan.inventory.commercial import Economics
from qplan.inventory.model import Corridor
from qplan.inventory.source.messages import counted, first_of, headroom_figure, loss_figure
from qplan.plan.model import Costs, InventoryRef, Plan

SMALLEST_GAP = 1e-5
SMALLEST_LOAD = 1e-4
STATED_DIGITS = 12  # beyond which a stated share times 100 is noise
STOPPED_BY = {
    "proof": "the search was complete",
    "gap": "the gap asked for was reached",
    "time_limit": "the time limit came first",
    "interrupt": "it was interrupted",
    "route_limit": "not every possible route was considered",
    "unsound_cut": "a cut contradicted a plan that holds",
    "solver_failed": "the solver failed",
}
DISJOINT = {
    "relay": "no relay and no QKD link in common",
    "node": "no site and no fibre in common",
    "duct": "no site, fibre or duct in common",
}
FAILS_ALONE = {
    "relay": ("relay or QKD link", "relays or QKD links"),
    "node": ("site or fibre", "sites or fibres"),
    "duct": ("site, fibre or duct", "sites, fibres or ducts"),
}
FALLBACK = {
    "fail_closed": "fails closed: traffic stops",
    "pqc": "goes on with PQC alone",
    "best_effort": "best effort: may go on without QKD keys",
    None: "not stated",
}


def significant(value: float, digits: int = 3) -> str:
    """A number to some significant digits, never with an exponent: 2.4, 0.0031, 1200."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(value)
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def bps(rate: float) -> str:
    """A rate with a sensible prefix: 0 bit/s, 4.27 bit/s, 2.4 Mbit/s."""
    for factor, unit in ((1, "bit/s"), (1e3, "kbit/s"), (1e6, "Mbit/s"), (1e9, "Gbit/s")):
        number = significant(rate / factor)
        text = f"{number} {unit}"
        if float(number) < 1000:
            break
    return text


def db(loss: float) -> str:
    return f"{loss_figure(loss)} dB"


def spare_db(headroom_db: float) -> str:
    return f"{headroom_figure(headroom_db)} dB"


def headroom(facts: LinkFacts) -> str:
    """`0.25 dB (key rate)`: what may still be lost, and what ends it if not the system's limit."""
    return spare_db(facts.headroom_db) + (" (key rate)" if facts.rate_binds_first else "")


def km(length: float | None) -> str:
    return "not known" if length is None else f"{length:.1f} km"


def percent(share: float, digits: int = 3) -> str:
    return f"{significant(share * 100, digits)} %"


def stated_percent(share: float) -> str:
    """A share that the inventory states, as it does: 5 %, 3.75 %, 14.7727273 %."""
    return percent(share, STATED_DIGITS)


def load(share: float) -> str:
    """How much of a link is reserved: 36 %, 0.26 %, < 0.01 %."""
    return f"< {percent(SMALLEST_LOAD)}" if 0 < share < SMALLEST_LOAD else percent(share, 2)


def percentage(unavailability: float) -> str:
    """As many nines as there are, and two digits behind them; never rounded up to 100 %."""
    if unavailability <= 0:
        return "100 %"
    digits = max(2, 1 - math.floor(math.log10(unavailability)) - 2)
    scaled = 10**digits
    return f"{math.floor((1 - unavailability) * 100 * scaled + 1e-9) / scaled:.{digits}f} %"


def gap_percent(gap: float) -> str:
    """A gap as a percentage, rounded up (to 0.001 % at least), so that no plan looks better proven than it is."""
    if gap <= 0:
        return "0 %"
    gap = max(gap, SMALLEST_GAP)
    step = 10.0 ** (math.floor(math.log10(gap * 100)) - 1)
    return f"{significant(math.ceil(round(gap * 100 / step, 6)) * step, 2)} %"


def listed(words: Sequence[str], limit: int = 12) -> str:
    """Words with commas, those over the limit as a count."""
    return first_of(words, limit)


def then_broken(checks: Sequence[str]) -> list[str]:
    """`then check short is not kept`; nothing where none is broken."""
    many = len(checks) > 1
    named = f"check{'s' if many else ''} {listed(checks)} {'are' if many else 'is'}"
    return [f"then {named} not kept (exit 6)"] if checks else []


def proof(plan: Plan) -> str:
    """What is proven about the plan, as one honest clause."""
    gap, stopped = plan.objective.gap, STOPPED_BY[plan.solver.stopped_by]
    if plan.status == "optimal":
        return "Proven optimal" if not gap or gap <= 0 else f"Proven within {gap_percent(gap)}"
    if gap is None:
        return f"Feasible, no bound known: {stopped}"
    return f"Feasible, gap {gap_percent(gap)}: {stopped}"


def variant(ref: InventoryRef) -> str:
    """`scenario lost-east, policy.loss_margin_db=2`: what was varied of the inventory's file; "" where nothing was."""
    parts = [f"scenario {ref.scenario}"] if ref.scenario else []
    parts += [settings(ref)] if ref.set else []
    return ", ".join(parts + ([f"on built plan {ref.built_sha256[:8]}"] if ref.built_sha256 else []))


def with_variant(ref: InventoryRef) -> str:
    """The same behind a headline."""
    return f" (with {variant(ref)})" if variant(ref) else ""


def settings(ref: InventoryRef, most: int = 4) -> str:
    """The values of `--set`, as it takes them."""
    return listed([write_setting(address, value) for address, value in sorted(ref.set.items())], most)


def tco_label(economics: Economics) -> str:
    """`TCO (10 y, 5 %)`: the horizon and the discount rate belong to the figure."""
    return f"TCO ({economics.horizon_years} y, {stated_percent(economics.discount_rate)})"


def opex_label(*costs: Costs) -> str:
    """`opex_per_year` is the opex of year 1: said where it is another in other years of a plan."""
    return f"Opex {'of year 1' if _opex_varies(costs) else 'per year'}"


def a_year(*costs: Costs) -> str:
    """The same behind an amount: `/yr`."""
    return " in year 1" if _opex_varies(costs) else "/yr"


def _opex_varies(costs: Sequence[Costs]) -> bool:
    return any(row.opex != each.opex_per_year for each in costs for row in each.by_year or ())


def levelled(economics: Economics) -> str:
    """What an amount per year is: `at the end of each year, worth the TCO at 4 %`."""
    rate = economics.discount_rate
    return f"at the end of each year, worth the TCO {f'at {stated_percent(rate)}' if rate else 'without interest'}"


def survives(corridor: Corridor, paths: int) -> str:
    """What may fail, the corridor's own ends aside, while it still gets its key: one path is lost for each."""
    spare_paths = paths - corridor.shares_needed
    if spare_paths < 1:
        return "nothing: one path only" if paths == 1 else "nothing: every path must hold"
    one, several = FAILS_ALONE[corridor.disjoint]
    return f"any one {one}" if spare_paths == 1 else f"any {spare_paths} {several}"


def smallest_set(found: SmallestSet | None, name: Callable[[str], str]) -> str:
    """`2: East or West + duct bridge`: how many pieces, and which; one out of each group."""
    if found is None:
        return "none"
    if not found.known:
        return f"at least {found.size}, not worked out"
    groups = [_any_of(group, name) for group in found.groups]
    others = found.count - math.prod(map(len, found.groups))
    return f"{found.size}: {' + '.join(groups)}" + (f" (or {counted(others, 'other set')})" if others else "")


def _any_of(pieces: Sequence[str], name: Callable[[str], str], most: int = 3) -> str:
    rest = len(pieces) - most
    if rest > 1:
        return ", ".join(map(name, pieces[:most])) + f" or {rest} more"
    return " or ".join(map(name, pieces))


def relay_rules(corridor: Corridor) -> str:
    """What the corridor asks of its relays; "" where it asks nothing."""
    rules = [
        f"{what}: {', '.join(allowed) or 'none'}"
        for what, allowed in (
            ("countries", corridor.allowed_countries),
            ("operators", corridor.allowed_operators),
            ("key domains", corridor.allowed_key_domains),
        )
        if allowed is not None
    ]
    if corridor.min_security_tier is not None:
        rules.append(f"tier {corridor.min_security_tier} or higher")
    if corridor.avoid_sites:
        rules.append(f"never {listed(sorted(corridor.avoid_sites))}")
    if corridor.max_relays is not None:
        rules.append(f"at most {counted(corridor.max_relays, 'relay')} a path")
    return "; ".join(rules)


def who_sees_keys(corridor: Corridor, relays_by_path: list[int]) -> str:
    """Which relays learn a corridor's keys, from the count of relays on each of its paths."""
    paths, total = len(relays_by_path), sum(relays_by_path)
    if total == 0:
        return "No relay: keys are in clear at the two ends only."
    if paths == 1:
        who = "The one relay sees" if total == 1 else f"Each of the {total} relays sees"
        return f"{who} every key in clear."
    if corridor.shares_needed == 1:
        return f"Standby: any one of the {paths} paths gives the key, so every relay on any path sees the key in clear."
    if 0 in relays_by_path:
        return (
            f"XOR of {paths} shares, one per path. A relay sees one share only; one path has no relay, so relays alone "
            "never learn the key. All paths must hold."
        )
    return (
        f"XOR of {paths} shares, one per path. A relay sees one share only; to learn the key takes a relay on every "
        "path. All paths must hold."
    )
