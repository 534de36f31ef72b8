"""Drills and availability as people and programs read them: text, JSON, Markdown, CSV, a timeline, event streams."""
