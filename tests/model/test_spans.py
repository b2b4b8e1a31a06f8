from __future__ import annotations

import pytest

from ringfence.model.spans import NOWHERE, Span


class Lookup:
    """A locator that counts how often it is asked."""

    def __init__(self, known):
        self.known = known
        self.asked = []

    def __call__(self, pointer):
        self.asked.append(pointer)
        return self.known.get(pointer)


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (NOWHERE, "(no source)"),
        (Span("a.yaml"), "a.yaml"),
        (Span("a.yaml", "/spec/0"), "a.yaml#/spec/0"),
        (Span("a.yaml", "/spec/0", 4), "a.yaml:4"),
        (Span("a.yaml", "/spec/0", 4, 2), "a.yaml:4:2"),
        (Span("", "arn:aws:ec2:eu-west-1:1:vpc/vpc-1"), "arn:aws:ec2:eu-west-1:1:vpc/vpc-1"),
        (Span("a.yaml", "/spec", locate=Lookup({"/spec": (9, 3)})), "a.yaml:9:3"),
        (Span("a.yaml", "/spec", locate=Lookup({"/spec": (9, None)})), "a.yaml:9"),
        (Span("a.yaml", "/other", locate=Lookup({"/spec": (9, 3)})), "a.yaml#/other"),
    ],
)
def test_text(span, text):
    assert str(span) == text


@pytest.mark.parametrize(
    ("steps", "pointer"),
    [
        ((), "/spec"),
        (("ingress", 0, "from"), "/spec/ingress/0/from"),
        (("a/b",), "/spec/a~1b"),
        (("a~b",), "/spec/a~0b"),
        (("a~1b",), "/spec/a~01b"),
        (("",), "/spec/"),
    ],
)
def test_parts_by_json_pointer(steps, pointer):
    assert Span("a.yaml", "/spec").at(*steps).pointer == pointer


def test_a_place_is_looked_up_only_when_asked_for():
    lookup = Lookup({"/spec/ingress/0": (12, 5)})
    part = Span("a.yaml", "/spec", locate=lookup).at("ingress", 0)
    assert lookup.asked == []
    assert part.position() == (12, 5)
    assert lookup.asked == ["/spec/ingress/0"]


def test_a_part_of_a_known_line_without_lookup_keeps_the_line():
    assert Span("a.tf", "aws_vpc.main", 7, 3).at("cidr").position() == (7, None)


def test_resolved_spans_need_no_lookup():
    span = Span("a.yaml", "/spec", locate=Lookup({"/spec": (9, 3)}))
    found = span.resolved()
    assert found == Span("a.yaml", "/spec", 9, 3)
    assert found.locate is None
    assert Span("a.yaml", "/spec").resolved() == Span("a.yaml", "/spec")


def test_how_the_line_is_looked_up_does_not_tell_spans_apart():
    one, other = Span("a.yaml", "/x", locate=Lookup({})), Span("a.yaml", "/x")
    assert one == other
    assert hash(one) == hash(other)
    assert one != Span("a.yaml", "/y")
    assert one != Span("b.yaml", "/x")
