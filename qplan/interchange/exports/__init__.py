"""A plan in the formats of others: pure functions from inventory and plan to the text of each file.

`formats` lists them, `exported` is what they return, `layers` says once what stands on a map or in a graph of a plan.
"""
