"""The rows of a review: every change of the plan in one line, the gravest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qplan.comparison.model import Change, CorridorChange, Fields, PlanChange
from qplan.costing.money_text import round_money
from qplan.inventory.installed import paid_nodes
from qplan.inventory.source.messages import counted, first_of, headroom_figure, loss_figure
from qplan.outputs.review.wording import NAMED, place, signed_percent, step, turnover
from qplan.outputs.text.tables import one_line
from qplan.outputs.text.wording import bps, db, load, spare_db

MARKS = {"create": "+", "update": "~", "delete": "-"}
LITTLE_HEADROOM_DB = 1.0
HIGH_LOAD = 0.9
LOAD_FIELDS = frozenset({"load_bps", "headroom_db"})
TOLD_BELOW = LOAD_FIELDS | {"existing"}
"""Fields of a link that a sentence tells of, for all links together."""
NODE_WORDS = ("site", "operator", "country")


@dataclass(frozen=True)
class Row:
    """One change: marker, address, and what is to be said of it."""

    mark: str
    address: str
    parts: tuple[str, ...]
    rank: int
    """The gravest is 0."""
    alarm: bool = False
    """Something is nearly used up."""

    def text(self, between: str = "   ") -> str:
        return between.join(self.parts) + (" !" if self.alarm else "")


def rows(change: PlanChange) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """The rows, and sentences about the changes that follow from them: costs or loads alone."""
    corridors = {f"corridors.{each.id}": each for each in change.corridors}
    found, loads, costs = [], 0, []
    for each in change.changes:
        if each.kind == "links" and each.action == "update" and TOLD_BELOW.issuperset(each.fields) and not _fewer(each):
            row = _link(each)
            if not row.alarm:
                loads += not LOAD_FIELDS.isdisjoint(each.fields)
                continue
        elif each.kind == "corridors" and each.action == "update" and each.fields == ("tco",):
            costs.append(corridors[each.address])
            continue
        else:
            row = _row(change, each, corridors)
        found.append(row)
    ordered = tuple(sorted(found, key=lambda row: (row.rank, row.address)))
    return ordered, tuple(_following(change, loads, costs))


def _row(change: PlanChange, each: Change, corridors: Mapping[str, CorridorChange]) -> Row:
    if each.kind == "nodes":
        return _node(change, each)
    if each.kind == "links":
        return _link(each)
    return _corridor(each, corridors[each.address], _comparable(change))


def _comparable(change: PlanChange) -> bool:
    """Shares of the totals are in one currency and over one horizon."""
    return change.money.tco.delta is not None


def _following(change: PlanChange, loads: int, costs: list[CorridorChange]) -> Iterable[str]:
    if costs and not _comparable(change):
        yield f"Costs of {counted(len(costs), 'corridor')} are not compared."
    elif costs:
        ranked = sorted(costs, key=lambda each: -abs(_cost_share(each) or 0.0))
        yield f"Cost alone: {first_of([f'{each.id} {_cost(each)}' for each in ranked], NAMED)}."
    if loads:
        yield f"Load alone: {counted(loads, 'link')}."
    if there := _there_now(change):
        yield f"Not paid again, since they are there now: {' and '.join(there)}."
    untouched = len(change.after.corridors) - sum(each.served.after is not None for each in change.corridors)
    if untouched and change.changes:
        yield f"Other corridors: {untouched} unchanged."


def _there_now(change: PlanChange) -> list[str]:
    """How many links hold more existing systems than before, and how many nodes exist that did not."""
    linked = [each for each in change.changes if each.kind == "links"]
    links = sum(_there(each.after) > _there(each.before) for each in linked)
    paid = paid_nodes(change.after.inventory) - paid_nodes(change.before.inventory)
    nodes = len(paid & {each.node.site for each in change.after.nodes})
    return [counted(number, kind) for number, kind in ((links, "link"), (nodes, "node")) if number]


def _there(fields: Fields | None) -> float:
    """Systems of a link that exist."""
    return _number(fields or {}, "existing")


def _fewer(each: Change) -> bool:
    return _there(each.after) < _there(each.before)


def _node(change: PlanChange, each: Change) -> Row:
    before, after = each.before or {}, each.after or {}
    old, new = _roles(before), _roles(after)
    facts = change.before if each.after is None else change.after
    where = place(facts.inventory, each.address.partition(".")[2])
    where = where.partition(" ")[2].strip("()")
    if each.action == "update":
        said = [f"{old} → {new}"] if old != new else []
        said += [f"{name} {step(before.get(name), after.get(name))}" for name in each.fields if name in NODE_WORDS]
        said = said or ["a trusted node already" if after.get("existing") else "no trusted node yet"]
    else:
        said = [new if each.after is not None else old]
    becomes_relay = "relay" in _list(after, "roles") and "relay" not in _list(before, "roles")
    parts = tuple(one_line(part) for part in (*said, where) if part)
    return Row(MARKS[each.action], each.address, parts, 0 if becomes_relay else 4)


def _roles(fields: Mapping[str, object]) -> str:
    roles = _list(fields, "roles")
    existing = " (existing)" if "relay" in roles and fields.get("existing") else ""
    return (" + ".join("trusted node" if role == "relay" else role for role in roles) or "no role") + existing


def _list(fields: Mapping[str, object], name: str) -> list[str]:
    value = fields.get(name)
    return [str(word) for word in value] if isinstance(value, list) else []


def _number(fields: Mapping[str, object], name: str) -> float:
    value = fields.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def _link(each: Change) -> Row:
    before, after = each.before or {}, each.after or {}
    if each.before is None or each.after is None:
        fields = after or before
        said = [_system(fields), db(_number(fields, "loss_db")), _rate(fields)]
        said += [f"headroom {spare_db(_number(fields, 'headroom_db'))}"] if each.after is not None else []
        return Row(MARKS[each.action], each.address, tuple(said), 2, each.after is not None and _is_tight(after))
    old, new = _system(before), _system(after)
    said = [f"{old} → {new}"] if old != new else []
    if route := turnover(*_difference(before, after, "fibres")):
        said.append(f"route {route}")
    for name in ("offer", "existing", "tx"):
        said += [f"{name} {step(before.get(name), after.get(name))}"] if before.get(name) != after.get(name) else []
    for name, label, shown in (("loss_db", "", loss_figure), ("headroom_db", "headroom ", headroom_figure)):
        figures = [shown(_number(fields, name)) for fields in (before, after)]
        said += [f"{label}{' → '.join(figures)} dB"] if figures[0] != figures[1] else []
    loads = [load(_load(fields)) for fields in (before, after)]
    said += [f"load {' → '.join(loads)}"] if loads[0] != loads[1] else []
    tighter = _is_tight(after) and not _is_tight(before)
    return Row("~", each.address, tuple(said) or ("other figures",), 2 if old != new else 3, tighter)


def _difference(
    before: Mapping[str, object], after: Mapping[str, object], name: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    old, new = _list(before, name), _list(after, name)
    return tuple(word for word in new if word not in old), tuple(word for word in old if word not in new)


def _system(fields: Mapping[str, object]) -> str:
    count = int(_number(fields, "count"))
    return f"{count} × {fields.get('system')}" if count > 1 else str(fields.get("system"))


def _rate(fields: Mapping[str, object]) -> str:
    return bps(_number(fields, "capacity_bps"))


def _load(fields: Mapping[str, object]) -> float:
    capacity = _number(fields, "capacity_bps")
    return _number(fields, "load_bps") / capacity if capacity else 0.0


def _is_tight(fields: Mapping[str, object]) -> bool:
    return _number(fields, "headroom_db") < LITTLE_HEADROOM_DB or _load(fields) > HIGH_LOAD


def _corridor(each: Change, corridor: CorridorChange, comparable: bool) -> Row:
    if each.before is None or each.after is None:
        known = corridor.paths.after if each.before is None else corridor.paths.before
        served = corridor.served.after if each.before is None else corridor.served.before
        rate = corridor.key_rate_bps.after if each.before is None else corridor.key_rate_bps.before
        relays = sorted({site for path in known or () for site in path[1:-1]})
        said = f"relays {', '.join(relays[:4])}" if relays else "no relay"
        ends = " – ".join((corridor.ends.after if each.before is None else corridor.ends.before) or ())
        return Row(MARKS[each.action], each.address, (ends, bps(rate or 0.0), said if served else "not served"), 1)
    parts = _ends(corridor)
    if corridor.served.changed:
        parts.append("served now" if corridor.served.after else "no longer served")
    if corridor.key_rate_bps.changed:
        parts.append(f"{bps(corridor.key_rate_bps.before or 0.0)} → {bps(corridor.key_rate_bps.after or 0.0)}")
    same = [name for name, moved in (("relays", corridor.relays), ("operators", corridor.operators)) if not moved]
    for name, moved in (
        ("relays", corridor.relays),
        ("operators", corridor.operators),
        ("countries", corridor.countries),
    ):
        if moved and not (corridor.served.changed and name != "relays"):
            parts.append(f"{name} {turnover(_named(moved.gained), _named(moved.lost))}")
    if not corridor.relays and not corridor.served.changed:
        others = _other_paths(each, corridor) if "paths" in each.fields else ""
        parts.append(", ".join(filter(None, (*(f"same {name}" for name in same), others))))
    whole = "shares_needed" in each.fields and _number(each.after or {}, "shares_needed") == 1
    if "shares_needed" in each.fields:
        parts.append("relays see whole keys" if whole else "relays see shares only")
    if "id" in each.fields:
        parts.append(f"was {(each.before or {}).get('id')}")
    if corridor.tco.changed and comparable:
        parts.append(f"cost {_cost(corridor)}")
    rank = 0 if whole or "ends" in each.fields else 1 if corridor.relays or corridor.served.changed else 3
    return Row("~", each.address, tuple(map(one_line, parts)), rank)


def _ends(corridor: CorridorChange) -> list[str]:
    """`end b → c`; nothing where it joins the same sites."""
    before, after = corridor.ends.before or (), corridor.ends.after or ()
    old, new = ([end for end in ends if end not in others] for ends, others in ((before, after), (after, before)))
    return [f"end{'s' if len(new) > 1 else ''} {' – '.join(old)} → {' – '.join(new)}"] if new else []


def _other_paths(each: Change, corridor: CorridorChange) -> str:
    before, after = corridor.paths.before or (), corridor.paths.after or ()
    if sorted(before) != sorted(after):
        return "other paths"
    if "shares_needed" in each.fields:
        return ""  # shares have no order
    if before == after:
        return "other links"
    return f"paths in another order, the first now over {', '.join(after[0][1:-1]) or 'no relay'}"


def _named(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name or "not stated" for name in names)


def _cost_share(each: CorridorChange) -> float | None:
    before, after = each.tco.before, each.tco.after
    return (after - before) / before if before and after is not None else None


def _cost(each: CorridorChange) -> str:
    share = _cost_share(each)
    return signed_percent(share) if share is not None else round_money(each.tco.after or 0.0, "").strip()
