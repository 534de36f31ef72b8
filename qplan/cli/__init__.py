"""The command line: parse, call, print; no decision lives here."""
