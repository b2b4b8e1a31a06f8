"""Characters to tokens for the native syntax: what the parser stands on.

Templates nest expressions in strings, so there is no token list made beforehand: the scanner is asked at a position.
Source: HCL native syntax specification, "Lexical elements" and "Templates".
"""

from __future__ import annotations

import re

IDENTIFIER = re.compile(r"[^\W\d][\w-]*")
NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
BLANK = re.compile(r"(?:[ \t\r]+|/\*.*?\*/)+", re.DOTALL)
BLANK_LINES = re.compile(r"(?:[ \t\r\n]+|/\*.*?\*/|(?:#|//)[^\n]*)+", re.DOTALL)
COMMENT = re.compile(r"(?:#|//)[^\n]*")
HEREDOC = re.compile(r"<<(-?)([^\W\d][\w-]*)[ \t\r]*\n")
OPERATOR = re.compile(r"&&|\|\||==|!=|<=|>=|=>|\.\.\.|[-+*/%<>!?:=,.(){}\[\]]")
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
DEEPEST = 50
"""Levels of nesting of expressions and blocks."""


class SyntaxFault(Exception):
    """The text is no HCL; `at` is the offset."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.message = message
        self.at = at


class Scanner:
    """A position in a text, and what stands there."""

    def __init__(self, text: str, start: int = 0) -> None:
        self.text = text
        self.at = start
        self.depth = 0
        self.newlines = False
        """Whether line ends are blanks here: they are inside parentheses and brackets."""

    def blank(self) -> None:
        """Goes past blanks and comments, and past line ends where they do not count."""
        if self.newlines:
            self.lines()
            return
        if found := BLANK.match(self.text, self.at):
            self.at = found.end()
        if found := COMMENT.match(self.text, self.at):
            self.at = found.end()

    def lines(self) -> None:
        """Goes past blanks, comments and line ends."""
        if found := BLANK_LINES.match(self.text, self.at):
            self.at = found.end()

    @property
    def ended(self) -> bool:
        """Whether nothing is left."""
        return self.at >= len(self.text)

    def peek(self) -> str:
        """The operator that comes next, or the first character; empty at a line's or the text's end."""
        self.blank()
        if self.ended or self.text[self.at] == "\n":
            return ""
        found = OPERATOR.match(self.text, self.at)
        return found[0] if found else self.text[self.at]

    def take(self, operator: str) -> bool:
        """Goes past this operator if it comes next."""
        if self.peek() != operator:
            return False
        self.at += len(operator)
        return True

    def expect(self, operator: str) -> None:
        """Goes past this operator. SyntaxFault where another thing stands."""
        if not self.take(operator):
            raise self.fault(f"{operator!r} is missing here")

    def open(self, bracket: str) -> bool:
        """Goes past an opening bracket, inside of which line ends are blanks; what `close` has to know."""
        outer, self.newlines = self.newlines, True
        self.expect(bracket)
        return outer

    def close(self, bracket: str, outer: bool) -> None:
        """Goes past the closing bracket, after which line ends count again as they did before."""
        self.newlines = True
        self.blank()
        self.newlines = outer
        self.expect(bracket)

    def identifier(self) -> str | None:
        """Goes past a name if one comes next."""
        self.blank()
        found = IDENTIFIER.match(self.text, self.at)
        if not found:
            return None
        self.at = found.end()
        return found[0]

    def word(self, word: str) -> bool:
        """Goes past this very word if it comes next."""
        before = self.at
        if self.identifier() == word:
            return True
        self.at = before
        return False

    def number(self) -> int | float | None:
        """Goes past a number if one comes next."""
        found = NUMBER.match(self.text, self.at)
        if not found:
            return None
        self.at = found.end()
        if len(found[0]) > 300:
            raise self.fault("this number is too long")
        value = float(found[0])
        if value == float("inf"):
            raise self.fault("this number is too large")
        return int(found[0]) if found[0].isdecimal() else int(value) if value.is_integer() else value

    def escape(self) -> str:
        """The character that an escape after a backslash stands for."""
        letter = self.text[self.at : self.at + 1]
        if letter in ESCAPES and letter:
            self.at += 1
            return ESCAPES[letter]
        width = {"u": 4, "U": 8}.get(letter, 0)
        digits = self.text[self.at + 1 : self.at + 1 + width]
        if width and len(digits) == width and all(one in "0123456789abcdefABCDEF" for one in digits):
            value = int(digits, 16)
            if value < 0x110000 and not 0xD800 <= value < 0xE000:
                self.at += 1 + width
                return chr(value)
        raise self.fault("there is no such escape in a text")

    def fault(self, message: str) -> SyntaxFault:
        """What is wrong here."""
        return SyntaxFault(message, self.at)
