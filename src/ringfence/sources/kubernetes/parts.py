"""A part of a document on its way to becoming a typed value: the value, where it stands, and what is wrong with it.

Readers go down with `part["spec"]["ports"].items()` and ask for what they expect: `text`, `integer`, `entries`. A part
that is absent and one that is null are the same, as for the API server. What is of the wrong type is noted as a
problem and read as if it were absent, so that one look at an object names everything that is wrong with it. Whoever
began with `Part.root` looks at `problems` in the end, and refuses the object where one of them is an error. A *slip* is
an error that leaves no doubt about the meaning (a container without an image): the server would refuse the object, and
so the run must not pass, but the object is worth reading all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from ringfence.model.diagnostics import Diagnostic, error, warning
from ringfence.model.spans import Span

NOTHING: Mapping[str, Any] = {}
TEMPLATE = "this looks like a Helm template: render it first (helm template) and read the result"


@dataclass(frozen=True, slots=True)
class Problems:
    """What is wrong with one object. `refusals` refuse it; `remarks` (slips and warnings) do not."""

    refusals: list[Diagnostic] = field(default_factory=list)
    remarks: list[Diagnostic] = field(default_factory=list)

    @property
    def all(self) -> list[Diagnostic]:
        """Refusals first."""
        return self.refusals + self.remarks


class Part:
    """A value inside a document. `value` is None where it is absent or null."""

    __slots__ = ("_above", "_span", "_step", "problems", "value")

    def __init__(self, value: Any, above: Part | None, step: str | int, span: Span, problems: Problems) -> None:
        self.value = value
        self._above = above
        self._step = step
        self._span = span
        self.problems = problems

    @classmethod
    def root(cls, value: Any, span: Span) -> Part:
        """The whole of an object, whose problems all of its parts will collect."""
        return cls(value, None, "", span, Problems())

    def __getitem__(self, name: str) -> Part:
        entries = self.value if type(self.value) is dict else self.entries()
        return Part(entries.get(name), self, name, self._span, self.problems)

    @property
    def present(self) -> bool:
        """Whether it is there and not null."""
        return self.value is not None

    @property
    def steps(self) -> list[str | int]:
        """The way here from the object."""
        return [] if self._above is None else [*self._above.steps, self._step]

    @property
    def span(self) -> Span:
        """Where it stands."""
        return self._span.at(*self.steps)

    @property
    def path(self) -> str:
        """The way here as the API server writes it: `spec.ports[0].port`."""
        return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.steps).removeprefix(".")

    def refuse(self, message: str, remedy: str = "") -> None:
        """Notes why the object cannot be accepted."""
        if isinstance(self.value, str) and "{{" in self.value:
            remedy = TEMPLATE
        refusal = error(self._titled(message), self.span, remedy)
        if refusal not in self.problems.refusals:  # a part may be looked at twice
            self.problems.refusals.append(refusal)

    def slip(self, message: str, remedy: str = "") -> None:
        """Notes an error that leaves no doubt about the meaning: the object is kept."""
        self.problems.remarks.append(error(self._titled(message), self.span, remedy))

    def warn(self, message: str, remedy: str = "") -> None:
        """Notes what the user should know, without refusing the object."""
        self.problems.remarks.append(warning(self._titled(message), self.span, remedy))

    def _titled(self, message: str) -> str:
        return f"{self.path}: {message}" if self.path else message

    def entries(self) -> Mapping[str, Any]:
        """The mapping that it is; empty where it is absent or none."""
        if type(self.value) is dict:
            return self.value
        if self.value is not None:
            self.refuse(f"must be a mapping, not {kind_of(self.value)}")
            self.value = None
        return NOTHING

    def parts(self) -> Iterator[tuple[str, Part]]:
        """The mapping's entries as parts."""
        for name in self.entries():
            yield name, self[name]

    def items(self) -> list[Part]:
        """The items of the list that it is; empty where it is absent or none."""
        if type(self.value) is list:
            return [Part(item, self, index, self._span, self.problems) for index, item in enumerate(self.value)]
        if self.value is not None:
            self.refuse(f"must be a list, not {kind_of(self.value)}")
            self.value = None
        return []

    def text(self, default: str = "") -> str:
        """The text that it is."""
        if type(self.value) is str:
            return self.value
        if self.value is not None:
            scalar = isinstance(self.value, (bool, int, float))
            self.refuse(f"must be text, not {kind_of(self.value)}", "put it in quotes" if scalar else "")
        return default

    def integer(self, default: int = 0) -> int:
        """The 32-bit whole number that it is."""
        if type(self.value) is int:
            if -(2**31) <= self.value < 2**31:
                return self.value
            self.refuse(f"{self.value} does not fit in 32 bits")
        elif self.value is not None:
            quoted = isinstance(self.value, str) and self.value.isdecimal()
            self.refuse(f"must be a number, not {kind_of(self.value)}", "take off the quotes" if quoted else "")
        return default

    def boolean(self, default: bool = False) -> bool:
        """The truth value that it is."""
        if type(self.value) is bool:
            return self.value
        if self.value is not None:
            quoted = self.value in ("true", "false")
            self.refuse(f"must be true or false, not {kind_of(self.value)}", "take off the quotes" if quoted else "")
        return default

    def texts(self) -> tuple[str, ...]:
        """The list of texts that it is; a null among them is an empty text."""
        return tuple(item.text() for item in self.items())

    def mapping_of_texts(self) -> dict[str, str]:
        """The mapping from text to text that it is; a null value is an empty text."""
        return {name: part.text() for name, part in self.parts()}

    def one_of(self, allowed: tuple[str, ...], default: str = "") -> str:
        """A text out of a closed list; the default where it is absent. An empty text counts as written."""
        text = self.text(default)
        if self.present and text not in allowed:
            self.refuse(f"{shown(text)} is not one of {', '.join(allowed)}", suggestion(text, allowed))
        return text

    def only(self, *known: str) -> None:
        """Refuses entries with other names: a misspelt field is silently another meaning."""
        for name, part in self.parts():
            if name not in known:
                fields = f"the fields here are {', '.join(known)}"
                part.refuse("there is no such field", suggestion(name, known) or fields)


def kind_of(value: Any) -> str:
    """What a value is, in the user's words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text {shown(value)}"
    return "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else "null"


def shown(text: str) -> str:
    """A text in quotes, shortened where it is long."""
    return repr(text) if len(text) <= 80 else f"{text[:77]!r}..."


def suggestion(name: str, known: tuple[str, ...]) -> str:
    """Which of the known names was probably meant; empty where none is close."""
    exact = [one for one in known if one.lower() == name.lower()]
    close = exact or get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else ""
