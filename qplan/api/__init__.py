"""What qplan does, as functions for programs; the command line calls these and reaches past them nowhere.

Here belongs what a verb does before anything is parsed or printed. Each function imports the rooms it needs when it is
called, so that importing this room costs nothing. `qplan/__init__.py` says which of it is stable.
"""
