"""Overrides that speak of what stands there: `+=`, `-=`, `*=`, `*` for any id, and a factor on every demand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from qplan.errors import Diagnostic
from qplan.inventory.rules import finding
from qplan.inventory.source.messages import did_you_mean, shown
from qplan.inventory.source.overlay import DEMANDS, Override, merge_defaults, override
from qplan.inventory.source.source_map import Declared, Place, Values, mapping_at, paths_in

ANY = "*"
DEMAND_FACTOR = "--demand-factor"


def expand_overrides(declared: Declared, overrides: Sequence[Override]) -> tuple[list[Override], list[Diagnostic]]:
    """Each as overrides of one address and one value, in their order; what an earlier one has set counts."""
    plain: list[Override] = []
    findings: list[Diagnostic] = []
    for item in overrides:
        steps = item.address.split(".")
        if not item.operator and ANY not in steps:
            plain.append(item)
            continue
        stated = merge_defaults(override(declared, plain)[0].value)
        addresses = [item.address] if ANY not in steps else [] if steps[0] == ANY else list(_matching(stated, steps))
        if not addresses:
            findings.append(_nothing_stated(stated, item, steps))
        for address in addresses:
            try:
                plain.append(_of_value(item, address, _changed(stated, item, address) if item.operator else item.value))
            except _NoNumber as error:
                findings.append(finding("QP103", item.spot, address, str(error), expected="a number"))
    return plain, findings


class _NoNumber(Exception):
    """What is to be changed, or by what, is no number."""


def _matching(value: object, steps: Sequence[str], above: str = "") -> Iterator[str]:
    """The addresses at which something is stated."""
    if not steps:
        if value is not None:
            yield above
        return
    entries = mapping_at(value)
    for step in entries if steps[0] == ANY else [steps[0]]:
        if step in entries:
            yield from _matching(entries[step], steps[1:], f"{above}.{step}" if above else step)


def _nothing_stated(stated: Values, item: Override, steps: Sequence[str]) -> Diagnostic:
    at = steps.index(ANY)
    around, key = ".".join(steps[:at]), ".".join(steps[at + 1 :])
    entries = mapping_at(stated, tuple(steps[:at]))
    keys = {inner for entry in entries.values() for inner in mapping_at(entry)}
    hint = did_you_mean(steps[0], stated) if steps[0] not in stated else did_you_mean(key, sorted(keys))
    message = f"unknown address '{item.address}': no entry of {around or 'the inventory'} states '{key or ANY}'"
    return finding("QP016", item.spot, item.address, message, hint=hint)


def _changed(stated: Values, item: Override, address: str) -> int | float:
    """The number that stands at the address, changed. Raises `_NoNumber`."""
    *around, key = address.split(".")
    before = mapping_at(stated, tuple(around)).get(key)
    sign = f"{item.operator}="
    if before is None:
        raise _NoNumber(f"there is no number at {address} that {sign} could change; state it with =")
    if not _is_number(before):
        raise _NoNumber(f"{address} is {shown(before)}, which {sign} cannot change")
    if not _is_number(item.value):
        raise _NoNumber(f"{address} cannot be changed by {shown(item.value)}")
    a, b = Decimal(str(before)), Decimal(str(item.value))
    return _number({"+": a + b, "-": a - b, "*": a * b}[item.operator])


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _of_value(item: Override, address: str, value: object) -> Override:
    return Override(address, value, dict.fromkeys(paths_in(value), item.places[()]))


def scale_demands(declared: Declared, factor: float) -> list[Override]:
    """Every corridor's demand times the factor: rates as they are, keys changed so much more often."""
    times, source = Decimal(str(factor)), Override("", None, {(): Place(DEMAND_FACTOR)})
    scaled = []
    for name, corridor in mapping_at(merge_defaults(declared.value), ("corridors",)).items():
        for demand in DEMANDS:
            before = mapping_at(corridor).get(demand)
            at = f"corridors.{name}.{demand}"
            if _is_number(before):
                scaled.append(_of_value(source, at, _number(Decimal(str(before)) * times)))
            elif demand == "rekey" and _is_number(interval := mapping_at(before).get("interval_s")):
                after = _number(Decimal(str(interval)) / times)
                own = "interval_s" in mapping_at(declared.value, ("corridors", name, demand))
                whole = mapping_at(before) | {"interval_s": after}
                scaled.append(_of_value(source, f"{at}.interval_s" if own else at, after if own else whole))
    return scaled
