"""Link schedule and fibre order list for a terminal, as Markdown and CSV, and for programs.

The schemas are made of these models.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from qplan.assessment.facts import PlanFacts
from qplan.outputs.bill.fibre_orders import fibre_order_table, fibre_orders
from qplan.outputs.bill.schedule import link_schedule, schedule_table
from qplan.outputs.bill.tables import CellTable
from qplan.outputs.text.tables import Cell, csv_text, drop_columns, format_number, markdown_table, one_line
from qplan.outputs.verbs.documents import Document, Printed

DROPPED = (
    "First end address",
    "Second end address",
    "First end name",
    "Second end name",
    "Part number",
    "Patched through",
    "Fibre type",
    "Pairs there",
    "Strands free before",
    "Offer",
    "QKD link",
    "Ducts",
    "Wavelength (nm)",
    "Limit (dB)",
)
"""Columns that give way in a narrow window, in turn."""


class EndDocument(Document):
    site: str
    name: str
    address: str
    contact: str
    side: str
    """Tx | Rx"""


class ScheduledLinkDocument(Document):
    """A QKD link as it is ordered, installed and accepted."""

    id: str
    ends: tuple[EndDocument, EndDocument]
    system: str
    part_number: str
    offer: str
    pairs: int
    existing: int
    """Pairs that are there."""
    wavelength_nm: float
    strands: int
    """On every fibre of the route."""
    fibres: tuple[str, ...]
    """From the first end to the second, as `bypass_sites`."""
    bypass_sites: tuple[str, ...]
    length_km: float | None
    loss_db: float
    limit_db: float
    required_bps: float
    """Secret bit/s that each pair must give at that loss."""


class LinkScheduleDocument(Printed):
    """What `qplan bom --list links --format json` prints."""

    links: tuple[ScheduledLinkDocument, ...]


class FibreOrderDocument(Document):
    """Strands of one fibre for systems that work in one band."""

    fibre: str
    wavelength_nm: float
    """The middle of the band."""
    ends: tuple[str, str]
    end_names: tuple[str, str]
    end_addresses: tuple[str, str]
    length_km: float | None
    strands: int
    new_strands: int
    """To be ordered."""
    free_strands: int
    fibre_type: str
    ducts: tuple[str, ...]
    lessor: str
    offer: str
    loss_db: float | None
    basis: str
    """measured | computed"""


class FibreOrdersDocument(Printed):
    """What `qplan bom --list fibres --format json` prints."""

    fibres: tuple[FibreOrderDocument, ...]


@dataclass(frozen=True)
class PlanList:
    """A list that a plan is ordered and installed by."""

    name: str
    table: CellTable
    document: Document


def schedule_list(facts: PlanFacts) -> PlanList:
    """The link schedule."""
    links = link_schedule(facts)
    entries = tuple(ScheduledLinkDocument.model_validate(asdict(link)) for link in links)
    return PlanList("Link schedule", schedule_table(links), LinkScheduleDocument(links=entries))


def order_list(facts: PlanFacts) -> PlanList:
    """The fibre order list."""
    orders = fibre_orders(facts)
    entries = tuple(
        FibreOrderDocument.model_validate({**asdict(order), "wavelength_nm": order.band.centre_nm}) for order in orders
    )
    return PlanList("Fibre orders", fibre_order_table(orders), FibreOrdersDocument(fibres=entries))


LISTS = {"links": schedule_list, "fibres": order_list}


def list_text(listed: PlanList, window: int | None) -> str:
    """Headed; columns give way until it fits the window."""
    table = listed.table
    cells = [[_shown(cell) for cell in row] for row in table.rows]
    shown = drop_columns(table.header, cells, table.right, DROPPED, window)
    return f"{listed.name}\n{'=' * len(listed.name)}\n\n{shown}"


def list_markdown(listed: PlanList, window: int | None) -> str:
    return f"### {listed.name}\n\n{markdown_table(listed.table.header, listed.table.rows, listed.table.right)}"


def list_csv(listed: PlanList, window: int | None) -> str:
    return csv_text(listed.table.header, listed.table.rows)


def _shown(cell: Cell) -> str:
    return "–" if cell is None or cell == "" else one_line(cell) if isinstance(cell, str) else format_number(cell)


FORMATS = {"table": list_text, "markdown": list_markdown, "csv": list_csv}
