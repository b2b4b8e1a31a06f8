"""What `certs check` found, as JSON (schema `ringfence.certificate-check/1`) and as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ringfence.report.style import Style

SCHEMA = "ringfence.certificate-check/1"


def document(accepted: bool, because: Sequence[str]) -> dict[str, Any]:
    """The JSON document."""
    return {"schema": SCHEMA, "accepted": accepted, "because": list(because)}


def text(what: str, accepted: bool, because: Sequence[str], style: Style) -> str:
    """One line of verdict, and the reasons below it."""
    head = style.good("accepted") if accepted else style.bad("refused")
    return "\n".join([f"{head}  {what}", *(f"  {one}" for one in because)]) + "\n"
