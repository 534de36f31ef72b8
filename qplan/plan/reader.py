"""Reading a plan back: `plan.json` alone, or with the `inventory.json` beside it that it was made from."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pydantic

from qplan.errors import Exit, QplanError
from qplan.files import plain_text, text_sha256, wide_encoding
from qplan.inventory.reader import Reading, read_inventory
from qplan.inventory.rules import printable
from qplan.inventory.source.includes import read_bytes
from qplan.plan.model import FORMAT_VERSION, InventoryRef, Plan

PLAN_FILE, INVENTORY_FILE = "plan.json", "inventory.json"
CONFLICT = re.compile(rb"^(<{7}|>{7}) ", re.MULTILINE)
MAX_BYTES = 200_000_000


@dataclass(frozen=True)
class Earlier:
    """The plan that a folder holds already; None where what lies there as plan.json cannot be read."""

    plan: Plan | None

    def is_of(self, ref: InventoryRef) -> bool:
        """Whether it was made from this inventory, as it was planned."""
        return self.plan is not None and self.plan.inventory.effective_sha256 == ref.effective_sha256


class NoPlan(QplanError):
    """What should be a plan, or the inventory of one, cannot be used as it is."""

    exit_code = Exit.INVALID


def is_plan(path: Path) -> bool:
    """Whether the path leads to a plan (or to a folder, where only a plan can be meant) rather than to an inventory."""
    if not path.is_file():  # nothing is taken out of a pipe
        return path.is_dir()
    try:
        with open(path, "rb") as file:
            head = file.read(400)
    except OSError:
        return False
    if wide := wide_encoding(head):
        head = head.decode(wide, "replace").encode()
    head = plain_text(head)
    return head.lstrip().startswith(b"{") and b'"format_version"' in head


def read_plan(path: Path) -> Plan:
    """A plan from its file or folder. Raises QplanError where it cannot be read, NoPlan where it is no plan."""
    file = path / PLAN_FILE if path.is_dir() else path
    shown = _shown(file)
    try:
        with open(file, "rb") as opened:
            data = plain_text(opened.read(MAX_BYTES))
    except OSError as error:
        raise QplanError(f"cannot read {shown}: {error.strerror}{_instead(path)}") from error
    if wide := wide_encoding(data):
        raise NoPlan(f"{shown} is in {wide}: save it as UTF-8")
    _check_version(shown, data)
    try:
        return Plan.model_validate_json(data, strict=True)  # numbers as numbers
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        value = first["input"]
        told = str(value).lower() if isinstance(value, bool) else ascii(value)
        found = f", found {told}" if isinstance(value, str | int | float) else ""
        wrong = first["msg"].removeprefix("Value error, ")
        raise NoPlan(f"{shown} is not a plan: {where + ': ' if where else ''}{wrong}{found}") from error


def earlier_plan(folder: Path) -> Earlier | None:
    """What lies in the folder as a plan; None where nothing does."""
    if not (folder / PLAN_FILE).is_file():
        return None
    try:
        return Earlier(read_plan(folder))
    except QplanError:
        return Earlier(None)


def read_planned(path: Path) -> tuple[Reading, Plan]:
    """A plan and the inventory that it was made from, which stands beside it as `inventory.json`.

    Raises QplanError where one of the two cannot be read, NoPlan where they do not belong together, InvalidInput.
    """
    plan = read_plan(path)
    beside = (path if path.is_dir() else path.parent) / INVENTORY_FILE
    if not beside.exists():
        raise QplanError(
            f"there is no {_shown(beside)}: a plan's names, places and prices are read from the {INVENTORY_FILE} that "
            "was written with it; keep both together"
        )
    data = read_bytes(str(beside))
    _check_conflict(_shown(beside), data)
    as_of = plan.inventory.as_of
    reading = read_inventory(beside, as_of=None if as_of is None else date.fromisoformat(as_of))
    found = text_sha256(data)
    if found != plan.inventory.effective_sha256:
        raise NoPlan(
            f"{_shown(beside)} is not the inventory that the plan was made from: found SHA-256 "
            f"{found[:12]}…, the plan records {plan.inventory.effective_sha256[:12]}…; plan again"
        )
    return reading, plan


def refuse_misnamed(earlier: Plan) -> None:
    """Changes are counted against links by their ids. Raises NoPlan where one does not fit what the link is."""
    for link in earlier.links:
        if link.id != link.proper_id:
            raise NoPlan(
                f"links.{printable(link.id)} of the earlier plan is not what it is called: its ends, system and fibres "
                f"make {printable(link.proper_id)}; plan again without that plan"
            )


def _shown(path: Path) -> str:
    name = str(path).encode("utf-8", "replace").decode()
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)


def _instead(path: Path) -> str:
    """Where there is an explanation in place of a plan."""
    return "; explanation.md in it says why there is no plan" if (path / "explanation.md").exists() else ""


def _check_conflict(shown: str, data: bytes) -> None:
    """Plans of two changes cannot be merged line by line."""
    if CONFLICT.search(data):
        raise NoPlan(
            f"{shown} holds a merge conflict, and no plan can be put together of two: resolve the inventory, then plan "
            "again without --start (`qplan optimize` replaces the folder)"
        )


def _check_version(shown: str, data: bytes) -> None:
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        _check_conflict(shown, data)
        raise NoPlan(f"{shown} is not a plan: it is not JSON") from error
    found = content.get("format_version") if isinstance(content, dict) else None
    if found is None:
        raise NoPlan(f"{shown} is not a plan: it states no format_version")
    version = re.fullmatch(r"([0-9]+)\.[0-9]+", found) if isinstance(found, str) else None
    if version is None or version[1] != FORMAT_VERSION.partition(".")[0]:
        raise NoPlan(
            f"{shown} has format version {found!a}; this qplan reads {FORMAT_VERSION}: plan again, or use the "
            "qplan that wrote it"
        )
