"""qplan: infrastructure as code for quantum key distribution (QKD) networks.

    import qplan

    inventory = qplan.load("sites.yaml", scenario="ring", set={"policy.loss_margin_db": 2})
    result = qplan.optimize(inventory, gap=0.001, time_limit=60)
    print(result.status, result.value, result.bound, result.gap)
    print(qplan.explain(result, "sites.west"))
    qplan.write(result, "sites.plan")

Stable is what `__all__` names. A minor version may add names, keyword arguments and attributes; what is there keeps its
name and meaning until the next major version. Everything else in the package, and the wording of texts, may change at
any time. Failures are QplanError: `.diagnostics` are the findings about the input, `.exit_code` is that of the command.

Rooms are imported when they are needed, so that `import qplan` costs next to nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from qplan.api.comparing import compare as compare
    from qplan.api.inventories import load as load
    from qplan.api.inventories import validate as validate
    from qplan.api.planning import Result as Result
    from qplan.api.planning import assess as assess
    from qplan.api.planning import load_plan as load_plan
    from qplan.api.planning import load_result as load_result
    from qplan.api.planning import optimize as optimize
    from qplan.api.planning import verify as verify
    from qplan.api.planning import write as write
    from qplan.api.questions import Statement as Statement
    from qplan.api.questions import explain as explain
    from qplan.api.words import render as render
    from qplan.assessment.facts import PlanFacts as PlanFacts
    from qplan.comparison.model import Comparison as Comparison
    from qplan.errors import Diagnostic as Diagnostic
    from qplan.errors import Exit as Exit
    from qplan.errors import InvalidInput as InvalidInput
    from qplan.errors import QplanError as QplanError
    from qplan.errors import SolverFailed as SolverFailed
    from qplan.errors import WrongUsage as WrongUsage
    from qplan.inventory.model import Inventory as Inventory
    from qplan.inventory.reader import Reading as Reading
    from qplan.outputs.verbs.progress import Progress as Progress
    from qplan.outputs.verbs.verification import Verification as Verification
    from qplan.plan.model import Plan as Plan

_ROOMS = {
    "qplan.api.comparing": ("compare",),
    "qplan.api.inventories": ("load", "validate"),
    "qplan.api.planning": (
        "Result",
        "assess",
        "load_plan",
        "load_result",
        "optimize",
        "verify",
        "write",
    ),
    "qplan.api.questions": ("Statement", "explain"),
    "qplan.api.words": ("render",),
    "qplan.assessment.facts": ("PlanFacts",),
    "qplan.comparison.model": ("Comparison",),
    "qplan.errors": ("Diagnostic", "Exit", "InvalidInput", "QplanError", "SolverFailed", "WrongUsage"),
    "qplan.inventory.model": ("Inventory",),
    "qplan.inventory.reader": ("Reading",),
    "qplan.outputs.verbs.progress": ("Progress",),
    "qplan.outputs.verbs.verification": ("Verification",),
    "qplan.plan.model": ("Plan",),
}
_HOME = {name: room for room, names in _ROOMS.items() for name in names}
__all__ = ["__version__", *_HOME]


if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in _HOME:
            raise AttributeError(f"module 'qplan' has no attribute {name!r}")
        return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})


class _Face(ModuleType):
    """The function `explain` stays what it is when the room of the same name is imported."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name == "explain" and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Face
