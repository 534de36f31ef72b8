"""The text of a new inventory file: what was read and done as comments, entries, and stubs for what is still to say."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from qplan.errors import Diagnostic
from qplan.interchange.imports.draft import Draft, Entries
from qplan.interchange.imports.rows import DEFAULTS
from qplan.interchange.imports.yaml_text import entry, flow, scalar
from qplan.inventory.rules import RULES

CATALOGUE = "catalogue:illustrative-2026"
JOINT_BYPASSES = 6  # patched sites on a link where joints are sites
WIDTH = 118


def new_file(draft: Draft, form: str) -> str:
    """A whole inventory file."""
    include = f"include: [{CATALOGUE}]" + _aside("systems and items, with illustrative prices")
    lines = [*header(draft, form), "qplan: 1", *_metadata(draft), include, "", *_defaults(draft), *_policy(draft)]
    for title, entries in (("sites", draft.sites), ("fibres", draft.fibres)):
        lines += [f"{title}:" if entries else f"{title}: {{}}", *section(entries, 2), ""]
    if draft.qkd_systems:
        lines += ["equipment:", "  qkd_systems:", *section(draft.qkd_systems, 4), ""]
    lines += ["corridors:", *section(draft.corridors, 2)] if draft.corridors else corridor_stub(draft.main_part)
    return "\n".join(lines).rstrip("\n") + "\n"


def offers_file(draft: Draft) -> str:
    """A fragment with offers, for an inventory to include."""
    offers = {
        key: {name: part for name, part in value.items() if part is not None} for key, value in draft.offers.items()
    }
    return "\n".join([*header(draft, "offers", "source"), "qplan: 1", "offers:", *section(offers, 2)]) + "\n"


def section(entries: Entries, indent: int) -> Iterator[str]:
    for key, value in entries.items():
        yield from entry(key, value, indent)


def header(draft: Draft, form: str, key: str = "labels.source") -> Iterator[str]:
    """Comments: what was read, and every finding by its rule; `key` says of an entry where it comes from."""
    yield f"# Imported by `qplan import {form}`; where an entry comes from is its {key}."
    yield "#"
    yield from _comment("read", draft.read)
    if draft.findings:
        yield "#"
        yield "# What was merged, put right, left out or assumed on the way (`qplan rules CODE` explains a code):"
        for code, items in groupby(draft.findings, key=lambda item: item.code):
            yield from _comment(f"{code} {RULES[code].title}", [_said(item) for item in items])
    yield ""


def _said(item: Diagnostic) -> str:
    return f"{item.file}{f':{item.line}' if item.line else ''}: {item.message}"


def _comment(title: str, texts: Iterable[str]) -> Iterator[str]:
    yield f"#   {title}"
    for text in texts:
        yield from textwrap.wrap(
            text, WIDTH, initial_indent="#     ", subsequent_indent="#       ", break_on_hyphens=False
        )


def _aside(text: str) -> str:
    return f"    # {text}"


def _metadata(draft: Draft) -> list[str]:
    return [f"metadata: {flow({'name': draft.name})}"] if draft.name else []


def _defaults(draft: Draft) -> Iterator[str]:
    """Defaults that the corridors need, and as comments what no source says."""
    if draft.without_demand:
        yield "defaults:"
        yield "  corridor: {rekey: {key_bits: 256, interval_s: 60}}" + _aside("illustrative: no demand was stated")
        prefix = "  # "
    else:
        yield "# defaults:" + _aside("what the source does not say: take the marks away and put in what you know")
        prefix = "#   "
    costs = "node_cost: 12000, node_cost_per_year: 9000, relay_cost: 60000"
    yield f"{prefix}site: {{{_country(draft)}security_tier: 3, {costs}}}"
    length = "length_km: 20, " if draft.nowhere else ""
    why = _aside("20 km: to begin with, as no fibre states a length") if draft.nowhere else ""
    stated = f"strands: {DEFAULTS.strands}, attenuation_db_per_km: {DEFAULTS.attenuation_db_per_km:g}"
    yield f"{prefix}fibre: {{{length}{stated}, cost_per_strand_km_year: 240}}{why}"
    yield ""


def _country(draft: Draft) -> str:
    """Of most sites that state one, for those that state none."""
    stated = Counter(str(site["country"]) for site in draft.sites.values() if "country" in site)
    if not stated or stated.total() == len(draft.sites):
        return ""
    return f"country: {min(stated, key=lambda code: (-stated[code], code))}, "


def _policy(draft: Draft) -> Iterator[str]:
    if draft.joints:
        yield f"policy: {{max_bypass_sites: {JOINT_BYPASSES}}}" + _aside("joints are sites that a channel passes")
        yield ""


def corridor_stub(sites: Sequence[str]) -> list[str]:
    """A corridor as a comment, between two sites that hang together."""
    a, b = (sites[0], sites[-1]) if len(sites) > 1 else ("site-a", "site-b")
    return [
        "# Who needs keys, how many, under which rules? Without one there is nothing to plan. Take the marks off:",
        "# corridors:",
        f"#   {a}--{b}:",
        f"#     ends: [{scalar(a)}, {scalar(b)}]",
        "#     rekey: {key_bits: 256, interval_s: 60, tunnels: 1, directions: 2}    # or key_rate_bps, or otp_bps",
        "#     paths: 1                # 2: a second path, with no duct in common",
        "#     fallback: fail_closed   # what the traffic does when no path holds: fail_closed, pqc, best_effort",
    ]
