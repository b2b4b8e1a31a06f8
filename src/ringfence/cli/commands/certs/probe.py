"""Look at what endpoints serve: the whole chain, against their name, the time, and what is stored.

Many are asked at once. Ports 25, 587, 143 and 5432 are asked to change to TLS first; smtp://, imap://, postgres:// and
tls:// say it for others. --stored PATH reads what should be served; an endpoint that serves something else is an alert.

A leaf that is sent without the intermediate that signed it is an alert where that can be told, and else a remark.
Nothing is fetched to find out, unless --fetch-issuers asks for it: then the issuer is had from where the leaf says.

  ringfence certs probe www.example.com mail.example.com:25 postgres://db.example.com:5432
  ringfence certs probe 10.0.0.7:8443 --server-name www.example.com --stored /etc/letsencrypt/live
  ringfence certs probe --file endpoints.txt -o json

Exit code 0: no alert stands; 1: one does (no answer is one); 2: the usage or a file is at fault.
"""

from __future__ import annotations

from datetime import datetime
from typing import TextIO

import click

from ringfence.cli import certificates as shared
from ringfence.cli.moment import at_option
from ringfence.cli.output import Output, exit_code, output_options, print_diagnostics
from ringfence.cli.text import help_text


@click.command(help=help_text(__doc__))
@click.argument("names", metavar="[HOST:PORT]...", nargs=-1)
@click.option("--file", type=click.File("r"), help="A file with one endpoint a line; # begins a remark.")
@click.option("--server-name", default="", help="The name to ask for (SNI) and to hold the certificate against.")
@click.option(
    "--starttls", type=click.Choice(["smtp", "imap", "postgres", "none"]), help="[default: what the port says]"
)
@click.option("--stored", multiple=True, metavar="PATH", help="What should be served. Repeatable.")
@click.option("--timeout", type=click.FloatRange(0.1, 300), default=10, show_default=True, help="Seconds per endpoint.")
@click.option("--workers", type=click.IntRange(1, 256), default=32, show_default=True, help="Endpoints at once.")
@shared.fetch_option
@shared.policy_options
@at_option
@output_options("text", "json", "prometheus")
def command(
    names: tuple[str, ...],
    file: TextIO | None,
    server_name: str,
    starttls: str | None,
    stored: tuple[str, ...],
    timeout: float,
    workers: int,
    fetch: bool,
    days: str,
    production: bool,
    at: datetime,
    output: Output,
) -> int:
    """Look at what endpoints serve."""
    from ringfence.certificates.inventory import Source
    from ringfence.sources import endpoints

    lines = [line.partition("#")[0].strip() for line in file] if file is not None else []
    wanted = [endpoints.parse(one, server_name, starttls) for one in (*names, *filter(None, lines))]
    if not wanted:
        raise click.UsageError("name an endpoint, or a --file of them")
    policy = shared.policy(days, production)
    shared.require_library()
    found = shared.inventory(stored, at, output) if stored else shared.Inventory()
    with output.progress("probing") as progress:
        shared.add_served(found, endpoints.probe_all(wanted, timeout, workers, progress.at))
    if fetch:
        shared.fetch_issuers(found, timeout, output)
    statuses = [one for one in found.judge(at, policy) if one.entry.source is Source.ENDPOINT]
    shared.write(statuses, at, policy, output)
    print_diagnostics(found.diagnostics, quiet=output.quiet)
    return exit_code(found.diagnostics, failed=any(one.alerts for one in statuses))
