"""A comparison as people and programs read it: one screen, Markdown, JSON, what a forge's widget takes."""
