"""The files of a new project, by their place in its folder."""

from __future__ import annotations

from importlib.resources import files
from typing import Literal

from qplan import __version__
from qplan.outputs.schemas import SCHEMAS, schema_text

Forge = Literal["github", "gitlab"]
INVENTORY = "sites.yaml"
ALWAYS = {INVENTORY: "sites.yaml", ".gitattributes": "gitattributes", ".gitignore": "gitignore"}
PRE_COMMIT = {".pre-commit-config.yaml": "pre-commit-config.yaml"}
PIPELINES: dict[Forge, dict[str, str]] = {
    "github": {".github/workflows/qplan.yml": "github.yml"},
    "gitlab": {".gitlab-ci.yml": "gitlab-ci.yml"},
}


def starter_files(ci: Forge | None = None, pre_commit: bool = False) -> dict[str, bytes]:
    """An inventory that plans at once, its schema, what git needs to know; a pipeline and hooks where asked for."""
    chosen = ALWAYS | (PRE_COMMIT if pre_commit else {}) | (PIPELINES[ci] if ci else {})
    contents = {place: _content(name) for place, name in chosen.items()}
    return contents | {"inventory.schema.json": schema_text(SCHEMAS["inventory"]()).encode()}


def _content(name: str) -> bytes:
    text = (files("qplan.outputs.starter") / "files" / name).read_text(encoding="utf-8")
    return text.replace("{version}", __version__).encode()
