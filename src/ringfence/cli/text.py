"""The text of the command line: what is safe to show (`report.style`), and help out of a module's documentation."""

from __future__ import annotations

from ringfence.report.style import one_line

__all__ = ["help_text", "one_line"]


def help_text(documentation: str | None) -> str:
    """A module's documentation as a command's help: paragraphs are wrapped, indented ones stand as they are."""
    paragraphs = (documentation or "").strip("\n").split("\n\n")
    return "\n\n".join(f"\b\n{one}" if one.startswith("  ") else one for one in paragraphs)
