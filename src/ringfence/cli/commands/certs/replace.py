"""Replace a certificate whose key or content is no longer trusted, and revoke the old one.

Issues with a new key, deploys, and revokes the old certificate only after the new one was seen at every endpoint of
`deploy.verify`. What an interruption or a silent authority leaves undone, `certs renew` and `certs run` go on with.

  ringfence certs replace web --reason keyCompromise

Exit code 0: replaced, proved and revoked; 1: not yet; 2: bad input.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from ringfence.certificates.issuers import REASONS
from ringfence.cli.commands.certs._shared import chosen, clock, configured, issuing_options, runner, show
from ringfence.cli.output import FAILED, Output, output_options
from ringfence.cli.text import help_text
from ringfence.model.diagnostics import InputError, error


@click.command(help=help_text(__doc__))
@click.argument("name", metavar="NAME")
@click.option("--reason", type=click.Choice(list(REASONS)), required=True, help="Why, for the revocation.")
@issuing_options
@output_options("text", "json")
def command(name: str, reason: str, posture: Path | None, at: datetime | None, output: Output) -> int:
    """Replace a certificate whose key or content is no longer trusted, and revoke the old one."""
    configuration = configured(posture)
    wanted = configuration.wanted[chosen(configuration, [name])[0]]
    if wanted.deploy is None or not wanted.deploy.verify:
        message = "has no deploy.verify endpoint, so nobody could prove that the new certificate is served"
        raise InputError(error(message, wanted.span, "add one: what is still in use must not be revoked"))
    from ringfence.certificates.service import LOCK_PATIENCE

    made = runner(configuration)
    with made.store.lock(LOCK_PATIENCE), output.progress("replacing"):
        outcomes = [one for one in made.run(at or clock(), [name], retire=reason) if one.name == name]
    code = show(outcomes, output)
    return FAILED if any(one.record.retired for one in outcomes) else code
