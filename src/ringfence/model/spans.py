"""Where a thing was written: the *span* that every verdict, finding and diagnostic carries.

A span is lazy. Parsing at full speed yields byte or event offsets, not lines; most spans are never printed. A source
therefore hands out spans that hold a way to find the line (`Locator`) and a pointer into the document, and the line is
looked up when somebody asks. Spans compare by what they name, never by how the line is looked up.

The printed form is `file:line[:column]`; where no line is known, `file#pointer` (a JSON pointer or a Terraform
address); where there is no file, the name alone (an ARN).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

Position = tuple[int, int | None]
"""Line and column, both counted from 1; the column may be unknown."""

Locator = Callable[[str], Position | None]
"""Finds the position of a JSON pointer inside one document; None where it is not known."""


@dataclass(frozen=True, slots=True)
class Span:
    """A place in the user's input.

    `file` is as the user wrote it (relative stays relative); empty for things that live in no file.
    `pointer` is a JSON pointer (`/spec/ingress/0`), a Terraform address or an ARN; empty means the whole file.
    """

    file: str = ""
    pointer: str = ""
    line: int | None = None
    column: int | None = None
    locate: Locator | None = field(default=None, compare=False, repr=False)

    def position(self) -> Position | None:
        """The line and column, looked up on demand; None where nobody knows."""
        if self.line is not None:
            return self.line, self.column
        return self.locate(self.pointer) if self.locate else None

    def resolved(self) -> Span:
        """The same span with its position filled in and the lookup dropped."""
        line, column = self.position() or (None, None)
        return Span(self.file, self.pointer, line, column)

    def at(self, *steps: str | int) -> Span:
        """The span of a part: `span.at("spec", "ingress", 0)`."""
        pointer = self.pointer + "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)
        return Span(self.file, pointer, None, None, self.locate) if self.locate else Span(self.file, pointer, self.line)

    def __str__(self) -> str:
        position = self.position()
        if not self.file:
            return self.pointer or "(no source)"
        if position is None:
            return f"{self.file}#{self.pointer}" if self.pointer else self.file
        line, column = position
        return f"{self.file}:{line}" if column is None else f"{self.file}:{line}:{column}"


NOWHERE = Span()
"""For what no input wrote: a vendor's built-in rule, an assumption."""
