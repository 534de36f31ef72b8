"""Golden pairs: files as people have them, and the inventory that `qplan import` makes of them.

`python tests/interchange/test_import_pairs.py` writes the inventories anew; read the difference before you commit it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from binaries import END, SPLICE, gnpy_plant, plant, trace
from importer import PAIRS, qplan

from qplan.inventory.validation import validate

BINARIES = {
    "xlsx": {"plant.xlsx": plant},
    "gnpy-xlsx": {"topology.xlsx": gnpy_plant},
    "otdr": {
        "there.sor": lambda: trace("Bern", "Thun", "K-12", [(2.02, 0.334, 0.557, SPLICE), (17.07, 0.343, 22.8, END)]),
        "back.sor": lambda: trace(
            "Thun", "Bern", "K-12", [(15.05, 0.340, 0.301, SPLICE), (17.07, 0.330, 22.0, END)], total_db=6.085
        ),
        "o-band.sor": lambda: trace("Bern", "Thun", "K-12", [(17.07, 0.42, 20, END)], wavelength_nm=1310),
        "other.sor": lambda: trace("Bern", "Spiez", "X-1", [(30, 0.2, 20, END)]),
    },
}
INCOMPLETE = {"graphml": {"QP307"}, "csv-all": {"QP104"}}  # not stated, or not possible: it is said


def imported(name: str, folder: Path) -> tuple[str, str]:
    """The inventory that comes of a pair, and what the terminal says."""
    for path in (PAIRS / name).iterdir():
        if path.name not in ("sites.yaml", "terminal.txt"):
            shutil.copy(path, folder / path.name.removeprefix("before."))
    for file, make in BINARIES.get(name, {}).items():
        (folder / file).write_bytes(make())
    run = qplan("import", *(folder / "import.txt").read_text(encoding="utf-8").split())
    assert run.code == 0, run.err
    return (folder / "sites.yaml").read_text(encoding="utf-8"), run.out


@pytest.mark.parametrize("name", sorted(path.name for path in PAIRS.iterdir()))
def test_inventory_is_as_it_was(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text, out = imported(name, tmp_path)
    assert text == (PAIRS / name / "sites.yaml").read_text(encoding="utf-8")
    if (PAIRS / name / "terminal.txt").exists():
        assert out == (PAIRS / name / "terminal.txt").read_text(encoding="utf-8")
    errors = {item.code for item in validate("sites.yaml").findings if item.severity == "error"}
    assert errors == INCOMPLETE.get(name, set())
    assert ("Still to fill in" in out) == bool(errors or "\ncorridors:" not in text)


if __name__ == "__main__":
    import os
    import tempfile

    for pair in sorted(PAIRS.iterdir()):
        with tempfile.TemporaryDirectory() as there:
            os.chdir(there)
            text, out = imported(pair.name, Path(there))
            (pair / "sites.yaml").write_text(text, encoding="utf-8")
            if (pair / "terminal.txt").exists():
                (pair / "terminal.txt").write_text(out, encoding="utf-8")
            os.chdir(PAIRS)
