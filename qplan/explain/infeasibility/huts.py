"""Trusted huts: new sites that would split the fibre of a hop over the loss limit."""

from __future__ import annotations

import math
from typing import Any

from qplan.candidates.hops import Hop
from qplan.explain.findings import Change, Proposal, Setting
from qplan.inventory import plant
from qplan.inventory.model import Corridor, Fibre, Inventory
from qplan.physics.bands import Band
from qplan.physics.key_rate import rate_at_bps
from qplan.physics.loss import CONNECTOR_LOSS_DB

MOST_HUTS = 4  # on one fibre
MOST_SPANS = 3


def propose_huts(inventory: Inventory, q: str, hops: list[Hop]) -> list[Proposal]:
    """Huts in the fibre of most loss of every hop given, so many that its system works over every piece; or nothing."""
    if not hops or len(hops) > MOST_SPANS:
        return []
    settings: list[Setting] = []
    places: list[str] = []
    for hop in hops:
        band = plant.band_of(inventory.equipment.qkd_systems[hop.system])
        fibre = max(hop.fibres, key=lambda f: _loss_db(inventory, inventory.fibres[f], band))
        shares = _cut_fibre(inventory, hop, fibre, band)
        if shares is None:
            return []
        settings += _split_fibre(inventory, q, fibre, shares)
        places.append(_name_places(inventory, fibre, shares))
    asked = [f"{key} {value}" for key, value in _state_asked(inventory.corridors[q]).items()]
    assumed = f" (assumed, not known: {', '.join(asked)})" if asked else ""
    text = f"{'; '.join(places)}, which the relay rules of {q} must permit{assumed}"
    return [Proposal((Change(text, tuple(settings), cost_known=False),))]


def _cut_fibre(inventory: Inventory, hop: Hop, f: str, band: Band) -> list[float] | None:
    """Shares of its length into which the fibre is cut, from its first end; None where no number considered is enough.

    One hut stands where both halves of the hop have the same loss; more of them stand at equal distances.
    """
    fibre = inventory.fibres[f]
    at = hop.fibres.index(f)
    before, after = _sum_sides(inventory, hop, at, band)
    if fibre.ends[0] != hop.sites[at]:
        before, after = after, before
    loss = _loss_db(inventory, fibre, band)
    balanced = round((after[0] - before[0] + loss) / (2 * loss), 3) if loss else 0.5
    cuts = [[balanced, round(1 - balanced, 3)]] if 0 < balanced < 1 else []
    cuts += [[1 / pieces] * pieces for pieces in range(3, MOST_HUTS + 2)]
    for shares in cuts:
        pieces = [fibre.model_copy(update=_state_piece(inventory, fibre, share)) for share in shares]
        routes = [(_loss_db(inventory, x, band), plant.length_km(inventory, x) or 0.0) for x in pieces]
        routes[0] = (routes[0][0] + before[0], routes[0][1] + before[1])
        routes[-1] = (routes[-1][0] + after[0], routes[-1][1] + after[1])
        if all(_works(inventory, hop.system, *route) for route in routes):
            return shares
    return None


def _loss_db(inventory: Inventory, fibre: Fibre, band: Band) -> float:
    """Infinite where the fibre does not carry the band."""
    loss = plant.loss_db(inventory, fibre, band)
    return math.inf if loss is None else loss


def _sum_sides(inventory: Inventory, hop: Hop, at: int, band: Band) -> list[tuple[float, float]]:
    """Loss (patched sites included) and length of what lies before and after one fibre of the hop."""
    fibres = [inventory.fibres[f] for f in hop.fibres]
    patched = [plant.bypass_loss_db(inventory, s) for s in hop.sites[1:-1]]
    return [
        (
            sum(_loss_db(inventory, fibre, band) for fibre in fibres[part]) + sum(patched[sites]),
            sum(plant.length_km(inventory, fibre) or 0.0 for fibre in fibres[part]),
        )
        for part, sites in ((slice(at), slice(at)), (slice(at + 1, None), slice(at, None)))
    ]


def _works(inventory: Inventory, s: str, loss_db: float, length_km: float) -> bool:
    system = inventory.equipment.qkd_systems[s]
    loss_db += inventory.policy.loss_margin_db
    short_enough = system.max_length_km is None or length_km <= system.max_length_km
    return loss_db <= plant.max_loss_db(system) and short_enough and rate_at_bps(system.key_rate_curve, loss_db) > 0


def _name_places(inventory: Inventory, fibre: str, shares: list[float]) -> str:
    length = plant.length_km(inventory, inventory.fibres[fibre])
    start = inventory.fibres[fibre].ends[0]
    marks = [sum(shares[: i + 1]) for i in range(len(shares) - 1)]
    shown = [f"{mark * length:.1f} km" if length else f"{mark:.0%} of its length" for mark in marks]
    huts = "a trusted hut" if len(marks) == 1 else f"{len(marks)} trusted huts"
    return f"add {huts} on {fibre}, {', '.join(shown)} from {start}"


def _split_fibre(inventory: Inventory, q: str, f: str, shares: list[float]) -> list[Setting]:
    """Settings that put huts on a fibre: the fibre keeps its first piece, every further piece is a new fibre."""
    fibre = inventory.fibres[f]
    wanted = [f"hut-{f}"] if len(shares) == 2 else [f"hut-{f}-{i}" for i in range(1, len(shares))]
    names = [_find_free_id(inventory.sites, name) for name in wanted]
    stops = [fibre.ends[0], *names, fibre.ends[1]]
    settings: list[Setting] = [(f"sites.{name}", _state_hut(inventory.corridors[q])) for name in names]
    stated = fibre.model_dump(mode="json", exclude_unset=True, exclude={"ends", "labels"})
    for i, share in enumerate(shares):
        piece = {"ends": [stops[i], stops[i + 1]]} | _state_piece(inventory, fibre, share)
        if i == 0:
            settings += [(f"fibres.{f}.{key}", value) for key, value in piece.items()]
        else:
            settings.append((f"fibres.{_find_free_id(inventory.fibres, f'{f}-{i + 1}')}", stated | piece))
    return settings


def _state_piece(inventory: Inventory, fibre: Fibre, share: float) -> dict[str, Any]:
    """Length and losses of a piece; a measured loss is shared out, with one more mated pair at the hut."""
    length = plant.length_km(inventory, fibre)
    piece: dict[str, Any] = {} if length is None else {"length_km": round(length * share, 3)}
    for name in ("loss_db", "loss_1310_db"):
        loss = getattr(fibre, name)
        if loss is not None:
            piece[name] = round(loss * share + CONNECTOR_LOSS_DB, 3)
    return piece | ({"splices": math.ceil(fibre.splices * share)} if fibre.splices else {})


def _state_hut(corridor: Corridor) -> dict[str, Any]:
    """A site that the corridor's rules let relay, without limits on room, also where `defaults.site` states some."""
    return _state_asked(corridor) | {"trusted_node": "allowed", "rack_units": None, "power_w": None}


def _state_asked(corridor: Corridor) -> dict[str, Any]:
    """What a site must state for the corridor's rules to let it relay."""
    asked = {
        "country": corridor.allowed_countries,
        "operator": corridor.allowed_operators,
        "key_domain": corridor.allowed_key_domains,
    }
    stated: dict[str, Any] = {name: values[0] for name, values in asked.items() if values}
    return stated if corridor.min_security_tier is None else stated | {"security_tier": corridor.min_security_tier}


def _find_free_id(taken: dict[str, Any], name: str) -> str:
    while name in taken:
        name += "x"
    return name
