"""Renew the certificates that are due.

Meant for cron or a timer: does nothing where nothing is due, waits between tries as the authorities want it, and turns
to the next issuer when half of the time is gone. --force renews the named ones now; --dry-run tells what would be done,
with --at also at another time, and asks nobody.

  ringfence certs renew
  ringfence certs renew web --force
  ringfence certs renew --dry-run --at 2027-01-01T00:00:00Z

Exit code 0: nothing is left to do; 1: something is due or not deployed, and says why; 2: bad input.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from ringfence.certificates.records import stamp
from ringfence.certificates.renewal import Decision
from ringfence.cli.commands.certs._shared import chosen, clock, configured, issuing_options, runner, work
from ringfence.cli.output import PROVED, Output, output_options, render_json
from ringfence.cli.text import help_text


@click.command(help=help_text(__doc__))
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--force", is_flag=True, help="Renew what is named although it is not due.")
@click.option("--dry-run", is_flag=True, help="Tell what would be done, and do nothing.")
@issuing_options
@output_options("text", "json")
def command(
    names: tuple[str, ...], force: bool, dry_run: bool, posture: Path | None, at: datetime | None, output: Output
) -> int:
    """Renew the certificates that are due."""
    if force and not names:
        raise click.UsageError("--force wants the names of the certificates: authorities limit how many they issue")
    configuration = configured(posture)
    if dry_run:
        return _tell(runner(configuration).plan(at or clock(), chosen(configuration, names)), output)
    return work(runner(configuration), chosen(configuration, names), at, output, force=force)


def _tell(plan: list[tuple[str, Decision]], output: Output) -> int:
    rows = [
        {
            "name": name,
            "action": str(decision.action),
            "because": decision.because,
            "issuers": list(decision.issuers),
            "due": stamp(decision.due) if decision.due else None,
            "next": stamp(decision.next),
        }
        for name, decision in plan
    ]
    lines = [f"{name}: {decision.action}: {decision.because}\n" for name, decision in plan]
    document = {"schema": "ringfence.certificate-plan/1", "certificates": rows}
    output.write({"text": lambda _: "".join(lines), "json": lambda _: render_json(document)})
    return PROVED
