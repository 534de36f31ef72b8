"""`python -m qplan`."""

from qplan.cli.main import main

main()
