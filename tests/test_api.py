"""The face: what `import qplan` offers to programs and notebooks."""

from __future__ import annotations

import ast
import re
import threading
from pathlib import Path
from xml.dom.minidom import parseString

import pytest

import qplan
from qplan.errors import Exit
from qplan.optimizer.limits import Sighting
from qplan.outputs.verbs.progress import progress, progress_line

ROOT = Path(__file__).parents[1]
METRO = ROOT / "examples" / "metro" / "sites.yaml"


@pytest.fixture(scope="module")
def inventory() -> qplan.Reading:
    return qplan.load(METRO)


@pytest.fixture(scope="module")
def result(inventory) -> qplan.Result:
    return qplan.optimize(inventory)


def test_the_face_has_what_it_names():
    """The names for type checkers are those for everybody else, and each is there."""
    tree = ast.parse(Path(qplan.__file__).read_text("utf-8"))
    typed = next(node for node in tree.body if isinstance(node, ast.If))
    imported = {
        alias.asname: f"{node.module}"
        for node in typed.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname == alias.name
    }
    assert imported == qplan._HOME
    assert {*imported, "__version__"} == {*qplan.__all__} <= {*dir(qplan)}
    assert all(getattr(qplan, name) is not None for name in qplan.__all__)
    with pytest.raises(AttributeError, match="optimise"):
        qplan.optimise  # noqa: B018


def test_explain_is_a_function_whatever_is_imported():
    import qplan.explain.trials

    assert callable(qplan.explain) and qplan.optimize.__module__ == "qplan.api.planning"


def test_readme_shows_it_in_ten_lines(tmp_path, monkeypatch, capsys):
    (block,) = re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert len(block.splitlines()) <= 12
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    exec(block.replace('"metro.plan"', repr(str(tmp_path / "metro.plan"))), names)
    assert (tmp_path / "metro.plan" / "plan.json").exists()
    told = re.findall(r"print\(.*\) +# (.*)", block)  # how each line printed begins, of an explanation the first
    assert len(told) == block.count("print(")
    assert all(map(str.startswith, capsys.readouterr().out.splitlines(), told))


def test_a_result_says_how_good_it_is(result):
    assert (result.status, result.gap <= 0.001, result.exit_code) == ("optimal", True, Exit.DONE)
    assert result.bound <= result.value == result.plan.objective.value
    assert result.failed_checks == () and result.explanation is None


def test_a_plan_written_is_read_back_and_holds(inventory, result, tmp_path):
    qplan.write(result, tmp_path / "plan")
    again = qplan.load_result(tmp_path / "plan")
    assert again.plan == result.plan == qplan.load_plan(tmp_path / "plan" / "plan.json")
    assert qplan.verify(inventory, again.plan).holds
    assert {node.node.site for node in qplan.assess(inventory, again.plan).nodes} == {n.site for n in again.plan.nodes}
    qplan.write(again, tmp_path / "again")
    files = {path.name: path.read_bytes() for path in (tmp_path / "plan").iterdir()}
    assert {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()} == files
    started = qplan.optimize(inventory, start=again.plan)
    assert (started.value, started.plan.links) == (result.value, result.plan.links)


def test_a_plan_that_does_not_hold_is_refused(inventory, result, tmp_path):
    qplan.write(result, tmp_path / "plan")
    plan = tmp_path / "plan" / "plan.json"
    as_written = plan.read_text("utf-8")
    budget, check = ('"margin": 1.0', '"margin": 0.0'), ('"ok": true', '"ok": false')
    for stated, false in (('"count": 1', '"count": 2'), budget, check):
        assert stated in as_written
        plan.write_text(as_written.replace(stated, false, 1), encoding="utf-8")
        with pytest.raises(qplan.QplanError, match="does not hold"):
            qplan.load_result(plan)
        found = qplan.verify(inventory, qplan.load_plan(plan))
        assert (found.holds, found.exit_code) == (False, Exit.CHECK)


def test_overrides_as_values_and_as_texts_are_one():
    values = {
        "policy.loss_margin_db": 2,
        "corridors.mirror.allowed_operators": ["bänk", "citynet"],
        "objective": "capex",
    }
    texts = ["policy.loss_margin_db=2", 'corridors.mirror.allowed_operators=["bänk", "citynet"]', "objective=capex"]
    one, other = qplan.load(METRO, set=values), qplan.load(METRO, set=texts)
    assert one == other and one.set == values


def test_errors_carry_diagnostics():
    with pytest.raises(qplan.InvalidInput) as caught:
        qplan.load(METRO, scenario="none", set={"sites.co-west.lng": 8})
    assert sorted(item.code for item in caught.value.diagnostics) == ["QP016", "QP017", "QP309"]
    with pytest.raises(qplan.QplanError) as caught:
        qplan.load("nowhere.yaml")
    assert caught.value.diagnostics == () and caught.value.exit_code == Exit.FAILED


@pytest.mark.parametrize(
    "options", [{"gap": -1}, {"gap": float("nan")}, {"time_limit": -1}, {"threads": 0}, {"solver": "x"}]
)
def test_wrong_arguments_are_told(inventory, options):
    with pytest.raises(qplan.WrongUsage, match=f"{next(iter(options))}|solver"):
        qplan.optimize(inventory, **options)


def test_progress_and_stop():
    seen: list[qplan.Progress] = []
    stop = threading.Event()

    def progress(at: qplan.Progress) -> None:
        seen.append(at)
        stop.set()

    result = qplan.optimize(qplan.load(ROOT / "examples/germany/sites.yaml"), progress=progress, stop=stop)
    assert seen[0].phase == "improving" and (seen[0].measure, seen[0].bound) == ("tco", None)
    assert (result.status, result.exit_code) == (
        "feasible",
        Exit.LIMIT,
    ) and result.plan.solver.stopped_by == "interrupt"


@pytest.mark.parametrize(
    ("sighting", "line"),
    [
        (Sighting("priority", None, -1.0), "first plan (priority served): best –, at most 1"),
        (Sighting("priority, arc flow", -0.0, -4.0), "proving (priority served): best 0, at most 4"),
        (Sighting("tco, arc flow", 2000.0, 1500.0), "proving: best CHF 2 000, bound CHF 1 500, gap CHF 500 (25.00 %)"),
        (Sighting("relays", 4.0, 3.0), "proving (relays): best 4, bound 3, gap 1 (25.00 %)"),
    ],
)
def test_progress_is_told_in_amounts_that_users_know(sighting, line):
    assert progress_line(progress(sighting), "CHF") == line


def test_without_a_plan_there_is_an_explanation(tmp_path):
    result = qplan.optimize(qplan.load(METRO, set={"corridors.vault.max_relays": 0}), time_limit=60)
    assert (result.plan, result.status, result.exit_code) == (None, "infeasible", Exit.INFEASIBLE)
    assert (result.value, result.bound, result.gap, result._repr_svg_()) == (None, None, None, None)
    assert "vault" in result._repr_html_() and "vault" in str(qplan.explain(result))
    qplan.write(result, tmp_path / "plan")
    assert {path.name for path in (tmp_path / "plan").iterdir()} == {"explanation.json", "explanation.md"}


def test_explain_answers_about_inventories_and_plans(inventory, result):
    assert "can be served" in str(qplan.explain(inventory))
    assert "mirror" in str(qplan.explain(inventory, "corridors.mirror"))
    assert "west" in qplan.render(qplan.explain(result, "sites.co-west"), "markdown")
    assert qplan.render(qplan.explain(result), "json").startswith("{")
    with pytest.raises(qplan.WrongUsage, match="did you mean"):
        qplan.explain(result, "sites.co-wset")


def test_plans_draw_themselves_in_notebooks(result):
    html, svg = result._repr_html_(), result._repr_svg_()
    assert parseString(svg).documentElement.tagName == "svg"
    assert html.count("<svg") == 1 and "Central office West" in html and "<table>" in html
    assert "<?xml" not in html
