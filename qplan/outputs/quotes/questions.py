"""What a buyer asks beside prices."""

from __future__ import annotations

from collections.abc import Collection

ABOUT_ALL = (
    "Which VAT applies, at which rate, and who owes it (reverse charge, import)?",
    "For how long do you keep to the prices, and how are they adjusted later?",
    "Which terms of payment, of delivery and of acceptance do you offer?",
    "Warranty, repair time, and where spare parts are kept?",
    "Until when are spare parts and software updates available?",
)
ABOUT: dict[str, tuple[str, ...]] = {
    "qkd": (
        "Which secret key rate do you guarantee at each loss in the sheet Links, and which remedy applies where it is "
        "not reached at acceptance?",
        "Are the rates finite-key, and which security parameter and block size are they for?",
        "Which length and loss may each route have at most, and how long does a pair take to give keys after a cut?",
        "Which wavelengths and strands do quantum, synchronisation and service channels take?",
        "Which versions of ETSI GS QKD 014 and 004 do the key managers serve, and with which authentication?",
        "How is the classical channel authenticated, and how are its first keys brought in?",
        "Which certification or evaluation holds (ISO/IEC 23837, Common Criteria), for which version, until when?",
        "Rack units, power and climate at each end, and what the site must provide?",
    ),
    "fibre": (
        "Measured loss of each strand at 1550 nm and 1310 nm, in both directions (OTDR traces), with connectors?",
        "Route as a drawing, with ducts, bridges and buildings that it shares with other routes?",
        "Fibre type, number of splices and connectors, and the year of installation?",
        "Term, notice, indexation; repair time after a cut, and planned works in the next two years?",
        "Which room and power at each end, and who may enter there?",
    ),
    "services": (
        "What of it is done on site, by whom, and with which clearance?",
        "What is handed over at the end (protocols, measurements, documents)?",
    ),
    "encryptors": (
        "Which algorithms for key exchange and signatures, by which standards, from which release?",
        "How do keys come in (ETSI GS QKD 014, RFC 8784), and are they combined with the key exchange?",
        "Which licences are due for post-quantum algorithms and for keys from QKD, per year?",
        "Which certification holds, for which release, until when?",
    ),
}


def questions_about(wares: Collection[str]) -> tuple[str, ...]:
    """In the order of the wares, then what is asked about all."""
    return tuple(question for ware, asked in ABOUT.items() if ware in wares for question in asked) + ABOUT_ALL
