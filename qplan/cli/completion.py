"""What a shell completes besides verbs and options: scenarios, addresses, overrides; nothing where nothing is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from qplan.api.completion import addresses, overridable, places, scenarios, suppliers
from qplan.api.inventories import DEFAULT_FILE

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _completes(known: Callable[[Path], Iterable[str]]) -> Complete:
    """Completes what is known of the inventory, or the plan, that stands before it."""

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        unread = [word for word in ctx.args if Path(word).exists()]  # click reads no argument before an open option
        stated = [ctx.params[name] for name in ("file", "source", "plan") if ctx.params.get(name)]
        subject = [*unread, *stated, DEFAULT_FILE][0]
        return [CompletionItem(word) for word in known(Path(subject)) if word.startswith(incomplete)]

    return complete


complete_scenario = _completes(scenarios)
complete_address = _completes(addresses)
complete_place = _completes(places)
complete_supplier = _completes(suppliers)
complete_override = _completes(overridable)
