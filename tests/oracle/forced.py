"""Exhaustive search among the plans that use something: a relay, or one of some links."""

from __future__ import annotations

from collections.abc import Collection

from oracle.search import Search, Tables
from qplan.inventory.model import Inventory


class Relaying(Search):
    """Of the plans that serve the corridors only those in which the site relays."""

    def __init__(self, tables: Tables, site: str):
        super().__init__(tables)
        self.site = tables.site_ids.index(site)

    def _extend(self, state, chosen, rows) -> None:
        if rows or state.relays[self.site]:
            super()._extend(state, chosen, rows)


class Using(Search):
    """Of the plans that serve the corridors only those that use one of the links, given as system and fibres."""

    def __init__(self, tables: Tables, links: Collection[tuple[str, tuple[str, ...]]]):
        super().__init__(tables)
        self.wanted = [i for i, link in enumerate(tables.links) if (link.system, link.fibres) in set(links)]

    def _extend(self, state, chosen, rows) -> None:
        if rows or state.count[self.wanted].any():
            super()._extend(state, chosen, rows)


def best_using(inventory: Inventory, links: Collection[tuple[str, tuple[str, ...]]]) -> float | None:
    """The objective's value of the best plan that serves all corridors and uses one of the links."""
    search = Using(Tables(inventory), links)
    search.serve(list(inventory.corridors))
    return _value(inventory, search)


def best_relaying(inventory: Inventory, site: str) -> float | None:
    """The objective's value of the best plan that serves all corridors and in which the site relays."""
    search = Relaying(Tables(inventory), site)
    search.serve(list(inventory.corridors))
    return _value(inventory, search)


def _value(inventory: Inventory, search: Search) -> float | None:
    return None if search.best is None else search.best.value(inventory.objective)
