"""What `qplan show` prints in a terminal: a plan with bars of loss and load."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from textwrap import wrap

from qplan.assessment.corridors import CorridorFacts, PathFacts
from qplan.assessment.link_budgets import LinkFacts
from qplan.outputs.drills.pages import table_text
from qplan.outputs.drills.sections import losses_section
from qplan.outputs.drills.words import Names
from qplan.outputs.text import wording
from qplan.outputs.text.names import SiteNames
from qplan.outputs.text.tables import UNLIMITED, one_line, shortened, text_table, text_width
from qplan.outputs.text.verdict import plan_line, title
from qplan.outputs.verbs.plan_view import PlanView

MOST_SPARE = 20  # fibres told one by one
MOST_LOSSES = 12
LONGEST_BAR, SHORTEST_BAR = 12, 4
SHORTEST_NAME, LEAST_NAME = 4, 12  # columns for what joins two sites, at the worst and where it is to be read
HIGH, FULL = 0.7, 0.9  # shares of a limit from which a bar is yellow, red
GREEN, YELLOW, RED = 32, 33, 31
ASCII = str.maketrans({"█": "#", "░": ".", "–": "-", "×": "x", "…": "~"})
NEEDED = {True: "every plan needs it", False: "other plans do without it", None: ""}


@dataclass(frozen=True)
class Screen:
    """What a text is made for: columns (None: as many as it takes), colours, characters beyond ASCII."""

    width: int | None = None
    colour: bool = False
    unicode: bool = True


def show_text(view: PlanView, screen: Screen = Screen()) -> str:
    """Trusted nodes, then corridors, paths and links, the worst first, then fibres with free strands."""
    names, width = SiteNames(view.facts.inventory), screen.width or UNLIMITED
    lines = [
        *wrap(one_line(f"{title(view.facts)}: {wording.proof(view.facts.plan)}."), width),
        "",
        *(shortened(line, width) for line in _list_relays(view, names)),
        "",
        shortened("Corridors, the worst first; bars of loss and of load", width),
        *_list_corridors(view, names, screen),
        "",
        *_list_losses(view, screen),
        "",
        *(shortened(line, width) for line in _list_spare(view)),
        "",
        *wrap(one_line(plan_line(view.facts)), width),
    ]
    text = "\n".join(lines) + "\n"
    return text if screen.unicode else text.translate(ASCII)


def _list_relays(view: PlanView, names: SiteNames) -> list[str]:
    if not view.facts.relays:
        return ["No site relays keys."]
    rows = [
        (
            one_line(names[relay.id]),
            "existing" if relay.existing else "new",
            NEEDED[view.needed.get(relay.id)],
            wording.listed(relay.whole_keys, 4) or f"shares of {wording.listed(relay.shares, 4)}",
        )
        for relay in view.facts.relays
    ]
    return text_table(("Trusted node", "", "", "Sees keys of"), rows).splitlines()


def _list_corridors(view: PlanView, names: SiteNames, screen: Screen) -> Iterator[str]:
    links = {facts.link.id: facts for facts in view.facts.links}

    def worst(path: PathFacts) -> float:
        return max((max(_fill_loss(links[link]), links[link].utilisation) for link in path.links), default=0.0)

    def rank(corridor: CorridorFacts) -> tuple[float, str]:
        return -max(map(worst, corridor.paths), default=0.0), corridor.id

    layout, width = Layout(list(links.values()), names, screen), screen.width or UNLIMITED
    for corridor in sorted(view.facts.corridors, key=rank):
        yield ""
        yield shortened(_describe(corridor, names), width)
        for path in sorted(corridor.paths, key=lambda path: -worst(path)):
            relays = f"via {names.join(path.relays)}" if path.relays else "direct"
            yield shortened(one_line(f"  {relays}"), width)
            for link, ends in zip(path.links, pairwise(path.sites), strict=True):
                yield layout.draw(links[link], ends)


def _describe(corridor: CorridorFacts, names: SiteNames) -> str:
    asked = corridor.corridor
    several = f" over {asked.paths} {asked.disjoint}-disjoint paths" if asked.paths > 1 else ""
    state = f"{wording.bps(corridor.demand_bps)}{several}" if corridor.served else "not served (optional)"
    return one_line(f"{corridor.id}: {names.join(asked.ends, ' – ')}, {state}")


def _fill_loss(facts: LinkFacts) -> float:
    """Loss as a share of what ends the link: its system's limit, or that at which the reserved rate no longer fits."""
    most = facts.link.loss_db + facts.headroom_db
    return facts.link.loss_db / most if most else 0.0


class Layout:
    """Lines of links, all with the same columns: sites, systems, a bar of the loss, a bar of the load."""

    def __init__(self, links: list[LinkFacts], names: SiteNames, screen: Screen):
        self.names: SiteNames | None = names
        self.colour = screen.colour
        self.loss = max((text_width(_write_loss(each)) for each in links), default=0)
        self.load = max((text_width(_write_load(each)) for each in links), default=0)
        self.systems = max((text_width(_write_systems(each)) for each in links), default=0)
        self.sites = self._measure(links)
        self.bar = LONGEST_BAR
        if screen.width is not None:
            self._fit(links, screen.width)

    def _measure(self, links: list[LinkFacts]) -> int:
        return max((text_width(self._join(each, each.link.ends)) for each in links), default=0)

    def _left(self, width: int) -> int:
        """Columns for the sites beside all else."""
        systems = self.systems + 2 if self.systems else 0
        load = self.load + 1 if self.load else 0
        return width - (4 + systems + 2 + self.bar + 1 + self.loss + 2 + self.bar + load)

    def _fit(self, links: list[LinkFacts], width: int) -> None:
        """Shorter bars, then ids for names, then no systems, then no figures of the load, then sites cut short."""
        while self.bar > SHORTEST_BAR and self._left(width) < self.sites:
            self.bar -= 1
        if self._left(width) < self.sites:
            self.names = None
            self.sites = self._measure(links)
        if self._left(width) < self.sites:
            self.systems = 0
        if self._left(width) < min(self.sites, LEAST_NAME):
            self.load = 0
        self.sites = max(SHORTEST_NAME, min(self.sites, self._left(width)))
        self.bar = max(self.bar, min(LONGEST_BAR, self.bar + (self._left(width) - self.sites) // 2))

    def draw(self, facts: LinkFacts, ends: tuple[str, str]) -> str:
        """The link from one of its ends to the other."""
        cells = [_pad(shortened(self._join(facts, ends), self.sites), self.sites)]
        cells += [_pad(_write_systems(facts), self.systems)] if self.systems else []
        cells.append(f"{self._bar(_fill_loss(facts))} {_pad(_write_loss(facts), self.loss)}")
        load = self._bar(facts.utilisation)
        cells.append(f"{load} {_write_load(facts)}" if self.load else load)
        return f"    {'  '.join(cells)}"

    def _join(self, facts: LinkFacts, ends: tuple[str, str]) -> str:
        patched = facts.link.bypass_sites if ends == facts.link.ends else facts.link.bypass_sites[::-1]
        via = f" via {self._name(patched, ', ')}" if patched else ""
        return one_line(self._name(ends, " – ") + via)

    def _name(self, sites: tuple[str, ...], joiner: str) -> str:
        return joiner.join(sites) if self.names is None else self.names.join(sites, joiner)

    def _bar(self, share: float) -> str:
        full = min(self.bar, int(share * self.bar))  # full is full
        drawn = "█" * full + "░" * (self.bar - full)
        colour = RED if share >= FULL else YELLOW if share >= HIGH else GREEN
        return f"\x1b[{colour}m{drawn}\x1b[0m" if self.colour else drawn


def _pad(text: str, width: int) -> str:
    return text + " " * (width - text_width(text))


def _write_systems(facts: LinkFacts) -> str:
    return f"{facts.link.count} × {facts.link.system}"


def _write_loss(facts: LinkFacts) -> str:
    return f"{wording.db(facts.link.loss_db)}, {wording.headroom(facts)} left"


def _write_load(facts: LinkFacts) -> str:
    return f"{wording.load(facts.utilisation)} of {wording.bps(facts.link.capacity_bps)}"


def _list_losses(view: PlanView, screen: Screen) -> list[str]:
    """What single losses do, the worst first; where something goes on open, in red."""
    losses = view.facts.losses
    section = losses_section(losses, Names(view.facts.plan), MOST_LOSSES)
    lines = [line for table in section.tables for line in table_text(table, screen.width).splitlines()]
    for row, loss in enumerate(losses[:MOST_LOSSES], start=2):
        if loss.opens and screen.colour:
            lines[row] = f"\x1b[{RED}m{lines[row]}\x1b[0m"
    more = len(losses) - MOST_LOSSES
    return [*lines, f"… and {more} more: --format json has all."] if more > 0 else lines


def _list_spare(view: PlanView) -> list[str]:
    """Those with most free strands first, of these the shortest."""
    ranked = sorted(view.spare, key=lambda each: (-each.free_strands, each.length_km or 0.0, each.id))
    rows = [
        (
            each.id,
            one_line(" – ".join(each.ends)),
            wording.km(each.length_km),
            "not known" if each.loss_db is None else wording.db(each.loss_db),
            str(each.free_strands),
        )
        for each in ranked[:MOST_SPARE]
    ]
    if not rows:
        return []
    header = ("Spare fibre", "Between", "Length", "Loss", "Free strands")
    table = text_table(header, rows, header[2:])
    more = len(ranked) - len(rows)
    return table.splitlines() + ([f"… and {more} more: --format json has all."] if more else [])
