"""What readers call a site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from qplan.inventory.model import Inventory
from qplan.outputs.text.tables import isolated


class SiteNames:
    """What readers call a site: its name, with the id where two sites would be called the same."""

    def __init__(self, inventory: Inventory):
        names = {key: site.name or key for key, site in inventory.sites.items()}
        uses = Counter(names.values())
        self._names = {key: name if uses[name] == 1 else f"{name} ({key})" for key, name in names.items()}

    def __getitem__(self, site_id: str) -> str:
        """To stand among other words: kept apart from them where it runs from right to left."""
        return isolated(self._names[site_id])

    def alone(self, site_id: str) -> str:
        """To stand by itself."""
        return self._names[site_id]

    def piece(self, address: str) -> str:
        """The thing at an address (`sites.x`, `fibres.f`, `ducts.d`) in words."""
        kind, _, name = address.partition(".")
        return self[name] if kind == "sites" else f"{kind.removesuffix('s')} {isolated(name)}"

    def join(self, site_ids: Iterable[str], joiner: str = ", ") -> str:
        return joiner.join(self[site_id] for site_id in site_ids)
