"""Show every certificate there is: how it stands, when it is due, which alerts stand, and why.

PATH is a file or folder with certificates (PEM, DER, PKCS#7, PKCS#12), trust bundles, revocation lists, Kubernetes
manifests or a snapshot of a cluster (TLS secrets, cert-manager's objects), Terraform code. --probe adds what an
endpoint serves, which is compared with what is stored for its name; --posture what Ringfence itself issues and renews.
A certificate that is renewed in one place counts as renewed wherever the same one is found.

  ringfence certs status /etc/letsencrypt/live k8s/
  ringfence certs status tls/ --probe www.example.com --at 2027-01-01T00:00:00Z -o json
  ringfence certs status tls/ -o prometheus=/var/lib/node_exporter/certificates.prom -q
  ringfence certs status tls/ -o rules=certificates.rules.yml --webhook https://hooks.example.com/certificates

Exit code 0: no alert stands; 1: one does; 2: something cannot be read, or an alert could not be sent.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from ringfence.cli import certificates as shared
from ringfence.cli.moment import at_option
from ringfence.cli.notify import Mail
from ringfence.cli.output import Output, exit_code, output_options, print_diagnostics
from ringfence.cli.text import help_text

FORMATS = ("text", "json", "prometheus", "rules")


@click.command(help=help_text(__doc__))
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option("--in", "more", multiple=True, metavar="PATH", help="What to read, as PATH. Repeatable.")
@click.option("--probe", "probes", multiple=True, metavar="HOST:PORT", help="An endpoint to look at. Repeatable.")
@click.option("--timeout", type=click.FloatRange(0.1, 300), default=10, show_default=True, help="Seconds per endpoint.")
@click.option("--pkcs12-password-file", metavar="FILE", help="The password of PKCS#12 archives: its first line.")
@click.option(
    "--posture",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Add what it issues.  [default: the nearest, if nothing is named]",
)
@shared.fetch_option
@shared.policy_options
@shared.notify_options
@at_option
@output_options(*FORMATS)
def command(
    paths: tuple[str, ...],
    more: tuple[str, ...],
    probes: tuple[str, ...],
    timeout: float,
    pkcs12_password_file: str | None,
    posture: Path | None,
    fetch: bool,
    days: str,
    production: bool,
    webhook: tuple[str, ...],
    mail: tuple[str, ...],
    mail_from: str,
    smtp: str,
    at: datetime,
    output: Output,
) -> int:
    """Show every certificate there is."""
    from ringfence.sources import endpoints

    policy = shared.policy(days, production)
    wanted = [endpoints.parse(one) for one in probes]
    found = shared.inventory((*paths, *more), at, output, pkcs12_password_file)
    if posture is not None or not (*paths, *more, *probes):
        shared.add_issued(found, posture)
    if wanted:
        with output.progress("probing") as progress:
            shared.add_served(found, endpoints.probe_all(wanted, timeout, progress=progress.at))
    if fetch:
        shared.fetch_issuers(found, timeout, output)
    with output.progress("judging"):
        statuses = found.judge(at, policy)
    shared.write(statuses, at, policy, output)
    found.diagnostics += shared.notify(statuses, at, Mail(mail, mail_from, smtp), webhook)
    print_diagnostics(found.diagnostics, quiet=output.quiet)
    return exit_code(found.diagnostics, failed=any(one.alerts for one in statuses))
