"""The QKD systems of the catalogues that come with qplan, whether an inventory includes them or not."""

from __future__ import annotations

from functools import cache
from importlib.resources import files as package_files

from qplan.inventory.model import QkdSystem
from qplan.inventory.source.source_map import mapping_at
from qplan.inventory.source.yaml_source import parse_yaml

SYSTEMS = ("equipment", "qkd_systems")


@cache
def shipped_systems() -> dict[str, tuple[str, QkdSystem]]:
    """By id: the catalogue, as an include names it, and the system."""
    found: dict[str, tuple[str, QkdSystem]] = {}
    folder = package_files("qplan") / "catalogue"
    for entry in sorted((entry for entry in folder.iterdir() if entry.name.endswith(".yaml")), key=lambda e: e.name):
        name = f"catalogue:{entry.name.removesuffix('.yaml')}"
        for key, system in mapping_at(parse_yaml(name, entry.read_bytes()).value, SYSTEMS).items():
            found.setdefault(key, (name, QkdSystem.model_validate(system)))
    return found
