"""What the state of a row means: in use, not built yet, or gone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from qplan.errors import Diagnostic
from qplan.interchange.imports.headings import plain
from qplan.interchange.imports.rows import FibreRow, gathered

GONE = frozenset([
    "decommissioned", "decommissioning", "retired", "inactive", "offline", "deprovisioning", "deprovisioned", "removed",
    "dismantled", "abandoned", "ausser betrieb", "stillgelegt", "rueckgebaut", "abgebaut", "defekt", "defective",
    "faulty", "broken",
])  # fmt: skip
COMING = frozenset([
    "planned", "proposed", "under construction", "staging", "provisioning", "geplant", "in planung", "im bau", "in bau",
    "vorgeschlagen", "projektiert",
])  # fmt: skip


def judged(rows: Iterable[tuple[FibreRow, str]]) -> tuple[list[FibreRow], list[Diagnostic]]:
    """Fibres with their states: those that are gone left out, those to come with a label, and both said."""
    kept, gone, coming = [], [], []
    for row, state in rows:
        words = row.origin, f"{row.called} ({state})"
        if plain(state) in GONE:
            gone.append(words)
        elif plain(state) in COMING:
            coming.append(words)
            kept.append(replace(row, labels={**row.labels, "status": state}))
        else:
            kept.append(row)
    findings = gathered("QP651", gone, "fibre", "no longer in use left out")
    hint = "take out what you do not count on"
    return kept, [*findings, *gathered("QP654", coming, "fibre", "not there yet, kept with labels.status", hint)]
