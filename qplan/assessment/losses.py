"""If this is lost: which corridors stop, and which have no spare path left, for every single thing of a plan.

For good, that is without stores: what a store bridges is for drills to say.
"""

from __future__ import annotations

from dataclasses import dataclass

from qplan.assessment.drills.disturbances import KINDS
from qplan.assessment.drills.playing import Field
from qplan.assessment.drills.service import OPEN
from qplan.inventory.drills import target

THINGS = ("sites", "fibres", "ducts", "links", "operators")


@dataclass(frozen=True)
class Stopped:
    """A corridor without keys, and what its traffic then does."""

    corridor: str
    fallback: str
    fallback_stated: bool
    ends_there: bool
    """The corridor ends at the thing lost, so that no other path could help."""


@dataclass(frozen=True)
class Loss:
    """What the loss of one thing does to the corridors."""

    address: str
    stops: tuple[Stopped, ...]
    without_spare: tuple[str, ...]
    """Corridors that go on, on the last path that is left."""

    @property
    def opens(self) -> tuple[str, ...]:
        """Corridors that fail open."""
        return self.falling_back(OPEN)

    def falling_back(self, fallback: str) -> tuple[str, ...]:
        """Corridors without keys whose traffic then does this."""
        return tuple(stopped.corridor for stopped in self.stops if stopped.fallback == fallback)


def losses(field: Field, kinds: tuple[str, ...] = THINGS) -> tuple[Loss, ...]:
    """Every single thing whose loss touches a corridor, the worst first: what fails open, then what stops."""
    found = (loss_of(field, address) for address in field.effects.addresses(kinds))
    touching = [loss for loss in found if loss.stops or loss.without_spare]
    return tuple(
        sorted(
            touching,
            key=lambda loss: (
                -len(loss.opens),
                -len(loss.stops),
                -len(loss.without_spare),
                KINDS.index(target(loss.address).kind),
                loss.address,
            ),
        )
    )


def loss_of(field: Field, address: str) -> Loss:
    """What is left of every corridor's planned paths without the thing. A link's systems are lost together."""
    gone = field.effects.loss(address)
    dead = {*gone.down, *gone.hidden}
    touched = {number for link in dead for number in field.network.on_link[link]}
    stops, without_spare = [], []
    for number in sorted(touched.union(gone.stopped)):
        corridor = field.network.corridors[number]
        held = sum(dead.isdisjoint(path) for path in corridor.links_of_paths)
        needed = len(corridor.paths) if corridor.shares else 1
        if number in gone.stopped or held < needed:
            ends_there = number in gone.stopped
            stops.append(Stopped(corridor.id, corridor.fallback, corridor.fallback_stated, ends_there))
        elif held == needed < len(corridor.paths):
            without_spare.append(corridor.id)
    return Loss(address, tuple(stops), tuple(without_spare))


def survives(field: Field, kinds: tuple[str, ...]) -> float:
    """Over all single losses of these kinds: the least share of corridors, of those that do not end at the thing lost,
    that keep what they need (one path; of shares, every one). 1 where nothing can be lost."""
    least = 1.0
    for address in field.effects.addresses(kinds):
        loss = loss_of(field, address)
        ending = sum(stopped.ends_there for stopped in loss.stops)
        others = len(field.network.corridors) - ending
        if others:
            least = min(least, 1 - (len(loss.stops) - ending) / others)
    return least
