"""Issue the certificates of the posture file that do not exist yet.

What exists is left alone, unless the posture file asks for other names or another key now; `certs renew` renews. A run
that was interrupted goes on where it stopped. With NAME only those.

  ringfence certs issue
  ringfence certs issue web --posture infra/ringfence.yaml
  ringfence certs issue --emit k8s/certificates.yaml --namespace shop

With --emit nothing is issued: the same certificates are written as manifests for cert-manager, and what is left to do
by hand is said.

Exit code 0: all there, and deployed where they should be; 1: not all; 2: bad input.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click
import yaml

from ringfence.certificates import emitting
from ringfence.certificates.configuration import Configuration
from ringfence.cli.commands.certs._shared import chosen, configured, issuing_options, runner, work
from ringfence.cli.output import PROVED, Output, output_options, write_file, write_stdout
from ringfence.cli.text import help_text
from ringfence.report.style import one_line


@click.command(help=help_text(__doc__))
@click.argument("names", metavar="[NAME]...", nargs=-1)
@issuing_options
@click.option("--emit", type=click.Path(dir_okay=False), help="Write cert-manager's manifests here; - is stdout.")
@click.option("--namespace", default="default", show_default=True, help="With --emit: the Certificates' namespace.")
@output_options("text", "json")
def command(
    names: tuple[str, ...],
    posture: Path | None,
    at: datetime | None,
    emit: str | None,
    namespace: str,
    output: Output,
) -> int:
    """Issue the certificates of the posture file that do not exist yet."""
    configuration = configured(posture)
    if emit is not None:
        return _emit(configuration, chosen(configuration, names), emit, namespace)
    return work(runner(configuration), chosen(configuration, names), at, output, missing=True)


def _emit(configuration: Configuration, names: Sequence[str], file: str, namespace: str) -> int:
    """Writes the manifests; what is left to do goes to stderr."""
    found = emitting.emit(configuration, names, namespace)
    content = yaml.safe_dump_all(found.manifests, sort_keys=False, allow_unicode=True).encode()
    if file == "-":
        write_stdout(content)
    else:
        write_file(Path(file), content)
    for remark in found.remarks:
        click.echo(one_line(remark), err=True)
    return PROVED
