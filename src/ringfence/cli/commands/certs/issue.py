"""Issue the certificates of the posture file that do not exist yet.

What exists is left alone, unless the posture file asks for other names or another key now; `certs renew` renews. A run
that was interrupted goes on where it stopped. With NAME only those.

  ringfence certs issue
  ringfence certs issue web --posture infra/ringfence.yaml

Exit code 0: all there, and deployed where they should be; 1: not all; 2: bad input.
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
@issuing_options
@output_options("text", "json")
def command(names: tuple[str, ...], posture: Path | None, at: datetime | None, output: Output) -> int:
    """Issue the certificates of the posture file that do not exist yet."""
    configuration = configured(posture)
    return work(runner(configuration), chosen(configuration, names), at, output, missing=True)
