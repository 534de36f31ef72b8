"""Drills: outages, surges and alarms in time, the policy they are met with, and what is expected of the network."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from qplan.inventory.fields import Amount, Id, Model, Positive

ACTIONS: dict[str, tuple[str, ...]] = {  # what an event does → the kinds of things it may be done to
    "fail": ("sites", "fibres", "ducts", "links", "systems", "key_managers", "operators"),
    "maintain": ("sites", "fibres", "ducts", "links", "systems", "key_managers", "operators"),
    "surge": ("corridors",),
    "degrade": ("fibres", "links"),
    "alarm": ("links",),
    "distrust": ("sites",),
    "identity_down": ("sites",),
    "auth_exhausted": ("links",),
    "rekey": ("links",),
}
ENDS = {"fail": "repair_after_s", "alarm": "clear_after_s"}  # the key that ends an event; `for_s` for the others
ENDLESS = ("distrust", "auth_exhausted", "rekey")


class DrillPolicy(Model):
    """How the network meets an outage; published operations differ in it."""

    trigger: Literal["exhaustion", "outage"] = "exhaustion"
    """exhaustion: a path is used while its stores last; outage: it is left at once, and its stores are saved."""
    restoration: Literal["planned", "any"] = "planned"
    """planned: over the plan's paths alone; any: over any chain of installed links that keeps the corridor's rules."""
    wait_to_restore_s: Amount = 300.0
    """A path that is preferred is taken again when it has held for so long."""
    key_lifetime_s: Amount | None = None
    """How long an encryptor may go on with its last key; absent = the corridor's rekey interval, else 0."""
    reserve_bits: dict[str, Amount] = {}
    """By priority: corridors of that priority may use a store only above this level."""
    pool_bits: Amount = 0.0
    """Keys relayed ahead of demand and stored at every corridor's ends."""
    pool_fill_bps: Amount = 0.0
    """How fast that store is filled, on top of the demand."""


class Target(NamedTuple):
    """`kind.name`: what an event is done to."""

    kind: str
    name: str


def target(address: str) -> Target:
    kind, _, name = address.partition(".")
    return Target(kind, name)


class DrillEvent(Model):
    """Exactly one of the actions, at a time; `repair_after_s`, `clear_after_s` or `for_s` end what it does."""

    at_s: Amount
    fail: str | None = None
    """An outage: `sites.x`, `fibres.x`, `ducts.x`, `links.a--b`, `systems.a--b` (one of several in parallel),
    `key_managers.SITE`, `operators.x`."""
    maintain: str | None = None
    """An announced outage of the same; the result says from when it would be safe."""
    surge: str | None = None
    """`corridors.x` asks for `factor` times as much."""
    degrade: str | None = None
    """`fibres.x` or `links.a--b` makes less key, by `factor` or for `added_loss_db`."""
    alarm: str | None = None
    """`links.a--b`: QBER alarm; its store is quarantined until it is cleared."""
    distrust: str | None = None
    """`sites.x` is compromised: no relay from now on, and the keys that passed there are named."""
    identity_down: str | None = None
    """`sites.x` gets no keys delivered (client certificates lapsed); the stores go on filling."""
    auth_exhausted: str | None = None
    """`links.a--b` has spent its authentication keys: it stands still until a `rekey`."""
    rekey: str | None = None
    """`links.a--b` gets new pre-shared keys."""
    factor: Amount | None = None
    added_loss_db: Amount | None = None
    repair_after_s: Positive | None = None
    clear_after_s: Positive | None = None
    for_s: Positive | None = None

    @property
    def actions(self) -> tuple[str, ...]:
        return tuple(action for action in ACTIONS if getattr(self, action) is not None)

    @property
    def action(self) -> str:
        return self.actions[0]

    @property
    def address(self) -> str:
        address: str = getattr(self, self.action)
        return address

    @property
    def lasts_s(self) -> float | None:
        """Until it ends by itself; None: it does not."""
        lasts: float | None = getattr(self, ENDS.get(self.action, "for_s"))
        return lasts


class Expectation(Model):
    """What a corridor must keep in a drill; not kept: exit 6."""

    corridor: Id
    max_gap_s: Amount | None = None
    """The longest time without keys."""
    delivered_min: Amount | None = None
    """The least share of the keys asked for that is delivered."""


class Drill(Model):
    description: str | None = None
    duration_s: Positive
    policy: DrillPolicy = DrillPolicy()
    events: Annotated[tuple[DrillEvent, ...], Field(strict=False)] = ()
    expect: Annotated[tuple[Expectation, ...], Field(strict=False)] = ()
