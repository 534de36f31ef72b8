"""Names that try to break out of the format they are written in, and a plan that bears them."""

from __future__ import annotations

from plan_fixtures import sample

from qplan.inventory.model import Inventory
from qplan.plan.model import Plan

HOSTILE = (
    'x"]; evil [label="',
    "</title><script>alert(1)</script>",
    "<B>&amp;</TABLE>>;",
    "end\nclick n1 href javascript:alert(1)",
    "a|b}}--\\N\\G`%%{init}%%#quot;",
    "\x00\x1b\u202egnp.exe\ud800\uffff",
)


def renamed(names: list[str]) -> tuple[Inventory, Plan]:
    """The sample with these names on its network and its sites (not validated: a file cannot hold all of them)."""
    inventory, plan = sample()
    metadata = inventory.metadata.model_copy(update={"name": names[0]})
    sites = {
        key: site.model_copy(update={"name": name})
        for (key, site), name in zip(inventory.sites.items(), names[1:], strict=True)
    }
    return inventory.model_copy(update={"metadata": metadata, "sites": sites}), plan


CELLS = (
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1+1", '=HYPERLINK("http://x.example")', "a|b", "a\nb",
    "\\|", "<script>alert(1)</script>", "&lt;", "[x](http://x.example)", "![x](y)", "`a`", "a_b_c", "**b**", "~~s~~",
    "$x$", "http://x.example", "www.x.example", "@team", "- item", "1. item", "# head", "> quote", "=====",
    "\u202eevil\u2066", "\x00\x07\x1b[31m", "\ud800", "\ufffe", "\u2028", "{=", "ZWJ \u200d", "http://x.example",
    "漢字", "", "'", '"', ",",
)  # fmt: skip
"""What spreadsheets, Markdown and terminals might take for more than a text."""
