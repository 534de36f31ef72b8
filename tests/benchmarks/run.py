"""The benchmarks in one command: `python tests/benchmarks/run.py [--group k1-hub] [--methods qplan,greedy] …`.

Every method runs on every case in a process of its own. The table grows as results come; with `--json` a run that was
interrupted goes on where it stopped, and qplan is measured anew where its code has changed since. Exit 1 where a bound
is above a value, a design does not hold or an optimum differs.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS))

from benchmarks import tables  # noqa: E402
from benchmarks.cases import all_cases  # noqa: E402
from benchmarks.steiner import published_optima  # noqa: E402

METHODS = ("qplan", "greedy", "weak-cbc", "weak-highs", "strong-cbc", "strong-highs", "cp-sat")
IN_ONE_PROCESS = METHODS[:2]
LEAST_SECONDS = 60.0  # limit of a run whose target is shorter: how long it takes is worth knowing
FIGURES = ("sites", "corridors", "links", "value", "bound", "verified", "wall_s", "cpu_s", "peak_mib")
GRACE = 1.5, 30.0  # a run is ended from outside at 1.5 × its limit + 30 s


@dataclass(frozen=True)
class Order:
    """What a worker is to do, and what is known about the case beforehand."""

    case: str
    group: str
    file: str | None
    published: float | None
    method: str
    gap: float
    seconds: float
    threads: int
    verbose: bool
    target_gap: float | None
    target_s: float
    seed: int = 1
    clock: str = "wall"

    @property
    def key(self) -> tuple:
        return _key(asdict(self))


def orders(args: argparse.Namespace) -> list[Order]:
    """What to run, case by case."""
    chosen = _cases(args) if args.steiner is None else _steiner(args.steiner)
    return [
        Order(
            method=method, seconds=args.seconds or max(LEAST_SECONDS, case["target_s"]), threads=args.threads,
            verbose=args.verbose, gap=(case["target_gap"] or 0.0) if args.gap is None else args.gap, seed=seed,
            clock=args.clock, **case,
        )
        for case in chosen
        for seed in range(1, args.seeds + 1)
        for method in args.methods
    ]  # fmt: skip


def _cases(args: argparse.Namespace) -> Iterator[dict]:
    for case in all_cases():
        size = args.sites is None or args.sites in case.name.split("-")
        if size and case.group in (args.group or [case.group]) and case.name in (args.case or [case.name]):
            yield {
                "case": case.name, "group": case.group, "file": None, "published": None,
                "target_gap": case.target_gap, "target_s": case.target_s,
            }  # fmt: skip


def _steiner(folder: Path) -> Iterator[dict]:
    optima = published_optima((folder / "README.md").read_text())
    for file in sorted([*folder.rglob("*.stp"), *folder.rglob("*.gr")]):
        yield {
            "case": file.stem, "group": "steiner", "file": str(file.absolute()), "published": optima[file.stem],
            "target_gap": 0.0, "target_s": 60.0,
        }  # fmt: skip


def run(order: Order) -> dict:
    """The row of one run; a worker that fails or overruns gives a row without figures that says so."""
    nothing = dict.fromkeys(FIGURES)
    with tempfile.TemporaryDirectory() as folder:
        ordered, result, errors = (Path(folder, name) for name in ("order.json", "result.json", "errors.txt"))
        ordered.write_text(json.dumps(asdict(order)))
        with errors.open("w") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.worker", str(ordered), str(result)], cwd=TESTS,
                start_new_session=True, stderr=None if order.verbose else log, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )  # fmt: skip
            try:
                worker.wait(GRACE[0] * order.seconds + GRACE[1])
                figures = nothing | {"stopped_by": "error", "notes": []}
            except subprocess.TimeoutExpired:
                figures = nothing | {"stopped_by": "overrun", "notes": []}
            finally:
                if worker.poll() is None:
                    os.killpg(worker.pid, signal.SIGKILL)
                    worker.wait()
        if result.exists():
            figures = json.loads(result.read_text())
        elif figures["stopped_by"] == "error":
            figures["notes"] = errors.read_text().strip().splitlines()[-1:]
    known = {key: value for key, value in asdict(order).items() if key not in ("file", "verbose")}
    return known | figures


def _commit() -> str:
    """The last commit that changed qplan, and whether something has been changed since."""

    def git(*command: str) -> str:
        line = ["git", *command, "--", "qplan"]
        return subprocess.run(line, cwd=TESTS.parent, capture_output=True, text=True, check=False).stdout.strip()

    return (git("log", "-1", "--format=%h") or "unknown") + ("-dirty" if git("status", "--porcelain") else "")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--group", action="append", help="only this group of cases (may be repeated)")
    parser.add_argument("--case", action="append", help="only this case (may be repeated)")
    parser.add_argument("--sites", help="only cases of this size: 150, 500, 1000, 3000, 5000, europe, metro")
    parser.add_argument("--steiner", type=Path, metavar="FOLDER", help="Steiner instances instead (see steiner.py)")
    parser.add_argument("--methods", type=lambda names: names.split(","), default=METHODS, help=",".join(METHODS))
    parser.add_argument("--seconds", type=float, help="limit of every run (default: the target's, at least 60)")
    parser.add_argument("--seeds", type=int, default=1, help="so many networks and corridors of each case (default 1)")
    parser.add_argument("--gap", type=float, help="gap asked of every run (default: the target's)")
    parser.add_argument(
        "--clock", choices=("wall", "cpu"), default="wall",
        help="what limits and targets are held against; cpu: on a busy machine, for qplan and greedy alone",
    )  # fmt: skip
    parser.add_argument("--threads", type=int, default=1, help="solver threads of every method (default 1)")
    parser.add_argument(
        "--json",
        type=Path,
        help="rows as JSON; what is there is not run again, unless it is of another version of qplan",
    )
    parser.add_argument("--markdown", type=Path, help="the table as Markdown")
    parser.add_argument("--list", action="store_true", help="name the cases and stop")
    parser.add_argument("-v", "--verbose", action="store_true", help="each run's progress on stderr")
    args = parser.parse_args()
    if unknown := set(args.methods) - set(METHODS):
        parser.error(f"unknown method {min(unknown)}; there are {', '.join(METHODS)}")
    if args.clock == "cpu" and (args.threads > 1 or not set(args.methods) <= set(IN_ONE_PROCESS)):
        parser.error("--clock cpu counts one thread of one process: --threads 1 --methods qplan,greedy")
    return args


def main() -> int:
    args = arguments()
    wanted = orders(args)
    if args.list or not wanted:
        print("\n".join(dict.fromkeys(order.case for order in wanted)) or "no such case")
        return 0 if args.list else 2
    rows = json.loads(args.json.read_text())["rows"] if args.json and args.json.exists() else []
    commit = _commit()
    known = {_key(row) for row in rows if row["method"] != "qplan" or row["commit"] == commit}
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ended politely: as by Ctrl-C
    try:
        for order in wanted:
            if order.key in known:
                continue
            row = run(order) | {"commit": commit}
            print(tables.progress(row), flush=True)
            rows = [other for other in rows if _key(other) != order.key] + [row]
            _keep(args, rows)
    except KeyboardInterrupt:
        print("interrupted; what was measured is kept", file=sys.stderr)
    _keep(args, rows)
    print("\n" + tables.text(rows))
    problems = tables.contradictions(rows)
    print("\n".join(problems), file=sys.stderr)
    return int(bool(problems))


def _key(row: dict) -> tuple:
    """What a row was measured on, like an order's."""
    usual = {"seed": 1, "clock": "wall"}  # older rows have neither
    return tuple((usual | row)[name] for name in ("case", "seed", "method", "seconds", "threads", "gap", "clock"))


def _keep(args: argparse.Namespace, rows: list[dict]) -> None:
    rank = {case.name: i for i, case in enumerate(all_cases())}
    rows.sort(
        key=lambda row: (
            rank.get(row["case"], len(rank)), row["case"], row.get("seed", 1), METHODS.index(row["method"]), row["gap"],
        )
    )  # fmt: skip
    about = tables.machine()
    if args.json:
        _replace(args.json, json.dumps({"machine": about, "rows": rows}, indent=1) + "\n")
    if args.markdown:
        _replace(args.markdown, tables.markdown(about, rows))


def _replace(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(text)
    part.replace(path)


if __name__ == "__main__":
    sys.exit(main())
