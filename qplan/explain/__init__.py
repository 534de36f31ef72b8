"""Why not, why, what else: variants of the inventory, planned anew within the time given."""
