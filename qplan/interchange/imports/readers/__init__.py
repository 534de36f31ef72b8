"""One module per format: bytes → rows (sites, fibres, corridors, equipment) with the place of each.

A reader knows its format and nothing of networks: it judges no coordinates, merges nothing and makes no ids.
"""
