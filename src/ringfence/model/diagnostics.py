"""What is wrong with the input, and by whose fault an operation failed.

A `Diagnostic` is data: sources collect them and carry on with the rest. Only the command line prints them. An *error*
means that something the user wrote was not read (exit code 2); a *warning* means that it was read and something about
it is not known or not enforced.

Exceptions are for what stops an operation altogether; they share one base class, so that the command line can turn
each into one line on stderr.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ringfence.model.spans import NOWHERE, Span


class Severity(StrEnum):
    """How much a diagnostic matters: `error` ends the run with exit code 2, `warning` does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One complaint about the input: what is wrong, where, and what to do about it.

    `remedy` may be empty where the message already says it all.
    """

    severity: Severity
    message: str
    span: Span = NOWHERE
    remedy: str = ""

    def __str__(self) -> str:
        tail = f" ({self.remedy})" if self.remedy else ""
        place = f"{self.span}: " if self.span.file or self.span.pointer else ""
        return f"{place}{self.severity}: {self.message}{tail}"


def error(message: str, span: Span = NOWHERE, remedy: str = "") -> Diagnostic:
    """A diagnostic that ends the run with exit code 2."""
    return Diagnostic(Severity.ERROR, message, span, remedy)


def warning(message: str, span: Span = NOWHERE, remedy: str = "") -> Diagnostic:
    """A diagnostic that leaves the exit code alone."""
    return Diagnostic(Severity.WARNING, message, span, remedy)


class RingfenceError(Exception):
    """Base of all errors that Ringfence raises on purpose; `diagnostic` says what, where and what to do."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(str(diagnostic))
        self.diagnostic = diagnostic


class InputError(RingfenceError):
    """The user's input or usage is at fault."""


class SourceError(RingfenceError):
    """A file, a server or a cloud could not be read."""
