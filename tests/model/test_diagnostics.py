from __future__ import annotations

import pytest

from ringfence.model.diagnostics import (
    Diagnostic,
    InputError,
    RingfenceError,
    Severity,
    SourceError,
    error,
    warning,
)
from ringfence.model.spans import Span


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (error("no such port"), "error: no such port"),
        (error("no such port", Span("a.yaml", "/x", 3, 7)), "a.yaml:3:7: error: no such port"),
        (warning("nobody knows", Span("a.tf", "aws_vpc.main")), "a.tf#aws_vpc.main: warning: nobody knows"),
        (error("is wrong", Span("a.yaml"), "write it so"), "a.yaml: error: is wrong (write it so)"),
    ],
)
def test_text(found, text):
    assert str(found) == text


def test_severities():
    assert error("x").severity is Severity.ERROR
    assert warning("x").severity is Severity.WARNING
    assert Diagnostic(Severity.WARNING, "x") == warning("x")


@pytest.mark.parametrize("kind", [InputError, SourceError])
def test_errors_carry_their_diagnostic(kind):
    found = error("is wrong", Span("a.yaml"), "write it so")
    with pytest.raises(RingfenceError) as caught:
        raise kind(found)
    assert caught.value.diagnostic is found
    assert str(caught.value) == str(found)
