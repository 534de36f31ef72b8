"""The maths of the model on one page, from what the functions that add or separate rows say of them.

`python -m qplan.optimizer.maths` writes `MATHS.md` beside this file.
"""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path

from qplan.optimizer.model.families import FAMILIES

PAGE = Path(__file__).with_name("MATHS.md")
MODULES = (
    "model.design_rows",
    "model.path_rows",
    "model.link_money",
    "model.purchases",
    "model.money_rows",
    "model.changes",
    "model.objectives",
    "model.relay_rows",
    "model.link_rows",
    "cuts.trees",
    "cuts.ruled_trees",
    "cuts.tree_cuts",
    "cuts.relay_cuts",
    "cuts.leaf_cuts",
    "cuts.path_cuts",
    "cuts.end_cuts",
    "cuts.exclusive_cuts",
    "cuts.exclusive_flow_cuts",
    "cuts.corridor_flow_cuts",
    "cuts.flow_shadow",
    "cuts.layered_trees",
    "cuts.star_trees",
    "cuts.layered_flows",
    "cuts.layered_cuts",
    "cuts.cutset_cuts",
    "cuts.zero_half_cuts",
)
HEAD = """# The rows of the model

Made from docstrings by `python -m qplan.optimizer.maths`; do not edit. Rows of `model/` are the integer programme. Rows
of `cuts/` hold for every design that serves the corridors: they are added to its relaxations to raise the bound. Every
row of a written model (`--lp`) is named after its family.
"""


def maths_page() -> str:
    """Every row family by module, as Markdown."""
    sections = [HEAD]
    for name in MODULES:
        module = import_module(f"qplan.optimizer.{name}")
        title, _, rest = inspect.cleandoc(module.__doc__ or "").partition("\n\n")
        sections.append(
            f"## {' '.join(title.split())}\n\n`{name.replace('.', '/')}.py`\n" + (f"\n{rest}\n" if rest else "")
        )
        for family in FAMILIES:
            if family.module == module.__name__:
                names = ", ".join(f"`{row}`" for row in family.names)
                sections.append(f"### {names}\n\n{inspect.cleandoc(family.text)}\n")
    return "\n".join(sections)


if __name__ == "__main__":
    PAGE.write_text(maths_page(), encoding="utf-8")
