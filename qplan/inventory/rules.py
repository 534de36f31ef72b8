"""Every rule that a finding about an inventory can name: its stable code, severity and title."""

from __future__ import annotations

from typing import NamedTuple

from qplan.errors import Diagnostic


class Rule(NamedTuple):
    """What every finding under one code has in common."""

    severity: str  # "error" | "warning"
    title: str


class Spot(NamedTuple):
    """A stretch of one line of a file; line 0 where there is none (an override on the command line)."""

    file: str
    line: int = 0
    column: int = 0
    end_column: int = 0


RULES: dict[str, Rule] = {
    # file and YAML
    "QP001": Rule("error", "not valid YAML"),
    "QP002": Rule("error", "not a text file in UTF-8"),
    "QP003": Rule("error", "too large, too deeply nested, or grows too large by aliases"),
    "QP004": Rule("error", "empty file"),
    "QP005": Rule("error", "more than one document in a file"),
    "QP006": Rule("error", "duplicate key"),
    "QP007": Rule("error", "key that is not text"),
    "QP008": Rule("error", "unknown tag, or a value that does not fit its tag"),
    "QP009": Rule("error", "number that is not finite, too large or too small"),
    "QP010": Rule("error", "alias that contains itself, or `<<` on something other than mappings"),
    "QP011": Rule("error", "include that cannot be read"),
    "QP012": Rule("error", "include outside the inventory's folder and its git repository"),
    "QP013": Rule("error", "files that include each other"),
    "QP014": Rule("error", "address defined twice"),
    "QP015": Rule("error", "override that is not `address=value`"),
    "QP016": Rule("error", "override of an unknown address"),
    "QP017": Rule("error", "unknown scenario"),
    "QP018": Rule("error", "format version missing or not supported"),
    "QP019": Rule("warning", "entry that is null and so left out"),
    "QP020": Rule("warning", "suppression without a reason, or of what cannot be suppressed"),
    "QP021": Rule("warning", "suppression that suppresses nothing"),
    # schema
    "QP101": Rule("error", "missing key"),
    "QP102": Rule("error", "unknown key"),
    "QP103": Rule("error", "value of the wrong type"),
    "QP104": Rule("error", "value out of range"),
    "QP105": Rule("error", "unknown word"),
    "QP106": Rule("error", "malformed text"),
    "QP107": Rule("error", "list of the wrong length"),
    "QP108": Rule("warning", "ids that differ only in case"),
    "QP111": Rule("error", "check without a limit"),
    "QP112": Rule("error", "check of a part that its metric does not know"),
    # references
    "QP201": Rule("error", "fibre that ends at an unknown site"),
    "QP202": Rule("error", "corridor that ends at an unknown site"),
    "QP203": Rule("error", "unknown site to avoid"),
    "QP204": Rule("error", "fibre from a site to itself"),
    "QP205": Rule("warning", "technology that no system has"),
    "QP206": Rule("warning", "site without any fibre"),
    "QP207": Rule("warning", "duct that looks like another duct misspelt"),
    "QP208": Rule("warning", "no QKD system to buy"),
    "QP209": Rule("warning", "country, operator or key domain that no site states"),
    "QP210": Rule("warning", "ducts that one fibre alone names"),
    "QP211": Rule("error", "one word spelt in two ways"),
    "QP212": Rule("error", "check of something that is not there"),
    # physics
    "QP301": Rule("error", "half a coordinate"),
    "QP302": Rule("warning", "coordinates 0, 0"),
    "QP303": Rule("warning", "implausible loss per km"),
    "QP304": Rule("warning", "fibre shorter than the great circle"),
    "QP305": Rule("warning", "length derived from coordinates"),
    "QP306": Rule("warning", "unknown length, counted as 0 km"),
    "QP307": Rule("error", "fibre whose loss cannot be known"),
    "QP308": Rule("warning", "fibre that carries no link in one of the bands"),
    "QP309": Rule("warning", "amplified fibre"),
    "QP310": Rule("error", "key-rate curve whose losses do not ascend"),
    "QP311": Rule("error", "key-rate curve above the repeaterless bound"),
    "QP312": Rule("warning", "loss limit beyond the end of the key-rate curve"),
    "QP313": Rule("warning", "technology not in lower case"),
    "QP314": Rule("warning", "technology whose security proof does not hold"),
    "QP315": Rule("warning", "loss measured at another wavelength than the system's"),
    "QP316": Rule("warning", "fibre far longer than its ends are apart"),
    "QP317": Rule("warning", "margin or patch of many dB"),
    "QP318": Rule("warning", "more strands than a cable holds"),
    "QP319": Rule("warning", "latitude and longitude exchanged"),
    "QP320": Rule("warning", "geometry that does not lead from end to end"),
    "QP321": Rule("warning", "length that does not fit the geometry"),
    "QP322": Rule("warning", "key rate that rises with the loss"),
    # corridors
    "QP401": Rule("error", "corridor from a site to itself"),
    "QP402": Rule("error", "corridor without a demand"),
    "QP403": Rule("error", "corridor with more than one demand"),
    "QP404": Rule("error", "shares that do not fit the paths"),
    "QP405": Rule("warning", "corridor end without a usable fibre"),
    "QP406": Rule("warning", "no corridors"),
    "QP407": Rule("warning", "demand of zero"),
    "QP408": Rule("warning", "demand above what one system gives"),
    "QP409": Rule("warning", "more paths than fibres at an end"),
    "QP410": Rule("warning", "disjoint paths that share the last building"),
    "QP411": Rule("warning", "corridor within one building"),
    "QP412": Rule("error", "demand beyond what can be planned"),
    "QP413": Rule("warning", "corridor end that the corridor's own rules would refuse"),
    # cost
    "QP501": Rule("warning", "no price: to be quoted"),
    "QP502": Rule("warning", "quote that has run out"),
    "QP503": Rule("warning", "amounts in another currency"),
    "QP504": Rule("warning", "rate of interest or contingency that looks like a percentage"),
    "QP505": Rule("warning", "more years than anyone answers for"),
    "QP506": Rule("warning", "lease that dwarfs the equipment"),
    "QP507": Rule("error", "exchange rate of the currency itself"),
    # imports
    "QP601": Rule("error", "file that is not of the format"),
    "QP602": Rule("error", "file too large, or made to exhaust memory"),
    "QP603": Rule("error", "table whose headings are not known"),
    "QP604": Rule("error", "mapping file that does not fit the tables"),
    "QP605": Rule("error", "nothing to import"),
    "QP606": Rule("error", "row with more cells than headings"),
    "QP611": Rule("warning", "cell that cannot be read"),
    "QP612": Rule("warning", "row left out: it lacks what every row needs"),
    "QP613": Rule("warning", "number that can be read in two ways"),
    "QP614": Rule("warning", "column or part of the source that is not read"),
    "QP615": Rule("warning", "rows with one id"),
    "QP616": Rule("warning", "spreadsheet cells that hide something"),
    "QP621": Rule("warning", "ids told apart"),
    "QP622": Rule("warning", "end that is no listed site"),
    "QP623": Rule("warning", "end spelt unlike the site"),
    "QP624": Rule("warning", "sites at one place merged"),
    "QP625": Rule("warning", "sites at one place kept apart"),
    "QP626": Rule("warning", "listed in both directions"),
    "QP627": Rule("warning", "equal fibres as strands of one"),
    "QP628": Rule("warning", "opposite directions that differ"),
    "QP629": Rule("warning", "joints taken out"),
    "QP630": Rule("warning", "joints kept as sites"),
    "QP631": Rule("warning", "coordinates that are no degrees"),
    "QP632": Rule("warning", "latitude and longitude exchanged"),
    "QP633": Rule("warning", "coordinates in degrees.minutes"),
    "QP634": Rule("warning", "longitudes from 0 to 360"),
    "QP635": Rule("warning", "coordinates of single sites left out"),
    "QP641": Rule("warning", "unit of lengths inferred"),
    "QP642": Rule("warning", "length that does not fit coordinates or other lengths"),
    "QP643": Rule("warning", "length measured along a drawn line"),
    "QP644": Rule("warning", "fibre of which neither length nor loss is known"),
    "QP645": Rule("warning", "end of a line put to the nearest site"),
    "QP646": Rule("warning", "end of a line at no site"),
    "QP647": Rule("warning", "lengths that are great circles"),
    "QP651": Rule("warning", "left out: no candidate for a QKD link"),
    "QP652": Rule("warning", "amplified spans and sea cables"),
    "QP653": Rule("warning", "free strands not known"),
    "QP654": Rule("warning", "fibre that is not there yet"),
    "QP655": Rule("warning", "logical links, not fibres"),
    "QP656": Rule("warning", "corridors without a demand for keys"),
    "QP661": Rule("warning", "parts that no fibre joins"),
    "QP671": Rule("warning", "vanished from the source"),
    "QP672": Rule("warning", "value of the inventory kept against the source"),
    "QP673": Rule("warning", "entry that the update cannot change"),
    "QP674": Rule("warning", "comment beside a value that the update changed"),
    "QP681": Rule("warning", "trace that belongs to no fibre"),
    "QP682": Rule("warning", "trace whose total is worked out anew"),
    "QP683": Rule("warning", "trace that is not used"),
    "QP684": Rule("warning", "trace of another length than the fibre"),
    "QP685": Rule("warning", "trace in one direction only"),
    "QP686": Rule("warning", "connectors at the ends are not in a trace"),
    "QP691": Rule("warning", "answer left out"),
    "QP692": Rule("warning", "line without an answer"),
    "QP693": Rule("warning", "answer that does not comply, or does not say so"),
    "QP694": Rule("warning", "other part than planned"),
    "QP695": Rule("warning", "offer that takes the place of one in the inventory"),
    "QP696": Rule("warning", "answer that leaves something open"),
    # offers and existing plant
    "QP701": Rule("warning", "offer that takes the place of another"),
    "QP702": Rule("error", "offer for something that is not there"),
    "QP703": Rule("error", "offer whose terms do not fit its kind"),
    "QP704": Rule("error", "term of no months"),
    "QP705": Rule("error", "tiers out of order"),
    "QP706": Rule("error", "currency without an exchange rate"),
    "QP707": Rule("error", "included service that cannot be included"),
    "QP708": Rule("warning", "product whose offers are all refused"),
    "QP709": Rule("error", "policy that names an unknown offer"),
    "QP710": Rule("warning", "manufacturer or supplier that nothing states"),
    "QP711": Rule("error", "existing link over something that is not there"),
    "QP712": Rule("error", "existing link whose fibres are no route"),
    "QP713": Rule("error", "existing route and system twice"),
    "QP714": Rule("warning", "existing link that no path can use"),
    "QP715": Rule("error", "existing node or relay at an unknown site"),
    "QP716": Rule("error", "spare of what is not there"),
    "QP717": Rule("warning", "spare of what no plan can use"),
    "QP718": Rule("warning", "service without a price"),
    "QP719": Rule("error", "unknown encryptor"),
    "QP720": Rule("warning", "age of existing plant not known"),
    "QP721": Rule("error", "horizon too long to be listed year by year"),
    "QP722": Rule("error", "rename that cannot be"),
    "QP723": Rule("error", "existing plant that does not fit"),
    # drills, key stores, reliability
    "QP801": Rule("error", "drill event that does not do exactly one thing"),
    "QP802": Rule("error", "drill event about something unknown"),
    "QP803": Rule("error", "amount or end that does not fit the drill event"),
    "QP804": Rule("warning", "drill event after the end of the drill"),
    "QP805": Rule("warning", "drill events about one thing that overlap"),
    "QP806": Rule("error", "expectation of an unknown corridor, or of nothing"),
    "QP807": Rule("error", "key store that could never be used"),
    "QP808": Rule("warning", "key store without reserve for authentication"),
    "QP809": Rule("warning", "ducts whose length is not stated"),
    "QP810": Rule("warning", "ducts longer than the fibre in them"),
    "QP811": Rule("error", "store, reliability or reserve of something unknown"),
    # plans
    "QP901": Rule("error", "check that a plan does not keep"),
    "QP902": Rule("error", "plan that does not hold"),
}

IMPORTS = "QP6"
"""Rules of imports: about foreign files, not about inventories."""
PLANS = "QP9"
"""Rules of plans, which `verify` holds one against."""


def printable(text: str) -> str:
    """One line that a terminal shows as it is: control and direction characters are written as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def finding(
    code: str,
    spot: Spot,
    address: str,
    message: str,
    *,
    found: str = "",
    expected: str = "",
    hint: str = "",
    severity: str = "",
) -> Diagnostic:
    """A finding under a rule, at a place; all its words are made printable. Its severity is the rule's unless given."""
    texts = {"address": address, "message": message, "found": found, "expected": expected, "hint": hint}
    shown = {name: printable(text) for name, text in texts.items()}
    return Diagnostic(
        printable(spot.file),
        spot.line,
        spot.column,
        code,
        severity or RULES[code].severity,
        **shown,
        end_column=spot.end_column,
    )
