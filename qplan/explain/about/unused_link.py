"""About links that a plan does not have: why they are refused, or what the best plan with one of them would cost."""

from __future__ import annotations

from qplan.candidates.listing import CandidateList, ListedLink, describe_gap, list_candidates
from qplan.candidates.reasons import Reason, named
from qplan.explain.about.addresses import find_pair, look_up
from qplan.explain.about.alternatives import Replanner
from qplan.explain.about.answers import Answer, describe_refused
from qplan.inventory.relay_rules import relay_refusals
from qplan.inventory.source.messages import loss_figure

MOST_DESCRIBED = 4


def answer_unused_link(replanner: Replanner, name: str) -> Answer:
    """Of a link by its id, or of all that could join two sites (`a--b`). Raises UnknownAddress."""
    inventory = replanner.inventory
    pair = find_pair(name, inventory.sites)
    if pair is None:
        look_up(name, "links", {link.id for link in replanner.plan.links})
        raise AssertionError("a link of the plan joins two sites of the inventory")
    ends = set(pair)
    between = list_candidates(inventory).select(lambda route: ends == set(route.ends))
    exact = [listed for listed in between.links if listed.link.id == name]
    asked = exact or [*between.links]
    why = [_describe(listed) for listed in asked[:MOST_DESCRIBED]]
    if len(asked) > MOST_DESCRIBED:
        why.append(f"{len(asked) - MOST_DESCRIBED} more could be built there: see qplan candidates.")
    usable = [listed.link for listed in asked if listed.corridors]
    if not usable:
        return Answer("links", name, False, tuple(why), reasons=_explain_unusable(replanner, pair, between, asked))
    text = f"{exact[0].link.id} used" if exact else f"a QKD link between {' and '.join(pair)}"
    reasons = () if exact else describe_refused(between.refused)
    return Answer("links", name, False, tuple(why), without=(replanner.use_one_of(text, usable),), reasons=reasons)


def _describe(listed: ListedLink) -> str:
    link, route = listed.link, listed.link.route
    via = f" patched through {named(route.bypass_sites)}" if route.bypass_sites else ""
    return (
        f"Could be built: {link.system} over {named(route.fibres)}{via}, {loss_figure(link.loss_db)} of "
        f"{loss_figure(listed.limit_db)} dB, {link.key_rate_bps:.6g} bit/s."
    )


def _explain_unusable(
    replanner: Replanner, pair: tuple[str, str], between: CandidateList, asked: list[ListedLink]
) -> tuple[Reason, ...]:
    """Refused, out of reach, too slow, or of no corridor's sites."""
    inventory, where = replanner.inventory, tuple(f"sites.{s}" for s in pair)
    if not asked:
        refused = describe_refused(between.refused)
        return refused or (Reason("out_of_reach", describe_gap(inventory, pair), where=where),)
    allowed = [
        q
        for q, corridor in sorted(inventory.corridors.items())
        if all(s in corridor.ends or not relay_refusals(corridor, s, inventory.sites[s]) for s in pair)
        and (corridor.max_relays != 0 or set(pair) == set(corridor.ends))
    ]
    if allowed:
        text = f"No corridor could use it: {named(allowed)} might, and it gives too low a key rate for each."
        return (Reason("key_rate", text, where=where),)
    text = f"No corridor could use it: of none are both {pair[0]} and {pair[1]} an end or a permitted relay."
    return (Reason("no_corridor", text, where=where),)
