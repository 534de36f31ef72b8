"""What can be named in an inventory or a plan, for a shell to complete; empty where it cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from qplan.errors import QplanError

if TYPE_CHECKING:
    from qplan.inventory.source.source_map import Declared

STANDARD_INPUT = Path("-")


def scenarios(path: Path) -> tuple[str, ...]:
    """The scenarios that an inventory declares."""
    from qplan.inventory.source.source_map import mapping_at

    return tuple(mapping_at(_declared(path).value, ("scenarios",)))


def addresses(path: Path) -> tuple[str, ...]:
    """What `explain` can be asked about: the corridors of an inventory; of a plan all else too."""
    from qplan.inventory.source.source_map import mapping_at
    from qplan.plan.reader import is_plan, read_planned

    if not is_plan(path):
        return tuple(f"corridors.{key}" for key in mapping_at(_declared(path).value, ("corridors",)))
    with suppress(QplanError):
        inventory, plan = read_planned(path)
        fibres = inventory.inventory.fibres
        named = {
            "sites": inventory.inventory.sites,
            "links": [link.id for link in plan.links],
            "corridors": [corridor.id for corridor in plan.corridors],
            "fibres": fibres,
            "ducts": sorted({duct for fibre in fibres.values() for duct in fibre.ducts}),
        }
        return tuple(f"{kind}.{name}" for kind, names in named.items() for name in names)
    return ()


def places(path: Path) -> tuple[str, ...]:
    """What `candidates` can be asked about by one id: the sites and fibres of an inventory."""
    from qplan.inventory.source.source_map import mapping_at

    value = _declared(path).value
    return tuple(f"{kind}.{key}" for kind in ("sites", "fibres") for key in mapping_at(value, (kind,)))


def suppliers(path: Path) -> tuple[str, ...]:
    """Whom `rfq` can ask: the suppliers that a plan buys from."""
    from qplan.assessment.facts import assess
    from qplan.outputs.quotes.pieces import pieces
    from qplan.outputs.quotes.request import suppliers
    from qplan.plan.reader import read_planned

    with suppress(QplanError):
        inventory, plan = read_planned(path)
        return suppliers(pieces(assess(inventory.inventory, plan)))
    return ()


def overridable(path: Path) -> tuple[str, ...]:
    """The addresses at which an inventory states a value, as `--set` begins with them."""
    outside = ("qplan", "metadata", "include", "set", "defaults", "scenarios")
    declared = {key: value for key, value in _declared(path).value.items() if key not in outside}
    return tuple(f"{address}=" for address in _leaves(declared))


def _leaves(value: Mapping[str, object], above: str = "") -> Iterator[str]:
    for key, inner in value.items():
        address = f"{above}{key}"
        if isinstance(inner, dict):
            yield from _leaves(inner, f"{address}.")
        else:
            yield address


def _declared(path: Path) -> Declared:
    from qplan.inventory.source.includes import load
    from qplan.inventory.source.source_map import Declared

    with suppress(QplanError):
        return load(str(path)).declared if path != STANDARD_INPUT else Declared({}, {})
    return Declared({}, {})
