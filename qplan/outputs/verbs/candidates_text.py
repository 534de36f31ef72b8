"""What `qplan candidates` prints for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from textwrap import fill

from qplan.assessment.unstated import unstated_anywhere
from qplan.candidates.listing import CandidateList, ListedLink
from qplan.candidates.model import Refusal, Route
from qplan.candidates.refusals import WHY, describe_figures
from qplan.costing.money_text import round_money
from qplan.inventory.model import Inventory
from qplan.inventory.source.messages import counted, loss_figure
from qplan.outputs.text import wording
from qplan.outputs.text.money import left_out_text
from qplan.outputs.text.tables import UNLIMITED, drop_columns, one_line, shortened
from qplan.outputs.verbs.candidates import link_costs

PARTS = "fibre + conn. + splices + patch + margin"
HEADER = ("System", "Loss", PARTS, "Limit", "Headroom", "Key rate", "TCO", "For")
RIGHT = ("Loss", "Limit", "Headroom", "Key rate", "TCO")
OF_LINKS = ("price", "support", "set-up", "lease", "length")  # what the cost of a link is made of
FOR = "For: corridors whose rules and key rates allow the link; whether a path of theirs leads there is not looked at."
SUPERFLUOUS = (
    "Superfluous: another system on the same route costs no more, gives as much of the key rate that is asked for, and "
    "takes no more strands, nor rack units or power where a site limits them (headroom and further rate do not count); "
    "or enough fibres beside it are alike."
)
DROPPED = ("TCO", "Limit", "Key rate", PARTS)  # in this order where the window is too narrow


def candidates_text(inventory: Inventory, found: CandidateList, note: str | None, width: int | None = None) -> str:
    """Route by route what every system gives on it, with its loss budget, or why it is refused."""
    routes, columns = _group(found), width or UNLIMITED
    names = (*(each.link.system for each in found.links), *(each.system for each in found.refused))
    longest = max(map(len, (HEADER[0], *names)))
    rows = [_row(inventory, each, longest) for listed, _ in routes.values() for each in listed]
    header, rule, *lines = drop_columns(HEADER, rows, RIGHT, DROPPED, width and width - 2).splitlines()
    blocks = [_fill(text, columns) for text in (_headline(found), note) if text]
    blocks += [f"  {header}\n  {rule}"] if rows else []
    left = iter(lines)
    for route, (listed, refused) in routes.items():
        built = [f"  {next(left)}" for _ in listed]
        not_built = [f"  {each.system:<{longest}}  refused: {describe_figures(each)}" for each in refused]
        name, *told = (shortened(line, columns) for line in (_name(route), *not_built))
        blocks.append("\n".join([name, *built, *told]))
    closing = "\n".join(_fill(text, columns) for text in _closing(inventory, found))
    return "\n\n".join([*blocks, *([closing] if closing else [])]) + "\n"


def _group(found: CandidateList) -> dict[Route, tuple[list[ListedLink], list[Refusal]]]:
    """By route: of two sites those first that a corridor could use, then the shorter.

    On a route what the optimiser chooses from comes first, then what has most headroom.
    """
    routes: dict[Route, tuple[list[ListedLink], list[Refusal]]] = {}
    for listed in sorted(found.links, key=lambda each: (not each.considered, -each.headroom_db, each.link.system)):
        routes.setdefault(listed.link.route, ([], []))[0].append(listed)
    for refusal in found.refused:
        routes.setdefault(refusal.route, ([], []))[1].append(refusal)

    def rank(route: Route) -> tuple[tuple[str, str], bool, int, tuple[str, ...]]:
        return route.ends, not any(each.corridors for each in routes[route][0]), len(route.fibres), route.fibres

    return {route: routes[route] for route in sorted(routes, key=rank)}


def _row(inventory: Inventory, listed: ListedLink, systems: int) -> tuple[str, ...]:
    link, budget = listed.link, listed.budget
    parts = (budget.fibre, budget.connectors, budget.splices, budget.patching, budget.margin)
    return (
        f"{link.system:<{systems}}",
        wording.db(link.loss_db),
        " + ".join(map(loss_figure, parts)),
        wording.db(listed.limit_db),
        wording.spare_db(listed.headroom_db),
        wording.bps(link.key_rate_bps),
        round_money(link_costs(inventory, link)[1], inventory.economics.currency),
        _use(listed),
    )


def _use(listed: ListedLink) -> str:
    if not listed.corridors:
        return "no corridor"
    return counted(len(listed.corridors), "corridor") if listed.considered else "superfluous"


def _name(route: Route) -> str:
    via = f" via {', '.join(route.bypass_sites)}" if route.bypass_sites else ""
    return one_line(f"{' – '.join(route.ends)} over {', '.join(route.fibres)}{via}")


def _headline(found: CandidateList) -> str:
    considered = sum(listed.considered for listed in found.links)
    reasons = Counter(refusal.reason for refusal in found.refused)
    told = ", ".join(f"{count} {WHY[reason]}" for reason, count in sorted(reasons.items()))
    refused = f"{len(found.refused)} refused" + (f" ({told})" if told else "")
    chosen = f", of which the optimiser chooses from {considered}" if found.links else ""
    return f"{counted(len(found.links), 'QKD link')} could be built{chosen}; {refused}."


def _closing(inventory: Inventory, found: CandidateList) -> Iterator[str]:
    unstated = [each for each in unstated_anywhere(inventory) if each.what in OF_LINKS] if found.links else []
    if left_out := left_out_text(unstated, " where it is used"):
        yield left_out
    if any(listed.corridors for listed in found.links):
        yield FOR
    if any(listed.corridors and not listed.considered for listed in found.links):
        yield SUPERFLUOUS
    if any(len(refusal.route.fibres) > 1 for refusal in found.refused):
        yield "Of routes over several fibres those are listed on which some system reaches."
    if found.excluded:
        yield f"The policy excludes {', '.join(found.excluded)}."
    if found.bypass_limit is not None:
        limit = found.bypass_limit
        yield f"Only routes through at most {counted(limit.patched, 'patched site')} are listed: {limit.why}."


def _fill(text: str, columns: int) -> str:
    return fill(text, columns, break_on_hyphens=False)
