"""The report as a neutral document: headline, key figures and sections of plain text and tables.

Both report formats and the Markdown summary print this one document, so that they state the same facts. Every text is
plain and unescaped; names are the user's and may hold anything.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[str, ...] = ()
    """Columns of figures, aligned to the right."""
    bad: tuple[str, ...] = ()
    """Columns in which everything but a dash is bad news."""


@dataclass(frozen=True)
class Section:
    id: str
    title: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    points: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    """SVG, for pages alone."""


@dataclass(frozen=True)
class Document:
    title: str
    subtitle: str
    headline: str
    proven: bool
    warnings: tuple[str, ...]
    """What a reader must not miss: limits hit, corridors not served, checks exceeded, money not known."""
    figures: tuple[tuple[str, str], ...]
    corridors: Table
    """Every corridor in one short row."""
    sections: tuple[Section, ...]
    first: tuple[Section, ...] = ()
    """Before all else: what the page was asked for."""
