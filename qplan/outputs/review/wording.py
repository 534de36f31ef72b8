"""Values, differences and places of a comparison in words; plain text, not escaped."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import takewhile

from qplan.comparison.model import Amount, Input, Limit, Pair, Proof
from qplan.costing.money_text import round_money
from qplan.inventory.model import Inventory
from qplan.outputs.text.tables import one_line, shortened
from qplan.outputs.text.wording import gap_percent, listed

NOT_STATED = "–"
VALUE_CHARACTERS = 40
LEAD_CHARACTERS, LEAST_SKIPPED = 12, 8  # of what two long values share, before they part; and what is left out of it
NAMED = 3
TRUSTED = re.compile(
    r"(sites|fibres)\.[^.]+\.(operator|country|key_domain|security_tier|ducts|ends)|corridors\.[^.]+\.ends|scenarios\..+"
)
DESCRIBING = re.compile(r"metadata\..+|.+\.(labels|name|address|contact|description|source)(\..+)?")


def _in_full(value: object) -> str:
    """A value of an inventory, on one line."""
    if value is None:
        return NOT_STATED
    if isinstance(value, bool | Mapping | list):
        return one_line(json.dumps(value, ensure_ascii=False))
    return _number(float(value)) if isinstance(value, int | float) else one_line(str(value))


def _number(value: float) -> str:
    """In full, thousands apart: 14.8, 4 000 000."""
    return f"{value:,.15g}".replace(",", " ")


def step(before: object, after: object) -> str:
    """`14.8 → 19.5`; of long values what differs: `… 8000.0]] → … 4000.0]]`."""
    return " → ".join(steps(before, after))


def steps(before: object, after: object) -> tuple[str, str]:
    """A value before and after, each in a few characters, without the long beginning that both share."""
    old, new = _in_full(before), _in_full(after)
    if max(len(old), len(new)) <= VALUE_CHARACTERS:
        return _from(0, old), _from(0, new)
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
    lead = max(0, alike - LEAD_CHARACTERS)
    between_words = max(old.rfind(mark, 0, lead) for mark in " [{") + 1
    told = _from(between_words, old), _from(between_words, new)
    return told if told[0] != told[1] or old == new else (_from(lead, old), _from(lead, new))


def _from(place: int, text: str) -> str:
    """A few characters from a place in the text on, or from its beginning where that is near."""
    return shortened(f"…{text[place:]}" if place >= LEAST_SKIPPED else text, VALUE_CHARACTERS)


def signed_percent(share: float) -> str:
    """`+4.0 %`; a difference is not shown as none."""
    percent = share * 100
    return f"{percent:+.1f} %" if abs(percent) >= 0.05 else f"{Decimal(f'{percent:.1g}'):+f} %"


def signed_money(delta: float, currency: str = "") -> str:
    """`+134 876`."""
    words = round_money(abs(delta), currency).strip()
    return f"{'-' if delta < 0 else '+'}{words}"


def amount_text(name: str, amount: Amount, currency: Pair[str], least: Pair[str]) -> str:
    """`TCO CHF 3 410 235 → 3 545 111 (+134 876, +4.0 %)`; `least` stands before both, or the one ("at least ")."""
    before, after = (round_money(each or 0.0, "").strip() for each in (amount.before, amount.after))
    first, second = f"{least.before}{currency.before} {before}", f"{least.after}{currency.after} {after}"
    again = least.after if least.changed else ""
    if amount.delta is None:
        return f"{name} {first} → {second}"
    if amount.delta == 0:
        return f"{name} {second} (unchanged)"
    share = f", {signed_percent(amount.share)}" if amount.share is not None else ""
    return f"{name} {first} → {again}{after} ({signed_money(amount.delta)}{share})"


def proof_text(proof: Pair[Proof]) -> str:
    """`still proven`, `no longer proven (gap 2.1 %)`."""
    before, after = proof.before, proof.after
    proven = after is not None and after.status == "optimal"
    if proven:
        was = before is None or before.status == "optimal"
        return "still proven" if was else "proven now"
    gap = f"gap {gap_percent(after.gap)}" if after is not None and after.gap is not None else "no bound known"
    was_proven = before is not None and before.status == "optimal"
    return f"{'no longer proven' if was_proven else 'not proven'} ({gap})"


def limit_text(limit: Limit) -> str:
    """`budget.tco 3 500 000 → 4 000 000 ← raised`; an arrow points at what is looser than before."""
    word: str = limit.direction
    if limit.before is None and limit.direction == "tightened":
        word = "set"
    elif limit.after is None and limit.direction == "loosened":
        word = "lifted"
    elif _is_number(limit.before) and _is_number(limit.after):
        word = "raised" if float(str(limit.after)) > float(str(limit.before)) else "lowered"
    mark = "← " if limit.direction == "loosened" else ""
    return f"{limit.address} {step(limit.before, limit.after)}  {mark}{word}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def inputs_text(inputs: Iterable[Input], most: int) -> list[str]:
    """What was edited: alike edits of several things as one, things that are new or gone by section.

    First what trust rests on, last what only describes.
    """
    edits: dict[tuple[str, str], list[str]] = {}
    arrivals: dict[str, list[str]] = {}
    for each in sorted(inputs, key=lambda each: _rank(each.address)):
        section, name, rest = _parts(each.address)
        if not rest and name and (each.before is None or each.after is None):
            word = "new" if each.before is None else "gone"
            arrivals.setdefault(word, []).append(each.address)
        else:
            edits.setdefault(
                (f"{section}.*{rest}" if rest else each.address, step(each.before, each.after)), []
            ).append(each.address)
    texts = [f"{word}: {listed(addresses, NAMED)}" for word, addresses in sorted(arrivals.items(), reverse=True)]
    for (pattern, change), addresses in edits.items():
        if len(addresses) > NAMED:
            texts.append(f"{pattern} {change} ({len(addresses)} ×)")
        else:
            texts += [f"{address} {change}{_basis(address)}" for address in addresses]
    rest_count = len(texts) - most
    return texts[:most] + ([f"and {rest_count} more: --format json has all"] if rest_count > 0 else [])


def _rank(address: str) -> int:
    return 0 if TRUSTED.fullmatch(address) else 2 if DESCRIBING.fullmatch(address) else 1


def _parts(address: str) -> tuple[str, str, str]:
    """Section, id and the rest (with its dot) of an address."""
    words = address.split(".")
    depth = 2 if words[0] == "equipment" else 1
    rest = words[depth + 1 :]
    return ".".join(words[:depth]), "".join(words[depth : depth + 1]), "".join(f".{word}" for word in rest)


def _basis(address: str) -> str:
    return " (measured)" if address.endswith((".loss_db", ".loss_1310_db")) else ""


def place(inventory: Inventory, site: str) -> str:
    """`co-east (citynet, CH)`: a site, who runs it and where, as far as it is stated."""
    known = inventory.sites[site]
    words = ", ".join(one_line(word) for word in (known.operator, known.country) if word)
    return f"{site} ({words})" if words else site


def turnover(gained: Sequence[str], lost: Sequence[str]) -> str:
    """`+co-lake -co-east`."""
    return " ".join([*(f"+{name}" for name in gained[:NAMED]), *(f"-{name}" for name in lost[:NAMED])]) + (
        f" and {rest} more" if (rest := max(0, len(gained) - NAMED) + max(0, len(lost) - NAMED)) else ""
    )
