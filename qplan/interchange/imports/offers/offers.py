"""Answers → offers of an inventory: tiers from rows, terms by kind, and what does not fit what was asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qplan.errors import Diagnostic, QplanError
from qplan.interchange.imports.draft import Draft, Entries
from qplan.interchange.imports.fields import slug
from qplan.interchange.imports.headings import plain
from qplan.interchange.imports.offers.answers import Answer, Form
from qplan.interchange.imports.offers.cells import Money, Share
from qplan.interchange.imports.offers.suppliers import known_suppliers, meant, sellers
from qplan.interchange.imports.offers.terms import (
    Misfit,
    base_and_tiers,
    currency_of,
    kind_of,
    plain_number,
    purchase,
    require_unit,
    with_a_term,
)
from qplan.interchange.imports.rows import Origin, doubt, listed
from qplan.interchange.imports.sources import refused
from qplan.interchange.imports.update import Inventory, in_short
from qplan.inventory.answer_form import (
    ANSWERS,
    INCLUDED,
    NO,
    PREFIXES,
    QUANTITY,
    WHAT,
    YES,
    codes_of,
    line_code,
    unit_of,
)
from qplan.inventory.source.messages import counted, did_you_mean, shown

SECTIONS = {kind: (kind,) if kind in ("services", "fibres") else ("equipment", kind) for kind in PREFIXES}
SUPPORT = ("support_per_year", "price_per_year")  # of a product, of a service
UNASKED = ("sla", "spares")
"""Terms of an offer for which the form has no cell."""


@dataclass
class _Making:
    """Offers under way."""

    inventory: Inventory
    alone: bool
    """The offers go into a file of their own."""
    products: Mapping[str, str]
    offers: Entries = field(default_factory=dict)
    findings: list[Diagnostic] = field(default_factory=list)

    def say(self, code: str, origin: Origin, address: str, message: str, hint: str = "") -> None:
        self.findings.append(doubt(code, origin, address, message, hint))


def quoted(forms: Sequence[Form], inventory: Inventory, *, alone: bool) -> Draft:
    """The offers that the forms come to, for the inventory that they answer. Raises `Refused` where there are none.

    An entry has every key of an offer, None where the answer says nothing: it replaces what the inventory has.
    """
    products = [f"{kind}.{name}" for kind, path in SECTIONS.items() for name in inventory.everywhere(path)]
    if not products:
        raise QplanError(f"{inventory.path} has nothing that could be asked for: name the inventory with --for")
    making = _Making(inventory, alone, codes_of(products))
    groups = [group for form in forms for group in _take(making, form)]
    by_offer = defaultdict(list)
    for group in groups:
        by_offer[_stands_for(making, group)].append(group)
    for group in groups:
        others = [other for other in by_offer[_stands_for(making, group)] if other is not group]
        try:
            _offer(making, group, others)
        except Misfit as misfit:
            _left_out(making, misfit)
    if not making.offers:
        nothing = Origin(", ".join(form.source for form in forms))
        raise _nothing(making, nothing)
    read = tuple(f"{form.source}: {counted(len(form.answers), 'answered row')}{_by(form)}" for form in forms)
    found = tuple(sorted(set(making.findings), key=lambda item: (item.code, item.file, item.line, item.message)))
    return Draft("", {}, {}, {}, {}, (), 0, 0, False, found, read, dict(sorted(making.offers.items())))


def _nothing(making: _Making, origin: Origin) -> Exception:
    error = refused("QP605", origin, "no answer that is an offer")
    error.findings = (*error.findings, *making.findings)
    return error


def _by(form: Form) -> str:
    supplier = form.whole.get("supplier")
    return f" of {supplier}" if supplier else ""


@dataclass(frozen=True)
class _Group:
    """The rows of a form that are about one product, in one kind of offer."""

    form: Form
    product: str
    kind: str
    rows: Sequence[Answer]

    @property
    def supplier(self) -> str | None:
        return self.form.whole.get("supplier")

    @property
    def quote(self) -> str | None:
        return self.form.whole.get("quote")


def _take(making: _Making, form: Form) -> list[_Group]:
    """What a form offers; what it does not is said."""
    making.findings += form.findings
    groups: dict[tuple[str, str], list[Answer]] = defaultdict(list)
    for answer in form.answers:
        product = making.products.get(answer.code.upper()[:4] + answer.code.lower()[4:])
        if product is None:
            hint = did_you_mean(answer.code, making.products) or "is it the inventory that the request was made of?"
            message = f"a line that was not asked for: {shown(answer.code)}, with an answer"
            making.say("QP691", answer.origin, "", message, hint)
            continue
        if answer.get("complies") == NO:
            least = answer.get("from") or 1
            at_least = f" at the price from quantity {least}" if least > 1 else ""
            words = f"{answer.code} ({product}) is not offered{at_least}{_remark(answer)}"
            making.say("QP693", answer.origin, product, words)
            continue
        try:
            require_unit(answer, unit_of(product, str(_entry(making, product).get("per") or "")))
            groups[product, kind_of(answer)].append(answer)
        except Misfit as misfit:
            _left_out(making, misfit)
    _unanswered(making, form)
    if groups:
        _say_whom_it_may_be(making, form)
    return [_Group(form, product, kind, answers) for (product, kind), answers in groups.items()]


def _say_whom_it_may_be(making: _Making, form: Form) -> None:
    """Of a name that is almost one that the inventory has: one of those who have offers there comes first."""
    supplier = form.whole.get("supplier") or ""
    name, beside = meant(supplier, sellers(making.inventory)), ", whose offers stand beside those of "
    if name is None:
        name, beside = meant(supplier, known_suppliers(making.inventory)), ", who has no offer yet, beside "
    if name:
        message = f"{shown(supplier)} counts as a supplier of its own{beside}{shown(name)}"
        making.say("QP696", Origin(form.source), "", message, f"did you mean {shown(name)}? spell it so in the answer")


def _left_out(making: _Making, misfit: Misfit) -> None:
    making.say("QP691", misfit.answer.origin, "", f"{misfit.answer.code}: left out, {misfit.message}", misfit.hint)


def _unanswered(making: _Making, form: Form) -> None:
    answered = {answer.code for answer in form.answers} | {item.message.partition(":")[0] for item in form.findings}
    open_lines = [code for code in form.lines if code not in answered and code in making.products]
    if open_lines:
        words = listed([f"{code} ({making.products[code]})" for code in open_lines])
        message = f"{counted(len(open_lines), 'line')} without an answer: {words}"
        making.say("QP692", Origin(form.source), "", message)


def _offer(making: _Making, group: _Group, others: Sequence[_Group]) -> None:
    """Put what the rows of a group come to among the offers. Raises `Misfit`, also where others would be that offer."""
    form, product, kind, supplier, quote = group.form, group.product, group.kind, group.supplier, group.quote
    base, tiers = base_and_tiers(group.rows, kind)
    if others:
        also = listed([str(other.rows[0].origin) for other in others])
        who = f"supplier {shown(supplier)}" if supplier else "a supplier without a name"
        message = f"{who} answers for {product} ({kind}) in {also} too"
        raise Misfit(base, message, "import the answer that holds alone, or after the other")
    entry = _entry(making, product)
    yearly = product.startswith("services.") and not (entry.get("price") or entry.get("effort_days"))
    terms = purchase(base, tiers, may_be_yearly=yearly) if kind == "purchase" else with_a_term(base)
    money = currency_of(form, [base, *tiers])
    until, quote_day = base.get("until") or form.whole.get("all_until"), form.whole.get("quoted")
    if until and quote_day and until < quote_day:
        raise Misfit(base, f"it is valid until {until}, before the quote of {quote_day} was made")
    name, known = _replaced(making, group) or (_new_id(making, group), None)
    support = base.get("support")
    kept = known if known and quote and known.get("quote_ref") == quote else {}
    includes = [*(["support"] if support == INCLUDED else []), *_services_in(kept)]
    making.offers[name] = {
        "for": product,
        "supplier": supplier,
        "kind": kind,
        **terms,
        "support_per_year": plain_number(support.value) if isinstance(support, Money) else None,
        "includes": includes or None,
        **{term: kept.get(term) for term in UNASKED},
        "currency": money,
        "quote_ref": quote,
        "quoted": quote_day,
        "valid_until": until,
        "lead_time_weeks": plain_number(base.get("lead")),
        "warranty_months": plain_number(form.whole.get("warranty")),
        "provenance": "quote",
        "source": f"{base.origin}{f', {form.code}' if form.code else ''}",
        "labels": _labels(making, form, product, base, known or {}),
    }
    for row in group.rows:
        _say_what_was_asked(making, form, name, row)
    _say_what_stays_open(making, form, name, base)
    _say_what_tiers_add(making, name, base, tiers)
    _say_whom_it_replaces(making, base, name, known)


def _say_what_was_asked(making: _Making, form: Form, name: str, row: Answer) -> None:
    """Where cells of the buyer's came back with another thing in them."""
    described = {WHAT: str(_entry(making, str(making.offers[name]["for"])).get("description") or "")}
    asked = form.asked.get(line_code(str(making.offers[name]["for"])), described)
    for heading in (WHAT, QUANTITY):
        said, was = row.asked.get(heading), asked.get(heading)
        if said and was and said != was:
            message = f"offers.{name}: {row.place(heading)} is {shown(said)} where {shown(was)} was asked: not read"
            making.say(
                "QP614", row.origin, f"offers.{name}", message, "its price counts for one unit of what was asked"
            )


def _say_what_tiers_add(making: _Making, name: str, base: Answer, tiers: Sequence[Answer]) -> None:
    fields = ("part", "lead", "complies", "remark")
    for tier in tiers:
        said = [ANSWERS[key] for key in fields if tier.get(key) not in (None, base.get(key))]
        if said:
            what = f"{', '.join(said)} from quantity {tier.get('from')}"
            message = f"{what}: an offer has one for all, that of its first row"
            making.say("QP614", tier.origin, f"offers.{name}", message)


def _entry(making: _Making, product: str) -> Mapping[str, Any]:
    kind, _, name = product.partition(".")
    entry = making.inventory.everywhere(SECTIONS[kind]).get(name)
    return entry if isinstance(entry, dict) else {}


def _labels(
    making: _Making, form: Form, product: str, base: Answer, replaced: Mapping[str, Any]
) -> dict[str, object] | None:
    """What an offer has no key for; None for what an update has to take away from the one it replaces."""
    kind, _, name = product.partition(".")
    part, entry = base.get("part"), _entry(making, product)
    known = {plain(str(word)) for word in (name, entry.get("part_number"), entry.get("model")) if word}
    maker = plain(str(entry.get("manufacturer") or ""))
    other = part and not known & {plain(part), plain(part).removeprefix(maker).strip()}
    if other and kind not in ("services", "fibres"):
        planned = entry.get("part_number") or entry.get("model") or name
        message = f"{base.place('part')}: {shown(part)} is offered where the plan has {shown(planned)} ({product})"
        hint = f"if it differs in rate, loss or room, give it an entry of its own beside {product}, and plan anew"
        making.say("QP694", base.origin, product, message, hint)
    complies = base.get("complies")
    labels = {
        "offered_part": part if other else None,
        "complies": complies if complies != YES else None,
        "remark": base.get("remark"),
        "vat": form.whole.get("vat"),
    }
    old = {} if making.alone else _mapping(replaced, "labels")
    return {key: value or None for key, value in labels.items() if value or old.get(key)} or None


def _stands_for(making: _Making, group: _Group) -> object:
    """Which offer of its supplier a group would be, once all files are in."""
    known = _replaced(making, group)
    return known[0] if known else (group.product, group.kind, plain(group.supplier or ""))


def _replaced(making: _Making, group: _Group) -> tuple[str, Mapping[str, Any]] | None:
    """The offer of the inventory that a group takes the place of, by its id.

    That is the only one of this supplier for the product and kind, or the one of them with the number of the quote.
    """
    same = {
        name: offer
        for name, offer in making.inventory.everywhere(("offers",)).items()
        if isinstance(offer, dict)
        and (offer.get("for"), offer.get("kind") or "purchase") == (group.product, group.kind)
        and plain(str(offer.get("supplier") or "")) == plain(group.supplier or "")
    }
    numbered = {name: offer for name, offer in same.items() if group.quote and offer.get("quote_ref") == group.quote}
    return next((next(iter(offers.items())) for offers in (numbered, same) if len(offers) == 1), None)


def _new_id(making: _Making, group: _Group) -> str:
    stem = slug(f"{group.supplier or 'unnamed'}-{group.product.partition('.')[2]}-{group.kind}") or "offer"
    taken = {*making.inventory.everywhere(("offers",)), *making.offers}
    return next(name for number in range(1, len(taken) + 2) if (name := _numbered(stem, number)) not in taken)


def _numbered(stem: str, number: int) -> str:
    return stem if number == 1 else f"{stem}-{number}"


def _say_what_stays_open(making: _Making, form: Form, name: str, base: Answer) -> None:
    """What the supplier did not say, and what the inventory would make of it."""
    offer, address = making.offers[name], f"offers.{name}"
    policy = making.inventory.everywhere(("policy",))
    discount, complies = base.get("discount"), base.get("complies")
    open_points = {
        "no supplier is named": not offer["supplier"],
        "no number of the quote": not offer["quote_ref"],
        "no last day: the quote never runs out": not offer["valid_until"],
        "nothing is said of support: that of the product is charged besides": (
            base.get("support") is None and any(_entry(making, str(offer["for"])).get(key) for key in SUPPORT)
        ),
        f"economics.exchange_rates has no rate for {offer['currency']}": (
            offer["currency"] not in making.inventory.currencies
        ),
        "policy.suppliers does not name the supplier: the offer may not be taken": (
            isinstance(policy.get("suppliers"), list) and offer["supplier"] not in policy["suppliers"]
        ),
        "policy.offers does not name it: it may not be taken": (
            isinstance(policy.get("offers"), list) and name not in policy["offers"]
        ),
    }
    missing = [words for words, holds in open_points.items() if holds]
    if missing:
        making.say("QP696", base.origin, address, f"{address}: {'; '.join(missing)}")
    if isinstance(discount, Share) and discount.assumed:
        message = f"{address}: {base.place('discount')} is read as {discount.value * 100:g} %"
        making.say("QP613", base.origin, address, message, "write the sign % behind it")
    if complies != YES:
        said = "complies in part" if complies else "does not say whether it complies"
        making.say("QP693", base.origin, address, f"{address} {said}{_remark(base)}")


def _remark(answer: Answer) -> str:
    return f": {answer.get('remark')}" if answer.get("remark") else ""


def _mapping(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    inner = value.get(key)
    return inner if isinstance(inner, dict) else {}


def _services_in(offer: Mapping[str, Any]) -> list[str]:
    includes = offer.get("includes")
    return [str(word) for word in includes if word != "support"] if isinstance(includes, list) else []


def _say_whom_it_replaces(making: _Making, base: Answer, name: str, known: Mapping[str, Any] | None) -> None:
    if known is None:
        return
    address, new = f"offers.{name}", making.offers[name]
    number = f" ({known['quote_ref']})" if known.get("quote_ref") else ""
    charged = [f"services.{word}" for word in _services_in(known) if word not in _services_in(new)]
    gone = [f"{term} ({in_short(known[term])})" for term in UNASKED if known.get(term) and not new[term]]
    lost = [f"{listed(charged)} was included and is charged besides from now on"] if charged else []
    lost += [f"no longer there: {listed(gone)}"] if gone else []
    also = f"; the answer says nothing of these: {'; '.join(lost)}" if lost else ""
    hints = ["ask, and put back by hand what still holds"] if lost else []
    if making.alone and name in making.inventory.entries(("offers",)):
        path = making.inventory.path
        hints.append(f"delete it in {path}, or import with -o {path} --update")
    message = f"{address} takes the place of the one in the inventory{number}{also}"
    making.say("QP695", base.origin, address, message, "; ".join(hints))
