"""Keep the certificates of the posture file renewed, for ever.

Looks at every check interval and whenever something is due; writes a line on stderr for whatever was done or needs
somebody, and with --metrics a file for Prometheus' textfile collector. Ends cleanly on SIGTERM, after the step at hand.
With --at there is one pass, at that time.

  ringfence certs run --metrics /var/lib/node_exporter/ringfence.prom

Exit code 0: ended by a signal with all certificates in order; 1: not all in order; 2: bad input.
"""

from __future__ import annotations

import signal
import threading
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ringfence.cli.commands.certs._shared import clock, configured, issuing_options, runner, show
from ringfence.cli.output import FAILED, Output, output_options, write_file
from ringfence.cli.text import help_text, one_line

if TYPE_CHECKING:
    from ringfence.certificates.service import Pass


@click.command(help=help_text(__doc__))
@click.option("--once", is_flag=True, help="One pass, then end.")
@click.option(
    "--metrics", "file", type=click.Path(dir_okay=False, path_type=Path), help="Where to write Prometheus metrics."
)
@issuing_options
@output_options("text", "json")
def command(once: bool, file: Path | None, posture: Path | None, at: datetime | None, output: Output) -> int:
    """Keep the certificates of the posture file renewed, for ever."""
    made = runner(configured(posture))
    from ringfence.certificates.service import lines, metrics, serve

    ended = threading.Event()
    last: list[Pass] = []

    def report(done: Pass) -> None:
        last[:] = [done]
        for line in lines(done):
            click.echo(one_line(line), err=True)
        if file is not None:
            write_file(file, metrics(done).encode())
        if once or at is not None:
            ended.set()

    def sleep(seconds: float) -> None:
        ended.wait(seconds)

    before = {number: signal.signal(number, lambda *_: ended.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        serve(made, lambda: at or clock(), sleep, report, lambda: not ended.is_set())
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if not last or last[0].problem:
        return FAILED
    return show(last[0].outcomes, output)
