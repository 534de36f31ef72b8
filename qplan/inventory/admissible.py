"""What the policy lets a plan buy: systems, and offers for products."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from qplan.inventory.commercial import Offer
from qplan.inventory.model import Inventory, QkdSystem
from qplan.inventory.recent import once_per_inventory


def permitted_systems(inventory: Inventory) -> dict[str, QkdSystem]:
    """The systems of the catalogue that may be bought, in id order."""
    technologies, manufacturers = inventory.policy.technologies, inventory.policy.manufacturers
    return {
        name: system
        for name, system in sorted(inventory.equipment.qkd_systems.items())
        if (technologies is None or system.technology in technologies)
        and (manufacturers is None or system.manufacturer in manufacturers)
    }


def offers_of(inventory: Inventory) -> dict[str, dict[str, Offer]]:
    """Every product that has offers, with these by id, in id order."""
    found: dict[str, dict[str, Offer]] = defaultdict(dict)
    for name, offer in sorted(inventory.offers.items()):
        found[offer.product][name] = offer
    return dict(sorted(found.items()))


def admissible_offers(inventory: Inventory, product: str) -> Mapping[str, Offer]:
    """The offers for a product that the policy lets take, in id order; none: it is bought at its own price."""
    return _admissible_by_product(inventory).get(product, {})


@once_per_inventory
def _admissible_by_product(inventory: Inventory) -> dict[str, dict[str, Offer]]:
    return {
        product: {name: offer for name, offer in offers.items() if _is_admissible(inventory, name, offer)}
        for product, offers in offers_of(inventory).items()
    }


def _is_admissible(inventory: Inventory, name: str, offer: Offer) -> bool:
    policy = inventory.policy
    if policy.suppliers is not None and offer.supplier not in policy.suppliers:
        return False
    if isinstance(policy.offers, str):
        return policy.offers in ("cheapest", offer.kind)
    return name in policy.offers
