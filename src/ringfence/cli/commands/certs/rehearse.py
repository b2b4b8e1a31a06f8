"""Rehearse a renewal: the whole way with a staging issuer, without deploying.

Everything that a renewal needs is tried before it is needed: the posture file, the account, the challenge as the
authority sees it, finalizing, the chain; whether the CAA records of the names permit the real issuers; then whether the
deployment would find its folder, its reload command and its endpoints. Each issuer names its `staging` issuer; a
private authority is rehearsed with one that is thrown away.

  ringfence certs rehearse web

Exit code 0: it would work; 1: it would not, and says where; 2: bad input.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from ringfence.cli.commands.certs._shared import chosen, clock, configured, issuing_options, runner
from ringfence.cli.output import FAILED, PROVED, Output, output_options, render_json
from ringfence.cli.text import help_text


@click.command(help=help_text(__doc__))
@click.argument("names", metavar="[NAME]...", nargs=-1)
@issuing_options
@output_options("text", "json")
def command(names: tuple[str, ...], posture: Path | None, at: datetime | None, output: Output) -> int:
    """Rehearse a renewal: the whole way with a staging issuer, without deploying."""
    configuration = configured(posture)
    from ringfence.certificates import deploy, foreseeing
    from ringfence.certificates.issuers import factory
    from ringfence.certificates.runner import State
    from ringfence.certificates.service import document

    wanted = {name: configuration.wanted[name] for name in chosen(configuration, names) or configuration.wanted}
    now = at or clock()
    with tempfile.TemporaryDirectory(prefix="ringfence-rehearsal-") as folder, output.progress("rehearsing"):
        stand_in = factory.rehearsal(replace(configuration, wanted=wanted), Path(folder))
        outcomes = runner(stand_in).run(now)
        records = {name: foreseeing.against(configuration, one, now) for name, one in wanted.items()}
    problems = {
        name: [*records[name][0], *(deploy.preflight(one.deploy) if one.deploy else ())] for name, one in wanted.items()
    }
    rows = [
        {
            "name": one.name,
            "works": one.state is State.RENEWED and not problems[one.name],
            "because": [*one.because[1:], *problems[one.name], *records[one.name][1]],
        }
        for one in outcomes
    ]

    def text() -> str:
        found = []
        for row in rows:
            found.append(f"{row['name']}: {'would be renewed' if row['works'] else 'would NOT be renewed'}")
            found += [f"  {step}" for step in row["because"]]  # type: ignore[attr-defined]
        return "\n".join(found) + "\n"

    rehearsed = {**document(outcomes), "schema": "ringfence.certificate-rehearsal/1", "rehearsal": rows}
    output.write({"text": lambda _: text(), "json": lambda _: render_json(rehearsed)})
    return PROVED if all(row["works"] for row in rows) else FAILED
