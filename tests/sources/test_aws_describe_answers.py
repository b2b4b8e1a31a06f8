"""Fields of answers: of the expected type, or an error."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.model.spans import Span
from ringfence.resources.aws import Unknown
from ringfence.sources.aws_describe_answers import Answer, Answers


def answer(**values: Any) -> Answer:
    return Answer(values, Span("a.json"), Answers())


def test_fields_of_the_expected_type() -> None:
    one = answer(t="x", n=1, m="-1", f=True, l=["a"], o=[{"i": "y"}], p={"q": "r"}, c="10.0.0.0/8")
    assert (one.text("t"), one.number("n"), one.number("m"), one.flag("f")) == ("x", 1, -1, True)
    assert (one.texts("l"), one.each("o", "i"), one.part("p").maybe("q"), one.cidr("c")) == (
        ("a",),
        ("y",),
        "r",
        "10.0.0.0/8",
    )
    assert one.answers.diagnostics == []


def test_absent_fields() -> None:
    one = answer()
    found = (one.maybe("x"), one.number("x"), one.flag("x", True), one.texts("x"), one.parts("x"), one.cidr("x"))
    assert found == (None, None, True, (), [], None)
    assert isinstance(one.id("x"), Unknown)
    assert one.answers.diagnostics == []
    assert one.text("x") == ""
    assert len(one.answers.diagnostics) == 1


@pytest.mark.parametrize(
    ("method", "value"),
    [("maybe", 3), ("number", "x"), ("number", True), ("flag", 1), ("parts", {}), ("parts", [1]),
     ("part", []), ("texts", [1]), ("cidr", "x")],
)  # fmt: skip
def test_what_is_of_the_wrong_type_is_an_error(method: str, value: Any) -> None:
    one = answer(x=value)
    getattr(one, method)("x")
    assert [str(wrong.severity) for wrong in one.answers.diagnostics] == ["error"]
    assert one.answers.diagnostics[0].span.pointer == "/x"


def test_answers_add_up() -> None:
    answers = Answers()
    for name in ("a", "b"):
        answers.add({"Vpcs": [{"VpcId": name}], "Other": 3}, Span(name))
    assert [one.text("VpcId") for one in answers.of("Vpcs")] == ["a", "b"]
    assert list(answers.of("Other")) == []
    assert answer(Tags=[{"Key": "k", "Value": "v"}]).tags() == {"k": "v"}
