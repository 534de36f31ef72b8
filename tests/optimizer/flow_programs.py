"""Arc-flow programmes of small random inventories."""

from __future__ import annotations

import random

import pytest
from oracle.engine_instances import engine_instance
from planning import PATIENCE_S

from qplan.candidates.links import enumerate_candidates
from qplan.inventory.model import Inventory
from qplan.optimizer.cuts.row import Row
from qplan.optimizer.limits import SearchParameters
from qplan.optimizer.model.stage import Task
from qplan.optimizer.search import arc_flow
from qplan.optimizer.search.stages import stages
from qplan.optimizer.solvers.linear_program import LinearProgram, relax
from qplan.time_budget import TimeBudget


def flow_program(seed: int, monkeypatch: pytest.MonkeyPatch) -> LinearProgram | None:
    """With every block of copies that there is; None where no corridor is left, or nothing for one to use."""
    monkeypatch.setattr(arc_flow, "FEWEST_COPIES", 1)
    content, rng = engine_instance(seed), random.Random(seed)
    for corridor in content["corridors"].values():  # flows of optional ones are no copies
        corridor["required"] = rng.random() < 0.7
    inventory = Inventory.model_validate(content)
    candidates, parameters = enumerate_candidates(inventory), SearchParameters(0.0, TimeBudget.of(PATIENCE_S))
    stage = stages(inventory)[-1]
    model = Task(inventory, candidates, stage, (), None, "highs", parameters).design_model()
    flows = arc_flow.add_flows(model, arc_flow.merge(model))
    return flows.added_to(relax(model, stage.goal(model), [])) if flows.paths and flows.columns else None


def with_random_cuts(program: LinearProgram, seed: int) -> LinearProgram:
    rng, columns = random.Random(seed), range(len(program.cost))
    cuts = [tuple(sorted(rng.sample(columns, min(3, len(columns))))) for _ in range(4)]
    return program.with_rows([Row("any", cut, tuple(rng.random() for _ in cut), 1.0) for cut in cuts])
