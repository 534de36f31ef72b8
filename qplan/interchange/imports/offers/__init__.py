"""Answers to a request for quotation → offers: cells as people type them, rows, and what they come to."""
