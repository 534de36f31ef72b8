"""The form on which a supplier answers a request for quotation: `qplan rfq` writes it, `qplan import offers` reads it.

A line of it is named by a code that follows from the product's address alone and tells nobody what that is: a request
that goes to several vendors must not name one of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

PREFIXES = {
    "qkd_systems": "QKD",
    "node_items": "KIT",
    "relay_items": "KIT",
    "services": "SRV",
    "fibres": "FIB",
    "encryptors": "ENC",
}
"""How a code begins, by the kind of product."""

LINE, WHAT, QUANTITY, UNIT = "Line", "What", "Quantity", "Unit"
ASKED = ("Request", LINE, WHAT, "Part number", "Requirements", QUANTITY, "Spares", UNIT, "Deliver to")
"""Headings of what the buyer fills in."""
SPECIFIED = (LINE, WHAT, QUANTITY, UNIT, "Requirement", "Value")
"""Headings of the sheet that says in full what is asked."""
SITE_UNIT = "site"
UNITS = {
    "node": SITE_UNIT,
    "relay": SITE_UNIT,
    "link": "QKD link",
    "system": "pair",
    "fibre": "fibre",
    "corridor": "connection",
    "plan": "lump sum",
}
"""What a service is counted per, as a supplier is told."""
ANSWERS = {
    "part": "Offered part",
    "kind": "Kind of offer",
    "from": "From quantity",
    "price": "Price per unit (one-off)",
    "discount": "Discount",
    "currency": "Currency",
    "support": "Support per unit and year",
    "fee": "Fee per unit and month",
    "term": "Term (months)",
    "until": "Valid until",
    "lead": "Lead time (weeks)",
    "complies": "Complies",
    "remark": "Remark",
}
"""Headings of what is answered line by line, by field."""

WHOLE = {
    "supplier": "Supplier",
    "quote": "Quote number",
    "quoted": "Date of the quote",
    "all_currency": "Currency of all lines",
    "all_until": "Valid until, all lines",
    "warranty": "Warranty (months)",
    "vat": "VAT rate",
}
"""What is answered once for all lines, likewise."""

KINDS = ("purchase", "lease", "managed")
YES, PARTLY, NO = COMPLIES = ("yes", "partly", "no")
INCLUDED = "included"
"""Stands for a price of support that is in another price."""


def unit_of(product: str, per: str = "") -> str:
    """What one of the quantity is, of a service by what it is counted per; "" for one that there is not."""
    kind, _, _ = product.partition(".")
    return UNITS.get(per, "") if kind == "services" else {"qkd_systems": "pair", "fibres": "strand"}.get(kind, "piece")


def line_code(product: str) -> str:
    """The code of a line by the product's address (`qkd_systems.dv-metro`): `QKD-1f2e3d4c`."""
    kind, _, _ = product.partition(".")
    return f"{PREFIXES[kind]}-{hashlib.sha256(product.encode()).hexdigest()[:8]}"


def codes_of(products: Iterable[str]) -> dict[str, str]:
    """Products by the code of their line."""
    return {line_code(product): product for product in products}
