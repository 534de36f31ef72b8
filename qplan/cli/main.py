"""Entry point: the click group, and the promise that no traceback reaches a user."""

from __future__ import annotations

import os
import re
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import click

from qplan import __version__
from qplan.cli.streams import guarded_streams
from qplan.errors import Exit, QplanError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS = {
    "init": ("Start a project: an inventory that plans at once.", "qplan.cli.init"),
    "import": ("Make an inventory of spreadsheets, maps and other tools' files.", "qplan.cli.imports"),
    "validate": ("Read and check inventories, without planning.", "qplan.cli.validate"),
    "candidates": ("List the QKD links that could be built, and why not the others.", "qplan.cli.candidates"),
    "fmt": ("Bring inventories into their one layout.", "qplan.cli.fmt"),
    "optimize": ("Plan an inventory and write the plan folder.", "qplan.cli.optimize"),
    "show": ("Show a plan in the terminal, the worst first.", "qplan.cli.show"),
    "explain": ("Say why there is no plan, or why a plan is as it is.", "qplan.cli.explain"),
    "diff": ("Say what differs between two plans or two inventories.", "qplan.cli.diff"),
    "report": ("Print the report of a plan, or the comment for a pull request.", "qplan.cli.report"),
    "bom": ("List what a plan buys: by part, site, link, corridor, supplier, charge.", "qplan.cli.bom"),
    "cost": ("Say what a plan costs, how firm that is, and hold it against limits.", "qplan.cli.cost"),
    "rfq": ("Ask suppliers for quotations of what a plan buys.", "qplan.cli.rfq"),
    "compare": ("Lay scenarios, vendors or plans side by side.", "qplan.cli.compare"),
    "verify": ("Re-check a plan against an inventory.", "qplan.cli.verify"),
    "export": ("Write a plan in the format of another tool.", "qplan.cli.export"),
    "drill": ("Play outages, surges and alarms on a plan.", "qplan.cli.drill"),
    "availability": ("Say how much of the year a plan's corridors have keys.", "qplan.cli.availability"),
    "rules": ("List the rules of `validate`, or explain one.", "qplan.cli.rules"),
    "catalogue": ("List or show the equipment that comes with qplan.", "qplan.cli.catalogue"),
    "schema": ("Print the JSON Schema of a file or a document.", "qplan.cli.schema"),
    "doctor": ("Try solvers, drawing program and settings, and tell versions.", "qplan.cli.doctor"),
}
OTHER_WORDS = {  # verbs of other tools and other spellings, and ours
    "optimise": "optimize",
    "plan": "optimize",
    "solve": "optimize",
    "apply": "optimize",
    "check": "validate",
    "lint": "validate",
    "format": "fmt",
    "bill": "bom",
    "costs": "cost",
    "why": "explain",
    "new": "init",
    "catalog": "catalogue",
    "completion": "--help",
    "help": "--help",
    "version": "--version",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, so that `--help` starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name][1]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise click.UsageError(_no_verb(args[0]), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (text, _) in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        verbs = [CompletionItem(name, help=text) for name, (text, _) in COMMANDS.items() if name.startswith(incomplete)]
        return [*verbs, *click.Command.shell_complete(self, ctx, incomplete)]


def _no_verb(word: str) -> str:
    from qplan.api.words import did_you_mean, printable

    meant = OTHER_WORDS.get(word.lower(), "")
    if not meant and os.path.exists(word):
        meant = "explain" if os.path.isdir(word) else "optimize"
        return f"'{printable(word)}' is no verb: `qplan {meant} {printable(word)}`?"
    hint = f"did you mean '{meant}'?" if meant else did_you_mean(word.lower(), COMMANDS)
    return f"there is no verb '{printable(word)}'; {hint or 'qplan --help lists all'}"


@click.group(cls=LazyGroup, context_settings={"auto_envvar_prefix": "QPLAN", "help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="qplan")
def cli() -> None:
    """Infrastructure as code for quantum key distribution (QKD) networks.

    \b
    Start a project and plan it:
      qplan init
      qplan optimize

    `optimize` reads the inventory, decides where trusted nodes and QKD links go at least cost, proves how good the
    plan is, re-checks it, and writes diagrams, bill of materials and report. `qplan VERB --help` has examples.

    Exit codes: 0 done, 1 failure of tool or machine, 2 wrong usage, 3 invalid input, 4 no plan possible,
    5 stopped by a limit or Ctrl-C, 6 a check failed or a plan does not hold,
    7 something differs (`diff --exit-code`), 8 `fmt --check` would change a file.
    """


def main() -> None:
    """Run the command line and exit with the promised code."""
    with guarded_streams():
        code = _exit_code()
    sys.exit(code)


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
    from qplan.cli.verb import fail

    return int(fail(error))


def _check_environment() -> None:
    """Refuse what a library would stumble over while it is imported."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "0")
    if not re.fullmatch("-?[0-9]{1,12}", epoch):
        raise click.UsageError(f"SOURCE_DATE_EPOCH in the environment is {epoch!a}; expected seconds, a whole number")
    completion = os.environ.get("_QPLAN_COMPLETE")
    if completion is not None and not _is_asked_by_a_shell(completion):
        raise click.UsageError(
            f"_QPLAN_COMPLETE in the environment is {completion!a}: that is for a shell that completes a command line"
        )


def _is_asked_by_a_shell(completion: str) -> bool:
    """Whether the environment is such as the scripts of click's shells leave it."""
    if not re.fullmatch("(bash|zsh|fish)_(source|complete)", completion):
        return False
    words, at = os.environ.get("COMP_WORDS"), os.environ.get("COMP_CWORD", "")
    return completion.endswith("source") or (words is not None and (completion.startswith("fish") or at.isdecimal()))
