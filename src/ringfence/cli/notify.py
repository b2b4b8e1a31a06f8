"""Alerts sent away: posted as JSON to a webhook, or mailed. Nothing is sent where no alert stands.

A message that was not taken is an error diagnostic: a run that could not tell anybody must not look like a good one.
"""

from __future__ import annotations

import smtplib
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage

from ringfence.cli.text import one_line
from ringfence.model.diagnostics import Diagnostic, error
from ringfence.model.spans import Span

SECONDS = 20


@dataclass(frozen=True, slots=True)
class Mail:
    """Who gets it, from whom, and the server that takes it (`host:port`)."""

    recipients: tuple[str, ...]
    sender: str
    server: str


def post(urls: Sequence[str], content: bytes) -> list[Diagnostic]:
    """Posts a JSON document to each URL; what was not taken."""
    problems = []
    for url in urls:
        if not url.startswith(("http://", "https://")):
            problems.append(error("this webhook is no http or https URL", Span(url)))
            continue
        headers = {"Content-Type": "application/json", "User-Agent": "ringfence"}
        try:
            request = urllib.request.Request(url, content, headers)
            with urllib.request.urlopen(request, timeout=SECONDS):
                pass
        except (OSError, ValueError, urllib.error.URLError) as failure:
            problems.append(error(f"the webhook did not take the alerts: {failure}", Span(url)))
    return problems


def send(mail: Mail, subject: str, text: str) -> list[Diagnostic]:
    """Sends one mail to all recipients; what was not taken."""
    if not mail.recipients:
        return []
    host, _, port = mail.server.rpartition(":")
    try:
        message = EmailMessage()
        message["Subject"] = one_line(subject)
        message["From"] = mail.sender
        message["To"] = ", ".join(mail.recipients)
        message.set_content(text)
        with smtplib.SMTP(host or mail.server, int(port) if host else 25, timeout=SECONDS) as server:
            server.send_message(message)
    except (OSError, ValueError, smtplib.SMTPException) as failure:
        return [error(f"the mail was not taken: {failure}", Span(mail.server))]
    return []
