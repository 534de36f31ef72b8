"""What `qplan candidates` prints for programs: CSV and JSON; and `candidates.csv` of a plan folder."""

from __future__ import annotations

import qplan
from qplan.candidates.listing import CandidateList, ListedLink
from qplan.candidates.model import CandidateLink, Refusal
from qplan.costing.cost import tco
from qplan.costing.market import market_of
from qplan.costing.unit_costs import system_cost
from qplan.inventory.model import Inventory
from qplan.outputs.text.tables import Cell, csv_text
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
    """Those whose rules and key rates allow it; whether a path of theirs leads there is not looked at."""
    considered: bool
    """False: no corridor could use it, or another system on its route is no dearer, gives as much of the key rate that
    is asked for and takes no more strands and limited room, or enough fibres beside it are alike."""


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
    """Set where routes with more patched sites were left out: too many, or not looked at in time."""
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
        bypass_limit=None if found.bypass_limit is None else found.bypass_limit.patched,
        note=note,
    )
    return document.model_dump_json(indent=2) + "\n"


def _record(inventory: Inventory, listed: ListedLink) -> Candidate:
    link, budget = listed.link, listed.budget
    capex, total = link_costs(inventory, link)
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
        capex=capex,
        tco=total,
        corridors=listed.corridors,
        considered=listed.considered,
    )


def link_costs(inventory: Inventory, link: CandidateLink) -> tuple[float, float]:
    """Capex and TCO of one system on the link with its strands, at the least prices, without the nodes at its ends."""
    cost = system_cost(market_of(inventory), link.system, link.route.fibres)
    return round(float(cost.capex), 2), round(float(tco(inventory.economics, cost)), 2)


def candidates_csv(inventory: Inventory, found: CandidateList) -> str:
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
        *link_costs(inventory, link),
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
