"""A verb of the command line: what all of them have in common, from settings to the way that they fail."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from qplan.cli.settings import Settings, read_settings
from qplan.cli.terminal import coloured
from qplan.errors import Exit, QplanError, WrongUsage

SOFT = frozenset({Exit.INVALID, Exit.CHECK})


class Verb(click.Command):
    """A command with examples in its help, settings from a file, `--color` and, where it is asked for, `--soft-fail`.

    `examples`: command and what it is for. A failure is told and ends with its code.
    """

    def __init__(
        self, name: str | None, *, examples: Sequence[tuple[str, str]] = (), soft_fail: bool = False, **attributes: Any
    ) -> None:
        super().__init__(name, **attributes)
        self.examples = examples
        if soft_fail:
            self.params.append(_flag("--soft-fail", "Exit with 0 where it would be 3 or 6: for uploads."))
        self.params.append(
            click.Option(
                ["--color"],
                type=click.Choice(["auto", "always", "never"]),
                default="auto",
                show_default=True,
                expose_value=False,
                callback=_set_color,
                help="Colours on a terminal.",
            )
        )

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.examples:
            with formatter.section("Examples"):
                for command, purpose in self.examples:
                    formatter.write_text(command)
                    with formatter.indentation():
                        formatter.write_text(purpose)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        if not extra.get("resilient_parsing"):
            settings = read_settings()
            if parent is not None and isinstance(parent.command, click.Group):
                settings.check(parent.command.list_commands(parent))
            extra["default_map"] = settings.defaults(str(info_name), self.params)
            extra["obj"] = settings
        return super().make_context(info_name, args, parent, **extra)

    def check_settings(self, name: str, settings: Settings) -> None:
        """Every setting of the verb is one that it takes. Raises WrongUsage."""
        values = settings.defaults(name, self.params)
        for option in self.params:
            if option.name in values:
                try:
                    option.type_cast_value(click.Context(self), values[option.name])
                except click.BadParameter as error:
                    key = max(option.opts, key=len).lstrip("-")
                    raise WrongUsage(f"{settings.file}: {name}.{key}: {error.message}") from error

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            left = super().parse_args(ctx, args)
        except click.MissingParameter:
            raise
        except click.BadParameter as error:
            message = error.message + _origin(ctx, error.param)
            raise click.BadParameter(message, ctx, error.param, error.param_hint) from error
        arguments = (ctx.params.get(str(each.name)) for each in self.params if isinstance(each, click.Argument))
        files = [file for each in arguments for file in (each if isinstance(each, tuple) else (each,))]
        if files.count(Path("-")) > 1 and not ctx.resilient_parsing:
            raise click.UsageError("standard input (-) can be read only once", ctx)
        return left

    def invoke(self, ctx: click.Context) -> int:
        soft = ctx.params.pop("soft_fail", False)
        try:
            code = Exit(super().invoke(ctx) or 0)
        except WrongUsage as error:
            raise click.UsageError(_printable(str(error)), ctx) from error
        except QplanError as error:
            code = fail(error)
        return 0 if soft and code in SOFT else int(code)


def fail(error: QplanError) -> Exit:
    """Say what went wrong."""
    from qplan.api.words import render_error

    click.echo(coloured(render_error(error)), err=True, nl=False)
    return error.exit_code


def _printable(text: str) -> str:
    from qplan.api.words import printable

    return printable(text)


def _flag(name: str, words: str) -> click.Option:
    return click.Option([name], is_flag=True, help=words)


def _set_color(ctx: click.Context, param: click.Parameter, value: str) -> None:
    """`--color`, then `NO_COLOR`, then `FORCE_COLOR`, then whether the stream is a terminal."""
    if value == "auto":
        ctx.color = False if os.environ.get("NO_COLOR") else True if os.environ.get("FORCE_COLOR") else None
    else:
        ctx.color = value == "always"


def _origin(ctx: click.Context, param: click.Parameter | None) -> str:
    """Where a value comes from that was not given on the command line."""
    if param is None or param.name is None:
        return ""
    source = ctx.get_parameter_source(param.name)
    if source is ParameterSource.DEFAULT_MAP and isinstance(ctx.obj, Settings):
        return f" (in {ctx.obj.file})"
    if source is ParameterSource.ENVIRONMENT and isinstance(param, click.Option):
        return f" (in the environment: {ctx.auto_envvar_prefix}_{param.name.upper()})"
    return ""
