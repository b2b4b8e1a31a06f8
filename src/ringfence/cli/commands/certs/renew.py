"""Renew the certificates that are due.

Meant for cron or a timer: does nothing where nothing is due, waits between tries as the authorities want it, and turns
to the next issuer when half of the time is gone. --force renews the named ones now.

  ringfence certs renew
  ringfence certs renew web --force

Exit code 0: nothing is left to do; 1: something is due or not deployed, and says why; 2: bad input.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from ringfence.cli.commands.certs._shared import chosen, configured, issuing_options, runner, work
from ringfence.cli.output import Output, output_options
from ringfence.cli.text import help_text


@click.command(help=help_text(__doc__))
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--force", is_flag=True, help="Renew what is named although it is not due.")
@issuing_options
@output_options("text", "json")
def command(names: tuple[str, ...], force: bool, posture: Path | None, at: datetime | None, output: Output) -> int:
    """Renew the certificates that are due."""
    if force and not names:
        raise click.UsageError("--force wants the names of the certificates: authorities limit how many they issue")
    configuration = configured(posture)
    return work(runner(configuration), chosen(configuration, names), at, output, force=force)
