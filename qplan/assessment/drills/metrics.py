"""The metrics that drills and availability bring to an inventory's `checks`."""

from __future__ import annotations
