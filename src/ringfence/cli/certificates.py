"""What the commands that watch certificates share: reading everything, the policy's options, judging, exit codes."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ringfence.certificates.inventory import Certificate, Entry, Source
from ringfence.cli.notify import Mail, post, send
from ringfence.cli.output import Output, render_json
from ringfence.cli.text import one_line
from ringfence.model.diagnostics import Diagnostic, InputError, error, warning
from ringfence.model.spans import Span

if TYPE_CHECKING:
    from ringfence.certificates.alerts import Policy
    from ringfence.certificates.revocation import RevocationList
    from ringfence.certificates.status import Status
    from ringfence.resources.certificates import Served

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass
class Inventory:
    """Everything that was read, as entries."""

    entries: list[Entry] = field(default_factory=list)
    lists: list[RevocationList] = field(default_factory=list)
    issuers: list[Certificate] = field(default_factory=list)
    """Authorities that are known besides; they are not watched."""
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def judge(self, now: datetime, policy: Policy) -> list[Status]:
        """The status of every entry."""
        from ringfence.certificates import revocation
        from ringfence.certificates.issued import shared_renewals
        from ringfence.certificates.status import judge, surroundings

        self.entries = shared_renewals(self.entries)
        around = surroundings(self.entries, issuers=self.issuers)
        summaries = revocation.summaries(self.lists, around.authorities)
        around = surroundings(self.entries, summaries, self.issuers)
        return [judge(one, now, policy, around) for one in self.entries]


def require_library() -> None:
    """Raises `InputError` where the library that reads certificates is not installed."""
    if importlib.util.find_spec("cryptography") is None:
        message = "reading certificates needs the library cryptography"
        raise InputError(error(message, remedy="pip install 'ringfence[certs]'"))


def inventory(paths: Sequence[str], now: datetime, output: Output, password_file: str | None = None) -> Inventory:
    """Reads files, folders and manifests."""
    from ringfence.certificates import cert_manager, entries, revocation
    from ringfence.sources import cert_manager as manager_source
    from ringfence.sources import certificate_files

    require_library()
    found = Inventory()
    files, found.diagnostics = certificate_files.sort_paths(paths)
    with output.progress("reading") as progress:
        held, problems = certificate_files.read(files.certificates, _password(password_file), progress.at)
        found.diagnostics += problems
        read, problems = entries.from_files(held)
        found.entries += read
        found.diagnostics += problems
        found.lists, problems = revocation.load_all(one for file in held for one in file.crls)
        found.diagnostics += problems
        if files.manifests:
            from ringfence.sources import kubernetes

            objects, problems = kubernetes.read(files.manifests, progress=progress.at)
            found.diagnostics += problems
            managed, problems = manager_source.read(objects.others)
            found.diagnostics += problems
            read, problems = cert_manager.entries(managed, now)
            found.entries += read
            found.diagnostics += problems
            bundles, problems = manager_source.bundles(objects.config_maps)
            found.diagnostics += problems
            read, problems = entries.from_files(bundles)
            found.entries += read
            found.diagnostics += problems
        if files.terraform:
            from ringfence.certificates import declared
            from ringfence.sources import certificates_terraform

            code, problems = certificates_terraform.read(files.terraform)
            found.diagnostics += problems
            read, problems = declared.entries(code)
            found.entries += read
            found.diagnostics += problems
    return found


def add_served(found: Inventory, served: Sequence[Served]) -> None:
    """Adds what endpoints showed."""
    from ringfence.certificates import entries

    for one in served:
        entry, problems = entries.from_endpoint(one)
        found.entries.append(entry)
        found.diagnostics += problems


def fetch_issuers(found: Inventory, seconds: float, output: Output) -> None:
    """Fetches the issuers of leaves that are served alone, from where these say; only those that did sign count."""
    from ringfence.certificates import entries
    from ringfence.certificates.x509 import issued_by
    from ringfence.sources import issuer_urls

    alone = [one.chain[0] for one in found.entries if one.source is Source.ENDPOINT and len(one.chain) == 1]
    missing = {one.fingerprint: one for one in alone if one.issuer_urls and not one.self_issued}
    with output.progress("fetching issuers"):
        for leaf in missing.values():
            url = next((one for one in leaf.issuer_urls if one.startswith("http")), leaf.issuer_urls[0])
            held, problem = issuer_urls.fetch(url, seconds)
            signers = [one for one in entries.load_all(held)[0] if issued_by(leaf, one)]
            found.issuers += signers
            if problem is not None:
                found.diagnostics.append(problem)
            elif not signers:
                text = f"what {url} holds did not sign {leaf.title}"
                found.diagnostics.append(warning(one_line(text), Span()))


def add_issued(found: Inventory, posture: Path | None) -> None:
    """Adds what the posture file issues and renews; None takes that of this folder or the nearest above."""
    from ringfence.certificates.issued import entries
    from ringfence.certificates.runner import Runner
    from ringfence.certificates.store import Store
    from ringfence.cli.commands.certs._shared import configured

    configuration = configured(posture)
    found.entries += entries(Runner(configuration, Store(configuration.state), {}))


def fetch_option(function: Command) -> Command:
    """Adds `--fetch-issuers`, which arrives as `fetch`."""
    text = "Fetch the issuer of a leaf that is served alone, from where the leaf says."
    return click.option("--fetch-issuers", "fetch", is_flag=True, help=text)(function)


def policy_options(function: Command) -> Command:
    """Adds `--days` and `--production`, which arrive as `days` and `production`."""
    days = click.option(
        "--days", default="60,30,7,1", show_default=True, metavar="N,N...", help="Days left that raise an alert."
    )
    production = click.option("--production", is_flag=True, help="Self-signed leaves are wrong here.")
    return days(production(function))


def policy(days: str, production: bool) -> Policy:
    """The policy of the options."""
    from ringfence.certificates.alerts import Policy

    parts = [one.strip() for one in days.split(",") if one.strip()]
    if not all(one.isascii() and one.isdigit() and 0 < int(one) <= 36500 for one in parts):
        raise click.UsageError(f"--days {days}: write whole numbers of days with commas between")
    return Policy(tuple(int(one) for one in parts), production)


def _password(file: str | None) -> str | None:
    if file is None:
        return None
    try:
        return Path(file).read_text(encoding="utf-8").splitlines()[0]
    except (OSError, UnicodeDecodeError, IndexError) as failure:
        raise InputError(error("this password file cannot be read", Span(file))) from failure


def write(statuses: Sequence[Status], now: datetime, policy: Policy, output: Output) -> None:
    """Writes every format that was asked for."""
    from ringfence.report import certificate_metrics, certificate_rules
    from ringfence.report import certificate_status as report
    from ringfence.report.style import Style

    output.write(
        {
            "text": lambda surface: report.text(printable(statuses), now, Style(surface.colour)),
            "json": lambda _: render_json(report.document(statuses)),
            "prometheus": lambda _: certificate_metrics.text(statuses, now, policy),
            "rules": lambda _: certificate_rules.text(policy),
        }
    )


def notify(statuses: Sequence[Status], now: datetime, mail: Mail, webhooks: Sequence[str]) -> list[Diagnostic]:
    """Tells of the alerts that stand; what could not be told."""
    from ringfence.report import certificate_status as report
    from ringfence.report.style import Style

    alerted = [one for one in statuses if one.alerts]
    if not alerted or not (mail.recipients or webhooks):
        return []
    problems = post(webhooks, render_json(report.document(alerted)))
    first = min(alerted, key=lambda one: one.entry.end or now)
    subject = f"{len(alerted)} certificate{'s' * (len(alerted) > 1)} with an alert: {first.entry.id} and its like"
    return problems + send(mail, subject, report.text(printable(alerted), now, Style()))


def printable(statuses: Sequence[Status]) -> list[Status]:
    """The same to be shown on a terminal: names in certificates may hold anything, and a terminal obeys some of it."""
    return [replace(one, entry=_printable(one.entry), because=tuple(map(one_line, one.because))) for one in statuses]


def _printable(entry: Entry) -> Entry:
    def line(certificate: Certificate) -> Certificate:
        fields = ("dns_names", "addresses", "uris", "emails")
        names: dict[str, Any] = {name: tuple(map(one_line, getattr(certificate, name))) for name in fields}
        return replace(certificate, subject=one_line(certificate.subject), issuer=one_line(certificate.issuer), **names)

    return replace(
        entry,
        id=one_line(entry.id),
        chain=tuple(map(line, entry.chain)),
        wanted=tuple(map(one_line, entry.wanted)),
        issuer=one_line(entry.issuer),
    )


def notify_options(function: Command) -> Command:
    """Adds `--webhook` and the options of mail, which arrive as `webhook`, `mail`, `mail_from` and `smtp`."""
    options = (
        click.option("--webhook", multiple=True, metavar="URL", help="Post the alerts there as JSON. Repeatable."),
        click.option("--mail", multiple=True, metavar="ADDRESS", help="Send the alerts there. Repeatable."),
        click.option("--mail-from", default="ringfence@localhost", show_default=True, help="Sender of the mail."),
        click.option("--smtp", default="localhost:25", show_default=True, metavar="HOST:PORT", help="Who takes it."),
    )
    for option in reversed(options):
        function = option(function)
    return function
