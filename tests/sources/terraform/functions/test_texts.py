"""What texts' functions leave unknown. Their values are tested beside OpenTofu (tests/servers)."""

from __future__ import annotations

import pytest

from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.conversions import EvaluationError
from tests.sources.terraform.reading import value


@pytest.mark.parametrize(
    "text",
    [
        'format("%x", 10)',
        'format("%-5s", "a")',
        'regex("\\\\p{L}", "a")',
        'regex("a", "b\\na")',
        'replace("a1", "/([0-9])/", "$1$1")',
        'md5("a")',
        'file("x")',
        "timestamp()",
    ],
)
def test_not_evaluated(text: str) -> None:
    assert isinstance(value(text), Unknown)


@pytest.mark.parametrize(
    "text",
    [
        'format("%s")',
        'format("%s", "a", "b")',
        'regex("x", "a")',
        'jsondecode("{")',
        "upper()",
        "upper(1, 2)",
        'formatlist("%s%s", ["a"], ["b", "c"])',
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(EvaluationError):
        value(text)


def test_an_unknown_anywhere_makes_the_text_unknown() -> None:
    assert isinstance(value('join("-", ["a", var.x])', 'variable "x" {}'), Unknown)
