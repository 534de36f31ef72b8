"""Workbooks and OTDR traces as bytes, so that no binary file lies in the repository."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime

import xlsxwriter

Event = tuple[float, float, float, str]
"""Distance in km, slope before it in dB/km, its own loss in dB, and its kind as eight letters."""
END, SPLICE = "1E9999LS", "0F9999LS"


def workbook(sheets: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    """Sheets of cells."""
    data = io.BytesIO()
    with xlsxwriter.Workbook(data, {"in_memory": True}) as book:
        book.set_properties({"created": datetime(2026, 1, 1)})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return data.getvalue()


def plant() -> bytes:
    """A workbook as people have it: titles above the headings, merged and hidden cells, numbers as ids, dates."""
    data = io.BytesIO()
    with xlsxwriter.Workbook(data, {"in_memory": True}) as book:
        book.set_properties({"created": datetime(2026, 1, 1)})
        sites, cables, notes = (book.add_worksheet(name) for name in ("Standorte", "Kabel", "Notizen"))
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "dd.mm.yyyy"})
        sites.write(0, 0, "Standortliste Netz Süd", bold)
        sites.write_row(2, 0, ["Nr.", "Bezeichnung", "Breite", "Länge", "Land", "Freie HE", "Aufnahme"])
        for row, values in enumerate(
            [
                (12, "Augsburg Nord", 48.3905, 10.8980, "Deutschland", 12),
                (13, "München West", 48.1420, 11.4990, "Deutschland", 8),
                (14, "Landsberg", 48.0502, 10.8770, "Deutschland", 4),
                (15, "Salzburg Süd", "47,7790", "13,0620", "Österreich", 6),
            ],
            3,
        ):
            sites.write_row(row, 0, values)
            sites.write_datetime(row, 6, datetime(2026, 3, row), day)
        cables.write_row(0, 0, ["Kabel-ID", "Von", "Nach", "Länge [m]", "Dämpfung [dB]", "Freie Fasern", "Trasse"])
        cables.write_row(1, 1, [12, 13, 71250, 17.9, 4])
        cables.write_row(2, 1, [12, 14, 48300, "12,6", 2, "B 17"])
        cables.merge_range(1, 0, 2, 0, "A-100", bold)
        cables.write_row(3, 0, ["A-101", 14, 13, 66400])
        cables.write_formula(3, 4, "=D4/1000*0.25", None, "")
        cables.write_row(4, 0, ["A-102", "München West", "Salzburg Süd", 158000, 37.5, 2])
        cables.write_row(5, 0, ["A-103", 13, 12, 99000, None, 2])
        cables.set_row(5, None, None, {"hidden": True})
        notes.write_row(0, 0, ["Offene Punkte", "Wer"])
        notes.write_row(1, 0, ["Trassen prüfen", "NM"])
    return data.getvalue()


def gnpy_plant() -> bytes:
    """GNPy's two sheets, with lines above the headings and merged headings of two directions."""
    nodes = [
        ["Example"],
        [],
        ["City", "State", "Country", "Region", "Latitude", "Longitude", "Type"],
        ["Porto", "", "Portugal", "N", 41.1579, -8.6291, "ROADM"],
        ["Aveiro", "", "Portugal", "N", 40.6405, -8.6538, "FUSED"],
        ["Coimbra", "", "Portugal", "C", 40.2033, -8.4103, "ROADM"],
        ["Leiria", "", "Portugal", "C", 39.7436, -8.8071, "ILA"],
        ["Lisboa", "", "Portugal", "L", 38.7223, -9.1393, "ROADM"],
    ]
    own = ["Distance (km)", "Fiber type", "lineic att", "Con_in", "Con_out", "PMD", "Cable id"]
    links = [
        ["", "", "east cable (from a to z)", "", "", "", "", "", "", "west (from z to a"],
        ["Node A", "Node Z", *own, *own],
        ["Porto", "Aveiro", 68, "SSMF", 0.2, 0.25, 0.25, "", "P1", "", "", 0.22, "", "", "", "P1"],
        ["Aveiro", "Coimbra", 62.5, "", "", "", "", "", "P2"],
        ["Coimbra", "Leiria", 72, "SSMF", 0.21, "", "", "", "P3"],
        ["Leiria", "Lisboa", 140, "SSMF", 0.21, "", "", "", "P4", 144],
    ]
    return workbook({"Nodes": nodes, "Links": links, "Eqpt": [["OPTIONAL"]]})


def archive(files: Mapping[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files.items():
            opened.writestr(zipfile.ZipInfo(name), content)
    return data.getvalue()


def trace(
    a: str,
    b: str,
    cable: str,
    events: Sequence[Event],
    *,
    wavelength_nm: int = 1550,
    total_db: float = 0.0,
    strand: str = "1",
) -> bytes:
    """An OTDR trace, SR-4731 version 2; points of the curve are left out but for two."""
    index = 1.468

    def words(*texts: str) -> bytes:
        return b"".join(text.encode("latin-1") + b"\0" for text in texts)

    def event(number: int, one: Event) -> bytes:
        time = round(one[0] * 1000 * index / 299.792458 * 1000 / 0.1)
        head = struct.pack("<HIhhi", number, time, round(one[1] * 1000), round(one[2] * 1000), -45000)
        return head + one[3].encode() + struct.pack("<5i", *[0] * 5) + b"\0"

    keys = b"".join(event(number, one) for number, one in enumerate(events, 1))
    blocks = {
        "GenParams": b"EN"
        + words(cable, strand)
        + struct.pack("<hH", 652, wavelength_nm)
        + words(a, b, "")
        + b"BC"
        + struct.pack("<ii", 0, 0)
        + words("", ""),
        "SupParams": words("Example", "T-1", "1", "M", "1", "1.0", ""),
        "FxdParams": struct.pack("<I", 1_790_000_000)
        + b"mt"
        + struct.pack("<HiiHHIII", wavelength_nm * 10, 0, 0, 1, 100, 50000, 2, 146800)
        + struct.pack("<HIHIiiHhHHHH", 800, 1000, 30, 100000, 0, 0, 20000, 1000, 0, 30, 40000, 3000)
        + b"ST"
        + struct.pack("<4i", *[0] * 4),
        "KeyEvents": struct.pack("<H", len(events))
        + keys
        + struct.pack("<iiiHii", round(total_db * 1000), 0, 0, 30000, 0, 0),
        "DataPts": struct.pack("<IHIH", 2, 1, 2, 1000) + struct.pack("<2H", 100, 200),
        "Cksum": struct.pack("<H", 0),
    }
    whole = {name: name.encode() + b"\0" + content for name, content in blocks.items()}
    entries = b"".join(words(name) + struct.pack("<HI", 200, len(content)) for name, content in whole.items())
    head = b"Map\0" + struct.pack("<HIH", 200, 12 + len(entries), len(whole) + 1)
    return head + entries + b"".join(whole.values())
