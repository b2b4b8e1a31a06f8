"""Show who can reach whom, on which ports.

  ringfence connectivity k8s/
  ringfence connectivity k8s/ --from storefront/web --port tcp/5432
  ringfence connectivity k8s/ --grouped -o json

What is possible and not certain is marked with what is certain.
"""

from __future__ import annotations

import click

from ringfence.cli.inputs import read, reading_options
from ringfence.cli.output import Output, exit_code, output_options, render_json
from ringfence.cli.text import help_text
from ringfence.engine.traffic import possible
from ringfence.report import connectivity as report
from ringfence.report.style import Style
from ringfence.topology.names import Side, headers


@click.command(help=help_text(__doc__))
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@reading_options
@click.option("--from", "source", metavar="NAME", help="Only what this can reach.")
@click.option("--to", "target", metavar="NAME", help="Only what can reach this.")
@click.option("--port", metavar="PORT", help="Only on this port: tcp/5432, udp/53, icmp.")
@click.option("--grouped", is_flag=True, help="Put together what behaves alike.")
@click.option("--detail", is_flag=True, help="Say for each edge by which rules.")
@output_options("text", "json")
def command(
    paths: tuple[str, ...],
    posture: str | None,
    options: tuple[str, ...],
    source: str | None,
    target: str | None,
    port: str | None,
    grouped: bool,
    detail: bool,
    output: Output,
) -> int:
    """Show who can reach whom, on which ports."""
    network = read(paths, posture, options, output)
    sources = None if source is None else network.side(source)
    targets = None if target is None else network.side(target)
    wanted = report.Wanted(
        _workloads(sources),
        _workloads(targets),
        possible(headers(port)) if port else None,
        sources.addresses if sources else None,
        targets.addresses if targets else None,
    )
    with output.progress("solving"):
        result = report.result(network.connectivity, network.witnesses, wanted, grouped, detail)
    output.write(
        {
            "text": lambda surface: report.text(result, Style(surface.colour)),
            "json": lambda _: render_json(report.document(result)),
        }
    )
    return exit_code(network.diagnostics, failed=False)


def _workloads(side: Side | None) -> frozenset[str] | None:
    return None if side is None else frozenset(one.title for one in side.endpoints)
