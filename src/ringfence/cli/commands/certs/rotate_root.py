"""Change the root of a private authority, one proved step at a time.

publish, confirm, sign, drain, remove: without --advance it is shown which step is next and what stands against it. With
--advance the step is taken, if its proof holds now: every verifier of the posture file (`certificates.verifiers`, the
bundle that each really uses) has the new root before anything is signed under it, and no leaf of the old root is valid
when that is removed. The evidence of every step is kept beside the authority.

  ringfence certs rotate-root internal
  ringfence certs rotate-root internal --advance

Exit code 0: the next step is allowed, or was taken; 1: it is refused, and says why; 2: bad input.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from ringfence.certificates import rotation
from ringfence.certificates.rotation import Rotation
from ringfence.cli.commands.certs._shared import clock, configured, issuing_options
from ringfence.cli.output import FAILED, PROVED, Output, output_options, render_json
from ringfence.cli.text import help_text
from ringfence.model.diagnostics import InputError, error


@click.command(help=help_text(__doc__))
@click.argument("issuer", metavar="ISSUER")
@click.option("--advance", is_flag=True, help="Take the next step, if its proof holds.")
@click.option(
    "--leaf",
    "leaves",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A certificate in use (PEM) that the authority's journal does not know. Repeatable.",
)
@issuing_options
@output_options("text", "json")
def command(
    issuer: str, advance: bool, leaves: tuple[Path, ...], posture: Path | None, at: datetime | None, output: Output
) -> int:
    """Change the root of a private authority, one proved step at a time."""
    configuration = configured(posture)
    from ringfence.certificates.configuration import PrivateIssuer
    from ringfence.certificates.issuers import factory
    from ringfence.certificates.rotating import Rotating

    described = configuration.issuers.get(issuer)
    if not isinstance(described, PrivateIssuer):
        raise InputError(error(f"{issuer!r} is no private-ca issuer of the posture file"))
    rotating = Rotating(factory.private_ca(described, configuration), configuration.verifiers, leaves)
    now = at or clock()
    if advance:
        current, against = rotating.advance(now)
        found: Rotation | None = current
    else:
        found, _, against = rotating.status(now)
    document = {
        **(rotation.to_json(found) if found else {"schema": "ringfence.root-rotation/1", "taken": []}),
        "next": found.next if found else rotation.STEPS[0],
        "objections": list(against),
    }
    output.write({"text": lambda _: _text(found, against), "json": lambda _: render_json(document)})
    return FAILED if against else PROVED


def _text(found: Rotation | None, against: tuple[str, ...]) -> str:
    if found is None:
        return "No rotation is under way. --advance begins one: it makes a new root and publishes it beside the old.\n"
    rows = []
    for one in found.taken:
        rows.append(f"{one.at:%Y-%m-%d %H:%M}  {one.step:<8} taken")
        rows += [f"                  {fact}" for fact in one.seen]
    if found.next is None:
        rows.append("The rotation is complete.")
    else:
        rows.append(f"next              {found.next:<8} {'REFUSED' if against else 'allowed'}")
        rows += [f"                  {objection}" for objection in against]
    return "\n".join(rows) + "\n"
