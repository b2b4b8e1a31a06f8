"""What commands that read configuration share: their options, and loading with a look for the posture file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ringfence.cli.output import Output, print_diagnostics
from ringfence.loading import load
from ringfence.model.diagnostics import InputError, error
from ringfence.network import Network
from ringfence.posture_file import POSTURE_FILE, nearest

Command = TypeVar("Command", bound=Callable[..., Any])


def reading_options(function: Command) -> Command:
    """Adds `--posture` and `--option`, which arrive as `posture` and `options`."""
    posture = click.option(
        "--posture",
        type=click.Path(dir_okay=False),
        help=f"The posture file.  [default: {POSTURE_FILE} in a folder given]",
    )
    option = click.option(
        "--option", "options", multiple=True, metavar="NAME=VALUE", help="A semantic option, e.g. host_network=pod."
    )
    return posture(option(function))


def paths_option(function: Command) -> Command:
    """Adds `--in PATH`, for commands whose arguments are questions."""
    return click.option("--in", "paths", multiple=True, metavar="PATH", help="What to read. Repeatable; - is stdin.")(
        function
    )


def read(paths: tuple[str, ...], posture: str | None, options: tuple[str, ...], output: Output) -> Network:
    """Loads what the user named, or what the posture file in this folder or above names; prints diagnostics."""
    pairs = {}
    for text in options:
        name, separator, value = text.partition("=")
        if not separator:
            raise click.UsageError(f"--option {text}: write NAME=VALUE")
        pairs[name] = value
    if not paths and posture is None:
        found = nearest()
        if found is None:
            message = f"no paths were given, and there is no {POSTURE_FILE} in this folder or above"
            raise InputError(error(message, remedy="name a file or folder"))
        posture = str(found)
    with output.progress("reading") as progress:
        network = load(*paths, options=pairs, posture=posture, progress=progress.at)
    print_diagnostics(network.diagnostics, quiet=output.quiet)
    return network
