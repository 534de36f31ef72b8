"""The link schedule: every QKD link with its ends, its route, and what a pair has to give on it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from qplan.assessment.facts import PlanFacts
from qplan.assessment.link_budgets import LinkFacts
from qplan.outputs.bill.tables import CellTable

TX, RX = "Tx", "Rx"


@dataclass(frozen=True)
class LinkEnd:
    """One end of a link: the site as its operator and a courier know it, and what stands there."""

    site: str
    name: str
    address: str
    """"" where the inventory states none, as `contact`."""
    contact: str
    side: str
    """`TX` or `RX`."""


@dataclass(frozen=True)
class ScheduledLink:
    """A QKD link as it is ordered, installed and accepted."""

    id: str
    ends: tuple[LinkEnd, LinkEnd]
    system: str
    part_number: str
    offer: str
    """Id of the offer that its systems are bought on; "" for their own price."""
    pairs: int
    existing: int
    """Pairs that are there."""
    wavelength_nm: float
    strands: int
    """That all pairs take on every fibre of the route."""
    fibres: tuple[str, ...]
    """From the first end to the second, as `bypass_sites`."""
    bypass_sites: tuple[str, ...]
    length_km: float | None
    loss_db: float
    limit_db: float
    """Loss up to which the system gives a key."""
    required_bps: float
    """Secret bit/s that each pair must give at that loss; rounded up to a thousandth."""

    @property
    def to_buy(self) -> int:
        """Pairs to be bought."""
        return self.pairs - self.existing


SCHEDULE_FIGURES = (
    "Pairs",
    "Pairs there",
    "Wavelength (nm)",
    "Strands",
    "Length (km)",
    "Loss (dB)",
    "Limit (dB)",
    "Required rate per pair (bit/s)",
)
SCHEDULE_HEADER = (
    "QKD link",
    "First end",
    "First end name",
    "First end address",
    "First end side",
    "Second end",
    "Second end name",
    "Second end address",
    "Second end side",
    "System",
    "Part number",
    "Fibres",
    "Patched through",
    *SCHEDULE_FIGURES,
)


def link_schedule(facts: PlanFacts) -> tuple[ScheduledLink, ...]:
    """Every QKD link of the plan, sorted by id."""
    return tuple(_scheduled(facts, entry) for entry in facts.links)


def _scheduled(facts: PlanFacts, entry: LinkFacts) -> ScheduledLink:
    link, system = entry.link, facts.systems[entry.link.system]
    first, second = link.ends
    sides = (TX, RX) if link.transmitters_at == first else (RX, TX)
    return ScheduledLink(
        id=link.id,
        ends=(_end(facts, first, sides[0]), _end(facts, second, sides[1])),
        system=link.system,
        part_number=system.part_number or "",
        offer=link.offer or "",
        pairs=link.count,
        existing=link.existing,
        wavelength_nm=system.wavelength_nm,
        strands=link.count * system.strands,
        fibres=link.fibres,
        bypass_sites=link.bypass_sites,
        length_km=entry.length_km,
        loss_db=link.loss_db,
        limit_db=entry.limit_db,
        required_bps=math.ceil(entry.needed_bps * 1000 - 1e-6) / 1000,
    )


def _end(facts: PlanFacts, site_id: str, side: str) -> LinkEnd:
    site = facts.inventory.sites[site_id]
    return LinkEnd(site_id, site.name or "", site.address or "", site.contact or "", side)


def schedule_table(links: tuple[ScheduledLink, ...]) -> CellTable:
    """The link schedule, a row for each link."""
    rows = (
        (
            link.id,
            *(cell for end in link.ends for cell in (end.site, end.name, end.address, end.side)),
            link.system,
            link.part_number,
            ", ".join(link.fibres),
            ", ".join(link.bypass_sites),
            link.pairs,
            link.existing,
            link.wavelength_nm,
            link.strands,
            link.length_km,
            link.loss_db,
            link.limit_db,
            link.required_bps,
        )
        for link in links
    )
    return CellTable(SCHEDULE_HEADER, tuple(rows), SCHEDULE_FIGURES)
