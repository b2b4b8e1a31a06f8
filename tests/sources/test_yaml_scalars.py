"""What plain scalars mean: the rules of go-yaml v2 and JSON, but for y and n, one row each."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.sources.yaml_scalars import MalformedError, key, plain, tagged


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((form, None) for form in ("", "~", "null", "Null", "NULL")),
        *((form, True) for form in ("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON")),
        *((form, False) for form in ("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF")),
        *((form, form) for form in ("y", "Y", "n", "N", "tRUE", "oN", "nULL", "yess", "none")),
        *((form, form) for form in ("None", "inf", "nan", "-", "+", ".", "--1")),
        ("0", 0), ("-0", 0), ("80", 80), ("+80", 80), ("-1", -1), ("1_000", 1000), ("010", 8), ("-010", -8),
        ("0o17", 15), ("0O17", 15), ("0x1F", 31), ("0X1f", 31), ("0b101", 5), ("-0b11", -3), ("00", 0),
        ("08", 8), ("0o8", "0o8"), ("0xg", "0xg"), ("_1", "_1"), ("1_", 1), ("0b2", "0b2"),
        ("18446744073709551615", 2**64 - 1), ("9223372036854775808", 2**63), ("-9223372036854775808", -(2**63)),
        ("18446744073709551616", 18446744073709551616), ("1" * 30, float("1" * 30)),
        ("9" * 400, "9" * 400), ("1e400", "1e400"),
        ("80.0", 80), ("1.", 1), (".5", 0.5), ("-.5", -0.5), ("1.5", 1.5), ("1e3", 1000),
        ("1E-2", 0.01), ("1e21", 1e21),
        ("1.2.3", "1.2.3"), ("1.10", 1.1), ("._5", "._5"), ("1e", "1e"),
        ("2001-12-14", "2001-12-14"), ("2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"),
        ("12:30", "12:30"), ("190:20:30", "190:20:30"), ("10.0.0.0/8", "10.0.0.0/8"), ("::1", "::1"),
        ("<<", "<<"), ("=", "="), ("٣", "٣"), ("1\u0663", "1\u0663"),
    ],
)  # fmt: skip
def test_plain(text: str, value: Any) -> None:
    found = plain(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", [".inf", "-.INF", "+.Inf", ".nan", ".NaN"])
def test_not_json(text: str) -> None:
    with pytest.raises(MalformedError, match="not a number that JSON can hold"):
        plain(text)


@pytest.mark.parametrize(
    ("tag", "text", "value"),
    [
        ("!", "80", "80"),
        ("tag:yaml.org,2002:str", "80", "80"),
        ("tag:yaml.org,2002:int", "80", 80),
        ("tag:yaml.org,2002:float", "80", 80),
        ("tag:yaml.org,2002:float", "1.5", 1.5),
        ("tag:yaml.org,2002:bool", "yes", True),
        ("tag:yaml.org,2002:null", "", None),
        ("tag:yaml.org,2002:timestamp", "2001-12-14", "2001-12-14"),
    ],
)
def test_tagged(tag: str, text: str, value: Any) -> None:
    assert tagged(tag, text) == value


@pytest.mark.parametrize(
    ("tag", "text", "message"),
    [
        ("tag:yaml.org,2002:int", "x", "'x' is not a value of the tag !!int"),
        ("tag:yaml.org,2002:int", "yes", "'yes' is not a value of the tag !!int"),
        ("tag:yaml.org,2002:int", "1.5", "'1.5' is not a value of the tag !!int"),
        ("tag:yaml.org,2002:bool", "1", "'1' is not a value of the tag !!bool"),
        ("tag:yaml.org,2002:binary", "aGk=", "the tag !!binary is not known"),
        ("!Ref", "x", "the tag !Ref is not known"),
        ("int", "1", "the tag int is not known"),
    ],
)
def test_tags_that_do_not_fit(tag: str, text: str, message: str) -> None:
    with pytest.raises(MalformedError) as caught:
        tagged(tag, text)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("value", "text"), [("a", "a"), (True, "true"), (False, "false"), (80, "80"), (-1, "-1"), ("", "")]
)
def test_keys(value: Any, text: str) -> None:
    assert key(value) == text


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "null cannot be a key"),
        (1.1, "a number with a fraction cannot be a key"),
        ((), "a collection cannot be a key"),
    ],
)
def test_no_keys(value: Any, message: str) -> None:
    with pytest.raises(MalformedError) as caught:
        key(value)
    assert (caught.value.message, caught.value.remedy) == (message, "quote the key")


@given(st.integers(min_value=-(2**63), max_value=2**64 - 1))
def test_integers_are_themselves(number: int) -> None:
    assert plain(str(number)) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_are_themselves(number: float) -> None:
    assert plain(repr(number)) == number


@given(st.text())
def test_any_text_has_a_value(text: str) -> None:
    try:
        value = plain(text)
    except MalformedError:
        return
    assert value is None or isinstance(value, (str, int, float))
    assert not isinstance(value, float) or math.isfinite(value)
