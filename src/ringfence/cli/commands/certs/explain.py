"""Explain one certificate on one screen: the chain of causes, when it is due, what will happen next.

NAME is namespace/name (the kind may be left out), a file, or a name in the certificate; without one, all are explained.

  ringfence certs explain shop/web --in k8s/
  ringfence certs explain www.example.com --in /etc/letsencrypt/live
  kubectl get certificates,certificaterequests,orders,challenges,issuers,clusterissuers,secrets -A -o yaml |
    ringfence certs explain --in -

Exit code 0: no alert stands for it; 1: one does; 2: there is no such certificate, or something cannot be read.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from ringfence.certificates.inventory import Entry
from ringfence.cli import certificates as shared
from ringfence.cli.moment import at_option
from ringfence.cli.output import Output, exit_code, output_options, print_diagnostics, render_json
from ringfence.cli.text import help_text
from ringfence.model.diagnostics import InputError, error
from ringfence.report import certificate_status as report
from ringfence.report.style import Style


@click.command(help=help_text(__doc__))
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--in", "paths", multiple=True, metavar="PATH", help="What to read. Repeatable.")
@click.option(
    "--posture",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Add what it issues.  [default: the nearest, if nothing is named]",
)
@shared.policy_options
@at_option
@output_options("text", "json")
def command(
    names: tuple[str, ...],
    paths: tuple[str, ...],
    posture: Path | None,
    days: str,
    production: bool,
    at: datetime,
    output: Output,
) -> int:
    """Explain one certificate on one screen."""
    policy = shared.policy(days, production)
    found = shared.inventory(paths, at, output)
    if posture is not None or not paths:
        shared.add_issued(found, posture)
    print_diagnostics(found.diagnostics, quiet=output.quiet)
    statuses = found.judge(at, policy)
    for name in names:
        if not any(_meant(one.entry, name) for one in statuses):
            raise InputError(error(f"there is no certificate {name!r} in what was read"))
    chosen = [one for one in statuses if not names or any(_meant(one.entry, name) for name in names)]
    output.write(
        {
            "text": lambda surface: report.explained(shared.printable(chosen), at, Style(surface.colour)),
            "json": lambda _: render_json(report.document(chosen)),
        }
    )
    return exit_code(found.diagnostics, failed=any(one.alerts for one in chosen))


def _meant(entry: Entry, name: str) -> bool:
    """Whether a name in a question means an entry."""
    if name in (entry.id, entry.id.partition("[")[0]) or name in entry.wanted:
        return True
    return entry.leaf is not None and name in entry.leaf.names
