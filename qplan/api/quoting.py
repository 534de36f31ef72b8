"""Requests for quotation: made of a plan, written as workbook and CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from qplan.api.inventories import PathName
from qplan.api.planning import Result
from qplan.errors import QplanError, WrongUsage

if TYPE_CHECKING:
    from qplan.outputs.quotes.request import Request

Ware = Literal["qkd", "fibre", "services", "encryptors"]
QuoteStyle = Literal["text", "json"]
PLAN_SUFFIX, SUFFIX = ".plan", ".rfq"


def requests(
    result: Result,
    *,
    supplier: str | None = None,
    ware: Ware | None = None,
    answer_by: date | None = None,
    deliver_by: date | None = None,
) -> tuple[Request, ...]:
    """What to ask for: one supplier of what he sells in the plan, or anybody who sells a ware; else every ware.

    Raises WrongUsage where the plan has nothing of it.
    """
    from qplan.outputs.quotes.request import Dates, requests

    if result.facts is None:
        raise WrongUsage("there is no plan to ask for")
    if supplier is not None and ware is not None:
        raise WrongUsage("a supplier, or a class: a supplier is asked for all that is his")
    return requests(result.facts, supplier, ware, Dates(answer_by, deliver_by))


def betrayals(result: Result, asked: Request) -> tuple[str, ...]:
    """Texts of the inventory in a request that name a corridor or another supplier, in words."""
    from qplan.outputs.quotes.request import betrayals

    assert result.facts is not None
    return betrayals(result.facts, asked)


def default_folder(plan: PathName) -> Path:
    """Where requests go if nothing is said: `sites.rfq` beside `sites.plan`."""
    path = Path(plan)
    folder = path if path.is_dir() else path.parent
    folder = folder.resolve() if folder.name in ("", "..") else folder
    return folder.with_name(folder.name.removesuffix(PLAN_SUFFIX) + SUFFIX)


def write_requests(folder: PathName, asked: Sequence[Request]) -> Mapping[str, tuple[Path, ...]]:
    """Write a workbook and a CSV for each request; their paths by its name.

    Over nothing but the same bytes: what is there may be an answer. Raises QplanError.
    """
    from qplan.outputs.quotes.form import request_csv
    from qplan.outputs.quotes.workbook import request_workbook

    files = {
        request.name: {
            Path(folder, f"{request.name}.xlsx"): request_workbook(request),
            Path(folder, f"{request.name}.csv"): request_csv(request).encode("utf-8-sig"),
        }
        for request in asked
    }
    data = {path: content for each in files.values() for path, content in each.items()}
    _write_new(Path(folder), data)
    return {name: tuple(each) for name, each in files.items()}


def _write_new(folder: Path, data: Mapping[Path, bytes]) -> None:
    from qplan.files import replace_file
    from qplan.inventory.rules import printable

    here = folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        other = []
        for path, content in data.items():
            here = path
            if path.exists() and path.read_bytes() != content:
                other.append(printable(str(path)))
        if other:
            hint = "they may hold answers and are not overwritten; name another folder with --out"
            raise QplanError(f"there are {', '.join(other)}, which differ from what is asked now: {hint}")
        for path, content in data.items():
            here = path
            replace_file(path, content)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise QplanError(f"cannot write {printable(str(here))}: {reason}") from error


def render_requests(
    asked: Sequence[Request],
    files: Mapping[str, Sequence[Path]],
    found: Mapping[str, Sequence[str]],
    style: QuoteStyle = "text",
) -> str:
    """What was written; `found` are the betrayals by the request's name."""
    from qplan.outputs.quotes.documents import requests_document, requests_text

    return requests_document(asked, files, found).text() if style == "json" else requests_text(asked, files)
