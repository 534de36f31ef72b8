"""Whether what qplan needs is there and works: solvers are made to solve, the drawing program to draw."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from re import match

from qplan import __version__
from qplan.candidates.links import enumerate_candidates
from qplan.errors import QplanError, SolverFailed
from qplan.inventory.model import Inventory
from qplan.optimizer.limits import SearchParameters
from qplan.optimizer.model.stage import Task
from qplan.optimizer.search.stages import stages
from qplan.optimizer.solvers.solver import solve
from qplan.optimizer.solvers.versions import solver_version
from qplan.outputs.text.tables import one_line, text_table
from qplan.outputs.topology.graphviz_pure import run_graphviz
from qplan.outputs.verbs.documents import DoctorDocument, PartDocument
from qplan.time_budget import TimeBudget

SECONDS = 30.0
TRIAL = {  # one system on one fibre is the only design, and costs 7
    "qplan": 1,
    "sites": {"a": {}, "b": {}},
    "fibres": {"f": {"ends": ["a", "b"], "loss_db": 5}},
    "equipment": {"qkd_systems": {"s": {"key_rate_curve": [[0, 1000], [10, 1000]], "price": 7}}},
    "corridors": {"c": {"ends": ["a", "b"], "key_rate_bps": 100}},
    "objective": "capex",
}
COST = 7.0


@dataclass(frozen=True)
class Part:
    """A program that qplan uses: whether it works, and what it said."""

    name: str
    version: str | None
    needed: bool
    works: bool
    said: str


@dataclass(frozen=True)
class Examination:
    """What was found; `libraries` are (name, version) of the packages that qplan needs, sorted."""

    parts: tuple[Part, ...]
    libraries: tuple[tuple[str, str | None], ...]

    @property
    def sound(self) -> bool:
        """Everything that is needed works."""
        return all(part.works for part in self.parts if part.needed)


def examine() -> Examination:
    """Try everything."""
    parts = (
        _tried("HiGHS", True, lambda: _solve("highs"), "the default solver"),
        _tried("CBC", False, lambda: _solve("cbc"), "--solver cbc"),
        _tried("graphviz-pure", True, _draw, "draws topologies"),
    )
    return Examination(parts, tuple(sorted(_libraries())))


def _tried(name: str, needed: bool, trial: Callable[[], str], purpose: str) -> Part:
    try:
        return Part(name, trial(), needed, True, purpose)
    except QplanError as error:
        return Part(name, None, needed, False, one_line(str(error)))


def _solve(solver: str) -> str:
    """The solver's version, when it has solved a tiny programme. Raises SolverFailed."""
    _, found = solver_version(solver)
    inventory = Inventory.model_validate(TRIAL)
    parameters = SearchParameters(0.0, TimeBudget.of(SECONDS))
    task = Task(inventory, enumerate_candidates(inventory), stages(inventory)[-1], (), None, solver, parameters)
    model = task.exact_model()
    solution = solve(model, task.stage.goal(model), solver, parameters)
    if solution.value is None or abs(solution.value - COST) > 1e-6:
        raise SolverFailed(f"a programme whose optimum is {COST:g} came to {solution.value}")
    return found


def _draw() -> str:
    """The drawing program's version, when it has drawn. Raises QplanError."""
    if "</svg>" not in run_graphviz("graph { a -- b }", "-Kneato", "-Tsvg"):
        raise QplanError("it drew no SVG")
    return _version("graphviz-pure") or "of the system"


def _libraries() -> Iterator[tuple[str, str | None]]:
    for text in requires("qplan") or ():
        name = match(r"[\w.-]+", text)
        if name and "extra ==" not in text:
            yield name[0], _version(name[0])


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def examination_text(found: Examination) -> str:
    """Parts with what is wrong with them, then versions."""
    rows = [
        ("works" if part.works else "FAILS" if part.needed else "not there", part.name, part.version or "–", part.said)
        for part in found.parts
    ]
    libraries = ", ".join(f"{name} {number or 'missing'}" for name, number in dict(found.libraries).items())
    blocks = [
        f"qplan {__version__}, Python {platform.python_version()}",
        text_table(("State", "Part", "Version", "For"), rows).rstrip("\n"),
        f"Libraries: {libraries}",
        "All that is needed works." if found.sound else "Something that is needed does not work.",
    ]
    return "\n\n".join(blocks) + "\n"


def examination_json(found: Examination) -> str:
    return DoctorDocument(
        python_version=platform.python_version(),
        sound=found.sound,
        parts=tuple(PartDocument.model_validate(asdict(part)) for part in found.parts),
        libraries=dict(found.libraries),
    ).text()
