"""Which of it should be built: model, cuts, heuristics, solvers and search; not one sentence for a user."""
