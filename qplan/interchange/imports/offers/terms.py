"""Terms of an offer from the rows of an answer: a purchase with its tiers, or a fee with its term, in one currency."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from qplan.interchange.imports.offers.answers import MONEY_FIELDS, Answer, Form
from qplan.interchange.imports.offers.asked import is_unit
from qplan.interchange.imports.offers.cells import Money
from qplan.inventory.answer_form import ANSWERS, UNIT, WHOLE
from qplan.inventory.source.messages import shown

FINEST = Decimal("1e-9")  # of a discount that is worked out from two prices


class Misfit(Exception):
    """An answer that is no offer, in words, with the row that is to blame."""

    def __init__(self, answer: Answer, message: str, hint: str = ""):
        super().__init__(message)
        self.answer, self.message, self.hint = answer, message, hint


def kind_of(answer: Answer) -> str:
    """As stated; a price alone is a purchase."""
    stated = answer.get("kind")
    if stated is None and (answer.get("fee") is not None or answer.get("term") is not None):
        raise Misfit(answer, f"a fee or a term without a kind: {answer.place('kind')}; expected lease or managed")
    return str(stated or "purchase")


def require_unit(answer: Answer, unit: str) -> None:
    """Raises `Misfit` where a price is not of the unit that was asked ("" where that is not known)."""
    said = answer.asked.get(UNIT)
    if unit and said and not is_unit(said, unit):
        message = f"{answer.place(UNIT)} is {shown(said)} where {shown(unit)} was asked, and the price may be for that"
        raise Misfit(answer, message, f"state the price per {unit}, and write {unit} there again")


def base_and_tiers(answers: Sequence[Answer], kind: str) -> tuple[Answer, list[Answer]]:
    """The row that holds from one unit on, and those from a quantity on in its order. Raises `Misfit`."""
    by_quantity: dict[int, Answer] = {}
    for answer in answers:
        least = answer.get("from") or 1
        if least in by_quantity:
            first = by_quantity[least].origin
            raise Misfit(answer, f"a second {kind} from quantity {least}, beside that in {first}")
        by_quantity[least] = answer
    if 1 not in by_quantity:
        raise Misfit(answers[0], f"prices from quantity {min(by_quantity)} on, and none from 1")
    base = by_quantity.pop(1)
    tiers = [by_quantity[least] for least in sorted(by_quantity)]
    if tiers and kind != "purchase":
        raise Misfit(tiers[0], f"a price from a quantity on, for the kind {kind}: only a purchase has such")
    for tier in tiers:
        for field in ("support", "until"):
            if tier.get(field) not in (None, base.get(field)):
                words = (
                    f"{tier.place(field)} says another thing from quantity {tier.get('from')} than {base.place(field)}"
                )
                raise Misfit(tier, f"{words}: an offer has one for all quantities")
    return base, tiers


def purchase(base: Answer, tiers: Sequence[Answer], *, may_be_yearly: bool) -> dict[str, object]:
    """List price, discount and tiers; None for what a purchase has not. Raises `Misfit`.

    `may_be_yearly`: of something that has no one-off price so far, a price by the year alone is a whole one.
    """
    for answer in (base, *tiers):
        if answer.get("fee") is not None or answer.get("term") is not None:
            raise Misfit(answer, f"a purchase with a fee or a term ({answer.place('fee')}): is it a lease?")
    price, discount = base.get("price"), base.get("discount")
    if price is None and isinstance(base.get("support"), Money):
        if not may_be_yearly or discount or tiers:
            missing = f"a price by the year ({base.place('support')}) and none that is due once: {base.place('price')}"
            raise Misfit(base, missing, f"write 0 under {ANSWERS['price']} where nothing is due once")
        price = Money(Decimal(0))
    if price is None:
        raise Misfit(base, f"a purchase without a price: {base.place('price')}")
    steps = [{"from": tier.get("from"), "discount": plain_number(_tier_discount(price, tier))} for tier in tiers]
    return {
        "list_price": plain_number(price.value),
        "discount": plain_number(discount.value) if discount and discount.value else None,
        "tiers": steps or None,
        "setup_fee": None,
        "fee_per_month": None,
        "term_months": None,
    }


def _tier_discount(list_price: Money, tier: Answer) -> Decimal:
    """Off the list price, so that the unit price is that of the row."""
    price, discount = tier.get("price"), tier.get("discount")
    if price is None and discount is None:
        raise Misfit(tier, f"neither price nor discount from quantity {tier.get('from')}: {tier.place('price')}")
    share: Decimal = discount.value if discount else Decimal(0)
    if price is None or price.value == list_price.value:
        return share
    unit: Decimal = price.value * (1 - share)
    if unit > list_price.value:
        one, many = plain_number(list_price.value), plain_number(unit)
        dearer = f"{many} from quantity {tier.get('from')} is dearer than the {one} for one"
        raise Misfit(tier, f"{tier.place('price')}: {dearer}")
    return (1 - unit / list_price.value).quantize(FINEST)


def with_a_term(base: Answer) -> dict[str, object]:
    """Set-up fee, fee and term of a lease or a managed offer, likewise."""
    price, fee, term = base.get("price"), base.get("fee"), base.get("term")
    if fee is None or term is None:
        missing = "fee" if fee is None else "term"
        raise Misfit(base, f"the kind {base.get('kind')} without a {missing}: {base.place(missing)}")
    if base.get("discount") is not None:
        raise Misfit(base, f"a discount ({base.place('discount')}) on a fee: state the fee that is due")
    return {
        "list_price": None,
        "discount": None,
        "tiers": None,
        "setup_fee": plain_number(price.value) if price is not None and price.value else None,
        "fee_per_month": plain_number(fee.value),
        "term_months": term,
    }


def currency_of(form: Form, answers: Sequence[Answer]) -> str:
    """The one currency that all amounts of an offer are in, whose first row comes first. Raises `Misfit`."""
    found: dict[str, str] = {}
    for answer in answers:
        for word, place in _stated(form, answers[0], answer):
            found.setdefault(word, place if answer.origin.sheet else f"{place} of line {answer.origin.line}")
            if len(found) > 1:
                said = " and ".join(f"{word} in {place}" for word, place in found.items())
                hint = f"if it is one, name it under {ANSWERS['currency']} in the first row"
                raise Misfit(answer, f"two currencies in one offer: {said}", hint)
    currency = next(iter(found), None) or form.whole.get("all_currency")
    if currency is None:
        raise Misfit(answers[0], f"no currency: {answers[0].place('currency')}, and none is stated for all lines")
    return str(currency)


def _stated(form: Form, base: Answer, answer: Answer) -> Iterator[tuple[str, str]]:
    """Currencies of a row, with their places: its own, and those of its amounts.

    Of an amount it is what stands beside it, else that of its row, else that of the first row, else that of the form.
    """
    if answer.get("currency"):
        yield answer.get("currency"), answer.place("currency")
    of_row = next((row for row in (answer, base) if row.get("currency")), None)
    others = of_row.get("currency") if of_row else form.whole.get("all_currency")
    where = of_row.place("currency") if of_row else WHOLE["all_currency"]
    for field in MONEY_FIELDS:
        amount = answer.get(field)
        if isinstance(amount, Money) and amount.currency:
            yield amount.currency, answer.place(field)
        elif isinstance(amount, Money) and amount.value and others:
            yield others, f"{answer.place(field)} (by {where})"


def plain_number(value: Decimal | None) -> float | int | None:
    """As YAML has it; None stays."""
    return None if value is None else int(value) if value == int(value) else float(value)
