"""What `qplan explain` says of a plan: text for a terminal, Markdown for a pull request, JSON for programs."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from qplan.assessment.facts import assess
from qplan.candidates.resource_usage import Taken
from qplan.costing.money_text import round_money
from qplan.explain.about.alternatives import Alternative
from qplan.explain.about.answers import Answer, Share
from qplan.explain.about.limits import LimitState
from qplan.explain.about.margins import Margin
from qplan.explain.about.questions import Overview
from qplan.inventory.model import Inventory
from qplan.inventory.source.messages import counted
from qplan.outputs.report.document import Table
from qplan.outputs.text import wording
from qplan.outputs.text.money import left_out_text
from qplan.outputs.text.tables import escape_markdown, markdown_table, one_line, text_table
from qplan.outputs.verbs.explain_documents import answer_document, overview_document
from qplan.plan.model import Plan

MOST_SITES_SHOWN = 6  # of a path among others
LIMITS = {
    "loss_db": "loss",
    "length_km": "length",
    "key_rate": "key rate",
    "strands": "free strands",
    "rack_units": "rack units",
    "power_w": "power",
    "max_relays": "relays on a path",
    "max_bypass_sites": "sites patched through",
    "capex": "capex",
    "tco": "tco",
}
UNITS = {"rack_units": " U", "power_w": " W"}


def answer_text(inventory: Inventory, plan: Plan, answer: Answer) -> str:
    blocks = [
        [_headline(inventory, plan, answer), *(one_line(f"  {said}") for said in _sentences(inventory, plan, answer))],
        *([_text_table(table)] for table in _tables(inventory, answer)),
        *([f"{title}:", *_text_alternatives(inventory, plan, found)] for title, found in _groups(answer)),
        *([one_line(closing)] for closing in _closing(inventory, plan, answer)),
    ]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def answer_markdown(inventory: Inventory, plan: Plan, answer: Answer) -> str:
    blocks = [f"## {escape_markdown(_headline(inventory, plan, answer))}"]
    sentences = [f"- {escape_markdown(sentence)}" for sentence in _sentences(inventory, plan, answer)]
    blocks.append("\n".join(sentences))
    for table in _tables(inventory, answer):
        blocks.append(markdown_table(table.header, table.rows, table.right).rstrip())
    for title, found in _groups(answer):
        blocks += [f"**{escape_markdown(title)}**", "\n".join(_markdown_alternatives(inventory, plan, found))]
    blocks += [escape_markdown(closing) for closing in _closing(inventory, plan, answer)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def answer_json(inventory: Inventory, plan: Plan, answer: Answer) -> str:
    """The same for programs: ids, numbers and the sentences."""
    return answer_document(inventory, plan, answer).text()


def overview_text(inventory: Inventory, plan: Plan, found: Overview) -> str:
    tables = [_limits_table(found.limits), _shares_table(inventory, plan, found)]
    blocks = [one_line(_proven(plan)), *(_text_table(table) for table in tables if table.rows)]
    blocks += [one_line(line) for line in (*_left_out(inventory, plan), *_asking(plan, found))]
    return "\n\n".join(blocks) + "\n"


def overview_markdown(inventory: Inventory, plan: Plan, found: Overview) -> str:
    blocks = [escape_markdown(_proven(plan))]
    for table in (_limits_table(found.limits), _shares_table(inventory, plan, found)):
        if table.rows:
            blocks += [f"**{table.title}**", markdown_table(table.header, table.rows, table.right).rstrip()]
    closing = (*_left_out(inventory, plan), *_asking(plan, found))
    return "\n\n".join([*blocks, *(escape_markdown(line) for line in closing)]) + "\n"


def _proven(plan: Plan) -> str:
    return f"{wording.proof(plan)}{wording.with_variant(plan.inventory)}."


def overview_json(inventory: Inventory, plan: Plan, found: Overview) -> str:
    return overview_document(inventory, plan, found).text()


FORMATS = {"text": answer_text, "json": answer_json, "markdown": answer_markdown}
OVERVIEWS = {"text": overview_text, "json": overview_json, "markdown": overview_markdown}


def _headline(inventory: Inventory, plan: Plan, answer: Answer) -> str:
    called = inventory.sites[answer.id].name if answer.kind == "sites" else None
    label = f"{answer.address} ({called})" if called else answer.address
    state = "can be served alone" if answer.margins else "in the plan" if answer.in_plan else "not in the plan"
    return one_line(f"{label}: {state}{wording.with_variant(plan.inventory)}")


def _sentences(inventory: Inventory, plan: Plan, answer: Answer) -> Iterator[str]:
    yield from answer.why
    yield from (reason.text for reason in answer.reasons)
    if answer.cut_off_by is not None:
        revealed = wording.smallest_set(answer.revealed_by, _piece)
        found = answer.revealed_by is not None
        yield f"Its key is revealed by {revealed}." if found else "No set of relays reveals its key."
        yield f"It is cut off by the loss of {wording.smallest_set(answer.cut_off_by, _piece)}."
    if answer.share is not None:
        shared = answer.kind == "corridors" and not answer.margins
        yield _cost(inventory, plan, answer.share, "Its share of the cost" if shared else "Its own cost")


def _piece(address: str) -> str:
    kind, _, name = address.partition(".")
    return f"{kind.removesuffix('s')} {name}"


def _cost(inventory: Inventory, plan: Plan, share: Share, what: str) -> str:
    economics = inventory.economics
    part = "" if share.of_tco in (None, 1) else f", {wording.percent(share.of_tco)} of the plan's"
    opex = _money(inventory, share.opex_per_year) + wording.a_year(plan.costs)
    return (
        f"{what}: capex {_money(inventory, share.capex)}, opex {opex}, "
        f"{wording.tco_label(economics)} {_money(inventory, share.tco)}{part}."
    )


def _money(inventory: Inventory, amount: float) -> str:
    return round_money(amount, inventory.economics.currency)


def _tables(inventory: Inventory, answer: Answer) -> Iterator[Table]:
    if answer.uses and answer.kind == "corridors":
        paths = tuple((str(use.path), " – ".join(use.sites)) for use in answer.uses)
        yield Table("Paths", ("Path", "Over"), paths, right=("Path",))
    elif answer.uses:
        uses = tuple((use.corridor, str(use.path), use.role, _over(use.sites)) for use in answer.uses)
        yield Table("Used by", ("Corridor", "Path", "As", "Over"), uses, right=("Path",))
    if answer.limits:
        yield _limits_table(answer.limits)
    if answer.margins:
        margins = tuple(_margin_row(margin) for margin in answer.margins)
        yield Table("Margins", ("Margin", "Is", "Servable to"), margins, right=("Is", "Servable to"))


def _over(sites: tuple[str, ...]) -> str:
    if len(sites) <= MOST_SITES_SHOWN:
        return " – ".join(sites)
    return f"{sites[0]} – {sites[1]} – … – {sites[-2]} – {sites[-1]} ({len(sites) - 2} relays)"


def _limits_table(limits: tuple[LimitState, ...]) -> Table:
    rows = tuple(
        (
            LIMITS[limit.at.limit],
            limit.at.where,
            _amount(limit.at, limit.at.taken),
            _amount(limit.at, limit.at.free),
            _left(limit.at),
            "binds" if limit.binds else "used up" if limit.at.used_up else "",
        )
        for limit in limits
    )
    header = ("Limit", "At", "Taken", "Of", "Left", "")
    return Table("Limits", header, rows, right=("Taken", "Of", "Left"))


def _left(limit: Taken) -> str:
    return wording.spare_db(limit.left) if limit.limit == "loss_db" else _amount(limit, limit.left)


def _amount(limit: Taken, value: float) -> str:
    if limit.limit == "loss_db":
        return wording.db(value)
    if limit.limit == "length_km":
        return wording.km(value)
    if limit.limit == "key_rate":
        return wording.bps(max(0.0, value))
    return f"{round(value, 2):,.10g}".replace(",", " ") + UNITS.get(limit.limit, "")


def _margin_row(margin: Margin) -> tuple[str, str, str]:
    now = "no limit" if margin.value is None else _with_unit(margin.value, margin.unit)
    beyond = "" if margin.decided else " (not decided beyond)"
    return margin.key, now, _with_unit(margin.servable_to, margin.unit) + beyond


def _with_unit(value: float, unit: str) -> str:
    return wording.bps(value) if unit == "bit/s" else f"{value:.6g} {unit}".rstrip()


def _shares_table(inventory: Inventory, plan: Plan, found: Overview) -> Table:
    total = plan.costs.tco
    rows = tuple(
        (
            share.corridor,
            *(_money(inventory, float(x)) for x in (share.capex, share.opex_per_year, share.tco)),
            wording.percent(float(share.tco) / total) if total else "–",
        )
        for share in found.shares
        if share.tco
    )
    header = ("Corridor", "Capex", wording.opex_label(plan.costs), wording.tco_label(inventory.economics), "Share")
    return Table("What each corridor costs", header, rows, right=header[1:])


def _asking(plan: Plan, found: Overview) -> list[str]:
    said = [] if found.limits else ["No limit is used up: everywhere something more would fit."]
    unserved = [corridor.id for corridor in plan.corridors if not corridor.served]
    said += [f"Not served (optional): {wording.listed(unserved)}."] if unserved else []
    examples = [f"sites.{plan.relays[0]}"] if plan.relays else []
    examples += [f"links.{'--'.join(plan.links[0].ends)}"] if plan.links else []
    examples += [f"corridors.{plan.corridors[0].id}"] if plan.corridors else []
    more = [f"More: qplan explain PLAN {' | '.join(examples)}"] if examples else []
    return [*said, *more]


def _left_out(inventory: Inventory, plan: Plan) -> list[str]:
    """What the amounts do not hold, because the inventory does not state it."""
    text = left_out_text(assess(inventory, plan).unstated)
    return [text] if text else []


def _text_table(table: Table) -> str:
    return text_table(table.header, table.rows, table.right).rstrip("\n")


def _groups(answer: Answer) -> list[tuple[str, tuple[Alternative, ...]]]:
    if not answer.in_plan:
        groups = [("Planned anew with it", answer.without), ("Planned anew with a change", answer.changes)]
    else:
        better = [each for each in answer.changes if each.better or each.status == "unknown"]
        groups = [
            ("Planned anew without it", answer.without),
            ("More is served with", tuple(each for each in better if each.newly_served)),
            ("Cheaper with", tuple(each for each in better if not each.newly_served)),
        ]
    return [(title, found) for title, found in groups if found]


def _closing(inventory: Inventory, plan: Plan, answer: Answer) -> list[str]:
    in_vain = [each.text for each in answer.changes if answer.in_plan and not each.better and each.status != "unknown"]
    said = [f"Tried, and no better: {'; '.join(in_vain)}."] if in_vain else []
    if any(not each.needed and (each.difference or 0.0) < 0 for each in answer.changes):
        said.append("A better plan for the inventory as it stands was found by the way: plan again, for longer.")
    gap, compared = plan.objective.gap, any(each.difference for each in (*answer.without, *answer.changes))
    if gap != 0 and compared:
        how_far = "not proven" if gap is None else f"proven within {wording.gap_percent(gap)} only"
        said.append(f"The plan itself is {how_far}: a difference below that says nothing.")
    costs = answer.share is not None or any(each.value is not None for each in (*answer.without, *answer.changes))
    return [*said, *(_left_out(inventory, plan) if costs else [])]


def _text_alternatives(inventory: Inventory, plan: Plan, found: tuple[Alternative, ...]) -> Iterator[str]:
    for each in found:
        yield one_line(f"  - {each.text}: {_outcome(inventory, plan, each)}")
        yield from (one_line(f"      {reason.text}") for reason in each.reasons)
        yield from (one_line(f"      --set {shlex.quote(setting)}") for setting in each.settings)


def _markdown_alternatives(inventory: Inventory, plan: Plan, found: tuple[Alternative, ...]) -> Iterator[str]:
    for each in found:
        yield f"- {escape_markdown(each.text)}: {escape_markdown(_outcome(inventory, plan, each))}"
        yield from (f"  - {escape_markdown(reason.text)}" for reason in each.reasons)
        yield from (f"  - `{setting}`" for setting in each.settings)


def _outcome(inventory: Inventory, plan: Plan, each: Alternative) -> str:
    """What the best plan costs then, how far that is proven, and what else changes."""
    if each.status == "infeasible":
        return "no plan"
    if each.value is None:
        return "not decided in the time allowed"
    parts = [f"{_value(inventory, plan, each.value)}, {_difference(inventory, plan, each)}; {_proof(each)}"]
    for words, names in (
        ("new nodes", each.new_nodes),
        ("nodes no more", each.dropped_nodes),
        ("then served", each.newly_served),
        ("then not served", each.no_longer_served),
    ):
        parts += [f"{words}: {wording.listed(names)}"] if names else []
    parts += _newly_seen(each)
    return "; ".join([*parts, *wording.then_broken(each.breaks)])


def _newly_seen(each: Alternative) -> Iterator[str]:
    """Corridors whose whole keys the same sites see are told together."""
    told: dict[tuple[str, ...], list[str]] = {}
    for corridor, sites in each.newly_seen.items():
        told.setdefault(sites, []).append(corridor)
    for sites, corridors in told.items():
        keys = "key" if len(corridors) == 1 else "keys"
        yield f"whole {keys} of {wording.listed(corridors)} then seen at {wording.listed(sites)}"


def _value(inventory: Inventory, plan: Plan, value: float) -> str:
    if plan.objective.name == "relays":
        return counted(round(value), "relay")
    return f"{plan.objective.name} {_money(inventory, value)}"


def _difference(inventory: Inventory, plan: Plan, each: Alternative) -> str:
    if not each.difference:
        return "the same"
    more = "more" if each.difference > 0 else "less"
    if plan.objective.name == "relays":
        return f"{abs(round(each.difference))} {more}"
    share = f" ({wording.percent(abs(each.difference) / plan.objective.value)})" if plan.objective.value else ""
    return f"{_money(inventory, abs(each.difference))}{share} {more}"


def _proof(each: Alternative) -> str:
    if each.bound is None or each.value is None:
        return "a better one may exist"
    gap = max(0.0, (each.value - each.bound) / max(abs(each.value), 1e-9))
    if each.status == "optimal":
        return "proven" if gap == 0 else f"proven within {wording.gap_percent(gap)}"
    return f"a better one may exist, by {wording.gap_percent(gap)} at most"
