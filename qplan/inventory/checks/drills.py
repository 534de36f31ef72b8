"""Checks of drills, key stores and reliability."""

from __future__ import annotations

from collections.abc import Iterator

from qplan.errors import Diagnostic
from qplan.inventory.checks.view import View
from qplan.inventory.drills import ACTIONS, ENDLESS, ENDS, DrillEvent, target
from qplan.inventory.key_stores import AUTHENTICATION_BITS, KeyStore
from qplan.inventory.link_names import named_pairs
from qplan.inventory.plant import length_km
from qplan.inventory.source.messages import did_you_mean, first_of, joined, shown

EventPath = tuple[str, str, str, int]
END_KEYS = ("repair_after_s", "clear_after_s", "for_s")
MOST_DUCTS_NAMED = 5


def check_events_do_one_thing(view: View) -> Iterator[Diagnostic]:
    for name, drill in view.inventory.drills.items():
        for index, event in enumerate(drill.events):
            path, actions = ("drills", name, "events", index), event.actions
            if not actions:
                message = f"event {index + 1} of drills.{name} does nothing; expected one of {joined(ACTIONS)}"
                yield view.finding("QP801", path, message)
            elif len(actions) > 1:
                message = f"event {index + 1} of drills.{name} states {' and '.join(actions)}; expected exactly one"
                yield view.finding("QP801", (*path, actions[-1]), message, hint="write an event for each")


def check_amounts_fit_the_action(view: View) -> Iterator[Diagnostic]:
    for path, event in _events(view):
        stated = {key for key in ("factor", "added_loss_db", *END_KEYS) if getattr(event, key) is not None}
        ending = set() if event.action in ENDLESS else {ENDS.get(event.action, "for_s")}
        amounts = {"surge": {"factor"}, "degrade": {"factor", "added_loss_db"}}.get(event.action, set())
        for key in sorted(stated - ending - amounts):
            allowed = sorted(ending | amounts)
            hint = f"it takes {joined(allowed)}" if allowed else "it has neither amount nor end"
            yield view.finding("QP803", (*path, key), f"{event.action} takes no {key}", hint=hint, key=True)
        if amounts and len(stated & amounts) != 1:
            found = " and ".join(sorted(stated & amounts)) or "no amount"
            message = f"{event.action} of {event.address} states {found}; expected {joined(sorted(amounts))}"
            yield view.finding("QP803", path, message)


def check_events_lie_in_the_drill(view: View) -> Iterator[Diagnostic]:
    for path, event in _events(view):
        duration = view.inventory.drills[path[1]].duration_s
        if event.at_s >= duration:
            message = f"the {event.action} at {event.at_s:g} s never happens: drills.{path[1]} ends at {duration:g} s"
            yield view.finding("QP804", (*path, "at_s"), message)


def check_outages_do_not_overlap(view: View) -> Iterator[Diagnostic]:
    """The same done to the same thing twice at a time is likely a slip; it would last until both have ended."""
    latest: dict[tuple[str, str, str], tuple[float, float]] = {}
    for path, event in sorted(_events(view), key=lambda entry: (entry[0][1], entry[1].at_s)):
        key, lasts = (path[1], event.action, event.address), event.lasts_s
        begun, ends = latest.get(key, (0.0, 0.0))
        if event.at_s < ends:
            message = f"{event.action} of {event.address} begins before the one at {begun:g} s has ended"
            yield view.finding("QP805", (*path, "at_s"), message)
        if event.action not in ENDLESS:
            latest[key] = event.at_s, max(ends, float("inf") if lasts is None else event.at_s + lasts)


def check_event_targets_exist(view: View) -> Iterator[Diagnostic]:
    for path, event in _events(view):
        kind, name = target(event.address)
        kinds = ACTIONS[event.action]
        place = (*path, event.action)
        if kind not in kinds:
            words = joined(f"{known}.…" for known in kinds)
            message = f"{event.action} is about {words}, and '{event.address}' is none"
            yield view.finding("QP802", place, message, hint=did_you_mean(kind, kinds))
        elif kind in ("links", "systems"):
            if not _is_link(view, name):
                message = f"'{event.address}' names no link: expected two sites, {kind}.A--B"
                yield view.finding("QP802", place, message)
        elif name not in (known := _known(view, kind)):
            message = f"there is no '{name}' among the {kind.replace('_', ' ')}"
            yield view.finding("QP802", place, message, hint=did_you_mean(name, known))


def check_expectations(view: View) -> Iterator[Diagnostic]:
    for name, drill in view.inventory.drills.items():
        for index, expectation in enumerate(drill.expect):
            path = ("drills", name, "expect", index)
            if expectation.corridor not in view.ids["corridors"]:
                hint = did_you_mean(expectation.corridor, view.ids["corridors"])
                message = f"drills.{name} expects something of the unknown corridor '{expectation.corridor}'"
                yield view.finding("QP806", (*path, "corridor"), message, hint=hint)
            if expectation.max_gap_s is None and expectation.delivered_min is None:
                message = f"drills.{name} expects nothing of '{expectation.corridor}'"
                yield view.finding("QP806", path, message, hint="state max_gap_s or delivered_min")


def check_stores_can_be_used(view: View) -> Iterator[Diagnostic]:
    for path, store in _stores(view):
        if contradiction := store.contradiction():
            yield view.finding("QP807", path, f"{contradiction}, in {'.'.join(path)}", key=True)
        elif store.floor_bits < AUTHENTICATION_BITS:
            message = (
                f"floor_bits {store.floor_bits:g} is less than ten restarts spend on authentication "
                f"({AUTHENTICATION_BITS:g} bits): a link forced to restart needs new pre-shared keys by hand"
            )
            yield view.finding("QP808", (*path, "floor_bits"), message)


def check_stores_and_rates_are_of_something(view: View) -> Iterator[Diagnostic]:
    inventory = view.inventory
    for name in inventory.key_stores.links:
        if not _is_link(view, name):
            message = f"'{name}' names no link: expected two sites, A--B"
            yield view.finding("QP811", ("key_stores", "links", name), message, key=True)
    for section in ("ducts", "operators"):
        stated = getattr(inventory.reliability, section)
        known = _known(view, section) if stated else ()
        for name in stated:
            if name not in known:
                message = f"there is no '{name}' among the {section}"
                hint = did_you_mean(name, known)
                yield view.finding("QP811", ("reliability", section, name), message, hint=hint, key=True)
    priorities = {f"{corridor.priority:g}" for _, corridor in view.corridors()}
    for name, drill in inventory.drills.items():
        for priority in drill.policy.reserve_bits:
            if priority not in priorities:
                message = (
                    f"no corridor has priority {shown(priority)}; expected {joined(sorted(priorities) or ['none'])}"
                )
                yield view.finding("QP811", ("drills", name, "policy", "reserve_bits", priority), message, key=True)


def check_ducts_have_lengths(view: View) -> Iterator[Diagnostic]:
    """Where reliability is stated at all: how much of each fibre a duct takes with it is half of what it says."""
    if "reliability" not in view.inventory.model_fields_set:
        return
    unstated = sorted(_known(view, "ducts") - view.inventory.reliability.ducts.keys())
    if unstated:
        few = first_of([f"'{duct}'" for duct in unstated], MOST_DUCTS_NAMED)
        message = f"no length is stated for {few}: each is taken to be as long as its shortest fibre"
        yield view.finding("QP809", ("reliability", "ducts"), message, hint="state length_km", key=True)


def check_ducts_fit_their_fibres(view: View) -> Iterator[Diagnostic]:
    lengths = view.inventory.reliability.ducts
    for name, fibre in view.fibres() if lengths else ():
        within = sum(lengths[duct].length_km for duct in fibre.ducts if duct in lengths)
        km = length_km(view.inventory, fibre)
        if km is not None and within > km:
            message = f"the ducts of fibres.{name} are {within:g} km long, but the fibre only {km:g} km"
            yield view.finding("QP810", ("fibres", name, "ducts"), message)


def _events(view: View) -> Iterator[tuple[EventPath, DrillEvent]]:
    """The events that do exactly one thing."""
    for name, drill in view.inventory.drills.items():
        for index, event in enumerate(drill.events):
            if len(event.actions) == 1:
                yield ("drills", name, "events", index), event


def _stores(view: View) -> Iterator[tuple[tuple[str, ...], KeyStore]]:
    """Every store that is stated somewhere, with what it takes from the more general ones."""
    inventory = view.inventory
    default, systems = inventory.key_stores, inventory.equipment.qkd_systems
    if "key_stores" in inventory.model_fields_set:
        yield ("key_stores",), default
    for name, system in systems.items():
        if system.key_store is not None:
            yield ("equipment", "qkd_systems", name, "key_store"), default.overridden(system.key_store)
    for name, store in default.links.items():
        yield ("key_stores", "links", name), default.overridden(store)


def _is_link(view: View, name: str) -> bool:
    return any(named_pairs(name, view.ids["sites"]))


def _known(view: View, kind: str) -> set[str]:
    inventory = view.inventory
    if kind == "ducts":
        return {duct for fibre in inventory.fibres.values() for duct in fibre.ducts}
    if kind == "operators":
        stated = [site.operator for site in inventory.sites.values()]
        stated += [fibre.operator for fibre in inventory.fibres.values()]
        return {operator for operator in stated if operator is not None}
    return set(view.ids["sites" if kind == "key_managers" else kind])
