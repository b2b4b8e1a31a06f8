"""What a plain YAML scalar means: the rules by which Kubernetes' own tools read manifests.

`kubectl` and the API server read YAML through sigs.k8s.io/yaml, that is go-yaml v2 and then JSON. So one rule set holds
here, neither YAML 1.1 nor 1.2 to the letter:

    null       empty, `~`, null, Null, NULL
    booleans   true false yes no on off, each also Capitalised and in CAPITALS
    integers   decimal, `0x1f`, `0o17`, `0b11`, and a leading zero is octal (`010` is 8); `_` between digits is dropped
    floats     decimal with point or exponent; `.inf` and `.nan` cannot be written as JSON and are errors
    timestamps stay text, and so do sexagesimal numbers (`12:30`)

Everything else is text, and so is every quoted scalar. `y` and `n` are text too, although go-yaml v2 takes them for
booleans: one-letter names are common, and where a boolean is meant the reader refuses the text. JSON knows one kind of
number, so a float without a fraction is an integer (`80.0` is 80). A number beyond 64 bits is a float, one beyond a
float's range is text.

Mapping keys are text as well: integers and booleans become their JSON text (`yes:` is the key `true`). A null, a float
(which may lose digits: `1.10`) or a collection is refused as a key.
"""

from __future__ import annotations

import re
from typing import Any

CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **{form: True for word in ("yes", "true", "on") for form in (word, word.capitalize(), word.upper())},
    **{form: False for word in ("no", "false", "off") for form in (word, word.capitalize(), word.upper())},
}
NOT_JSON = frozenset(f"{sign}{word}" for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")) | {
    ".nan", ".NaN", ".NAN",
}  # fmt: skip
INTEGER = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
NUMERIC_START = frozenset("0123456789+-.")
LARGEST_INTEGRAL = 1e21
"""From here on JSON is written with an exponent, and a float stays a float."""

STANDARD = "tag:yaml.org,2002:"


class MalformedError(Exception):
    """A document is broken: why, and where in its own text (line and column from 0), where that is known."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
        self.remedy = remedy


def plain(text: str) -> Any:
    """The value of a plain scalar without a tag. MalformedError for `.inf` and `.nan`."""
    if text in CONSTANTS:
        return CONSTANTS[text]
    if text[0] not in NUMERIC_START:
        return text
    return _numeric(text)


def _numeric(text: str) -> Any:
    if text in NOT_JSON:
        raise MalformedError(f"{text} is not a number that JSON can hold", remedy="quote it if it is text")
    digits = text.replace("_", "") if text[0] != "." else text
    if INTEGER.fullmatch(digits):
        value = integer(digits)
        if value is not None:
            return value
    if FLOAT.fullmatch(digits):
        number = float(digits)
        if abs(number) != float("inf"):
            return integral(number)
    return text


def integer(digits: str) -> int | None:
    """An integer in any of the notations; None where it does not fit in 64 bits."""
    unsigned = digits.lstrip("+-")
    if len(unsigned) > 70:
        return None
    octal = len(unsigned) > 1 and unsigned[0] == "0" and unsigned[1].isdigit()
    value = int(unsigned, 8 if octal else 0)
    value = -value if digits[0] == "-" else value
    return value if -(2**63) <= value < 2**64 else None


def integral(number: float) -> int | float:
    """A float as JSON holds it: without a fraction it is an integer."""
    return int(number) if number.is_integer() and abs(number) < LARGEST_INTEGRAL else number


def tagged(tag: str, text: str) -> Any:
    """The value of a scalar with an explicit tag. MalformedError for tags that JSON has no value for."""
    short = tag.removeprefix(STANDARD)
    if tag == "!" or short == "str":
        return text
    if short == "timestamp" and tag != short:
        return text
    if tag == short or short not in ("null", "bool", "int", "float"):
        raise MalformedError(f"the tag {shown_tag(tag)} is not known", remedy="manifests hold plain data without tags")
    value = plain(text)
    kinds: dict[str, tuple[type, ...]] = {"null": (type(None),), "bool": (bool,), "int": (int,), "float": (int, float)}
    if not isinstance(value, kinds[short]) or (isinstance(value, bool) and short != "bool"):
        raise MalformedError(f"{text!r} is not a value of the tag !!{short}")
    return value


def key(value: Any) -> str:
    """A mapping key as JSON has it. MalformedError for what is no key."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    what = "null" if value is None else "a number with a fraction" if isinstance(value, float) else "a collection"
    raise MalformedError(f"{what} cannot be a key", remedy="quote the key")


def shown_tag(tag: str) -> str:
    """A tag as people write it."""
    return f"!!{tag.removeprefix(STANDARD)}" if tag.startswith(STANDARD) else tag
