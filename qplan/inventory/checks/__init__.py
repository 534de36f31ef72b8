"""Checks beyond keys and types, one small `check_*` per rule: references, corridors, physics, costs."""
