"""Currencies beside amounts: codes, signs and words for them, in cells and in headings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

LIST = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF
    CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD
    HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD
    MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN
    PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD
    TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
CODES = frozenset(LIST.split())
"""All of ISO 4217 as pycountry 26.2.16 has them from Debian's iso-codes, but for metals, units of account and tests."""
WORDS = {
    "€": "EUR", "euro": "EUR", "euros": "EUR", "us$": "USD", "us dollar": "USD", "us dollars": "USD", "£": "GBP",
    "sfr": "CHF", "franken": "CHF", "swiss francs": "CHF",
}  # fmt: skip

SIGNS = {
    "$": "ARS AUD CAD CLP COP HKD MXN NZD SGD TWD USD", "kr": "DKK ISK NOK SEK", "fr": "CHF", "zł": "PLN", "kč": "CZK",
    "ft": "HUF", "lei": "RON", "r$": "BRL",
}  # fmt: skip
"""Signs and short words that alone name no currency, with those that they may stand for."""


def code_of(text: str) -> str:
    """The three letters that a text is, or that a word or sign for a currency stands for; "" where it is neither."""
    word = WORDS.get(_word(text), text.strip().upper())
    return word if re.fullmatch("[A-Z]{3}", word) else ""


def may_be(text: str, code: str) -> bool:
    """Whether a text beside an amount is this currency, or a sign that it shares with others."""
    return bool(code) and (code_of(text) == code or code in SIGNS.get(_word(text), "").split())


def is_currency(text: str) -> bool:
    """Whether a text is a currency, or has one in it, whichever that may be."""
    return _word(text) in SIGNS or code_of(text) in CODES or unit_in(text) not in ("", "%", "‰")


def _word(text: str) -> str:
    return text.strip().casefold().rstrip(".")


def unit_in(heading: str) -> str:
    """What a heading of amounts says they are in: a code of `CODES`, else a sign (%, $); "" for neither."""
    return next(_units(re.split(r"[\s()\[\]/,;:]+", heading)), "")


def _units(words: list[str]) -> Iterator[str]:
    for word in words:
        if word in CODES or word.casefold() in WORDS:
            yield code_of(word)
        elif any(unicodedata.category(c) == "Sc" or c in "%‰" for c in word):
            yield word
