"""The form to be answered, as a flat table: what is asked in a row, and empty cells for the answer beside it."""

from __future__ import annotations

from qplan.inventory.answer_form import ANSWERS, ASKED, WHOLE
from qplan.inventory.source.messages import loss_figure
from qplan.outputs.quotes.lines import AskedLine, Place
from qplan.outputs.quotes.pieces import END
from qplan.outputs.quotes.request import Request
from qplan.outputs.text.tables import Cell, csv_text, format_number


def request_csv(request: Request) -> str:
    """The request as CSV: a row for each line, and the supplier's own particulars in the first of them."""
    header = (*ASKED, *WHOLE.values(), *ANSWERS.values())
    whole = {"supplier": request.supplier, "all_currency": request.currency}
    first: tuple[Cell, ...] = tuple(whole.get(field) for field in WHOLE)
    empty: tuple[Cell, ...] = (None,) * len(WHOLE)
    rows = (
        (*_asked(request, line), *(empty if number else first), *((None,) * len(ANSWERS)))
        for number, line in enumerate(request.lines)
    )
    return csv_text(header, rows)


def _asked(request: Request, line: AskedLine) -> tuple[Cell, ...]:
    links = tuple(
        f"link {link.number}: {' – '.join(end.name or end.site for end in link.ends)}, {loss_figure(link.loss_db)} dB, "
        f"{format_number(link.required_bps)} bit/s"
        for link in line.links
    )
    needs = (f"{need.name}: {need.value}" for need in line.requirements)
    return (
        request.code,
        line.code,
        line.what,
        line.part,
        " | ".join((*needs, *links)),
        line.quantity,
        line.spares or None,
        line.unit,
        " | ".join(map(place_text, line.places)),
    )


def place_text(place: Place) -> str:
    """`2 × Tx, Data centre East, Am Rechenzentrum 4, 85570 Ostheim`; of a fibre `one end: Data centre East, …`."""
    if place.part == END:
        return f"one end: {', '.join(filter(None, (place.name, place.address)))}"
    count = "" if place.quantity is None else f"{format_number(place.quantity)} × "
    what = place.part or ("" if not count else "piece")
    return ", ".join(part for part in (f"{count}{what}".strip(), place.name, place.address) if part)
