"""Plans without the solver: paths of least added price, local search, guided by a relaxation."""
