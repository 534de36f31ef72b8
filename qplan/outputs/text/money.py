"""What is said of a plan's money: totals that are at least so much, what counts as 0, how firm prices are."""

from __future__ import annotations

from collections.abc import Sequence

from qplan.assessment.facts import PlanFacts
from qplan.assessment.unstated import CONTINUED_SUPPORT, ON_LINES, PRICE, RENEWAL, SERVICE_PRICE, Charge, Unstated
from qplan.costing.bill import NO_SOURCE
from qplan.costing.firmness import CONTINGENCY, EXPIRED, EXPIRED_FOREIGN, FOREIGN, ILLUSTRATIVE, PUBLISHED, Firmness
from qplan.costing.money_text import round_money
from qplan.inventory.source.messages import counted
from qplan.outputs.text import wording

NOUNS = {
    PRICE: "product",
    RENEWAL: "existing link",
    SERVICE_PRICE: "service",
    CONTINUED_SUPPORT: "existing link",
    "support": "product",
    "fit-out": "node",
    "hosting": "node",
    "relay fit-out": "new relay",
    "relay operation": "relay",
    "set-up": "fibre",
    "lease": "fibre",
    "length": "fibre leased by length",
}
"""Whose amount it is, by what is not stated."""
NAMED = 3
NAMED_ALWAYS = (*ON_LINES, CONTINUED_SUPPORT, "support")
NOT_QUOTED = (
    ((EXPIRED,), "rests on expired quotes"),
    ((EXPIRED_FOREIGN,), "rests on expired quotes in foreign currency"),
    ((FOREIGN,), "is in foreign currency"),
    (PUBLISHED, "is published or derived"),
    ((ILLUSTRATIVE,), "is illustrative"),
    ((NO_SOURCE,), "has no source"),
    ((CONTINGENCY,), "is contingency"),
)


def capex_text(facts: PlanFacts) -> str:
    return at_least(facts, "one-off") + round_money(facts.plan.costs.capex, facts.plan.costs.currency)


def opex_text(facts: PlanFacts) -> str:
    return at_least(facts, "yearly") + round_money(facts.plan.costs.opex_per_year, facts.plan.costs.currency)


def tco_text(facts: PlanFacts) -> str:
    return at_least(facts) + round_money(facts.plan.costs.tco, facts.plan.costs.currency)


def at_least(facts: PlanFacts, charge: Charge | None = None) -> str:
    """What stands before a total in which something is counted as 0: of one charge, or of all money."""
    return "at least " if counted_as_0(facts, charge) else ""


def counted_as_0(facts: PlanFacts, charge: Charge | None = None) -> tuple[Unstated, ...]:
    """What is counted as 0 of one charge, or of all money."""
    return tuple(each for each in facts.unstated if charge in (None, each.charge))


def unstated_text(facts: PlanFacts) -> str:
    """`Counted as 0, because not stated: lease of 7 of 7 fibres, hosting of 3 of 5 nodes.`; "" where all is stated."""
    return f"Counted as 0, because not stated: {unstated_parts(facts)}." if facts.unstated else ""


def unstated_parts(facts: PlanFacts) -> str:
    return _listed(facts.unstated)


def to_be_quoted(facts: PlanFacts) -> str | None:
    """The keys of the bill's lines that are in no total; None where there are none."""
    return ", ".join(line.address for line in facts.bill if line.to_be_quoted) or None


def left_out_text(unstated: Sequence[Unstated], where: str = "") -> str:
    """Of amounts that stand without `at least`, beside what they leave out; "" where that is nothing."""
    parts = _listed(unstated)
    return f"Every amount is at least so much: counted as 0{where}, because not stated, is {parts}." if parts else ""


def _listed(unstated: Sequence[Unstated]) -> str:
    return ", ".join(map(_unstated, unstated))


def _unstated(each: Unstated) -> str:
    noun = NOUNS[each.what] if each.of == 1 else _plural(NOUNS[each.what])
    named = each.what in NAMED_ALWAYS or len(each.missing) < each.of
    names = f" ({wording.listed(each.missing, NAMED)})" if named else ""
    return f"{each.what} of {len(each.missing)} of {each.of} {noun}{names}"


def _plural(noun: str) -> str:
    first, *rest = noun.split(" ", 1) if noun.startswith("fibre ") else (noun,)
    return " ".join([f"{first}s", *rest])


def decided_text(facts: PlanFacts) -> str:
    """What is said first where products without a price are bought; "" where all have one."""
    if not facts.unpriced:
        return ""
    return f"unpriced things decided it, counted as 0: {wording.listed(facts.unpriced, NAMED)}"


def _beyond(firmness: Firmness) -> str:
    share = wording.percent(firmness.beyond_terms)
    return f" ({share} beyond the quoted terms: further terms, refresh)" if firmness.beyond_terms else ""


def firmness_text(facts: PlanFacts) -> str:
    """How much of the total cost is quoted, how much is a guess, and how many lines have no price."""
    return rests_on_text(facts.costs.firmness)


def rests_on_text(firmness: Firmness) -> str:
    """The same of whatever costs."""
    words, unpriced = [], firmness.unpriced_lines
    if firmness.shares:
        words = [f"{wording.percent(firmness.quoted)} of the TCO is quoted{_beyond(firmness)}"]
        for bases, what in NOT_QUOTED:
            share = sum(firmness.share(basis) for basis in bases)
            words += [f"{wording.percent(share)} {what}"] if share else []
    said = [", ".join(words)] if words else []
    said += [f"{counted(unpriced, 'line')} to be quoted (in no total)"] if unpriced else []
    return "; ".join(said) or "none needed"
