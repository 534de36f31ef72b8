"""The account of a plan's costs as models: the schema of `costs.json` and of `qplan cost --format json`."""

from __future__ import annotations

from qplan.outputs.verbs.documents import Document, Printed


class UnquotedDocument(Document):
    """Lines of the bill that have no price and are in no total."""

    lines: int
    descriptions: tuple[str, ...]


class UnstatedDocument(Document):
    """An amount that some of the things in the plan do not state; it counts as 0."""

    what: str
    missing: tuple[str, ...]
    of: int
    """Things of that kind in the plan."""


class FirmDocument(Document):
    """Shares of the tco by what its prices rest on."""

    quoted: float
    """By quotes that hold, in the plan's currency."""
    currency_open: float
    """In another currency than the plan's, and not by a quote that has run out."""
    expired: float
    """By quotes that have run out, in whatever currency."""
    illustrative: float
    beyond_terms: float
    """The part of `quoted` that lies beyond the quoted terms: fees of further terms, and what is bought again."""
    unpriced_lines: int


class YearDocument(Document):
    """Money of a year, or of the years that stand in one row; the kinds sum to `nominal`."""

    year: int
    last_year: int
    nominal: float
    discounted: float
    capex: float
    contingency: float
    support: float
    lease: float
    hosting: float
    """Of nodes, and operation of relays."""
    energy: float
    fees: float
    refresh: float


class CorridorCost(Document):
    """A corridor's share of the whole."""

    capex: float
    tco: float


class ShareDocument(Document):
    corridor: str
    """`""` is what no corridor uses."""
    key_rate_bps: float
    capex: float
    contingency: float
    opex_per_year: float
    tco: float
    tco_per_delivered_bps: float | None
    to_be_quoted: int


class SharesDocument(Document):
    rule: str
    shares: tuple[ShareDocument, ...]


class CategoryDocument(Document):
    """Money by what it is for."""

    category: str
    lines: int
    to_be_quoted: int
    capex: float | None
    """null: nothing in the group has a price."""
    opex_per_year: float


class BasisDocument(Document):
    """Money by what it rests on."""

    provenance: str
    lines: int
    to_be_quoted: int
    capex: float | None
    """null: nothing in the group has a price."""
    opex_per_year: float


class DriverDocument(Document):
    driver: str
    tco_if_lower: float
    tco_if_higher: float


class SensitivityDocument(Document):
    basis: str
    swing: float
    drivers: tuple[DriverDocument, ...]


class EnergyDocument(Document):
    kwh_per_year: float
    price_per_kwh: float | None
    """null: not stated, and counted as 0."""


class QuoteDocument(Document):
    """A quote, or an offer without a number, and the lines of the bill that are on it."""

    seller: str
    number: str
    quoted: str
    valid_until: str
    offers: tuple[str, ...]
    lines: tuple[str, ...]
    one_off: float
    per_year: float
    tco: float
    """With its part of the contingency."""
    before_contingency: float
    """The same without it: what the shares of `firmness` are of."""
    beyond_terms: float
    """The part of that which lies beyond the quoted terms: fees of further terms, and what is bought again."""
    basis: tuple[str, ...]
    """What the prices of its lines rest on."""
    support_basis: tuple[str, ...]
    """What the support rests on that they bring along."""
    run_out: bool
    """On the day `as_of`."""
    firm: bool
    """All of it is a quote that holds, in the plan's currency; within its terms."""


class ChangeDocument(Document):
    """Money before and after."""

    before: float
    after: float
    delta: float | None
    """null: the two are in different currencies."""
    share: float | None
    """Of the amount before."""


class ComparedCosts(Document):
    """Against the plan of `--compare-to`."""

    currency: str
    """Of the other plan."""
    capex: ChangeDocument
    opex_per_year: ChangeDocument
    tco: ChangeDocument
    corridors: dict[str, float] | None
    """What each costs more, of the tco; null: the two are in different currencies."""


class LimitDocument(Document):
    """An option that limits the tco (`max-total`) or its increase (`max-increase`), as money."""

    id: str
    value: float
    limit: float
    ok: bool


class CostDocument(Printed):
    """`costs.json`, and what `qplan cost --format json` prints; amounts to the cent."""

    currency: str
    convention: str
    as_of: str | None
    """Day on which quotes are judged; null: none has run out."""
    horizon_years: int
    discount_rate: float
    contingency_share: float
    capex: float
    contingency: float
    opex_per_year: float
    total_nominal: float
    tco: float
    tco_per_year: float | None
    """The equal payment at the end of every year that is worth the tco; null without a horizon."""
    escalation: float
    """Of the nominal total: what opex grows by."""
    fees_beyond_horizon: float
    """Of the nominal total: whole terms that end after the horizon."""
    energy: EnergyDocument
    to_be_quoted: UnquotedDocument
    delivered_key_rate_bps: float
    tco_per_delivered_bps: float | None
    cash_flow: tuple[YearDocument, ...]
    by_category: tuple[CategoryDocument, ...]
    by_price_provenance: tuple[BasisDocument, ...]
    firmness: FirmDocument
    counted_as_0: tuple[UnstatedDocument, ...]
    """What the inventory does not state."""
    corridors: dict[str, CorridorCost]
    """By id; `""` is what no corridor uses."""
    by_corridor: SharesDocument
    quotes: tuple[QuoteDocument, ...]
    """By seller and number."""
    sensitivity: SensitivityDocument
    compared: ComparedCosts | None
    """With `--compare-to`."""
    limits: tuple[LimitDocument, ...]
