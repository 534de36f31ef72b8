"""The fibre order list: which strands are to be ordered or kept, between which ends, from whom."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from qplan.assessment.facts import PlanFacts
from qplan.inventory.plant import band_of, length_km, loss_db, stated_loss_db
from qplan.outputs.bill.tables import CellTable
from qplan.physics.bands import Band

MEASURED, COMPUTED = "measured", "computed"


@dataclass(frozen=True)
class FibreOrder:
    """Strands of one fibre for systems that work in one band."""

    fibre: str
    band: Band
    ends: tuple[str, str]
    end_names: tuple[str, str]
    end_addresses: tuple[str, str]
    """"" where the inventory states none."""
    length_km: float | None
    strands: int
    """That the plan lights."""
    new_strands: int
    """Of these, for systems to be bought: to be ordered."""
    free_strands: int
    """That the inventory states."""
    fibre_type: str
    ducts: tuple[str, ...]
    lessor: str
    """The supplier of the offer that the strands are on, else the operator of the fibre; "" where neither is stated."""
    offer: str
    loss_db: float | None
    """In the band; None where the fibre cannot carry it."""
    basis: str
    """`MEASURED`, or `COMPUTED` from the length."""


FIBRE_ORDER_FIGURES = (
    "Length (km)",
    "Strands",
    "Strands to order",
    "Strands free before",
    "Wavelength (nm)",
    "Loss (dB)",
)
FIBRE_ORDER_HEADER = (
    "Fibre",
    "First end",
    "First end name",
    "First end address",
    "Second end",
    "Second end name",
    "Second end address",
    "Fibre type",
    "Ducts",
    "Lessor",
    "Offer",
    *FIBRE_ORDER_FIGURES,
    "Loss is",
)


def fibre_orders(facts: PlanFacts) -> tuple[FibreOrder, ...]:
    """Every fibre that the plan lights, by id; one that it lights in both bands stands there once for each."""
    strands: Counter[tuple[str, Band]] = Counter()
    new: Counter[tuple[str, Band]] = Counter()
    for entry in facts.links:
        system = facts.systems[entry.link.system]
        for fibre in entry.link.fibres:
            key = fibre, band_of(system)
            strands[key] += entry.link.count * system.strands
            new[key] += entry.link.bought * system.strands
    keys = sorted(strands, key=lambda key: (key[0], key[1].value))
    return tuple(_order(facts, *key, strands[key], new[key]) for key in keys)


def _order(facts: PlanFacts, fibre_id: str, band: Band, strands: int, new: int) -> FibreOrder:
    inventory = facts.inventory
    fibre = inventory.fibres[fibre_id]
    sites = [inventory.sites[end] for end in fibre.ends]
    offer = next((bought.id for bought in facts.plan.offers if bought.product == f"fibres.{fibre_id}"), "")
    supplier = inventory.offers[offer].supplier if offer else None
    return FibreOrder(
        fibre=fibre_id,
        band=band,
        ends=fibre.ends,
        end_names=(sites[0].name or "", sites[1].name or ""),
        end_addresses=(sites[0].address or "", sites[1].address or ""),
        length_km=length_km(inventory, fibre),
        strands=strands,
        new_strands=new,
        free_strands=fibre.strands,
        fibre_type=fibre.fibre_type or "",
        ducts=fibre.ducts,
        lessor=supplier or fibre.operator or "",
        offer=offer,
        loss_db=loss_db(inventory, fibre, band),
        basis=COMPUTED if stated_loss_db(fibre, band) is None else MEASURED,
    )


def fibre_order_table(orders: tuple[FibreOrder, ...]) -> CellTable:
    """The fibre order list, a row for each fibre and band."""
    rows = (
        (
            order.fibre,
            *(cell for end in zip(order.ends, order.end_names, order.end_addresses, strict=True) for cell in end),
            order.fibre_type,
            ", ".join(order.ducts),
            order.lessor,
            order.offer,
            order.length_km,
            order.strands,
            order.new_strands,
            order.free_strands,
            order.band.centre_nm,
            order.loss_db,
            order.basis,
        )
        for order in orders
    )
    return CellTable(FIBRE_ORDER_HEADER, tuple(rows), FIBRE_ORDER_FIGURES)
