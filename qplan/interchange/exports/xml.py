"""What the XML formats share: texts that XML 1.0 can hold, and a document with the mark of an export."""

from __future__ import annotations

import re

from qplan.interchange.exports.exported import generator

NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(value: object) -> str:
    """A value as text; what XML cannot hold is U+FFFD, truth values are `true` and `false`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return NOT_IN_XML.sub("\ufffd", str(value))


def xml_document(name: str, root: str) -> str:
    """A document from the text of its root element."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!-- {generator(name)} -->\n{root}\n'
