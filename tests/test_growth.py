"""Work on offers does not grow with their square."""

from __future__ import annotations

from collections.abc import Callable

from growth import is_linear

from qplan.inventory.admissible import admissible_offers
from qplan.inventory.model import Inventory
from qplan.plan.verify.money import Ledger


def fibres_with_offers(number: int) -> tuple[Inventory, list[str]]:
    names = [f"f{i}" for i in range(number)]
    lease = {"kind": "lease", "fee_per_month": 1, "term_months": 12}
    inventory = Inventory.model_validate({
        "qplan": 1,
        "sites": {"a": {}, "b": {}},
        "fibres": {name: {"ends": ["a", "b"], "length_km": 1} for name in names},
        "offers": {name: {"for": f"fibres.{name}", **lease} for name in names},
    })  # fmt: skip
    return inventory, [f"fibres.{name}" for name in names]


def test_offers_of_every_product():
    def workload(number: int) -> Callable[[], object]:
        inventory, products = fibres_with_offers(number)
        return lambda: [admissible_offers(inventory, product) for product in products]

    assert is_linear(workload)


def test_offers_of_every_product_in_the_verifier():
    def workload(number: int) -> Callable[[], object]:
        inventory, products = fibres_with_offers(number)
        return lambda: list(map(Ledger(inventory).admissible, products))

    assert is_linear(workload)
