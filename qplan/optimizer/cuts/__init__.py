"""Rows that every design satisfies, each family with its inequality and source, and the lifts that they live on."""
