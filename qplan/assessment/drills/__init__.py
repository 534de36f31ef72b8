"""Drills: a plan played against outages in exact arithmetic.

`network` is what is played, `disturbances` what happens to it, `engine` plays, `results` what came of it; `generated`,
`maintenance`, `sizing` and `metrics` ask the engine questions.
"""
