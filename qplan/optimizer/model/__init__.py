"""The integer programme: variables, rows by family, objectives, stages, and the way back from values to a design."""
