"""How often things fail and how long their repair takes: mean times of components that fail independently.

The figures that come with qplan are illustrative but for the cut rate of buried cable. No vendor has published the MTBF
of a QKD module or key manager, and one pair of ends fails far more often than the fibre between them.
"""

from __future__ import annotations

from typing import Literal

from qplan.inventory.fields import Amount, Id, Model, Positive, Provenance

HOURS_PER_YEAR = 8760.0
Deployment = Literal["buried", "aerial", "submarine"]
Origin = Provenance | dict[str, Provenance]


class Cuts(Model):
    """Of a cable: cuts per length and year, and the mean time to repair one."""

    cuts_per_1000_km_year: Amount
    mttr_h: Amount
    provenance: Origin = "illustrative"
    source: str | None = None


class BuriedCuts(Cuts):
    cuts_per_1000_km_year: Amount = 2.13
    mttr_h: Amount = 12.0
    provenance: Origin = {"cuts_per_1000_km_year": "paper", "mttr_h": "illustrative"}
    source: str | None = "Cut rate: Bellcore, as quoted by Alcoa Fujikura (2001)"


class AerialCuts(Cuts):
    cuts_per_1000_km_year: Amount = 0.085
    mttr_h: Amount = 4.0
    source: str | None = "Cut rate: cable on power lines, Alcoa Fujikura (2001), a maker's own figure"


class SubmarineCuts(Cuts):
    cuts_per_1000_km_year: Amount = 0.1
    mttr_h: Amount = 336.0


class FibreReliability(Model):
    buried: BuriedCuts = BuriedCuts()
    aerial: AerialCuts = AerialCuts()
    submarine: SubmarineCuts = SubmarineCuts()


class DuctReliability(Model):
    length_km: Amount
    """On this length a cut takes all fibres of the duct; it is taken off each fibre's own length."""


class Repair(Model):
    """Mean time between failures, mean time to repair."""

    mtbf_h: Positive
    mttr_h: Amount
    planned_h_per_year: Amount = 0.0
    """Planned standstill, a cooler's service say, on top; for what key stores bridge, in one piece a year."""
    provenance: Origin = "illustrative"
    source: str | None = None


class SiteRepair(Repair):
    mtbf_h: Positive = 50_000.0
    mttr_h: Amount = 4.0


class SystemEndRepair(Repair):
    mtbf_h: Positive = 50_000.0
    mttr_h: Amount = 48.0
    """48 h: a spare comes on the next working day."""


class KeyManagerRepair(Repair):
    mtbf_h: Positive = 100_000.0
    mttr_h: Amount = 8.0


class Reliability(Model):
    fibre: FibreReliability = FibreReliability()
    """By how the cable lies (`deployment` of a fibre)."""
    ducts: dict[Id, DuctReliability] = {}
    """A duct that is not stated here is taken to be as long as its shortest fibre."""
    site: SiteRepair = SiteRepair()
    """Power, cooling, building."""
    system_end: SystemEndRepair = SystemEndRepair()
    """One end of one pair of QKD modules; a system may state its own."""
    key_manager: KeyManagerRepair = KeyManagerRepair()
    operators: dict[str, Repair] = {}
    """By name: outages of everything that an operator runs; an operator that is not stated here never fails whole."""
