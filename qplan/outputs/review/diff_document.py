"""A comparison for programs, as models: `schemas/diff.schema.json` is made of them."""

from __future__ import annotations

from typing import Literal

from qplan.outputs.verbs.documents import Document, Printed

Json = object


class ChangeDocument(Document):
    """A node, a link or a corridor of the plan that is new, gone, or another than before."""

    address: str
    """`nodes.SITE`, `links.A--B` (`#2` … where several join the same sites) or `corridors.ID`."""
    action: Literal["create", "update", "delete"]
    before: dict[str, Json] | None
    after: dict[str, Json] | None


class Truths(Document):
    before: bool | None
    """null: there was no such corridor."""
    after: bool | None


class Numbers(Document):
    before: float | None
    after: float | None


class Texts(Document):
    before: str | None
    after: str | None


class Ends(Document):
    before: tuple[str, str] | None
    after: tuple[str, str] | None


class Paths(Document):
    """The sites of every path, from the corridor's first end to its second; of standby paths the preferred first."""

    before: tuple[tuple[str, ...], ...] | None
    after: tuple[tuple[str, ...], ...] | None


class CorridorDocument(Document):
    """A corridor that gets something else than before."""

    id: str
    ends: Ends
    relays_gained: tuple[str, ...]
    relays_lost: tuple[str, ...]
    operators_gained: tuple[str, ...]
    """Who run its relays; "" where it is not stated."""
    operators_lost: tuple[str, ...]
    countries_gained: tuple[str, ...]
    countries_lost: tuple[str, ...]
    served: Truths
    key_rate_bps: Numbers
    """Its demand."""
    tco: Numbers
    """Its share."""
    paths: Paths


class SightDocument(Document):
    """Who sees keys of more or fewer corridors in clear, at an end or as a relay; a whole key is more than a share."""

    kind: Literal["site", "operator", "country"]
    name: str
    corridors_gained: tuple[str, ...]
    corridors_lost: tuple[str, ...]


class ExposureDocument(Document):
    """Who newly sees keys in clear: relays keys and did not, or sees any, the ends of corridors too, and saw none."""

    sites_gained: tuple[str, ...]
    sites_lost: tuple[str, ...]
    operators_gained: tuple[str, ...]
    operators_lost: tuple[str, ...]
    countries_gained: tuple[str, ...]
    countries_lost: tuple[str, ...]
    sees: tuple[SightDocument, ...]


class AmountDocument(Document):
    before: float | None
    after: float | None
    delta: float | None
    """null where the currencies differ, of the tco also where the horizons do, or where nothing was planned."""
    share: float | None
    """The difference as a share of the amount before."""


class CostsDocument(Document):
    currency: Texts
    capex: AmountDocument
    opex_per_year: AmountDocument
    tco: AmountDocument
    horizon_years: Numbers


class FirmnessDocument(Document):
    """Shares of the tco by what its prices rest on."""

    quoted: Numbers
    illustrative: Numbers
    unpriced_lines: Numbers


class WorstDocument(Document):
    link: str
    value: float


class Worsts(Document):
    before: WorstDocument | None
    after: WorstDocument | None


class MarginsDocument(Document):
    """The link that has least left."""

    headroom_db: Worsts
    load: Worsts
    """Share of a link's capacity that is reserved."""


class FailureDocument(Document):
    """How a corridor fails; null where it is not served, or nothing is drilled."""

    id: str
    availability: Numbers
    """Share of the year with keys, over its planned paths."""
    longest_gap_s: Numbers
    """Without fresh keys, in any drill of the inventory."""


class KeptDocument(Document):
    """What the drills of an inventory expect."""

    stated: int
    kept: int
    missed: tuple[str, ...]
    """`CORRIDOR in DRILL`."""
    unplayed: tuple[str, ...]
    """Drills that expect something and that the plan cannot play."""


class ExpectationsDocument(Document):
    before: KeptDocument | None
    """null where nothing was planned."""
    after: KeptDocument | None


class JudgedDocument(Document):
    metric: str
    value: float | None
    limits: dict[str, float]
    ok: bool
    severity: str


class CheckDocument(Document):
    """A check; null where there is none of this id."""

    id: str
    before: JudgedDocument | None
    after: JudgedDocument | None


class LimitDocument(Document):
    """A limit or a rule of the inventory that is another than before, also with a drill or corridor new or gone."""

    address: str
    before: Json
    after: Json
    direction: Literal["loosened", "tightened", "changed"]


class InputDocument(Document):
    """An address of the inventory whose value differs; null where nothing stands there."""

    address: str
    before: Json
    after: Json


class ProvenDocument(Document):
    status: str
    gap: float | None


class ProofDocument(Document):
    before: ProvenDocument | None
    after: ProvenDocument | None


class MovedDocument(Document):
    """An address of the inventory that is called otherwise now."""

    before: str
    after: str


class SilencedDocument(Document):
    """A finding that a comment suppresses now and did not before; known where inventories are compared as files."""

    code: str
    address: str
    reason: str


class CountsDocument(Document):
    create: int
    update: int
    delete: int


class DiffDocument(Printed):
    """What `qplan diff --format json` prints."""

    compared: Literal["plans", "inventories"]
    changed: bool
    changes: tuple[ChangeDocument, ...]
    corridors: tuple[CorridorDocument, ...]
    """Those that differ."""
    exposure: ExposureDocument
    costs: CostsDocument
    firmness: FirmnessDocument
    margins: MarginsDocument
    failures: tuple[FailureDocument, ...]
    """Of corridors that fail otherwise."""
    expectations: ExpectationsDocument
    checks: tuple[CheckDocument, ...]
    """All."""
    limits: tuple[LimitDocument, ...]
    inputs: tuple[InputDocument, ...]
    """All addresses that differ, the limits too."""
    silenced: tuple[SilencedDocument, ...]
    moved: tuple[MovedDocument, ...]
    objective: Texts
    as_of: Texts
    """The day on which quotes are judged."""
    proof: ProofDocument
    summary: CountsDocument
