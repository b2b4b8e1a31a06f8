"""The document and the text of a check."""

from __future__ import annotations

from ringfence.report.certificate_check import document, text
from ringfence.report.style import Style


def test_both() -> None:
    assert document(True, ("path",)) == {
        "schema": "ringfence.certificate-check/1",
        "accepted": True,
        "because": ["path"],
    }
    assert text("a.example", False, ("why", "and"), Style()) == "refused  a.example\n  why\n  and\n"
    assert text("a.example", True, (), Style()) == "accepted  a.example\n"
