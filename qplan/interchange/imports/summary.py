"""What people and programs read after an import: what was read and made, findings by rule, what is still to fill in."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from qplan.errors import Diagnostic
from qplan.interchange.imports.draft import Draft
from qplan.interchange.imports.importing import Outcome
from qplan.interchange.imports.offers.including import steps
from qplan.interchange.imports.rows import DEFAULTS
from qplan.inventory.rules import RULES
from qplan.inventory.source.messages import counted

MOST_SHOWN, MOST_LINES = 3, 3
WORTH = {  # field of sites → why it is worth stating
    "country": "relays by country", "node_cost": "what a node costs there", "relay_cost": "what it takes to trust one",
}  # fmt: skip


@dataclass(frozen=True)
class Summary:
    """An import and where it went: `file` as the user named it, `errors` that the written file still has."""

    outcome: Outcome
    file: str
    written: bool
    errors: tuple[Diagnostic, ...] = ()

    @property
    def needed(self) -> list[str]:
        """What must be filled in before there is a plan."""
        lines = [f"{item.address or item.file}: {item.message}" for item in self.errors]
        if not (self.outcome.draft.corridors or self.outcome.draft.offers or self.outcome.update):
            lines.append("corridors: who needs keys, how many (a stub stands at the end of the file)")
        return lines

    @property
    def worth_stating(self) -> list[str]:
        """What the source does not say and plans depend on."""
        if self.outcome.update is not None or self.outcome.is_fragment:
            return []
        return list(_unstated(self.outcome.draft))

    @property
    def next_commands(self) -> list[str]:
        file = shlex.quote(self.file)
        if not self.written:
            return []
        if self.outcome.asked is not None:
            return steps(self.outcome.asked, self.file, self.outcome.draft.offers)
        later = "    # once that is filled in" if self.needed else ""
        return [f"qplan validate {file}", f"qplan optimize {file}{later}"]


def _unstated(draft: Draft) -> Iterator[str]:
    sites, fibres = draft.sites.values(), draft.fibres.values()
    bare = sum("lat" not in site for site in sites)
    if bare:
        yield f"coordinates of {counted(bare, 'site')}: lengths, map"
    yield from (f"sites: {field} ({why})" for field, why in WORTH.items() if not any(field in site for site in sites))
    estimated = sum("loss_db" not in fibre for fibre in fibres)
    if estimated:
        per_km = f"{DEFAULTS.attenuation_db_per_km:g} dB/km"
        yield f"loss_db of {counted(estimated, 'fibre')}: estimated from the length, {per_km} unless stated"
    silent = sum("strands" not in fibre for fibre in fibres)
    if silent:
        yield f"strands of {counted(silent, 'fibre')}: how many are free; {DEFAULTS.strands} unless stated"
    if not any("ducts" in fibre for fibre in fibres):
        yield "ducts: which fibres are cut together (for corridors with 2 paths)"


def as_text(summary: Summary) -> str:
    """For a terminal."""
    outcome = summary.outcome
    lines = [*_labelled("Read", outcome.draft.read), *_labelled("Made", [_made(summary)])]
    if outcome.update and outcome.update.changed:
        lines += ["", "Changed", *(_point(line) for line in _few(outcome.update.changed, 12))]
    if outcome.findings:
        lines += ["", f"To look at: {counted(len(outcome.findings), 'finding')}{_where(summary)}"]
        for code, items in groupby(sorted(outcome.findings, key=lambda item: item.code), key=lambda item: item.code):
            lines += _group(code, list(items), whole=outcome.update is not None)
        lines += [f"`qplan rules {outcome.findings[0].code}` explains."]
    if summary.needed:
        lines += ["", "Still to fill in", *(_point(line) for line in _few(summary.needed, 12))]
    if summary.worth_stating:
        lines += ["", "Worth stating", *(_point(line) for line in summary.worth_stating)]
    if summary.next_commands:
        lines += ["", *_labelled("Next", summary.next_commands)]
    return "\n".join(lines) + "\n"


def _where(summary: Summary) -> str:
    return f"; all of them stand in {summary.file}" if summary.outcome.update is None and summary.written else ""


def _made(summary: Summary) -> str:
    outcome, draft = summary.outcome, summary.outcome.draft
    to = summary.file if summary.written else f"{summary.file} (not written)"
    if outcome.update is not None:
        update = outcome.update
        if outcome.before == outcome.text:
            return f"{summary.file}: nothing to change"
        return f"{to}: {counted(len(update.added), 'new entry', 'new entries')}, {len(update.changed)} changed"
    if outcome.is_fragment:
        return f"{to}: {counted(len(draft.offers), 'offer')} ({', '.join(draft.offers)})"
    km = sum(float(str(fibre.get("length_km", 0))) for fibre in draft.fibres.values())
    known = sum("loss_db" in fibre for fibre in draft.fibres.values())
    amplified = sum(bool(fibre.get("amplified")) for fibre in draft.fibres.values())
    more = [f"{km:,.0f} km".replace(",", " ")] if km else []
    more += [f"{known} with a measured loss"] if known else []
    more += [f"{amplified} amplified"] if amplified else []
    systems = [counted(len(draft.qkd_systems), "QKD system")] if draft.qkd_systems else []
    corridors = counted(len(draft.corridors), "corridor") if draft.corridors else "no corridors"
    fibres = counted(len(draft.fibres), "fibre") + (f" ({', '.join(more)})" if more else "")
    return f"{to}: {', '.join([counted(len(draft.sites), 'site'), fibres, *systems, corridors])}"


def _labelled(label: str, texts: Sequence[str]) -> list[str]:
    return [f"{label if not number else '':6}{text}" for number, text in enumerate(texts)]


def _group(code: str, items: Sequence[Diagnostic], *, whole: bool) -> list[str]:
    """The findings of a rule: `whole`, as they stand in no file, else the first of them."""
    lines = [f"  {code} {RULES[code].title}"]
    most = len(items) if whole else MOST_SHOWN
    for item in items[:most]:
        place = f"{item.file}:{item.line}" if item.line else item.file
        lines += _wrapped(f"{place}: {item.message}", item.hint, whole=whole)
    return lines + ([f"    … and {len(items) - most} more"] if len(items) > most else [])


def _wrapped(words: str, hint: str, *, whole: bool) -> list[str]:
    """What was found, in few lines unless `whole`, and what to do."""
    lines = textwrap.wrap(words, 110, initial_indent="    ", subsequent_indent="      ", break_on_hyphens=False)
    if len(lines) > MOST_LINES and not whole:
        lines = [*lines[: MOST_LINES - 1], lines[MOST_LINES - 1][:106] + " …"]
    return lines + textwrap.wrap(
        hint, 110, initial_indent="      → ", subsequent_indent="        ", break_on_hyphens=False
    )


def _few(lines: Sequence[str], most: int) -> list[str]:
    return [*lines[:most], f"… and {len(lines) - most} more"] if len(lines) > most else list(lines)


def _point(line: str) -> str:
    return f"  - {line}"
