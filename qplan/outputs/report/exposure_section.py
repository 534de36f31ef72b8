"""The report's section on who can learn keys: at the ends, at relays, by operator and by country."""

from __future__ import annotations

from collections.abc import Iterable

from qplan.assessment.corridors import CorridorFacts
from qplan.assessment.exposure import ExposedSite, Party, PatchedSite
from qplan.assessment.facts import PlanFacts
from qplan.inventory.model import Site
from qplan.outputs.report.document import Section, Table
from qplan.outputs.text import wording
from qplan.outputs.text.names import SiteNames
from qplan.outputs.text.tables import isolated

NOT_STATED = "not stated"
READING = (
    "Keys are in clear at the two ends of a corridor and at every site that relays them. Which relays reveal a key is "
    "the smallest set: how many, and one out of each group of them, joined by +. A site that is patched through sees "
    "no key; who runs it can reach the fibre."
)


def exposure_section(facts: PlanFacts, names: SiteNames) -> Section:
    exposed = facts.exposure
    tables = (
        _corridors(facts, names),
        _sites(exposed.sites, names),
        _parties("By operator", "Operator", exposed.operators, names),
        _parties("By country", "Country", exposed.countries, names),
        _patched(exposed.patched, names),
    )
    return Section("exposure", "Who sees keys", (READING,), tables)


def _corridors(facts: PlanFacts, names: SiteNames) -> Table:
    sites = facts.inventory.sites
    return Table(
        "Who learns the keys of a corridor",
        (
            "Corridor",
            "Ends",
            "Exposure",
            "Key revealed by",
            "Paths have",
            "Relays",
            "Their countries",
            "Their operators",
            "Rules for relays",
            "Ends under these rules",
        ),
        tuple(_corridor_row(corridor, sites, names) for corridor in facts.corridors if corridor.served),
    )


def _corridor_row(facts: CorridorFacts, sites: dict[str, Site], names: SiteNames) -> tuple[str, ...]:
    relays, rules = [sites[relay] for relay in facts.relays], wording.relay_rules(facts.corridor)
    broken = "; ".join(f"{names[end]} breaks {refusal.rule}: {refusal.found}" for end, refusal in facts.refused_ends)
    return (
        facts.id,
        "; ".join(f"{names[end]} ({_whereabouts(sites[end])})" for end in facts.corridor.ends),
        wording.who_sees_keys(facts.corridor, [len(path.relays) for path in facts.paths]),
        wording.smallest_set(facts.revealed_by, names.piece),
        "one path only" if len(facts.paths) == 1 else wording.DISJOINT[facts.corridor.disjoint],
        wording.listed([names[relay] for relay in facts.relays]) or "none",
        _words(site.country for site in relays),
        _words(isolated(site.operator or "") for site in relays),
        rules or "none stated",
        broken or ("kept" if rules else "–"),
    )


def _whereabouts(site: Site) -> str:
    """`citynet, CH, tier 2`: what is stated of a site."""
    tier = None if site.security_tier is None else f"tier {site.security_tier}"
    words = (isolated(site.operator or ""), site.country, tier)
    return ", ".join(word for word in words if word) or f"operator {NOT_STATED}"


def _words(words: Iterable[str | None]) -> str:
    return wording.listed(sorted({word or NOT_STATED for word in words})) or "none"


def _sites(sites: Iterable[ExposedSite], names: SiteNames) -> Table:
    return Table(
        "Where keys are in clear",
        (
            "Site",
            "As",
            "Country",
            "Operator",
            "Key domain",
            "Tier",
            "End of",
            "Relays whole keys of",
            "Relays one share of",
        ),
        tuple(_site_row(entry, names) for entry in sites),
        right=("Tier",),
    )


def _site_row(entry: ExposedSite, names: SiteNames) -> tuple[str, ...]:
    site = entry.site
    relay = "trusted node (existing)" if entry.existing else "trusted node"
    return (
        names[entry.id],
        " + ".join([*(["end"] if entry.end_of else []), *([relay] if entry.relays else [])]),
        site.country or NOT_STATED,
        site.operator or NOT_STATED,
        site.key_domain or NOT_STATED,
        NOT_STATED if site.security_tier is None else str(site.security_tier),
        *(wording.listed(corridors) or "none" for corridors in (entry.end_of, entry.whole_keys, entry.shares)),
    )


def _parties(title: str, noun: str, parties: Iterable[Party], names: SiteNames) -> Table:
    """All the sites of an operator, or in a country, taken together."""
    header = (
        noun,
        "Sites with keys in clear",
        "Ends of",
        "Relays give it the keys of",
        "Of these, by joining shares",
        "Some shares, no key",
        "Patched through it",
    )
    return Table(title, header, tuple(_party_row(party, names) for party in parties))


def _party_row(party: Party, names: SiteNames) -> tuple[str, ...]:
    corridors = (party.end_of, party.whole_keys, party.joined, party.shares, party.patched)
    return (
        party.name or NOT_STATED,
        wording.listed([names[site] for site in party.sites]) or "none",
        *(wording.listed(ids) or "none" for ids in corridors),
    )


def _patched(sites: Iterable[PatchedSite], names: SiteNames) -> Table:
    rows = tuple(
        (
            names[entry.id],
            entry.site.country or NOT_STATED,
            entry.site.operator or NOT_STATED,
            "third party" if entry.third_party else "an operator of the ends",
            wording.listed(entry.corridors),
        )
        for entry in sites
    )
    return Table("Patched through, without keys", ("Site", "Country", "Operator", "Run by", "Corridors"), rows)
