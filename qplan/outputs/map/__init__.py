"""The plan on a map: one page that works offline."""
