"""Reading the fields of an object: each accessor checks the type, and says where and what is wrong.

An `Item` is a mapping at a place. Null is absent, as for the API server. What does not fit becomes a problem and reads
as absent, so that one pass finds everything that is wrong with an object. An object with problems is refused; what the
API server would refuse but leaves no doubt about the meaning (a name with a capital letter) is a `slip`: it is reported
as an error all the same, and the object is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from ringfence.model.diagnostics import Diagnostic, error
from ringfence.model.spans import Span
from ringfence.sources.kubernetes.syntax import key_problem, value_problem


@dataclass(frozen=True)
class Item:
    """A mapping, its place, where in the object it is (`spec.ports[0]`), and what is wrong with the object so far."""

    value: Mapping[str, Any]
    span: Span
    path: str = ""
    problems: list[Diagnostic] = field(default_factory=list)
    slips: list[Diagnostic] = field(default_factory=list)

    def at(self, key: str) -> str:
        """The path of a field as people write it."""
        return f"{self.path}.{key}" if self.path else key

    def problem(self, key: str, message: str, remedy: str = "") -> None:
        """Adds a problem of one field (an empty key: of the whole mapping)."""
        where, span = (self.at(key), self.span.at(key)) if key else (self.path, self.span)
        self.problems.append(error(f"{where}: {message}" if where else message, span, remedy))

    def slip(self, key: str, message: str) -> None:
        """Adds what is wrong with a field without putting its meaning in doubt."""
        self.slips.append(error(f"{self.at(key)}: {message}", self.span.at(key)))

    def has(self, key: str) -> bool:
        """Whether the field is there and not null."""
        return self.value.get(key) is not None

    def text(self, key: str, default: str = "") -> str:
        """A string."""
        found = self.value.get(key)
        if found is None:
            return default
        if isinstance(found, str):
            return found
        self.problem(key, f"must be a string, not {_kind(found)}", "put it in quotes")
        return default

    def integer(self, key: str) -> int | None:
        """A whole number; None where it is absent."""
        found = self.value.get(key)
        if found is None:
            return None
        whole = _whole(found)
        if whole is None:
            self.problem(key, f"must be a whole number, not {_kind(found)}")
        return whole

    def flag(self, key: str, default: bool = False) -> bool:
        """A boolean."""
        found = self.value.get(key)
        if found is None or isinstance(found, bool):
            return default if found is None else found
        self.problem(key, f"must be true or false, not {_kind(found)}")
        return default

    def number_or_text(self, key: str) -> int | str | None:
        """What Kubernetes calls IntOrString."""
        found = self.value.get(key)
        if found is None or isinstance(found, str):
            return found
        whole = _whole(found)
        if whole is None:
            self.problem(key, f"must be a whole number or a string, not {_kind(found)}")
        return whole

    def item(self, key: str) -> Item | None:
        """A mapping; None where it is absent."""
        found = self.value.get(key)
        if found is None:
            return None
        if isinstance(found, Mapping):
            return Item(found, self.span.at(key), self.at(key), self.problems, self.slips)
        self.problem(key, f"must be a mapping, not {_kind(found)}")
        return None

    def part(self, key: str) -> Item:
        """A mapping; an empty one where it is absent."""
        return self.item(key) or Item({}, self.span.at(key), self.at(key), self.problems, self.slips)

    def items(self, key: str) -> list[Item]:
        """A list of mappings; a null entry is an empty mapping."""
        return [
            Item(entry or {}, self.span.at(key, place), f"{self.at(key)}[{place}]", self.problems, self.slips)
            for place, entry in self._entries(key)
            if self._fits(key, place, entry, Mapping, "a mapping")
        ]

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings."""
        return tuple(
            entry or "" for place, entry in self._entries(key) if self._fits(key, place, entry, str, "a string")
        )

    def text_map(self, key: str) -> dict[str, str]:
        """A mapping of strings to strings; a null value is an empty string."""
        inner = self.part(key)
        return {name: inner.text(name) for name in inner.value}

    def labels(self, key: str) -> dict[str, str]:
        """A mapping of labels, keys and values checked."""
        inner = self.part(key)
        found = self.text_map(key)
        for name, value in found.items():
            for wrong in (key_problem(name), value_problem(value)):
                if wrong:
                    inner.problem(name, f"{name if wrong == key_problem(name) else value!r} {wrong}")
        return found

    def port(self, key: str, lowest: int = 1) -> int | None:
        """A port number."""
        found = self.integer(key)
        if found is not None and not lowest <= found <= 65535:
            self.problem(key, f"{found} is not a port: {lowest} to 65535")
            return None
        return found

    def only(self, known: Iterable[str]) -> None:
        """Every field must be known: a misspelt one would silently mean something else."""
        fields = tuple(known)
        for key in self.value:
            if key not in fields:
                near = get_close_matches(key, fields, 1)
                hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(fields)}"
                self.problem(key, "there is no such field", hint)

    def _entries(self, key: str) -> list[tuple[int, Any]]:
        found = self.value.get(key)
        if found is None:
            return []
        if isinstance(found, list):
            return list(enumerate(found))
        self.problem(key, f"must be a list, not {_kind(found)}")
        return []

    def _fits(self, key: str, place: int, entry: Any, kind: Any, name: str) -> bool:
        if entry is None or isinstance(entry, kind):
            return True
        wrong = error(f"{self.at(key)}[{place}]: must be {name}, not {_kind(entry)}", self.span.at(key, place))
        self.problems.append(wrong)
        return False


def _whole(found: Any) -> int | None:
    if isinstance(found, bool):
        return None
    if isinstance(found, int):
        return found
    return int(found) if isinstance(found, float) and found.is_integer() else None


def _kind(found: Any) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list", dict: "a mapping"}
    shown = f" ({found})" if isinstance(found, bool | int | float) else ""
    return names.get(type(found), type(found).__name__) + shown
