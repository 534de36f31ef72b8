"""The catalogues that come with qplan, and their QKD systems, whether an inventory includes them or not."""

from __future__ import annotations

from functools import cache
from importlib.resources import files as package_files

from qplan.inventory.model import Equipment, QkdSystem
from qplan.inventory.source.source_map import mapping_at
from qplan.inventory.source.yaml_source import parse_yaml


@cache
def shipped_catalogues() -> dict[str, bytes]:
    """The files by name, in the order of the names."""
    folder = package_files("qplan") / "catalogue"
    found = {entry.name.removesuffix(".yaml"): entry for entry in folder.iterdir() if entry.name.endswith(".yaml")}
    return {name: found[name].read_bytes() for name in sorted(found)}


@cache
def shipped_equipment() -> dict[str, Equipment]:
    """The equipment of every catalogue, by its name."""
    return {
        name: Equipment.model_validate(mapping_at(parse_yaml(name, data).value, ("equipment",)))
        for name, data in shipped_catalogues().items()
    }


@cache
def shipped_systems() -> dict[str, tuple[str, QkdSystem]]:
    """By id: the catalogue, as an include names it, and the system."""
    found: dict[str, tuple[str, QkdSystem]] = {}
    for name, equipment in shipped_equipment().items():
        for key, system in equipment.qkd_systems.items():
            found.setdefault(key, (f"catalogue:{name}", system))
    return found
