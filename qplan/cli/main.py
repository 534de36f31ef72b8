"""Entry point: the click group, and the promise that no traceback reaches a user."""

from __future__ import annotations

import os
import re
import sys

import click

from qplan import __version__
from qplan.errors import Exit, QplanError

COMMANDS = {
    "import": ("Make an inventory of spreadsheets, maps and other tools' files.", "qplan.cli.imports"),
    "optimize": ("Plan an inventory and write the plan folder.", "qplan.cli.optimize"),
    "validate": ("Read and check inventories, without planning.", "qplan.cli.validate"),
    "rules": ("List the rules of `validate`, or explain one.", "qplan.cli.rules"),
    "explain": ("Say why there is no plan, or why a plan is as it is.", "qplan.cli.explain"),
    "fmt": ("Bring inventories into their one layout.", "qplan.cli.fmt"),
    "verify": ("Re-check a plan against an inventory.", "qplan.cli.verify"),
    "export": ("Write a plan in the format of another tool.", "qplan.cli.export"),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, so that `--help` starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        command: click.Command = import_module(COMMANDS[cmd_name][1]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (text, _) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"auto_envvar_prefix": "QPLAN", "help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="qplan")
def cli() -> None:
    """Infrastructure as code for quantum key distribution (QKD) networks.

    Start with `qplan optimize sites.yaml`: it reads the inventory, decides where trusted nodes and QKD links go at
    least cost, proves how good the plan is, re-checks it, and writes diagrams, bill of materials and report.

    Exit codes: 0 done, 1 failure of tool or machine, 2 wrong usage, 3 invalid input, 4 no plan possible,
    5 stopped by a limit or Ctrl-C, 6 a check failed or a plan does not hold,
    8 `fmt --check` would change a file.
    """


def main() -> None:
    """Run the command line and exit with the promised code."""
    sys.exit(_exit_code())


def _exit_code() -> int:
    try:
        _check_environment()
        return int(cli.main(prog_name="qplan", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return int(Exit.USAGE)
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped: nothing was written", err=True)
        if sys.stdout is not None:
            sys.stdout.flush()
        os._exit(int(Exit.LIMIT))  # a solver's thread may be running still, and the interpreter would wait or abort
    except QplanError as error:
        return _failed(error)
    except BrokenPipeError:  # the reader of our output has gone, `qplan … | head` say
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(Exit.FAILED)
    except MemoryError:
        click.echo("error: out of memory", err=True)
        return int(Exit.FAILED)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return _failed(QplanError(place + (error.strerror or str(error))))


def _failed(error: QplanError) -> int:
    from qplan.api.words import render_error

    click.echo(render_error(error), err=True, nl=False)
    return int(error.exit_code)


def _check_environment() -> None:
    """Refuse what a library would stumble over while it is imported."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "0")
    if not re.fullmatch("-?[0-9]{1,12}", epoch):
        raise click.UsageError(f"SOURCE_DATE_EPOCH in the environment is {epoch!a}; expected seconds, a whole number")
