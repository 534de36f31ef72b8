"""Drills: a plan played against outages in exact arithmetic.

`disturbances` is what happens to a network, `engine` plays it on `store`s and `service`s, `results` is what came of it;
`generated`, `maintenance` and `sizing` ask the engine questions, `rehearsal` is one run of all of it.
"""
