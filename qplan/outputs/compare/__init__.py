"""Plans side by side: rows of values first, then every form that they are read in. Nothing is worked out again here."""
