"""How Istio compares texts, kind by kind."""

from __future__ import annotations

import pytest

from ringfence.layers import istio_texts as texts
from ringfence.model.conditions import Request


def holds(condition, *values):
    return condition.evaluate(Request({"s": values}))


@pytest.mark.parametrize(
    ("value", "fits", "fails"),
    [
        ("a", ["a"], ["A", "ab", ""]),
        ("a*", ["a", "ab"], ["ba", ""]),
        ("*a", ["a", "ba"], ["ab", ""]),
        ("*", ["a", "*", "a\nb"], [""]),
        ("*/x*", ["/x*", "a/x*"], ["/x", "a/xb"]),
        ("a*b", ["a*b"], ["axb"]),
        ("", [""], ["a"]),
    ],
)
def test_text(value, fits, fails):
    assert all(holds(texts.text("s", value), one) for one in fits)
    assert not any(holds(texts.text("s", value), one) for one in fails)


@pytest.mark.parametrize(
    ("value", "fits", "fails"),
    [("*", ["", "a"], []), ("a", ["a"], ["A"]), ("a*", ["ab"], ["b"]), ("*a", ["ba"], ["b"])],
)
def test_header(value, fits, fails):
    assert all(holds(texts.header("s", value), one) for one in fits)
    assert not any(holds(texts.header("s", value), one) for one in fails)
    assert holds(texts.header("s", value)) is False


@pytest.mark.parametrize(
    ("value", "fits", "fails"),
    [
        ("Shop.example", ["shop.EXAMPLE"], ["shop.example:80", "xshop.example", "shopXexample"]),
        ("shop.*", ["SHOP.example:80", "shop."], ["ashop.x"]),
        ("*.Example", ["a.example", ".example"], ["a.example:80", "aXexample"]),
        ("*", ["", "a"], []),
    ],
)
def test_host(value, fits, fails):
    assert all(holds(texts.host("s", value), one) for one in fits)
    assert not any(holds(texts.host("s", value), one) for one in fails)


@pytest.mark.parametrize(
    ("value", "fits", "fails"),
    [
        ("/a", ["/a"], ["/a/", "/A"]),
        ("/a/{*}", ["/a/b", "/a/%20", "/a/b=c", "/a/*"], ["/a/", "/a/b/c", "/a/ä", "/a/["]),
        ("/{**}/b", ["//b", "/x/y/b"], ["/b", "/x/b/c"]),
        ("/a/{**}", ["/a/", "/a/b/c"], ["/a"]),
        ("/a/{*}/c.d", ["/a/b/c.d"], ["/a/b/cxd"]),
        ("/a/{*}/", ["/a/b/"], ["/a/b"]),
    ],
)
def test_path(value, fits, fails):
    assert all(holds(texts.path("s", value), one) for one in fits)
    assert not any(holds(texts.path("s", value), one) for one in fails)


@pytest.mark.parametrize("value", ["{*}/a", "/a/{*}//"])
def test_a_template_that_envoy_refuses_is_not_known(value):
    assert holds(texts.path("s", value), "/a") is None


def test_values_are_alternatives():
    either = texts.any_of(texts.text, "s", ("a", "b*"))
    assert [holds(either, one) for one in ("a", "bc", "c")] == [True, True, False]
    assert str(texts.any_of(texts.text, "s", ("a",))) == "s = a"
