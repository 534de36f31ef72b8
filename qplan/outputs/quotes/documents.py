"""What `qplan rfq` says of the requests that it wrote, to people and to programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from qplan.outputs.quotes.request import Request, summary
from qplan.outputs.text.tables import text_table
from qplan.outputs.verbs.documents import Document

FORMAT_VERSION = "1.0"


class RequestedLine(Document):
    """A line of a request."""

    line: str
    """As suppliers see it."""
    product: str
    """What it is in the inventory: no supplier sees that."""
    what: str
    quantity: float
    spares: float
    unit: str
    sites: tuple[str, ...]


class Requested(Document):
    """One request."""

    id: str
    """`qkd`, `fibre`, `services` or `encryptors`, or the supplier in plain letters."""
    code: str
    supplier: str | None
    """null: it goes to whoever sells such things, and names nobody."""
    files: tuple[str, ...]
    lines: tuple[RequestedLine, ...]
    sites_without_address: tuple[str, ...]
    findings: tuple[str, ...]
    """Texts of the inventory that name what a supplier must not learn."""


class RequestsDocument(Document):
    """What `qplan rfq --format json` prints."""

    format_version: str = FORMAT_VERSION
    requests: tuple[Requested, ...]
    """Sorted by id."""


def requests_document(
    asked: Sequence[Request], files: Mapping[str, Sequence[Path]], found: Mapping[str, Sequence[str]]
) -> RequestsDocument:
    """`files` and findings (`found`) by the name of the request."""
    return RequestsDocument(requests=tuple(
        Requested(
            id=request.name,
            code=request.code,
            supplier=request.supplier or None,
            files=tuple(path.as_posix() for path in files[request.name]),
            lines=tuple(
                RequestedLine(
                    line=line.code, product=line.product, what=line.what, quantity=float(line.quantity),
                    spares=float(line.spares), unit=line.unit,
                    sites=tuple(sorted({place.site for place in line.places})),
                )
                for line in request.lines
            ),
            sites_without_address=request.without_address,
            findings=tuple(found[request.name]),
        )
        for request in sorted(asked, key=lambda request: request.name)
    ))  # fmt: skip


def requests_text(asked: Sequence[Request], files: Mapping[str, Sequence[Path]]) -> str:
    """A line for each request, then the lines of all, and what to do next."""
    parts = []
    for request in asked:
        to = request.supplier or "to whoever sells it; names nobody"
        parts.append(f"{request.code}  {request.about}: {summary(request)} ({to})")
        parts += [f"  {path.as_posix()}" for path in files[request.name]]
    rows = [(line.code, line.product, line.quantity, line.unit) for request in asked for line in request.lines]
    parts += ["", text_table(("Line", "For", "Quantity", "Unit"), rows, ("Quantity",))]
    parts += [
        "Look at them before you send them. An answer comes back, in the folder of the inventory, with",
        "  qplan import offers FILE -o offers.yaml",
    ]
    return "\n".join(parts) + "\n"
