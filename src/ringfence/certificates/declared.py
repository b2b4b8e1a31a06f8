"""Certificates that infrastructure as code declares, as entries.

Most have no dates, because the cloud makes them. Such an entry is `ok` where the cloud renews it by itself, and says
that nothing is known of its end; one that needs a person each time has the alert `manual-renewal`, since that is how
certificates run out. What the code brings along is judged like a file.
"""

from __future__ import annotations

from collections.abc import Iterable

from ringfence.certificates.entries import load_all
from ringfence.certificates.inventory import Effect, Entry, Source, Trouble
from ringfence.model.diagnostics import Diagnostic
from ringfence.resources.certificates import DeclaredCertificate


def entries(declared: Iterable[DeclaredCertificate]) -> tuple[list[Entry], list[Diagnostic]]:
    """One entry for each."""
    found: list[Entry] = []
    diagnostics: list[Diagnostic] = []
    for one in declared:
        chain, problems = load_all(one.certificates)
        diagnostics += problems
        found.append(
            Entry(
                one.address,
                Source.TERRAFORM,
                tuple(chain),
                one.span,
                wanted=one.names,
                issuer=one.issuer,
                ready=None if chain else bool(one.renewed_by),
                troubles=(Trouble("manual-renewal", one.manual, effect=Effect.DOUBTFUL),) if one.manual else (),
                notes=tuple(_notes(one, bool(chain))),
            )
        )
    return found, diagnostics


def _notes(one: DeclaredCertificate, read: bool) -> Iterable[str]:
    if one.renewed_by:
        yield f"{one.renewed_by} renews it"
    if one.used_by:
        yield f"served by {', '.join(one.used_by)}"
    elif one.renewed_by == "ACM":
        yield "nothing in the code serves it, and ACM renews only what is in use"
    if not read:
        yield "the code does not say when it ends"
    yield from (f"unknown: {what}" for what in one.unknown)
