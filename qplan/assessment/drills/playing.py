"""A plan's drills, played one after the other: the pipeline from an inventory's words to figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from qplan.assessment.availability.corridors import Availability, assess_availability
from qplan.assessment.drills.disturbances import Disturbance, Effects, disturbances_of
from qplan.assessment.drills.engine import play
from qplan.assessment.drills.maintenance import maintenance_results
from qplan.assessment.drills.results import Played
from qplan.assessment.drills.tally import corridor_results, judged, link_results
from qplan.assessment.network import Network, NotPlayable, network_of, store_of
from qplan.inventory.drills import Drill
from qplan.inventory.model import Inventory
from qplan.plan.model import Plan

Named = tuple[str, Drill]


@dataclass(frozen=True)
class Field:
    """An inventory and its plan, made ready for any number of drills."""

    inventory: Inventory
    plan: Plan
    network: Network
    effects: Effects
    _played: dict[str, Played] = field(default_factory=dict, repr=False)

    @cached_property
    def contradiction(self) -> str:
        """Why no drill can be played: a link whose store could never be used. Empty where there is none."""
        links = sorted(self.plan.links, key=lambda link: link.id)
        found = ((link.id, store_of(self.inventory, link).contradiction()) for link in links)
        return next((f"the key store of links.{name} could never be used: {why}" for name, why in found if why), "")

    @cached_property
    def availability(self) -> Availability:
        """Over the planned paths, without outages at the corridors' own ends."""
        return assess_availability(self.inventory, self.plan)

    def drilled(self, name: str) -> Played:
        """A drill of the inventory, with every store's level over time; played when it is first asked for.

        Raises `NotPlayable`, as `play_drill` does.
        """
        if name not in self._played:
            self._played[name] = play_drill(self, name, self.inventory.drills[name], trace=True)
        return self._played[name]


def field_of(inventory: Inventory, plan: Plan) -> Field:
    network = network_of(inventory, plan)
    return Field(inventory, plan, network, Effects(inventory, plan, network))


def play_drill(field: Field, name: str, drill: Drill, trace: bool = False) -> Played:
    """Raises `NotPlayable`: a store could never be used, a link named is not in the plan, or no rest is reached."""
    if field.contradiction:
        raise NotPlayable(field.contradiction)
    disturbances = disturbances_of(field.effects, drill)
    outcome = play(field.network, drill.policy, disturbances, drill.duration_s, trace)
    corridors = corridor_results(field.network, outcome, disturbances)
    return Played(
        id=name,
        description=drill.description or "",
        policy=drill.policy,
        duration_s=drill.duration_s,
        events=disturbances,
        corridors=corridors,
        links=link_results(outcome),
        log=outcome.log,
        expectations=judged(drill.expect, corridors),
        maintenance=tuple(maintenance_results(field.network, drill.policy, disturbances, drill.duration_s, outcome)),
        notes=tuple(_notes(disturbances)),
    )


def _notes(disturbances: Iterable[Disturbance]) -> Iterator[str]:
    """Events that do nothing here, since the plan does not use what they name."""
    for item in disturbances:
        touched = (*item.down, *item.hidden, *item.stopped, *item.systems, *item.degraded, *item.surged)
        if not touched and item.distrusted is None:
            yield f"{item.action} of {item.address} at {item.at_s:g} s: the plan does not use it"
