"""Key stores of QKD links: how many bits they hold, below which level they are not touched, how a link restarts."""

from __future__ import annotations

from typing import Literal

from qplan.inventory.fields import Amount, Id, Model, Positive, Share
from qplan.inventory.link_names import link_names

RESUME_SHARE = 0.1  # of capacity − floor, where `resume_bits` is not stated
RESTARTS, MESSAGES_PER_BLOCK, TAG_BITS = 10, 10, 128
AUTHENTICATION_BITS = float(RESTARTS * MESSAGES_PER_BLOCK * TAG_BITS)
"""What ten restarts spend on authentication: m messages a block with a tag of τ bits each (Wegman and Carter 1981)."""


class KeyStore(Model):
    """The store of one QKD link, its parallel systems together, and what a restart of the link takes."""

    capacity_bits: Positive = 1.0e8
    floor_bits: Amount = AUTHENTICATION_BITS
    """Kept for authentication and restarts: no corridor gets these bits."""
    resume_bits: Positive | None = None
    """An exhausted store is usable again with so many bits above the floor; absent = 0.1 × (capacity − floor)."""
    initial: Literal["full", "empty"] | Share = "full"
    """What is stored when a drill begins: full, empty, or a share of the capacity."""
    acquisition_s: Amount = 120.0
    """Alignment after an interruption, until the link makes key again."""
    block_s: Amount = 360.0
    """Finite-key block: after a restart no key comes before one block is complete."""

    @property
    def resume(self) -> float:
        """Bits above the floor at which an exhausted store is usable again."""
        stated = self.resume_bits
        return RESUME_SHARE * (self.capacity_bits - self.floor_bits) if stated is None else stated

    @property
    def initial_bits(self) -> float:
        share = self.initial if isinstance(self.initial, float) else {"full": 1.0, "empty": 0.0}[self.initial]
        return self.capacity_bits * share

    @property
    def restart_s(self) -> float:
        """From the repair of a link until its first key."""
        return self.acquisition_s + self.block_s

    def overridden(self, other: KeyStore | None) -> KeyStore:
        """This store with what the other one states."""
        if other is None:
            return self
        return self.model_copy(update={name: getattr(other, name) for name in other.model_fields_set})

    def contradiction(self) -> str:
        """Why no corridor could ever use the store; empty where one can."""
        if self.floor_bits >= self.capacity_bits:
            return f"floor_bits {self.floor_bits:g} leaves nothing of capacity_bits {self.capacity_bits:g}"
        if self.floor_bits + self.resume > self.capacity_bits:
            return (
                f"floor_bits {self.floor_bits:g} + resume_bits {self.resume:g} is more than capacity_bits "
                f"{self.capacity_bits:g}, so that an exhausted store would never be usable again"
            )
        return ""


class KeyStores(KeyStore):
    """Of every QKD link, and what differs on some."""

    links: dict[Id, KeyStore] = {}
    """By `A--B` (all links between two sites), `A--B--SYSTEM`, or a link's whole id: the more exact one wins."""

    def of_link(self, link_id: str, ends: tuple[str, str], system_id: str, system: KeyStore | None) -> KeyStore:
        """The store of a link, `system` being what its system states."""
        store = self.overridden(system)
        for name in link_names(link_id, ends, system_id):
            store = store.overridden(self.links.get(name))
        return store
