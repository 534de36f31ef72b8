"""The plan: what is built, who sees which keys, what it costs; and the code that re-checks it."""
