"""Text from the user's input made safe to show: names and messages may hold anything, a terminal obeys some of it."""

from __future__ import annotations

import unicodedata

_UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode's control, format and surrogate characters, and its line and paragraph separators."""


def one_line(text: str) -> str:
    """The text with every control character, line breaks included, written out as an escape.

    A name in a manifest may hold an escape sequence that recolours the terminal, or a direction mark that reorders
    what is read; written out (backslash, x1b) it does neither.
    """
    if text.isprintable():
        return text
    return "".join(
        character if unicodedata.category(character) not in _UNSAFE else repr(character)[1:-1] for character in text
    )


def help_text(documentation: str | None) -> str:
    """A module's documentation as a command's help: paragraphs are wrapped, indented ones stand as they are."""
    paragraphs = (documentation or "").strip("\n").split("\n\n")
    return "\n\n".join(f"\b\n{one}" if one.startswith("  ") else one for one in paragraphs)
