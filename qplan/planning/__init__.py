"""From an inventory to a plan: candidate links, integer program, solution, assembled plan."""
