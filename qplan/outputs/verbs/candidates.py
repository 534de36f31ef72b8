"""What `qplan candidates` prints: text for a terminal, CSV, JSON; and `candidates.csv` of a plan folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import qplan
from qplan.candidates.listing import CandidateList, ListedLink
from qplan.candidates.model import CandidateLink, Refusal, Route
from qplan.candidates.refusals import describe_figures
from qplan.costing.cost import Cost, tco
from qplan.costing.market import market_of
from qplan.costing.money_text import round_money
from qplan.costing.unit_costs import system_cost
from qplan.inventory.model import Inventory
from qplan.inventory.source.messages import counted
from qplan.outputs.text import wording
from qplan.outputs.text.tables import Cell, csv_text, drop_columns, one_line, shortened
from qplan.plan.model import Record

CANDIDATES_VERSION = "1.0"
CSV_HEADER = (
    "Result",
    "End A",
    "End B",
    "System",
    "Fibres",
    "Patched through",
    "Loss (dB)",
    "Fibre (dB)",
    "Connectors (dB)",
    "Splices (dB)",
    "Patching (dB)",
    "Margin (dB)",
    "Loss limit (dB)",
    "Headroom (dB)",
    "Key rate (bit/s)",
    "Strands",
    "Capex",
    "TCO",
    "Currency",
    "Corridors",
    "Considered",
    "Reason",
    "Value",
    "Limit",
    "Id",
)
PARTS = "fibre + conn. + splices + patch + margin"
HEADER = (
    "System",
    "Loss",
    PARTS,
    "Limit",
    "Headroom",
    "Key rate",
    "TCO",
    "For",
)
RIGHT = ("Loss", "Limit", "Headroom", "Key rate", "TCO")
DROPPED = ("TCO", "Limit", "Key rate", PARTS)  # in this order where the window is too narrow


class BudgetDb(Record):
    """Parts of the loss in dB; they sum to it."""

    fibre: float
    """Of a fibre with a measured loss the whole of that, connectors and splices included."""
    connectors: float
    splices: float
    patching: float
    margin: float


class Candidate(Record):
    """A QKD link that could be built: a route and a system; figures of one system."""

    id: str
    ends: tuple[str, str]
    fibres: tuple[str, ...]
    bypass_sites: tuple[str, ...]
    system: str
    loss_db: float
    budget_db: BudgetDb
    limit_db: float
    headroom_db: float
    key_rate_bps: float
    strands: int
    """Taken on every fibre of the route."""
    capex: float
    """With the strands, without the nodes at its ends."""
    tco: float
    corridors: tuple[str, ...]
    """Those whose paths it could carry."""
    considered: bool
    """False: no corridor could use it, or another system on its route is as good in every respect."""


class Refused(Record):
    """Why a system cannot work, or cannot be built, on a route."""

    ends: tuple[str, str]
    fibres: tuple[str, ...]
    system: str
    reason: str
    value: float | None
    limit: float | None


class Candidates(Record):
    """What `qplan candidates --format json` prints."""

    format_version: str = CANDIDATES_VERSION
    qplan_version: str
    currency: str
    links: tuple[Candidate, ...]
    refused: tuple[Refused, ...]
    """Of routes over several fibres only where some system would reach."""
    excluded_systems: tuple[str, ...]
    """The policy does not let them be bought."""
    bypass_limit: int | None
    """Set where routes with more patched sites were left out, as there are too many."""
    note: str | None
    """Why there is no link between two sites that were asked about."""


def candidates_json(inventory: Inventory, found: CandidateList, note: str | None) -> str:
    document = Candidates(
        qplan_version=qplan.__version__,
        currency=inventory.economics.currency,
        links=tuple(_record(inventory, listed) for listed in found.links),
        refused=tuple(
            Refused(
                ends=x.route.ends, fibres=x.route.fibres, system=x.system, reason=x.reason, value=x.value, limit=x.limit
            )
            for x in found.refused
        ),
        excluded_systems=found.excluded,
        bypass_limit=found.bypass_limit,
        note=note,
    )
    return document.model_dump_json(indent=2) + "\n"


def _record(inventory: Inventory, listed: ListedLink) -> Candidate:
    link, budget = listed.link, listed.budget
    return Candidate(
        id=link.id,
        ends=link.route.ends,
        fibres=link.route.fibres,
        bypass_sites=link.route.bypass_sites,
        system=link.system,
        loss_db=link.loss_db,
        budget_db=BudgetDb(
            fibre=budget.fibre,
            connectors=budget.connectors,
            splices=budget.splices,
            patching=budget.patching,
            margin=budget.margin,
        ),
        limit_db=listed.limit_db,
        headroom_db=listed.headroom_db,
        key_rate_bps=link.key_rate_bps,
        strands=link.strands,
        capex=_capex(inventory, link),
        tco=_tco(inventory, link),
        corridors=listed.corridors,
        considered=listed.considered,
    )


def _cost(inventory: Inventory, link: CandidateLink) -> Cost:
    """Of one system on the link with its strands, at the least prices."""
    return system_cost(market_of(inventory), link.system, link.route.fibres)


def _capex(inventory: Inventory, link: CandidateLink) -> float:
    return round(float(_cost(inventory, link).capex), 2)


def _tco(inventory: Inventory, link: CandidateLink) -> float:
    return round(float(tco(inventory.economics, _cost(inventory, link))), 2)


def candidates_csv(inventory: Inventory, found: CandidateList, note: str | None = None) -> str:
    """One table: what could be built, then what is refused."""
    rows = [*(_csv_link(inventory, listed) for listed in found.links), *map(_csv_refused, found.refused)]
    return csv_text(CSV_HEADER, rows)


def _csv_link(inventory: Inventory, listed: ListedLink) -> tuple[Cell, ...]:
    link, budget = listed.link, listed.budget
    return (
        "could be built",
        *link.route.ends,
        link.system,
        " ".join(link.route.fibres),
        " ".join(link.route.bypass_sites),
        link.loss_db,
        budget.fibre,
        budget.connectors,
        budget.splices,
        budget.patching,
        budget.margin,
        listed.limit_db,
        listed.headroom_db,
        link.key_rate_bps,
        link.strands,
        _capex(inventory, link),
        _tco(inventory, link),
        inventory.economics.currency,
        " ".join(listed.corridors),
        "yes" if listed.considered else "no",
        None,
        None,
        None,
        link.id,
    )


def _csv_refused(refusal: Refusal) -> tuple[Cell, ...]:
    route = refusal.route
    named = ("refused", *route.ends, refusal.system, " ".join(route.fibres), " ".join(route.bypass_sites))
    figures = (refusal.reason, refusal.value, refusal.limit, None)
    return (*named, *(None,) * (len(CSV_HEADER) - len(named) - len(figures)), *figures)


def candidates_text(inventory: Inventory, found: CandidateList, note: str | None, width: int | None = None) -> str:
    """Route by route what every system gives on it, with its loss budget, or why it is refused."""
    routes = _group(found)
    rows = [_row(inventory, each) for listed, _ in routes.values() for each in listed]
    header, rule, *lines = drop_columns(HEADER, rows, RIGHT, DROPPED, width and width - 2).splitlines()
    blocks = [_headline(found), *([note] if note else []), *([f"  {header}\n  {rule}"] if rows else [])]
    left, systems = iter(lines), max((len(each.system) for each in found.refused), default=0)
    for route, (listed, refused) in routes.items():
        built = [f"  {next(left)}" for _ in listed]
        not_built = [f"  {each.system:<{systems}}  refused: {describe_figures(each)}" for each in refused]
        blocks.append("\n".join([shortened(_name(route), width or len(_name(route))), *built, *not_built]))
    return "\n\n".join([*blocks, *_closing(found)]) + "\n"


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


def _row(inventory: Inventory, listed: ListedLink) -> tuple[str, ...]:
    link, budget = listed.link, listed.budget
    parts = (budget.fibre, budget.connectors, budget.splices, budget.patching, budget.margin)
    return (
        link.system,
        wording.db(link.loss_db),
        " + ".join(f"{part:.2f}" for part in parts),
        wording.db(listed.limit_db),
        wording.db(listed.headroom_db),
        wording.bps(link.key_rate_bps),
        round_money(_tco(inventory, link), inventory.economics.currency),
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
    told = ", ".join(f"{count} for {reason}" for reason, count in sorted(reasons.items()))
    refused = f"{len(found.refused)} refused" + (f" ({told})" if told else "")
    chosen = f", of which the optimiser chooses from {considered}" if found.links else ""
    return f"{counted(len(found.links), 'QKD link')} could be built{chosen}; {refused}."


def _closing(found: CandidateList) -> Iterator[str]:
    if any(listed.corridors and not listed.considered for listed in found.links):
        yield "Superfluous: another system on the same route is as good in every respect."
    if found.excluded:
        yield f"Excluded by policy.technologies: {', '.join(found.excluded)}."
    if found.bypass_limit is not None:
        yield (
            f"Only routes through at most {counted(found.bypass_limit, 'patched site')} are listed: there are too many "
            "others."
        )
