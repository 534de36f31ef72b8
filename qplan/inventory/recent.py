"""What is made of an inventory once and asked for often."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from qplan.inventory.model import Inventory

KEPT = 8
T = TypeVar("T")


def once_per_inventory(make: Callable[[Inventory], T]) -> Callable[[Inventory], T]:
    """`make`, which for each of the inventories asked for last is called once: an inventory never changes."""
    recent: deque[tuple[Inventory, T]] = deque(maxlen=KEPT)

    @wraps(make)
    def made(inventory: Inventory) -> T:
        for known, value in tuple(recent):
            if known is inventory:
                return value
        value = make(inventory)
        recent.append((inventory, value))
        return value

    return made
