"""Checks of what refers to what: ids, ducts, technologies."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from qplan.errors import Diagnostic
from qplan.inventory.checks.view import View
from qplan.inventory.source.messages import composed, counted, did_you_mean, first_of, fold, joined, neighbours
from qplan.inventory.source.source_map import Path, dotted

NEARLY_ALIKE = 0.9  # difflib's ratio: about one letter in ten
MOST_DUCTS_NAMED = 5
MOST_HINTS = 200  # unknown references beyond these are found all the same, without a suggestion


def check_fibre_ends_exist(view: View) -> Iterator[Diagnostic]:
    """The ends of every fibre are declared sites."""
    ends = ((("fibres", n, "ends", i), end) for n, f in view.inventory.fibres.items() for i, end in enumerate(f.ends))
    return _unknown_sites(view, "QP201", ends)


def check_corridor_ends_exist(view: View) -> Iterator[Diagnostic]:
    """The ends of every corridor are declared sites."""
    ends = ((("corridors", n, "ends", i), end) for n, c in view.corridors() for i, end in enumerate(c.ends))
    return _unknown_sites(view, "QP202", ends)


def check_avoided_sites_exist(view: View) -> Iterator[Diagnostic]:
    """A site to avoid is a declared site."""
    sites = ((("corridors", n, "avoid_sites", i), s) for n, c in view.corridors() for i, s in enumerate(c.avoid_sites))
    return _unknown_sites(view, "QP203", sites)


def _unknown_sites(view: View, code: str, references: Iterable[tuple[Path, str]]) -> Iterator[Diagnostic]:
    known, unknown = view.ids["sites"], 0
    for path, site in references:
        if site not in known:
            unknown += 1
            hint = did_you_mean(site, known) if unknown <= MOST_HINTS else ""
            yield view.finding(code, path, f"{path[0]}.{path[1]} names the unknown site '{site}'", hint=hint)


def check_fibre_joins_two_sites(view: View) -> Iterator[Diagnostic]:
    """The ends of a fibre are two sites."""
    for name, fibre in view.inventory.fibres.items():
        if fibre.ends[0] == fibre.ends[1]:
            message = f"fibres.{name} runs from site '{fibre.ends[0]}' to itself"
            yield view.finding("QP204", ("fibres", name, "ends"), message)


def check_ids_differ_by_more_than_case(view: View) -> Iterator[Diagnostic]:
    """Ids of one kind that differ in case alone are easily taken for each other."""
    for section, ids in view.ids.items():
        folded: dict[str, str] = {}
        for name in sorted(ids):
            other = folded.setdefault(name.casefold(), name)
            if other != name:
                path = (*section.split("."), name)
                yield view.finding("QP108", path, f"'{name}' and '{other}' in {section} differ only in case", key=True)


def check_words_are_spelt_alike(view: View) -> Iterator[Diagnostic]:
    """One operator, key domain or duct is spelt in one way: rules compare the words as they stand."""
    for what, words in _words(view).items():
        places: dict[str, dict[str, list[Path]]] = defaultdict(lambda: defaultdict(list))
        for word, path in words:
            places[fold(word)][word].append(path)
        for spellings in places.values():
            usual, *others = sorted(spellings, key=lambda word: -len(spellings[word]))
            for other in others:
                where = f"{dotted(spellings[usual][0])}{_and_more(len(spellings[usual]) - 1)}"
                message = f"the {what} '{other}' is spelt '{usual}' at {where}; one word is spelt in one way"
                hint = f"write '{usual}', or '{other}' there"
                if composed(other) == composed(usual):
                    message = f"the accents of the {what} '{other}' are coded otherwise than at {where}"
                    hint = "copy it from there"
                yield view.finding("QP211", spellings[other][0], message, hint=hint)


def _words(view: View) -> dict[str, list[tuple[str, Path]]]:
    """Every operator, key domain and duct that the inventory names, with its place."""
    inventory = view.inventory
    words: dict[str, list[tuple[str, Path]]] = {"operator": [], "key domain": [], "duct": []}
    for what, field, rule in (
        ("operator", "operator", "allowed_operators"),
        ("key domain", "key_domain", "allowed_key_domains"),
    ):
        stated = ((getattr(site, field), ("sites", s, field)) for s, site in inventory.sites.items())
        words[what] += [(word, path) for word, path in stated if word is not None]
        for q, corridor in view.corridors():
            words[what] += [(w, ("corridors", q, rule, i)) for i, w in enumerate(getattr(corridor, rule) or ())]
        selections = ((check.where, ("checks", c, "where", field)) for c, check in inventory.checks.items())
        words[what] += [(getattr(where, field), path) for where, path in selections if getattr(where, field)]
    for f, fibre in inventory.fibres.items():
        words["duct"] += [(duct, ("fibres", f, "ducts", i)) for i, duct in enumerate(fibre.ducts)]
        if fibre.operator is not None:
            words["operator"].append((fibre.operator, ("fibres", f, "operator")))
    return words


def _and_more(count: int) -> str:
    return f" and {count} more" if count else ""


def check_technologies_exist(view: View) -> Iterator[Diagnostic]:
    """A technology that the policy permits is one of a system."""
    known = {s.technology for s in view.inventory.equipment.qkd_systems.values() if s.technology is not None}
    for index, technology in enumerate(view.inventory.policy.technologies or ()):
        if technology not in known:
            message = f"no system has the technology '{technology}'"
            yield view.finding(
                "QP205", ("policy", "technologies", index), message, hint=did_you_mean(technology, known)
            )


def check_relay_rules_name_what_sites_state(view: View) -> Iterator[Diagnostic]:
    """A country, operator or key domain that no site states is likely misspelt."""
    for key, field in (
        ("allowed_countries", "country"),
        ("allowed_operators", "operator"),
        ("allowed_key_domains", "key_domain"),
    ):
        known = {getattr(site, field) for site in view.inventory.sites.values()} - {None}
        spelt = {fold(word) for word in known}
        for name, corridor in view.corridors():
            for index, word in enumerate(getattr(corridor, key) or ()):
                if word not in known and fold(word) not in spelt:
                    message = f"no site has the {field} '{word}' that corridors.{name} allows"
                    hint = did_you_mean(word, known)
                    yield view.finding("QP209", ("corridors", name, key, index), message, hint=hint)


def check_ducts_are_shared(view: View) -> Iterator[Diagnostic]:
    """A duct of one fibre says nothing of shared risk; named nearly like a duct of several, it likely hides one.

    Names that differ in a number or in a letter that stands alone are different ducts (k12 and k13, ring-a and ring-b).
    """
    uses = Counter(duct for fibre in view.inventory.fibres.values() for duct in set(fibre.ducts))
    shared: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for duct in sorted(uses):
        if uses[duct] > 1:
            shared[_numbering(duct)].append(duct)
    alone: dict[str, Path] = {}
    for name, fibre in view.inventory.fibres.items():
        for index, duct in enumerate(fibre.ducts):
            if uses[duct] > 1:
                continue
            path, other = ("fibres", name, "ducts", index), _meant(duct, shared[_numbering(duct)])
            if other:
                message = f"duct '{duct}' holds fibres.{name} only"
                yield view.finding("QP207", path, message, hint=f"did you mean '{other}'?")
            else:
                alone[duct] = path
    if alone:
        yield _ducts_of_one_fibre(view, alone, len(uses))


def _meant(duct: str, shared: list[str]) -> str | None:
    """The duct of several fibres that is nearly called like this one."""
    return next(iter(get_close_matches(duct, neighbours(duct, shared), 1, NEARLY_ALIKE)), None)


def _ducts_of_one_fibre(view: View, alone: dict[str, Path], ducts: int) -> Diagnostic:
    """One finding for all, at the first: a duct of one fibre is common, and not wrong by itself."""
    few = first_of([f"'{duct}'" for duct in alone], MOST_DUCTS_NAMED)
    message = (
        f"of {counted(ducts, 'duct')}, {len(alone)} {'is' if len(alone) == 1 else 'are'} named by one fibre only, "
        f"which tells of no shared risk: {few}"
    )
    hint = "name a duct on every fibre that runs in it"
    return view.finding("QP210", next(iter(alone.values())), message, hint=hint)


def _numbering(duct: str) -> tuple[str, ...]:
    """Numbers, and groups of one or two letters."""
    return tuple(re.findall("[0-9]+|(?<![A-Za-z])[A-Za-z]{1,2}(?![A-Za-z])", duct.casefold()))


def check_every_site_has_a_fibre(view: View) -> Iterator[Diagnostic]:
    """A site without a fibre can take no part in any plan."""
    named = {end for fibre in view.inventory.fibres.values() for end in fibre.ends}
    named |= {end for _, corridor in view.corridors() for end in corridor.ends}  # those have a finding of their own
    for name in view.inventory.sites:
        if name not in named:
            yield view.finding("QP206", ("sites", name), f"no fibre ends at sites.{name}", key=True)


def check_there_is_something_to_buy(view: View) -> Iterator[Diagnostic]:
    """The catalogue and the policy leave a QKD system."""
    systems = view.inventory.equipment.qkd_systems
    if not systems:
        hint = "include: [catalogue:illustrative-2026] brings some"
        yield view.finding("QP208", ("equipment", "qkd_systems"), "there is no QKD system to buy", hint=hint, key=True)
    elif not any(view.systems()):
        technologies = sorted({system.technology for system in systems.values() if system.technology})
        hint = f"the systems have {joined(technologies)}" if technologies else "no system states its technology"
        message = "policy.technologies leaves no QKD system to buy"
        yield view.finding("QP208", ("policy", "technologies"), message, hint=hint)
