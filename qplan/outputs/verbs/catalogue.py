"""The catalogues that come with qplan: a table for people, everything for programs, the file itself to copy from."""

from __future__ import annotations

from typing import Annotated, Any

from qplan.inventory.model import Equipment, QkdSystem
from qplan.inventory.plant import max_loss_db
from qplan.inventory.shipped import shipped_equipment
from qplan.outputs.text.tables import format_number, text_table
from qplan.outputs.verbs.documents import Document, Printed
from qplan.plan.model import SAID

Entries = dict[str, dict[str, Any]]  # by id
HEADER = ("System", "Technology", "Wavelength", "Reach", "Strands", "Price", "Prices are")
RIGHT = ("Wavelength", "Reach", "Strands", "Price")


def catalogues_text() -> str:
    """Every catalogue, how it is included, and what it offers; worst reach first."""
    blocks = [_block(name, equipment) for name, equipment in shipped_equipment().items()]
    return (
        "\n".join([*blocks, "`qplan catalogue show NAME` prints a catalogue with the origin of every figure."]) + "\n"
    )


def _block(name: str, equipment: Equipment) -> str:
    systems = sorted(equipment.qkd_systems.items(), key=lambda entry: (max_loss_db(entry[1]), entry[0]))
    table = text_table(HEADER, [_row(key, system) for key, system in systems], RIGHT) if systems else ""
    others = (("Items", [*equipment.node_items, *equipment.relay_items]), ("Encryptors", [*equipment.encryptors]))
    besides = "".join(f"{what}: {', '.join(names)}\n" for what, names in others if names)
    return f"{name}    include: [catalogue:{name}]\n\n{table}{besides}"


def _row(key: str, system: QkdSystem) -> tuple[str, ...]:
    provenance = system.provenance
    origin = provenance.get("price") if isinstance(provenance, dict) else provenance
    return (
        key,
        system.technology or "not said",
        f"{system.wavelength_nm:g} nm",
        f"{max_loss_db(system):g} dB",
        str(system.strands),
        "to be quoted" if system.price is None else format_number(float(system.price)),
        origin or "not said",
    )


class CatalogueEntry(Document):
    """A catalogue: what stands in it, with the keys of an inventory's `equipment`."""

    name: str
    include: str
    """As an inventory includes it."""
    qkd_systems: Annotated[Entries | None, SAID] = None
    encryptors: Annotated[Entries | None, SAID] = None
    node_items: Annotated[Entries | None, SAID] = None
    relay_items: Annotated[Entries | None, SAID] = None


class CataloguesDocument(Printed):
    """What `qplan catalogue list --format json` prints."""

    catalogues: tuple[CatalogueEntry, ...]


def catalogues_json() -> str:
    """Every entry as it stands in an inventory."""
    entries = (
        CatalogueEntry(name=name, include=f"catalogue:{name}", **equipment.model_dump(mode="json", exclude_unset=True))
        for name, equipment in shipped_equipment().items()
    )
    return CataloguesDocument(catalogues=tuple(entries)).text()
