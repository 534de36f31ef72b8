"""Trees of corridors whose rules permit fewer relays than those of others: the lift of `trees.py` once more for them.

The trees of all corridors may pass wherever any corridor may. So for every set of sites that a corridor's rules permit
as relays, the corridors whose rules permit none beyond these have trees of their own, on the links that one of them may
use: every design contains these as well. They take what the others take, and are not counted beside them. A site of the
set relays where a tree passes it, and an end outside the set never does, however many links it has (`relay_cuts.py`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from qplan.optimizer.cuts.components import apart_alone, components, frame, trees_bind
from qplan.optimizer.cuts.trees import Lift, Rules, Trees
from qplan.optimizer.model.formulation import Formulation

MOST_COLUMNS = 20_000  # of all such trees; those of most corridors come first


def add_ruled_trees(model: Formulation, binding: Collection[str] = ()) -> list[Trees]:
    """Add the lift for as many groups of corridors as there is room for; their trees are numbered by group.

    `binding`: ends at which relaying does.
    """
    found, room = list[Trees](), MOST_COLUMNS
    groups = rule_groups(model) if trees_bind(model.inventory) else []
    apart = apart_alone(model.inventory, binding)
    for number, rules in enumerate(groups, start=1):
        parts, between = frame(model, rules.corridors)
        rooted = min(len(parts), room // max(1, 2 * len(between)))
        if rooted:
            relays = rules.relays & model.relay.keys()
            lift = Lift(model, between, parts, rooted, apart, relays, number=(number,))
            lift.add_all()
            found.append(replace(lift.trees(), rules=rules))
            room -= len(lift.arcs)
    return found


def rule_groups(model: Formulation) -> list[Rules]:
    """Of every set of sites that a corridor's rules permit, if these are fewer than all, and some corridors share ends.

    (Of corridors without common ends the cuts of paths say as much.) No corridor says whether its rules permit its own
    ends: where they may be those of others, they do as these.
    """
    permitted, corridors = model.candidates.usability.permitted, model.inventory.corridors
    everywhere = frozenset[str]().union(*permitted.values())
    relays = {q: permitted[q].difference(corridors[q].ends) for q in sorted(permitted) if corridors[q].required}
    sets: list[tuple[frozenset[str], frozenset[str]]] = []  # of sites that are permitted, and of those that are not
    for q, allowed in relays.items():
        refused = everywhere - permitted[q]
        i = next((i for i, (others, barred) in enumerate(sets) if not (others & refused or barred & allowed)), None)
        if i is None:
            sets.append((allowed, refused))
        else:
            sets[i] = sets[i][0] | allowed, sets[i][1] | refused
    groups = [
        Rules(frozenset(q for q, mine in relays.items() if mine <= allowed), allowed)
        for allowed, refused in sets
        if refused
    ]
    told = (each for each in groups if any(len(part.ends) > 2 for part in components(model.inventory, each.corridors)))
    return sorted(told, key=lambda each: (-len(each.corridors), sorted(each.corridors)))
