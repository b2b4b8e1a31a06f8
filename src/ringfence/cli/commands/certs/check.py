"""Say whether a client would accept a chain: path, dates, names, usages, constraints, revocation.

CHAIN is a file with the leaf first and what the server sends behind it. Judged as a strict modern client judges:
RFC 5280 and the profile of the public web; for a SPIFFE ID, that of X509-SVID. With --crl, every certificate below the
root needs a revocation list that speaks for it.

  ringfence certs check fullchain.pem --trust roots.pem --name www.example.com
  ringfence certs check svid.pem --trust bundle.pem --name spiffe://prod.example/ns/shop/sa/web
  ringfence certs check chain.pem --trust root.pem --crl ca.crl --at 2027-01-01T00:00:00Z -o json

Exit code 0: accepted; 1: refused, and why; 2: something cannot be read.
"""

from __future__ import annotations

from datetime import datetime

import click

from ringfence.cli.certificates import require_library
from ringfence.cli.moment import at_option
from ringfence.cli.output import FAILED, PROVED, UNUSABLE, Output, output_options, print_diagnostics, render_json
from ringfence.cli.text import help_text, one_line
from ringfence.model.diagnostics import Diagnostic, Severity, error
from ringfence.model.spans import Span
from ringfence.report import certificate_check as report
from ringfence.report.style import Style

PURPOSES = ("server", "client", "workload")


@click.command(help=help_text(__doc__))
@click.argument("chain", metavar="CHAIN")
@click.option("--trust", multiple=True, required=True, metavar="ROOTS", help="Trust anchors. Repeatable.")
@click.option("--crl", "crls", multiple=True, metavar="CRLS", help="Revocation lists. Repeatable.")
@click.option("--name", default="", help="The name, address or SPIFFE ID that the client means to reach.")
@click.option("--purpose", type=click.Choice(PURPOSES), default=None, help="[default: what the name says, or the leaf]")
@at_option
@output_options("text", "json")
def command(
    chain: str,
    trust: tuple[str, ...],
    crls: tuple[str, ...],
    name: str,
    purpose: str | None,
    at: datetime,
    output: Output,
) -> int:
    """Say whether a client would accept a chain."""
    require_library()
    from ringfence.certificates import entries, revocation
    from ringfence.certificates.validation import Purpose, Question, check
    from ringfence.sources import certificate_files

    unreadable: list[Diagnostic] = []
    held = []
    for names in ((chain,), trust, crls):
        found, missing = certificate_files.sort_paths(names)
        files, problems = certificate_files.read(sorted(found.certificates + found.manifests))
        unreadable += missing + problems
        held.append(files)
    certificates, chain_problems = entries.load_all(one for file in held[0] for one in file.certificates)
    anchors, trust_problems = entries.load_all(one for file in held[1] for one in file.certificates)
    # What is malformed and can be read all the same (a warning) is refused with its reasons, if it matters.
    unreadable += [one for one in chain_problems + trust_problems if one.severity is Severity.ERROR]
    lists, problems = revocation.load_all(one for file in held[2] for one in file.crls)
    unreadable += problems
    unreadable += [
        error(f"this file holds no {what}", Span(file.name))
        for what, files, kept in (
            ("certificate", held[0] + held[1], "certificates"),
            ("revocation list", held[2], "crls"),
        )
        for file in files
        if not getattr(file, kept) and not any(one.span.file == file.name for one in unreadable)
    ]
    print_diagnostics(unreadable, quiet=output.quiet)
    bad = any(one.severity is Severity.ERROR for one in unreadable)
    if bad or not certificates:
        accepted, because = False, tuple(str(one) for one in unreadable)
    else:
        kind = Purpose(purpose) if purpose else None
        asked = Question(tuple(certificates), tuple(anchors), at, name, tuple(lists) if crls else None, kind)
        verdict = check(asked)
        accepted, because = verdict.accepted, verdict.because
    what = name or (certificates[0].title if certificates else chain)
    because = tuple(one_line(one) for one in because)
    output.write(
        {
            "text": lambda surface: report.text(one_line(what), accepted, because, Style(surface.colour)),
            "json": lambda _: render_json(report.document(accepted, because)),
        }
    )
    return UNUSABLE if bad else PROVED if accepted else FAILED
