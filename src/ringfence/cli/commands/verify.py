"""Prove the intents of a posture file, and look for known mistakes.

PATH is a file or folder of configuration, or - for stdin. A folder's ringfence.yaml says what should be true; without
one, findings and ways in from outside are reported. Without PATH, the ringfence.yaml of this folder or of the nearest
above says what to read.

  ringfence verify examples/storefront
  ringfence verify k8s/ -o json=report.json
  kubectl get ns,pods,svc,ingress,netpol -A -o yaml | ringfence verify -

Exit code 0: proved and clean; 1: an intent is not proved, or a finding is at or above --fail-on; 2: bad input.
"""

from __future__ import annotations

import click

from ringfence.checks.finding import Severity
from ringfence.cli.inputs import read, reading_options
from ringfence.cli.output import Output, exit_code, output_options, print_diagnostics, render_json
from ringfence.cli.text import help_text
from ringfence.model.diagnostics import Severity as Problem
from ringfence.network import Network
from ringfence.posture.proofs import Proof
from ringfence.report import verify as report
from ringfence.report.style import Style

SEVERITIES = [str(one) for one in Severity]


@click.command(help=help_text(__doc__))
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@reading_options
@click.option("--fail-on", type=click.Choice(SEVERITIES), default="medium", show_default=True, help="The threshold.")
@output_options("text", "json")
def command(paths: tuple[str, ...], posture: str | None, options: tuple[str, ...], fail_on: str, output: Output) -> int:
    """Prove the intents of a posture file, and look for known mistakes."""
    network = read(paths, posture, options, output)
    with output.progress("proving"):
        proofs, complaints = network.proofs
        broken = any(one.severity is Problem.ERROR for one in (*network.diagnostics, *complaints))
        verdict = _verdict(network, tuple(proofs), Severity[fail_on.upper()], broken)
    print_diagnostics(complaints, quiet=output.quiet)
    output.write(
        {
            "text": lambda surface: report.text(verdict, Style(surface.colour)),
            "json": lambda _: render_json(report.document(verdict)),
        }
    )
    return exit_code([*network.diagnostics, *complaints], failed=verdict.failed)


def _verdict(network: Network, proofs: tuple[Proof, ...], threshold: Severity, broken: bool) -> report.Verdict:
    topology = network.topology
    return report.Verdict(
        proofs,
        tuple(network.findings),
        network.exposed,
        tuple(one.because for one in topology.not_modelled),
        topology.network.assumed_open,
        len(topology.inside),
        topology.objects.policies,
        threshold,
        broken,
        None if network.posture else network.overview,
        network.posture.broken if network.posture else 0,
    )
