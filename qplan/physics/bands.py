"""The bands that QKD systems work in, each with losses of its own."""

from __future__ import annotations

from enum import Enum

O_BAND_BELOW_NM = 1400.0  # a system with a shorter wavelength works in the O band


class Band(Enum):
    """Where a fibre's loss is measured or derived: around 1550 nm, or around 1310 nm (ITU-T G.Sup39, 1260 to 1360)."""

    C = "C"
    O = "O"

    @property
    def centre_nm(self) -> int:
        """Wavelength in nm that losses of the band are stated for."""
        return 1310 if self is Band.O else 1550

    @property
    def other(self) -> Band:
        """The band that is not this one."""
        return Band.C if self is Band.O else Band.O


def band_at(wavelength_nm: float) -> Band:
    """The band of a system that works at this wavelength."""
    return Band.O if wavelength_nm < O_BAND_BELOW_NM else Band.C
