"""Drills played a second and a third time: in whole keys by SimPy, and in small steps of time.

Nothing of `qplan.assessment` is imported. A scenario is a plain value, and the policy is written down once more here:
a path serves while every link on it has a usable store, the first such path is taken, a better one after it has held
for the wait.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import simpy

INFINITE = float("inf")


@dataclass(frozen=True)
class PlainLink:
    rate: float
    capacity: float
    store: float
    floor: float
    resume: float
    restart_s: float


@dataclass(frozen=True)
class PlainCorridor:
    demand: float
    paths: tuple[tuple[int, ...], ...]
    shares: bool = False


@dataclass(frozen=True)
class Change:
    """From `at` until `until`: a link is down or hidden, makes `factor` of its key, or a corridor asks for it."""

    kind: str  # "down" | "hide" | "degrade" | "surge"
    place: int
    at: float
    until: float
    factor: float = 1.0


@dataclass(frozen=True)
class Scenario:
    links: tuple[PlainLink, ...]
    corridors: tuple[PlainCorridor, ...]
    changes: tuple[Change, ...]
    duration: float
    outage: bool = False
    """Leave a path as soon as a link on it stands still."""
    wait: float = 0.0


@dataclass
class Tally:
    served: float = 0.0
    delivered: float = 0.0
    asked: float = 0.0
    switches: int = 0


@dataclass
class State:
    """What both judges keep of links and corridors."""

    scenario: Scenario
    stored: list[float] = field(default_factory=list)
    usable: list[bool] = field(default_factory=list)
    ready: list[float] = field(default_factory=list)
    down: list[int] = field(default_factory=list)
    hidden: list[int] = field(default_factory=list)

    def __post_init__(self):
        links = self.scenario.links
        self.stored = [link.store for link in links]
        self.usable = [link.store > link.floor for link in links]
        self.ready = [0.0] * len(links)
        self.down, self.hidden = [0] * len(links), [0] * len(links)
        self.factor = [1.0] * len(links)
        self.surge = [1.0] * len(self.scenario.corridors)
        self.path = [-1] * len(self.scenario.corridors)
        self.since = [
            [0.0 if self.scenario.wait == 0 else -INFINITE] * len(self.options(c))
            for c in range(len(self.scenario.corridors))
        ]
        self.tally = [Tally() for _ in self.scenario.corridors]
        self.last = [-1] * len(self.scenario.corridors)
        self.interruptions = [0] * len(links)

    def options(self, number: int) -> list[list[int]]:
        corridor = self.scenario.corridors[number]
        if corridor.shares:
            return [[link for path in corridor.paths for link in path]]
        return [list(path) for path in corridor.paths]

    def making(self, link: int, now: float) -> bool:
        plain = self.scenario.links[link]
        return not self.down[link] and now >= self.ready[link] and plain.rate * self.factor[link] > 0

    def grade(self, option: list[int], now: float) -> int:
        if any(self.hidden[link] or not self.usable[link] for link in option):
            return 0
        return 2 if all(self.making(link, now) for link in option) else 1

    def choose(self, number: int, now: float) -> int:
        """The option that serves the corridor now; −1: none."""
        wanted = 2 if self.scenario.outage else 1
        grades = [self.grade(option, now) for option in self.options(number)]
        since = self.since[number]
        for place, grade in enumerate(grades):
            since[place] = min(since[place], now) if grade >= wanted else INFINITE
        current = self.path[number]
        if current >= 0 and grades[current] >= wanted:
            better = [place for place in range(current) if since[place] + self.scenario.wait <= now + 1e-9]
            return better[0] if better else current
        for least in range(wanted, 0, -1):
            if current >= 0 and grades[current] >= least:
                return current
            good = [place for place, grade in enumerate(grades) if grade >= least]
            if good:
                return good[0]
        return -1

    def take_path(self, number: int, now: float) -> list[int] | None:
        chosen = self.choose(number, now)
        if chosen >= 0 and self.path[number] >= 0 and chosen != self.path[number]:
            self.tally[number].switches += 1
        self.path[number] = chosen
        return None if chosen < 0 else self.options(number)[chosen]

    def begin(self, change: Change) -> None:
        if change.kind == "down":
            self.down[change.place] += 1
            self.interruptions[change.place] += 1
        elif change.kind == "hide":
            self.hidden[change.place] += 1
        elif change.kind == "degrade":
            self.factor[change.place] *= change.factor
        else:
            self.surge[change.place] *= change.factor

    def end(self, change: Change, now: float) -> None:
        if change.kind == "down":
            self.down[change.place] -= 1
            if not self.down[change.place]:
                self.ready[change.place] = now + self.scenario.links[change.place].restart_s
        elif change.kind == "hide":
            self.hidden[change.place] -= 1
        elif change.kind == "degrade":
            self.factor[change.place] /= change.factor
        else:
            self.surge[change.place] /= change.factor


def played_in_steps(scenario: Scenario, step: float) -> list[Tally]:
    """Everything is constant for a step, and what a store cannot give in a step is not given."""
    state = State(scenario)
    marks = sorted(
        [(c.at, i, False, c) for i, c in enumerate(scenario.changes)]
        + [(c.until, i, True, c) for i, c in enumerate(scenario.changes)],
        key=lambda mark: mark[:3],
    )
    place = 0
    for number in range(round(scenario.duration / step)):
        now = number * step
        while place < len(marks) and marks[place][0] <= now + 1e-9:
            _, _, over, change = marks[place]
            state.end(change, now) if over else state.begin(change)
            place += 1
        for link, plain in enumerate(scenario.links):
            if not state.usable[link] and state.stored[link] >= min(plain.floor + plain.resume, plain.capacity):
                state.usable[link] = True
        drains = _drains(state, now)
        for corridor, option in enumerate(drains.options):
            tally, demand = state.tally[corridor], scenario.corridors[corridor].demand * state.surge[corridor]
            tally.asked += demand * step
            if option is not None:
                tally.served += step
                tally.delivered += demand * step
        for link, plain in enumerate(scenario.links):
            gain = plain.rate * state.factor[link] if state.making(link, now) else 0.0
            state.stored[link] = min(plain.capacity, state.stored[link] + (gain - drains.of[link]) * step)
    return state.tally


@dataclass
class Drains:
    options: list[list[int] | None]
    of: list[float]


def _drains(state: State, now: float) -> Drains:
    """Paths and drains such that no usable store falls below its floor within the step."""
    scenario = state.scenario
    while True:
        options = [state.take_path(number, now) for number in range(len(scenario.corridors))]
        drains = [0.0] * len(scenario.links)
        for number, option in enumerate(options):
            for link in option or ():
                drains[link] += scenario.corridors[number].demand * state.surge[number]
        empty = [
            link
            for link, plain in enumerate(scenario.links)
            if state.usable[link]
            and state.stored[link] <= plain.floor
            and drains[link] > (plain.rate * state.factor[link] if state.making(link, now) else 0.0) * (1 + 1e-9)
        ]
        if not empty:
            return Drains(options, drains)
        for link in empty:
            state.usable[link] = False


def played_in_keys(scenario: Scenario, key: float) -> list[Tally]:
    """Links make whole keys of so many bits, one after the other; corridors fetch one when they need it."""
    env = simpy.Environment()
    state = State(scenario)
    for link in range(len(scenario.links)):
        env.process(_maker(env, state, link, key))
    for corridor in range(len(scenario.corridors)):
        env.process(_taker(env, state, corridor, key))
    for change in scenario.changes:
        env.process(_changer(env, state, change))
    env.run(until=scenario.duration)
    return state.tally


def _changer(env, state, change):
    yield env.timeout(change.at)
    state.begin(change)
    yield env.timeout(change.until - change.at)
    state.end(change, env.now)


def _maker(env, state, link, key):
    """A key takes its time; an interruption throws away what was begun."""
    plain = state.scenario.links[link]
    while plain.rate:
        begun = state.interruptions[link]
        yield env.timeout(key / plain.rate / state.factor[link])
        if not state.making(link, env.now) or state.interruptions[link] != begun:
            continue
        state.stored[link] = min(plain.capacity, state.stored[link] + key)
        if not state.usable[link] and state.stored[link] >= min(plain.floor + plain.resume, plain.capacity):
            state.usable[link] = True


def _taker(env, state, number, key):
    corridor, tally = state.scenario.corridors[number], state.tally[number]
    while True:
        spacing = key / (corridor.demand * state.surge[number])
        yield env.timeout(spacing)
        tally.asked += key
        option = state.take_path(number, env.now)
        while option is not None:
            short = [link for link in option if state.stored[link] <= state.scenario.links[link].floor - key]
            if not short:
                break
            for link in short:
                state.usable[link] = False
            option = state.take_path(number, env.now)
        if option is not None:
            for link in option:
                state.stored[link] -= key
            tally.served += spacing
            tally.delivered += key


def random_scenario(seed: int) -> Scenario:
    """A ring of four to six sites with chords, one to three corridors, outages, alarms, surges and degradations."""
    rng = random.Random(seed)
    sites = rng.randint(4, 6)
    edges = [(site, (site + 1) % sites) for site in range(sites)]
    edges += rng.sample([(a, b) for a in range(sites) for b in range(a + 2, sites) if (a, b) != (0, sites - 1)], 1)
    duration = 4000.0
    links = tuple(_random_link(rng) for _ in edges)
    corridors = []
    for _ in range(rng.randint(1, 3)):
        a, b = rng.sample(range(sites), 2)
        paths = rng.sample(found := _simple_paths(edges, a, b), min(len(found), rng.randint(1, 3)))
        shares = len(paths) == 2 and set(paths[0]).isdisjoint(paths[1]) and rng.random() < 0.5
        corridors.append(PlainCorridor(rng.uniform(40, 150), tuple(paths), shares))
    changes = []
    for _ in range(rng.randint(1, 5)):
        at = round(rng.uniform(0, 3000), 1)
        until = at + round(rng.uniform(50, 2500), 1)
        kind = rng.choice(["down", "down", "down", "hide", "degrade", "surge"])
        place = rng.randrange(len(corridors) if kind == "surge" else len(links))
        factor = rng.choice([2.0, 3.0]) if kind == "surge" else rng.choice([0.25, 0.5])
        changes.append(Change(kind, place, at, until, factor))
    return Scenario(links, tuple(corridors), tuple(changes), duration, rng.random() < 0.5, rng.choice([0.0, 120.0]))


def _random_link(rng: random.Random) -> PlainLink:
    """No round figures: two stores that run dry in the same instant would be a matter of order, not of arithmetic."""
    capacity = rng.uniform(40_000, 160_000)
    rate = rng.choice([0.0, rng.uniform(50, 350), rng.uniform(50, 350)])
    store = capacity * rng.choice([0.3, 0.6, 1.0])
    return PlainLink(rate, capacity, store, 4000.0, capacity * rng.uniform(0.05, 0.2), rng.choice([0.0, 61.3, 207.9]))


def _simple_paths(edges: list[tuple[int, int]], a: int, b: int) -> list[tuple[int, ...]]:
    found, todo = [], [((a,), ())]
    while todo:
        sites, links = todo.pop()
        if sites[-1] == b:
            found.append(links)
            continue
        for number, ends in enumerate(edges):
            if sites[-1] in ends:
                other = ends[1] if ends[0] == sites[-1] else ends[0]
                if other not in sites:
                    todo.append(((*sites, other), (*links, number)))
    return sorted(found, key=lambda links: (len(links), links))
