"""What `qplan drill` prints as JSON: models from which the schema is generated too."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from qplan.assessment.drills.board import Entry
from qplan.assessment.drills.generated import Pairs
from qplan.assessment.drills.rehearsal import Rehearsal, Sizes
from qplan.assessment.drills.results import CorridorResult, LinkResult, Played
from qplan.assessment.judgement import judged
from qplan.assessment.losses import Loss
from qplan.outputs.drills.documents import Bits, Document, MaybeTime, Rate, Share, Time
from qplan.plan.model import JudgedCheck

DRILL_VERSION = "1.0"
NOTE = "Exact for this plan and these figures; no promise about equipment that nobody has measured."


class Gap(Document):
    from_s: Time
    to_s: Time


class Delay(Document):
    """ITU-T Y.3807 response delay: the round trip of light, in a gap the rest of the gap."""

    least: Annotated[float, AfterValidator(lambda value: round(value, 9))]
    mean: Annotated[float, AfterValidator(lambda value: round(value, 9))]
    longest: Annotated[float, AfterValidator(lambda value: round(value, 9))]


class Restoration(Document):
    """ITU-T Y.3807 service restoration time."""

    mean: MaybeTime
    longest: MaybeTime


class Seen(Document):
    site: str
    bits: Bits


class LowestStore(Document):
    link: str
    bits: Bits
    share: Share
    """Of what corridors may use."""
    at_s: Time


class DrilledCorridor(Document):
    id: str
    asked_bits: Bits
    delivered_bits: Bits
    served_s: Time
    longest_gap_s: Time
    """Without fresh keys; the last gap may last until the end of the drill."""
    first_loss_s: MaybeTime
    switches: int
    stale_s: Time
    """On the last key, within its lifetime."""
    down_s: Time
    """After that, when the fallback acts."""
    fallback: str
    fallback_stated: bool
    """False: the corridor states none, and fail_closed was played."""
    fallback_s: dict[str, Time]
    time_to_exhaustion_s: MaybeTime
    """From the first event that touched the corridor to its first loss."""
    throughput_bps: Rate
    loss_ratio: Share
    """ITU-T Y.3807 delivery loss ratio: 1 − delivered / asked."""
    availability: Share
    response_delay_s: Delay
    restoration_s: Restoration
    gaps: list[Gap]
    seen_by: list[Seen]
    """Sites that relayed, and the bits (of the key, or of a share) that each saw in clear."""
    exposed_bits: Bits
    """Delivered bits that sites distrusted in the drill can know."""
    broken_rules: list[str]
    lowest_store: LowestStore | None


class DrilledLink(Document):
    id: str
    capacity_bits: Bits
    floor_bits: Bits
    lowest_bits: Bits
    lowest_at_s: Time
    final_bits: Bits
    made_bits: Bits
    used_bits: Bits
    spilt_bits: Bits
    lost_bits: Bits
    """Made and not stored, or spent on authentication by force."""


class LogEntry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")

    t: Time
    event: str
    address: str


class ExpectationDocument(Document):
    corridor: str
    metric: str
    limit: float
    value: Annotated[float | None, AfterValidator(lambda value: value and round(value, 9))]
    ok: bool


class MaintenanceDocument(Document):
    address: str
    at_s: Time
    for_s: MaybeTime
    corridors_lost: list[str]
    """That miss keys because of it."""
    safe_from_s: MaybeTime
    """The earliest start that costs nobody a key who does not end there; null: none in this drill."""


class DrillDocument(Document):
    id: str
    description: str
    duration_s: Time
    policy: dict[str, object]
    ok: bool
    key_service_recovery_ratio: Annotated[float | None, AfterValidator(lambda value: value and round(value, 9))]
    """Failed corridors that have keys again at the end, of all that failed; null: none failed."""
    corridors: list[DrilledCorridor]
    links: list[DrilledLink]
    log: list[LogEntry]
    expectations: list[ExpectationDocument]
    maintenance: list[MaintenanceDocument]
    notes: list[str]


class FirstLoss(Document):
    id: str
    first_loss_s: Time


class PairDocument(Document):
    addresses: tuple[str, str]
    alike: int
    """Pairs with the same effect, this one included."""
    fail_open: int
    corridors: list[FirstLoss]


class PairsDocument(Document):
    count: int
    looked_at: int
    worse: list[PairDocument]
    """Pairs that take keys from a corridor that neither loss takes them from alone, the worst first."""


class StoreDocument(Document):
    id: str
    drain_bps: Rate
    needed_bits: Bits
    capacity_bits: Bits
    lasts_h: MaybeTime
    enough: bool
    refill_h: MaybeTime
    """From the end of an outage, with acquisition and the first block of keys."""
    mtbf_h: MaybeTime
    in_time: bool
    """Full again within a tenth of the mean time between two outages."""


class StoresDocument(Document):
    autonomy_h: float
    without: str | None
    links: list[StoreDocument]


class StoppedDocument(Document):
    id: str
    fallback: str
    ends_there: bool


class LossDocument(Document):
    """What the loss of one thing does for good, when the stores have run dry."""

    address: str
    stops: list[StoppedDocument]
    without_spare: list[str]
    """Corridors that go on over the last path that is left."""


class DrillAnswer(Document):
    """What `qplan drill --format json` prints."""

    format_version: str = DRILL_VERSION
    summary: str
    note: str = NOTE
    complete: bool
    """False: the run was stopped."""
    drills: list[DrillDocument]
    losses: list[LossDocument] | None = None
    """With --all-single: every thing that touches a corridor, the worst first."""
    pairs: PairsDocument | None = None
    stores: StoresDocument | None = None
    checks: list[JudgedCheck] | None = None
    """Those of the inventory that are about failure, where there are any."""


def drill_answer(found: Rehearsal, summary: str) -> DrillAnswer:
    return DrillAnswer(
        summary=summary,
        complete=found.complete,
        drills=[_drill(played) for played in sorted(found.played, key=lambda played: played.id)],
        losses=None if found.losses is None else [_loss(loss) for loss in found.losses],
        pairs=None if found.pairs is None else _pairs(found.pairs),
        stores=None if found.sizes is None else _stores(found.sizes),
        checks=[judged(check) for check in found.checks] or None,
    )


def _drill(played: Played) -> DrillDocument:
    return DrillDocument(
        id=played.id,
        description=played.description,
        duration_s=played.duration_s,
        policy=played.policy.model_dump(mode="json"),
        ok=played.ok,
        key_service_recovery_ratio=played.recovery_ratio,
        corridors=[_corridor(corridor) for corridor in played.corridors],
        links=[_link(link) for link in played.links],
        log=[_entry(entry) for entry in played.log],
        expectations=[
            ExpectationDocument(
                corridor=item.corridor, metric=item.metric, limit=item.limit, value=item.value, ok=item.ok
            )
            for item in played.expectations
        ],
        maintenance=[
            MaintenanceDocument(**{**vars(item), "corridors_lost": list(item.corridors_lost)})
            for item in played.maintenance
        ],
        notes=list(played.notes),
    )


def _corridor(corridor: CorridorResult) -> DrilledCorridor:
    restorations = corridor.restorations_s
    mean = math.fsum(restorations) / len(restorations) if restorations else None
    lowest = corridor.lowest
    return DrilledCorridor(
        id=corridor.id,
        asked_bits=corridor.asked_bits,
        delivered_bits=corridor.delivered_bits,
        served_s=corridor.served_s,
        longest_gap_s=corridor.longest_gap_s,
        first_loss_s=corridor.first_loss_s,
        switches=corridor.switches,
        stale_s=corridor.stale_s,
        down_s=corridor.down_s,
        fallback=corridor.fallback,
        fallback_stated=corridor.fallback_stated,
        fallback_s={corridor.fallback: corridor.down_s},
        time_to_exhaustion_s=corridor.time_to_exhaustion_s,
        throughput_bps=corridor.delivered_bits / corridor.duration_s,
        loss_ratio=1 - corridor.delivered_share,
        availability=corridor.availability,
        response_delay_s=Delay(
            least=corridor.round_trip_s, mean=corridor.mean_delay_s, longest=corridor.longest_delay_s
        ),
        restoration_s=Restoration(mean=mean, longest=max(restorations, default=None)),
        gaps=[Gap(from_s=begin, to_s=end) for begin, end in corridor.gaps],
        seen_by=[Seen(site=site, bits=bits) for site, bits in corridor.seen_by],
        exposed_bits=corridor.exposed_bits,
        broken_rules=list(corridor.broken_rules),
        lowest_store=None if lowest is None else LowestStore(**vars(lowest)),
    )


def _link(link: LinkResult) -> DrilledLink:
    return DrilledLink(**{name: value for name, value in vars(link).items() if name != "points"})


def _entry(entry: Entry) -> LogEntry:
    details = {
        key: round(value, 6) if isinstance(value, float) else list(value) if isinstance(value, tuple) else value
        for key, value in entry.details
    }
    return LogEntry(t=entry.t, event=entry.event, address=entry.address, **details)


def _loss(loss: Loss) -> LossDocument:
    stops = [StoppedDocument(id=s.corridor, fallback=s.fallback, ends_there=s.ends_there) for s in loss.stops]
    return LossDocument(address=loss.address, stops=stops, without_spare=list(loss.without_spare))


def _pairs(pairs: Pairs) -> PairsDocument:
    return PairsDocument(
        count=pairs.count,
        looked_at=pairs.looked_at,
        worse=[
            PairDocument(
                addresses=pair.addresses,
                alike=pair.alike,
                fail_open=pair.open,
                corridors=[FirstLoss(id=name, first_loss_s=at) for name, at in pair.corridors],
            )
            for pair in pairs.worse
        ],
    )


def _stores(sizes: Sizes) -> StoresDocument:
    return StoresDocument(
        autonomy_h=sizes.autonomy_h,
        without=sizes.without,
        links=[
            StoreDocument(
                id=size.link,
                drain_bps=size.drain_bps,
                needed_bits=size.needed_bits,
                capacity_bits=size.capacity_bits,
                lasts_h=size.lasts_h,
                enough=size.enough,
                refill_h=size.refill_h,
                mtbf_h=size.mtbf_h,
                in_time=size.in_time,
            )
            for size in sizes.stores
        ],
    )
