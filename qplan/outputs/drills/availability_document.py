"""What `qplan availability` prints as JSON: models from which the schema is generated too."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from qplan.assessment.availability.corridors import MINUTES_PER_YEAR, Availability, CorridorAvailability
from qplan.outputs.drills.documents import Document, MaybeTime, Minutes

AVAILABILITY_VERSION = "1.0"


class Contribution(Document):
    address: str
    min_per_year: Minutes


class ImprovementDocument(Document):
    change: str
    """spare, path or repair."""
    address: str | None
    downtime_min_per_year: Minutes


class BridgedDocument(Document):
    exponential_min_per_year: Minutes
    fixed_min_per_year: Minutes
    refill_h: MaybeTime


class BoundsDocument(Document):
    downtime_min_per_year_least: Minutes
    downtime_min_per_year_most: Minutes


class AvailableCorridor(Document):
    id: str
    availability: Annotated[float, AfterValidator(lambda value: round(value, 15))]
    """Over the planned paths, exact for components that fail independently."""
    downtime_min_per_year: Minutes
    contributors: list[Contribution]
    """Downtime that would go if the component never failed, the greatest first."""
    improvements: list[ImprovementDocument]
    with_stores: BridgedDocument
    any_chain: BoundsDocument | None


class Basis(Document):
    address: str
    illustrative: bool


class AvailabilityAnswer(Document):
    """What `qplan availability --format json` prints."""

    format_version: str = AVAILABILITY_VERSION
    with_ends: bool
    corridors: list[AvailableCorridor]
    bases: list[Basis]
    equipment_min_per_year: Minutes
    cable_min_per_year: Minutes
    notes: list[str]


def availability_answer(found: Availability, notes: list[str]) -> AvailabilityAnswer:
    return AvailabilityAnswer(
        with_ends=found.with_ends,
        corridors=[_available(corridor) for corridor in found.corridors],
        bases=[Basis(address=address, illustrative=illustrative) for address, illustrative in found.bases],
        equipment_min_per_year=found.equipment_min_per_year,
        cable_min_per_year=found.cable_min_per_year,
        notes=notes,
    )


def _available(corridor: CorridorAvailability) -> AvailableCorridor:
    chain = corridor.any_chain
    return AvailableCorridor(
        id=corridor.id,
        availability=corridor.availability,
        downtime_min_per_year=corridor.downtime_min_per_year,
        contributors=[Contribution(**vars(item)) for item in corridor.contributors],
        improvements=[
            ImprovementDocument(
                change=item.change, address=item.address or None, downtime_min_per_year=item.downtime_min_per_year
            )
            for item in corridor.improvements
        ],
        with_stores=BridgedDocument(**vars(corridor.with_stores)),
        any_chain=None
        if chain is None
        else BoundsDocument(
            downtime_min_per_year_least=chain.least * MINUTES_PER_YEAR,
            downtime_min_per_year_most=chain.most * MINUTES_PER_YEAR,
        ),
    )
