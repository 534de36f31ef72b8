"""Checks of the user's own `checks`: each limits something, and selects what its metric knows and what there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from qplan.errors import Diagnostic
from qplan.inventory.checks.view import View
from qplan.inventory.link_names import named_pairs
from qplan.inventory.source.messages import did_you_mean, fold, shown
from qplan.inventory.user_checks import Metric

OF_SITES = ("country", "operator", "key_domain", "security_tier_below", "site")
WHERE: Mapping[Metric, tuple[str, ...]] = {
    "trusted_nodes": OF_SITES,
    "new_trusted_nodes": OF_SITES,
    "corridors_seen": OF_SITES,
    "headroom_db": ("link", "corridor"),
    "load": ("link", "corridor"),
    "relays_on_path": ("corridor",),
    "cost_of": ("corridor",),
    "survives": ("loss_of",),
    "availability": ("corridor",),
    "max_gap_s": ("corridor", "drill"),
    "autonomy_h": ("corridor", "drill"),
}
"""The keys of `where` that a metric knows; those of the other metrics know none."""


def check_limits_are_stated(view: View) -> Iterator[Diagnostic]:
    """A check that limits nothing passes whatever the plan, and one whose limits cross never does."""
    for name, check in view.inventory.checks.items():
        if check.min is None and check.max is None:
            message = f"checks.{name} has neither min nor max"
            yield view.finding("QP111", ("checks", name), message, hint="state one of them", key=True)
        elif check.min is not None and check.max is not None and check.min > check.max:
            message = f"checks.{name} asks for at least {check.min:.15g} and at most {check.max:.15g}"
            yield view.finding("QP111", ("checks", name), message, key=True)


def check_selections_fit_the_metric(view: View) -> Iterator[Diagnostic]:
    """A key that a metric does not know would select nothing in silence."""
    for name, check in view.inventory.checks.items():
        known = WHERE.get(check.metric, ())
        for key in check.where.model_fields_set:
            if getattr(check.where, key) is not None and key not in known:
                message = f"{check.metric} does not know where.{key}"
                hint = f"it knows {', '.join(known)}" if known else "it is of the whole plan: take `where` away"
                yield view.finding("QP112", ("checks", name, "where", key), message, hint=hint, key=True)
        if check.metric == "cost_of" and check.where.corridor is None:
            message = f"checks.{name} does not say of which corridor the cost is"
            yield view.finding("QP112", ("checks", name), message, hint="add where: {corridor: ID}", key=True)


def check_selected_things_exist(view: View) -> Iterator[Diagnostic]:
    """Sites and corridors that are not there; operators and key domains that no site states, which may be misspelt."""
    sites = view.inventory.sites.values()
    stated = {key: {getattr(site, key) for site in sites} - {None} for key in ("operator", "key_domain")}
    for name, check in view.inventory.checks.items():
        here = ("checks", name, "where")
        for key, section in (("site", "sites"), ("corridor", "corridors"), ("drill", "drills")):
            wanted = getattr(check.where, key)
            known = view.ids.get(section, frozenset())
            if wanted is not None and wanted not in known:
                hint = did_you_mean(wanted, known)
                yield view.finding("QP212", (*here, key), f"there is no {key} {shown(wanted)}", hint=hint)
        ends = check.where.link
        if ends is not None and not _joins_sites(ends, view):
            message = f"where.link is {shown(ends)}; expected two different sites, as a--b"
            yield view.finding("QP212", (*here, "link"), message)
        for key, words in stated.items():
            wanted = getattr(check.where, key)
            if wanted is not None and fold(wanted) not in set(map(fold, words)):  # QP211 tells of other spellings
                message = f"no site states the {key.replace('_', ' ')} {shown(wanted)}"
                yield view.finding("QP209", (*here, key), message, hint=did_you_mean(wanted, words))


def _joins_sites(ends: str, view: View) -> bool:
    return any(not behind for _, _, behind in named_pairs(ends, view.ids["sites"]))
