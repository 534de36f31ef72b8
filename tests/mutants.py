"""Faults put into a copy of the package, one after the other: the tests must see each of them.

`python tests/mutants.py` tries all (about ten minutes), with names only these; exit 1 where one goes unseen. A mutant
whose line is no longer there is an error: it is to be written anew for what has taken its place.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("qplan", "tests", "examples", "schemas", "pyproject.toml", "README.md", "CONTRIBUTING.md", "CHANGELOG.md")
ENGINES, ROWS, COSTS = "tests/optimizer/test_engines.py", "tests/optimizer/test_rows.py", "tests/costing"
SERVED_SETS = "tests/optimizer/test_served_sets.py"
RELAYED = "tests/optimizer/test_engines.py::test_relayed_by_one_path_patched_through_by_another"
LIMITS, FAULTS = "tests/candidates/test_links.py", "tests/optimizer/test_solver_faults.py"


class Mutant(NamedTuple):
    """A text of a module, what stands there instead, and the tests that are to see it."""

    module: str
    text: str
    instead: str
    tests: tuple[str, ...]


MUTANTS = {
    "a corridor's flow asks for more than its paths": Mutant(
        "optimizer/cuts/corridor_flow_cuts.py",
        "rounded, float(scale), 0.0",
        "rounded, float(scale + 1), 0.0",
        (ENGINES,),
    ),
    "a corridor's flow is of one path more": Mutant(
        "optimizer/cuts/corridor_flow_cuts.py",
        "np.full(1, rooms), -float(paths))",
        "np.full(1, rooms), -float(paths) - 1)",
        (ENGINES,),
    ),
    "the bound of shares for a plan dearer than all": Mutant(
        "optimizer/search/root.py", "bound, cutoff = min(scope.bound, ", "bound, cutoff = max(scope.bound, ", (ENGINES,)
    ),
    "tight rows of layered graphs are taken out": Mutant(
        "optimizer/search/root.py",
        "drop_slack(tight=not root.layered)",
        "drop_slack(tight=True)",
        ("tests/optimizer/test_root.py",),
    ),
    "the simplex method never asks for ties": Mutant(
        "optimizer/search/root.py",
        "separate_from(ties, len",
        "separate_from([], len",
        ("tests/optimizer/test_root.py",),
    ),
    "a model without columns is solved": Mutant(
        "optimizer/solvers/session.py", "possible = max(", "possible = 0 * max(", ("tests/optimizer/test_sums.py",)
    ),
    "no point by interior points": Mutant(
        "optimizer/solvers/session.py",
        '{"presolve": "off", "solver": "simplex"}',
        '{"presolve": "off"}',
        ("tests/optimizer/test_sums.py",),
    ),
    "the plan shaken last for the best": Mutant(
        "optimizer/heuristics/guided_search.py",
        "best = _better(best, current)",
        "best = current",
        ("tests/optimizer/test_local_search.py",),
    ),
    "links drawn without the plan's own": Mutant(
        "optimizer/heuristics/guided_search.py",
        "drawn.union(current.design.used_links)",
        "drawn",
        ("tests/optimizer/test_local_search.py",),
    ),
    "flows branched on with the greater part left out": Mutant(
        "optimizer/search/flow_branching.py", "column: over}", "column: under}", (ENGINES,)
    ),
    "one path where rates bind, over any number of relays": Mutant(
        "optimizer/search/arc_flow.py",
        "corridor.paths > 1 or rates_bind",
        "corridor.paths > 1",
        ("tests/optimizer/test_flow_branching.py",),
    ),
    "flows through layers that leave what they entered": Mutant(
        "optimizer/search/arc_flow.py", "(layer + 1) * size + head", "layer * size + head", (ENGINES,)
    ),
    "stars that reach all corridors, served or not": Mutant(
        "optimizer/cuts/star_trees.py",
        'require("star_tree_cut", network.columns(cut), 1.0, served)',
        'require("star_tree_cut", network.columns(cut), 1.0, None)',
        (ENGINES,),
    ),
    "trees by rules for corridors that these do not bind": Mutant(
        "optimizer/cuts/ruled_trees.py", "if mine <= allowed)", "if mine & allowed)", (ENGINES,)
    ),
    "trees by rules with chains of corridors beside these": Mutant(
        "optimizer/cuts/relay_cuts.py",
        "adjacent(required_ends(model.inventory, among))",
        "adjacent(required_ends(model.inventory))",
        (ENGINES,),
    ),
    "flows left out that pay nothing for their links": Mutant(
        "optimizer/solvers/parts.py",
        "np.where(whole.upper[columns] > 0, reduced[columns], 0.0)",
        "np.zeros(len(columns))",
        ("tests/optimizer/test_parts.py",),
    ),
    "multipliers of rows left out paid for twice": Mutant(
        "optimizer/solvers/parts.py",
        "paid = np.where(rows, 0.0, frozen)",
        "paid = np.zeros(len(frozen))",
        ("tests/optimizer/test_parts.py",),
    ),
    "a system too many for a corridor alone": Mutant(
        "optimizer/search/arc_flow.py", "-1.0 / alone[several]", "-1.0 / (alone[several] + 1)", (ENGINES,)
    ),
    "corridors left out that rules do not forbid": Mutant(
        "candidates/precheck.py",
        "(others, optional)",
        "(others, alone)",
        ("tests/candidates/test_precheck.py",),
    ),
    "sets that are too dear lose a corridor too many": Mutant(
        "optimizer/search/served_sets.py", "len(one) - 1.0", "len(one) - 2.0", (SERVED_SETS,)
    ),
    "sets that are undecided are too dear": Mutant(
        "optimizer/search/served_sets.py", "surely_above(found.bound, self.ceiling) else None",
        "surely_above(found.bound, self.ceiling) else True", (SERVED_SETS,),
    ),
    "optional corridors left out that are as good as others": Mutant(
        "optimizer/search/stages.py",
        "if beside is None or _sum(priority[each] for each in {q, *beside}) < total:",
        "if beside is None or _sum(priority[each] for each in {q, *beside}) <= total:",
        (SERVED_SETS, "tests/optimizer/test_stages.py"),
    ),
    "optional corridors required that others may replace": Mutant(
        "optimizer/search/stages.py",
        "if without is None or _sum(priority[each] for each in without) < total:",
        "if without is None or _sum(priority[each] for each in without) <= total:",
        ("tests/optimizer/test_stages.py",),
    ),
    "a corridor alone that is undecided is impossible": Mutant(
        "optimizer/search/exact.py",
        "True if found.values is not None else False if found.infeasible else None",
        "False",
        (ENGINES,),
    ),
    "paths one layer short": Mutant(
        "optimizer/model/path_rows.py",
        "corridor.ends, corridor.max_relays + 1)",
        "corridor.ends, corridor.max_relays)",
        (ENGINES,),
    ),
    "a shadow of flows that give nothing": Mutant(
        "optimizer/solvers/linear_program.py", ".sum() - most.sum())", ".sum())", (ENGINES,)
    ),
    "a resource that all but none of the paths may take": Mutant(
        "optimizer/cuts/cutset_cuts.py", "without is None else paths - 1)", "without is None else paths)", (ENGINES,)
    ),
    "flows of optional corridors as copies": Mutant(
        "optimizer/search/arc_flow.py",
        "if optional[0] is None and len(groups)",
        "if len(groups)",
        ("tests/optimizer/test_products.py",),
    ),
    "columns taken out beyond half of what is left to the plan": Mutant(
        "optimizer/solvers/relaxation.py",
        "gone = self._costs > (most - self.goal.constant) * self.goal.scale - self._bound",
        "gone = self._costs > 0.5 * ((most - self.goal.constant) * self.goal.scale - self._bound)",
        (ENGINES, "tests/optimizer/test_sums.py"),
    ),
    "links of series not counted beyond the trees": Mutant(
        "optimizer/cuts/trees.py",
        "if len(terms) > len(taken.get(series, ())):",
        'if pair[0][0] != "h" and len(terms) > len(taken.get(series, ())):',
        (ENGINES,),
    ),
    "half a cycle lets trees pass": Mutant(
        "optimizer/cuts/relay_cuts.py", "(self.extra,), 1.0))", "(self.extra,), 0.5))", (ENGINES,)
    ),
    "a link between two ends for both of them, though neither relays": Mutant(
        "optimizer/cuts/end_cuts.py",
        "weights[column] += 0.5",
        "weights[column] += 0.0",
        ("tests/optimizer/test_end_cuts.py",),
    ),
    "relays save a link of an end with one path in any set": Mutant(
        "optimizer/cuts/end_cuts.py",
        "0.5 * self.paths[t] if t in inner else self.saved[t]",
        "self.saved[t]",
        ("tests/optimizer/test_end_cuts.py",),
    ),
    "a link for one path alone at an end": Mutant(
        "optimizer/cuts/corridor_ends.py",
        "dict.fromkeys(corridor.ends, corridor.paths))",
        "dict.fromkeys(corridor.ends, 1))",
        ("tests/optimizer/test_end_cuts.py",),
    ),
    "chains over ends that do not relay either": Mutant(
        "optimizer/cuts/leaf_cuts.py",
        "_groups(self.linked, self.ends[joint.component], gone)",
        "self.groups[joint.end]",
        (ENGINES,),
    ),
    "less room for trees than value and bound leave": Mutant(
        "optimizer/cuts/core_shares.py",
        "room = (value - goal.to_domain(network.fixed + sweep.total) + CENT)",
        "room = 0.7 * (value - goal.to_domain(network.fixed + sweep.total) + CENT)",
        (ENGINES,),
    ),
    "ends apart that still join their corridors": Mutant(
        "optimizer/cuts/components.py", "name if s in apart else s", "s", (ENGINES,)
    ),
    "ends of several components entered as if of one": Mutant(
        "optimizer/cuts/trees.py", '">=" if several else "="', '"="', (ENGINES,)
    ),
    "ends apart where only trees of all their components end": Mutant(
        "optimizer/cuts/core_shares.py", "met == every, met > 0)", "met == every, met == every)", (ENGINES,)
    ),
    "series priced link by link": Mutant(
        "optimizer/cuts/core_shares.py", "priced(built) / alike[built]", "priced(built)", (ENGINES,)
    ),
    "max_relays one too tight": Mutant(
        "optimizer/model/path_rows.py", '"<=", limit + 1, "max_relays"', '"<=", limit, "max_relays"', (ENGINES, ROWS)
    ),
    "items of existing relays counted as room": Mutant(
        "optimizer/model/design_rows.py",
        "plant.relay_items(model.inventory, s).values()",
        "equipment.relay_items.values()",
        (ENGINES, ROWS),
    ),
    "strand factor dropped": Mutant(
        "optimizer/model/design_rows.py",
        "taken[f].append((systems, link.strands))",
        "taken[f].append((systems, 1))",
        (ROWS, ENGINES),
    ),
    "use ≥ inflow dropped": Mutant(
        "optimizer/model/path_rows.py",
        "if resource.kind is Kind.SITE and (entering",
        "if resource.kind is Kind.DUCT and (entering",
        (RELAYED,),
    ),
    '"not relayed too" dropped from "used once"': Mutant(
        "candidates/bundles.py",
        "len({bundles[i].ends for i in indices}) == 1 and not relayed_too",
        "len({bundles[i].ends for i in indices}) == 1",
        (RELAYED,),
    ),
    "strands left out of dominance": Mutant(
        "candidates/dominance.py", "(system.strands, *", "(0, *", (LIMITS,)
    ),
    "unknown length passes max_length_km": Mutant(
        "candidates/links.py", "(length is None or length > system.max_length_km)",
        "(length is not None and length > system.max_length_km)", (LIMITS,)
    ),
    "rate tolerance dropped": Mutant(
        "physics/key_rate.py", "RATE_TOLERANCE = 1e-6", "RATE_TOLERANCE = 0.0", (LIMITS,)
    ),
    "ceiling of the count of relays without slack": Mutant(
        "optimizer/search/stages.py",
        "math.ceil(bound - WHOLE)",
        "math.ceil(bound)",
        ("tests/optimizer/test_stages.py",),
    ),
    "sign of the bound's safety": Mutant(
        "optimizer/search/stages.py", "bound -= BOUND_SAFETY * abs(bound)", "bound += BOUND_SAFETY * abs(bound)",
        ("tests/optimizer/test_stages.py",),
    ),
    "O band from 1311 nm": Mutant(
        "physics/bands.py", "O_BAND_BELOW_NM = 1400.0", "O_BAND_BELOW_NM = 1311.0", (LIMITS,)
    ),
    "unsound cut called optimal": Mutant(
        "optimizer/search/minimization.py",
        "failed, left = StopReason.UNSOUND_CUT, list(LAST)",
        "failed, left = StopReason.PROOF, list(LAST)",
        (FAULTS,),
    ),
    "unsound cut keeps its bound": Mutant(
        "optimizer/search/minimization.py",
        "standing = Standing(incumbent, notes=(*standing.notes, str(unsound)))",
        "standing = replace(standing, incumbent=incumbent, notes=(*standing.notes, str(unsound)))",
        (FAULTS,),
    ),
    "unsound cut unsaid": Mutant(
        "optimizer/search/minimization.py",
        "standing = Standing(incumbent, notes=(*standing.notes, str(unsound)))",
        "standing = Standing(incumbent)",
        (FAULTS,),
    ),
    "plan stopped by an unsound cut verified as optimal": Mutant(
        "plan/verify/verifier.py", '"unsound_cut", ', "", ("tests/plan",)
    ),
    "node items where no node is": Mutant(
        "optimizer/model/design_rows.py",
        "terms.append((model.node[s], node_items))",
        "free -= node_items",
        (ROWS, ENGINES),
    ),
    "a route and its reverse as two": Mutant(
        "candidates/routes.py", "if visited[0] < there and there in ends", "if there in ends", (LIMITS,)
    ),
    "one year more in the nominal sum": Mutant(
        "costing/cost.py", "cost.opex_per_year * (horizon - listed)", "cost.opex_per_year * (horizon - listed + 1)",
        (COSTS,),
    ),
    "one year more where years differ": Mutant(
        "costing/cost.py", "range(listed + 1, horizon + 1)", "range(listed + 1, horizon + 2)", (COSTS,)
    ),
    "lead time not among the terms of one part": Mutant(
        "costing/bill.py", "self.lead_time_weeks,\n            self.quote_ref", "self.quote_ref", (COSTS,)
    ),
    "a lease line of 0 km": Mutant(
        "costing/bill_lines.py", "if needs and amount and per_strand:", "if needs and amount:", (COSTS,)
    ),
    "infeasible after presolve counts": Mutant(
        "optimizer/solvers/highs.py", "if found.infeasible or (", "if (", (FAULTS,)
    ),
    "optimal without a bound is not looked at again": Mutant(
        "optimizer/solvers/highs.py",
        "(found.bound is None and found.stopped_by is StopReason.GAP)",
        "False",
        ("tests/optimizer/test_optimality.py::test_mixed_magnitudes_leave_no_artefacts",),
    ),
    "infeasible root counts without a ray": Mutant(
        "optimizer/solvers/relaxation.py",
        "if lost or (status in IMPOSSIBLE and not _proves_infeasible(self._session)):",
        "if lost:",
        (FAULTS,),
    ),
    "rows refused in silence": Mutant(
        "optimizer/solvers/session.py",
        "    if status not in (highspy.HighsStatus.kOk, *accepted):\n",
        "    if False:\n",
        (FAULTS,),
    ),
    "a relaxation without an answer is lost": Mutant(
        "optimizer/solvers/relaxation.py", "lost = status == ended.kUnknown and", "lost = False and", (FAULTS,)
    ),
    "layers of all demands as one": Mutant(
        "optimizer/cuts/layered_trees.py", "groups[end, usable].append", "groups[end, frozenset()].append", (ENGINES,)
    ),
}  # fmt: skip


def seen(mutant: Mutant, folder: Path) -> bool:
    """Whether a test fails on a copy with the mutant in it."""
    file = folder / "qplan" / mutant.module
    sound = file.read_text("utf-8")
    if sound.count(mutant.text) != 1:
        raise SystemExit(f"{mutant.module} does not have once: {mutant.text!r}")
    file.write_text(sound.replace(mutant.text, mutant.instead), "utf-8")
    try:
        return any(_fail(test, folder) for test in mutant.tests)
    finally:
        file.write_text(sound, "utf-8")


def _fail(test: str, folder: Path) -> bool:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n0", "-p", "no:cacheprovider", test]
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if run.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)} ended with {run.returncode}:\n{run.stdout[-2000:]}{run.stderr[-2000:]}")
    return run.returncode == 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MUTANTS))
    unseen = []
    with tempfile.TemporaryDirectory(prefix="qplan-mutants-") as scratch:
        for name in COPIED:
            source, target = ROOT / name, Path(scratch, name)
            shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
        for name in parser.parse_args().names or MUTANTS:
            found = seen(MUTANTS[name], Path(scratch))
            print(f"{'seen' if found else 'UNSEEN':8}{name}", flush=True)
            unseen += [] if found else [name]
    raise SystemExit(f"{len(unseen)} of the faults went unseen" if unseen else 0)


if __name__ == "__main__":
    main()
