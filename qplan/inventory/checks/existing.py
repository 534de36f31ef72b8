"""Checks of existing plant, and of what was renamed."""

from __future__ import annotations

from collections.abc import Iterator

from qplan.errors import Diagnostic
from qplan.inventory.checks.view import View
from qplan.inventory.existing import ExistingLink
from qplan.inventory.installed import carries_no_key, find_overfull, in_id_order, sites_along
from qplan.inventory.source.messages import did_you_mean
from qplan.inventory.source.source_map import Path

WORDS = {"strands": "strands", "rack_units": "rack units", "power_w": "W"}
MOVABLE = ("sites", "fibres", "corridors")


def check_existing_links_are_over_what_is_there(view: View) -> Iterator[Diagnostic]:
    ids = view.ids
    for name, link in view.inventory.existing.links.items():
        path = ("existing", "links", name)
        named: list[tuple[Path, str, str, frozenset[str]]] = [
            ((*path, "ends", i), "site", end, ids["sites"]) for i, end in enumerate(link.ends)
        ]
        named += [((*path, "fibres", i), "fibre", f, ids["fibres"]) for i, f in enumerate(link.fibres)]
        named.append(((*path, "system"), "system", link.system, ids["equipment.qkd_systems"]))
        if link.offer is not None:
            named.append(((*path, "offer"), "offer", link.offer, ids["offers"]))
        for at, kind, other, known in named:
            if other not in known:
                message = f"existing.links.{name} names the {kind} '{other}', which is not there"
                yield view.finding("QP711", at, message, hint=did_you_mean(other, known))
        offer = view.inventory.offers.get(link.offer or "")
        if offer is not None and offer.product != f"qkd_systems.{link.system}":
            message = f"existing.links.{name} has the system '{link.system}', but its offer is for '{offer.product}'"
            yield view.finding("QP711", (*path, "offer"), message)


def check_existing_fibres_join_the_ends(view: View) -> Iterator[Diagnostic]:
    for name, link in view.inventory.existing.links.items():
        if not _known(view, link):
            continue
        sites = sites_along(view.inventory, link.ends[0], link.fibres)
        if sites is None or sites[-1] != link.ends[1] or len(set(sites)) < len(sites):
            message = (
                f"the fibres of existing.links.{name} are no route from {link.ends[0]} to {link.ends[1]}: "
                f"{'they do not join up' if sites is None else ' – '.join(sites)}"
            )
            hint = "name them in order, from the first end to the second"
            yield view.finding("QP712", ("existing", "links", name, "fibres"), message, hint=hint)


def check_existing_routes_stand_once(view: View) -> Iterator[Diagnostic]:
    first: dict[tuple[object, ...], str] = {}
    for name, link in sorted(view.inventory.existing.links.items()):
        other = first.setdefault((link.system, *in_id_order(link)), name)
        if other != name:
            message = f"existing.links.{name} has the route and the system of existing.links.{other}"
            hint = "state one link with the count of both"
            yield view.finding("QP713", ("existing", "links", name), message, hint=hint, key=True)


def check_existing_links_carry_keys(view: View) -> Iterator[Diagnostic]:
    for name, link in view.inventory.existing.links.items():
        if _known(view, link) and sites_along(view.inventory, link.ends[0], link.fibres) is not None:
            reason = carries_no_key(view.inventory, link)
            if reason is not None:
                stays = "it stays all the same" if link.keep else "it is retired"
                message = f"no path can use existing.links.{name}: {reason}; {stays}"
                yield view.finding("QP714", ("existing", "links", name), message, key=True)


def check_existing_sites_exist(view: View) -> Iterator[Diagnostic]:
    known = view.ids["sites"]
    for key in ("nodes", "relays"):
        for index, site in enumerate(getattr(view.inventory.existing, key)):
            if site not in known:
                message = f"existing.{key} names the unknown site '{site}'"
                yield view.finding("QP715", ("existing", key, index), message, hint=did_you_mean(site, known))


def check_ages_are_known(view: View) -> Iterator[Diagnostic]:
    """The age of existing plant, by which it is bought again."""
    inventory = view.inventory
    start = inventory.economics.start
    for name, link in inventory.existing.links.items():
        system = inventory.equipment.qkd_systems.get(link.system)
        path = ("existing", "links", name, "bought")
        if link.bought is not None and start is not None and link.bought > start:
            message = f"existing.links.{name} was bought in {link.bought}, after economics.start: its age counts as 0"
            yield view.finding("QP720", path, message)
        elif system is not None and system.life_years is not None and None in (link.bought, start):
            missing = (
                "existing.links." + name + " states no bought" if link.bought is None else "economics has no start"
            )
            message = f"{missing}, so its age counts as 0 for the refresh after {system.life_years} years"
            yield view.finding("QP720", path[:3], message, key=True)


def check_existing_plant_fits(view: View) -> Iterator[Diagnostic]:
    """What is there and stays takes no more strands, rack units and power than there are."""
    if not all(_known(view, link) for link in view.inventory.existing.links.values()):
        return
    for place in find_overfull(view.inventory):
        what = WORDS[place.key]
        message = (
            f"existing plant takes {place.taken:.6g} {what} of {'.'.join(place.address)}, which has {place.free:.6g}"
        )
        hint = f"{what} count what is free of everything but the existing QKD plant"
        yield view.finding("QP723", place.address, message, hint=hint, key=True)


def check_renames(view: View) -> Iterator[Diagnostic]:
    """`moved` leads from an address that is gone to one of the same kind that is there."""
    for old, new in view.inventory.moved.items():
        path = ("moved", old)
        (kind, _, before), (kind_after, _, after) = old.partition("."), new.partition(".")
        if kind not in MOVABLE or kind != kind_after:
            message = f"moved.{old} leads to '{new}'; expected addresses of two sites, fibres or corridors"
        elif after not in view.ids[kind]:
            message = f"moved.{old} leads to '{new}', which is not there"
        elif before in view.ids[kind]:
            message = f"moved.{old} says that '{old}' was renamed, but it is still there"
        else:
            continue
        yield view.finding("QP722", path, message)


def _known(view: View, link: ExistingLink) -> bool:
    """Everything that the link names is there and valid."""
    inventory = view.inventory
    fibres = all(f in inventory.fibres and set(inventory.fibres[f].ends) <= inventory.sites.keys() for f in link.fibres)
    return fibres and link.system in inventory.equipment.qkd_systems and set(link.ends) <= inventory.sites.keys()
