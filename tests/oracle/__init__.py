"""Random small inventories, and exhaustive search over them; shares nothing with the optimiser."""
