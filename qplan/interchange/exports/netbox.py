"""CSV files that NetBox 4 imports, in the order of their numbers.

A cable ends at a port of a device, never at a site: so every site gets a frame with a port per fibre that the plan
takes, and every QKD module is a device. Everything is `planned`, which is all that a plan knows of it. A text that a
spreadsheet would run as a formula has an apostrophe in front in every file, so that NetBox finds its names again.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable

from qplan.files import without_formula
from qplan.interchange.exports.exported import Exported, site_name
from qplan.inventory.model import Inventory
from qplan.inventory.plant import length_km, loss_db, strands_taken
from qplan.physics.bands import Band
from qplan.plan.model import Link, Plan

FRAME, MODULE = "Optical distribution frame", "QKD module"
UNKNOWN_MANUFACTURER = "unspecified"
PORT = "other"  # which connectors there are, a plan does not know
LENGTH_DECIMALS, DEGREE_DECIMALS, DESCRIPTION = 2, 6, 200  # what NetBox's fields hold
Row = dict[str, object]


def export(inventory: Inventory, plan: Plan) -> Exported:
    """One CSV file per kind of NetBox object; columns are the names of its import forms."""
    sites = sorted({node.site for node in plan.nodes} | {site for link in plan.links for site in link.bypass_sites})
    names, strands = _unique_names(inventory, sites), strands_taken(inventory, plan.links)
    systems = sorted({link.system for link in plan.links})
    tables: dict[str, list[Row]] = {
        "1-sites.csv": [_site(inventory, site, names) for site in sites],
        "2-manufacturers.csv": _manufacturers(inventory, systems),
        "3-device-types.csv": [_frame_type(), *(_module_type(inventory, system) for system in systems)],
        "4-device-roles.csv": [
            {"name": FRAME, "slug": _slug(FRAME), "color": "9e9e9e", "vm_role": "false"},
            {"name": MODULE, "slug": _slug(MODULE), "color": "2196f3", "vm_role": "false"},
        ],
        "5-devices.csv": [*(_frame(site, names) for site in sites), *_modules(inventory, plan, names)],
        "6-rear-ports.csv": [
            _port(end, fibre, strands[fibre]) for fibre in strands for end in inventory.fibres[fibre].ends
        ],
        "7-cables.csv": [_cable(inventory, fibre, strands[fibre], names) for fibre in strands],
    }
    notes = ("lengths are the routes' lengths in km; NetBox has no field for loss, it stands in `description`",)
    return Exported({name: _csv(rows) for name, rows in tables.items()}, notes)


def _unique_names(inventory: Inventory, sites: list[str]) -> dict[str, str]:
    """NetBox wants a site's name unique: its own name, with the id behind where others have the same."""
    named = {site: site_name(inventory, site) for site in sites}
    number = Counter(name.casefold() for name in named.values())
    return {site: name if number[name.casefold()] == 1 else f"{name} ({site})" for site, name in named.items()}


def _site(inventory: Inventory, site_id: str, names: dict[str, str]) -> Row:
    site = inventory.sites[site_id]
    return {
        "name": names[site_id],
        "slug": site_id,
        "status": "planned",
        "latitude": "" if site.lat is None else round(site.lat, DEGREE_DECIMALS),
        "longitude": "" if site.lon is None else round(site.lon, DEGREE_DECIMALS),
        "description": _words(country=site.country, operator=site.operator, key_domain=site.key_domain),
    }


def _manufacturers(inventory: Inventory, systems: list[str]) -> list[Row]:
    rows: list[Row] = []
    for name in sorted({UNKNOWN_MANUFACTURER, *(_manufacturer(inventory, system) for system in systems)}):
        slug, taken = _slug(name), {row["slug"] for row in rows}
        rows.append({"name": name, "slug": f"{slug}-{len(rows)}" if slug in taken else slug})
    return rows


def _manufacturer(inventory: Inventory, system: str) -> str:
    return inventory.equipment.qkd_systems[system].manufacturer or UNKNOWN_MANUFACTURER


def _frame_type() -> Row:
    return _device_type(UNKNOWN_MANUFACTURER, FRAME, _slug(FRAME), 0.0)


def _module_type(inventory: Inventory, system_id: str) -> Row:
    system = inventory.equipment.qkd_systems[system_id]
    height = round(2 * system.rack_units) / 2  # NetBox counts in half units
    manufacturer = _manufacturer(inventory, system_id)
    return _device_type(manufacturer, system_id, system_id, height, system.part_number or "", system.model or "")


def _device_type(
    manufacturer: str, model: str, slug: str, height: float, part_number: str = "", description: str = ""
) -> Row:
    return {
        "manufacturer": manufacturer, "model": model, "slug": slug, "part_number": part_number, "u_height": height,
        "description": without_formula(description)[:DESCRIPTION],
    }  # fmt: skip


def _frame(site: str, names: dict[str, str]) -> Row:
    return _device(f"{site}-frame", FRAME, UNKNOWN_MANUFACTURER, FRAME, names[site], "")


def _modules(inventory: Inventory, plan: Plan, names: dict[str, str]) -> Iterable[Row]:
    """Transmitter and receiver, each at its end, as often as the link has systems."""
    for link in plan.links:
        for number in range(1, link.count + 1):
            for end, role in zip(link.tx_rx, ("tx", "rx"), strict=True):
                name = f"{_short(link)}-{number}-{role}"
                maker = _manufacturer(inventory, link.system)
                yield _device(name, MODULE, maker, link.system, names[end], link.id)


def _short(link: Link) -> str:
    """NetBox's names have 64 characters: the ends and the hash of the route, which alone tells links apart."""
    return f"{link.ends[0][:18]}--{link.ends[1][:18]}--{link.id.rpartition('--')[2]}"


def _device(name: str, role: str, manufacturer: str, device_type: str, site: str, description: str) -> Row:
    return {
        "name": name, "role": role, "manufacturer": manufacturer, "device_type": device_type, "status": "planned",
        "site": site, "description": description,
    }  # fmt: skip


def _port(site: str, fibre: str, strands: int) -> Row:
    return {"device": f"{site}-frame", "name": fibre, "type": PORT, "positions": strands}


def _cable(inventory: Inventory, fibre_id: str, strands: int, names: dict[str, str]) -> Row:
    fibre = inventory.fibres[fibre_id]
    km, loss = length_km(inventory, fibre), loss_db(inventory, fibre, Band.C)
    how = "measured" if fibre.loss_db is not None else "computed"
    row: Row = {}
    for side, end in zip("ab", fibre.ends, strict=True):
        row |= {
            f"side_{side}_site": names[end], f"side_{side}_device": f"{end}-frame",
            f"side_{side}_type": "dcim.rearport", f"side_{side}_name": fibre_id,
        }  # fmt: skip
    return row | {
        "type": "smf", "status": "planned", "label": fibre_id,
        "length": "" if km is None else round(km, LENGTH_DECIMALS), "length_unit": "" if km is None else "km",
        "description": _words(
            strands=strands, loss=None if loss is None else f"{loss:g} dB ({how})",
            ducts=" ".join(fibre.ducts) or None, fibre_type=fibre.fibre_type,
        ),
    }  # fmt: skip


def _words(**facts: object) -> str:
    words = [f"{key.replace('_', ' ')} {value}" for key, value in facts.items() if value is not None]
    return ", ".join(words)[:DESCRIPTION]


def _slug(name: str) -> str:
    return re.sub("[^a-z0-9_]+", "-", name.lower()).strip("-") or "x"


def _csv(rows: list[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: without_formula(v) if isinstance(v, str) else v for key, v in row.items()} for row in rows)
    return text.getvalue()
