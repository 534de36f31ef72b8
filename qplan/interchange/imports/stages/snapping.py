"""The ends of drawn lines on the map: the nearest site within a tolerance, else a joint where lines meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from qplan.errors import Diagnostic
from qplan.interchange.imports.mapping import Assumptions
from qplan.interchange.imports.rows import MOST_LISTED, FibreRow, Point, Rows, SiteRow, gathered
from qplan.interchange.imports.stages.coordinates import distance_km
from qplan.interchange.imports.stages.nearness import Nearby
from qplan.inventory.source.messages import counted

SAID_ABOVE_KM = 0.001  # nearer than a metre is the same point
JOINT = "joint "
"""How the key of a joint begins that is made where lines meet."""
MEET_WITHIN_KM = 0.005  # ends of lines so near are one joint


def snapped(rows: Rows, assume: Assumptions) -> Rows:
    """Drawn lines whose ends are sites; ends far from every site become joints, which are made."""
    drawn = [row for row in rows.fibres if row.route and not all(row.ends)]
    if not drawn:
        return rows
    ends = _Ends([site for site in rows.sites if site.place], assume.snap_within_m / 1000)
    fibres = tuple(_with_ends(row, ends) if row.route and not all(row.ends) else row for row in rows.fibres)
    rows = replace(rows, fibres=fibres, sites=(*rows.sites, *ends.joints))
    return rows.adding(*ends.findings(len(drawn)))


def _with_ends(row: FibreRow, ends: _Ends) -> FibreRow:
    first, second = (
        stated or ends.at(point, row) for stated, point in zip(row.ends, (row.route[0], row.route[-1]), strict=True)
    )
    return replace(row, ends=(first, second))


@dataclass
class _Ends:
    sites: Sequence[SiteRow]
    within_km: float
    joints: list[SiteRow] = field(default_factory=list)
    moved: list[tuple[float, str, FibreRow]] = field(default_factory=list)
    lonely: list[tuple[Point, FibreRow]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.near_sites = Nearby[SiteRow]((site.place, site) for site in self.sites if site.place)
        self.near_joints = Nearby[SiteRow](())

    def at(self, point: Point, row: FibreRow) -> str:
        """The key of the site or joint at the end of a line."""
        near = self.near_sites.nearest(point, self.within_km)
        if near:
            km, site = near
            if km > SAID_ABOVE_KM:
                self.moved.append((km, site.key, row))
            return site.key
        met = self.near_joints.nearest(point, MEET_WITHIN_KM)
        if met:
            return met[1].key
        joint = SiteRow(f"{JOINT}{point[1]:.5f} {point[0]:.5f}", row.origin, None, point[1], point[0], kind="joint")
        self.joints.append(joint)
        self.near_joints.add(point, joint)
        self.lonely.append((point, row))
        return joint.key

    def findings(self, drawn: int) -> list[Diagnostic]:
        far_first = sorted(self.moved, key=lambda item: (-item[0], item[1]))
        moved = [(row.origin, f"{_line(row)} to {key} over {km * 1000:.0f} m") for km, key, row in far_first]
        found = gathered("QP645", moved, "end", f"of {counted(drawn, 'line')} put to the nearest site")
        lonely = [
            (row.origin, self._nearest(point, row) if number < MOST_LISTED else "")  # those beyond are counted only
            for number, (point, row) in enumerate(self.lonely)
        ]
        hint = "draw the line to the site, or widen `assume: {snap_within_m: …}` in a mapping file"
        what = f"with no site within {self.within_km * 1000:g} m, made joints"
        return found + gathered("QP646", lonely, "line end", what, hint)

    def _nearest(self, point: Point, row: FibreRow) -> str:
        best = min(((distance_km(point, site.place), site.key) for site in self.sites if site.place), default=None)
        return _line(row) if best is None else f"{_line(row)} ({best[1]} is {best[0]:.3g} km away)"


def _line(row: FibreRow) -> str:
    return row.called if row.key else str(row.origin)
