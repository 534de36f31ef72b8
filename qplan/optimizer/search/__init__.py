"""Bounds and proofs: root relaxation, branch and cut, Benders loop, stages."""
