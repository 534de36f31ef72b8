"""Every rule of imports is explained by an example that has the finding, and by a better one that has not."""

from __future__ import annotations

import pytest
from importer import example

from qplan.inventory.explanations import explanations
from qplan.inventory.rules import IMPORTS, RULES

NOT_IN_A_TEXT = {"QP616", "QP681", "QP682", "QP683", "QP684", "QP685", "QP686"}  # of workbooks and traces: tested there


@pytest.mark.parametrize("code", [code for code in RULES if code.startswith(IMPORTS) and code not in NOT_IN_A_TEXT])
def test_example_has_the_finding_and_the_better_one_has_not(code, tmp_path):
    explained = explanations()[code]
    for name, text in (("before", explained.before), ("after", explained.after)):
        folder = tmp_path / name
        folder.mkdir()
        found = example(folder, text)
        assert (code in found) == (name == "before"), found
        if name == "after":
            assert not [item for item in found if RULES[item].severity == "error"]
