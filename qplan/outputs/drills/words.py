"""Times, shares and names as drills and availability print them."""

from __future__ import annotations

import math
from collections import Counter

from qplan.assessment.drills.board import Entry
from qplan.outputs.text.wording import bps, significant
from qplan.plan.model import Plan

THEN = {"fail_closed": "traffic stops", "pqc": "goes on with PQC", "best_effort": "goes on open"}
LEAST_MINUTES = 0.001
STEPS = ((86_400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s"))


def span(seconds: float) -> str:
    """`59.7 s`, `12 min 30 s`, `4 h 13 min`, `3 d 4 h`, `40 d`: two units at most, rounded to the smaller one."""
    if math.isinf(seconds):
        return "for ever"
    for unit_s, unit, part_s, part in STEPS:
        if seconds >= unit_s:
            whole, rest = divmod(round(seconds / part_s) * part_s, unit_s)
            return f"{whole} {unit}" + (f" {rest // part_s} {part}" if rest and (unit != "d" or whole < 30) else "")
    return f"{significant(seconds)} s"


def moment(t: float) -> str:
    """`00:34:20`, `1 d 09:46:40`: the time since the drill began, rounded to the second."""
    whole = round(t)
    days, rest = divmod(whole, 86_400)
    clock = f"{rest // 3600:02d}:{rest % 3600 // 60:02d}:{rest % 60:02d}"
    return f"{days} d {clock}" if days else clock


def hours(value: float) -> str:
    return span(value * 3600)


def share(value: float) -> str:
    """A percentage that says 100 % only where nothing is missing."""
    if value >= 1:
        return "100 %"
    return f"{math.floor(value * 1e5) / 1e3:g} %"


def bits(value: float) -> str:
    for factor, unit in ((1e9, "Gbit"), (1e6, "Mbit"), (1e3, "kbit")):
        if value >= factor:
            return f"{significant(value / factor)} {unit}"
    return f"{significant(value)} bit"


def minutes(value: float) -> str:
    """Minutes per year: to the minute from ten on; no finer than anybody could measure."""
    if 0 < value < LEAST_MINUTES:
        return f"below {LEAST_MINUTES}"
    return f"{value:.0f}" if value >= 10 else significant(value, 2)


def entry_details(entry: Entry) -> str:
    """What a log entry says beside event and address, in words."""
    shown = []
    for key, value in entry.details:
        if key == "store_bits":
            shown.append(bits(float(str(value))))
        elif key == "path":
            shown.append(f"path {value + 1}" if isinstance(value, int) else str(value))
        elif key == "relays" and isinstance(value, tuple):
            shown.append(f"over {', '.join(value)}" if value else "direct")
        elif key in ("rate_bps", "key_rate_bps"):
            shown.append(bps(float(str(value))))
        elif key == "fallback":
            shown.append(THEN[str(value)])
        elif value != entry.address:
            shown.append(str(value))
    return ", ".join(shown)


class Names:
    """Addresses as people read them: a link by its two sites where only one joins them, else by its whole id."""

    def __init__(self, plan: Plan):
        pairs = Counter(frozenset(link.ends) for link in plan.links)
        self._links = {link.id: "--".join(link.ends) for link in plan.links if pairs[frozenset(link.ends)] == 1}

    def __getitem__(self, address: str) -> str:
        kind, _, name = address.partition(".")
        return f"{kind}.{self._links[name]}" if kind in ("links", "systems") and name in self._links else address

    def link(self, link_id: str) -> str:
        return self._links.get(link_id, link_id)

    def text(self, text: str) -> str:
        """The same for an address within a sentence."""
        return " ".join(self[word.rstrip(",;:")] + word[len(word.rstrip(",;:")) :] for word in text.split(" "))
