"""Paths as Envoy normalizes them, and requests as subjects."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.layers.istio_options import NORMALIZATIONS
from ringfence.layers.istio_requests import normalized, request_subjects


@pytest.mark.parametrize(
    ("path", "none", "base", "merge", "decode"),
    [
        ("/a/b?c=/../", "/a/b?c=/../", "/a/b?c=/../", "/a/b?c=/../", "/a/b?c=/../"),
        ("/a/../b", "/a/../b", "/b", "/b", "/b"),
        ("/a/./b/.", "/a/./b/.", "/a/b/", "/a/b/", "/a/b/"),
        ("/a/b/..", "/a/b/..", "/a/", "/a/", "/a/"),
        ("/../..", "/../..", "/", "/", "/"),
        ("/a/%2e%2E/b", "/a/%2e%2E/b", "/b", "/b", "/b"),
        ("/%41%7e%2d%5f", "/%41%7e%2d%5f", "/A~-_", "/A~-_", "/A~-_"),
        ("/a%20b%3b", "/a%20b%3b", "/a%20b%3b", "/a%20b%3b", "/a%20b%3b"),
        ("/b<|", "/b<|", "/b%3C%7C", "/b%3C%7C", "/b%3C%7C"),
        ("/ä", None, None, None, None),
        ("/a b", None, None, None, None),
        ("///?q", "///?q", "///?q", "//?q", "//?q"),
        ("/a\\b", "/a\\b", "/a/b", "/a/b", "/a/b"),
        ("//a///b/", "//a///b/", "//a///b/", "/a/b/", "/a/b/"),
        ("/a//../b", "/a//../b", "/a/b", "/a/b", "/a/b"),
        ("/a%2Fb%5cc", "/a%2Fb%5cc", "/a%2Fb%5cc", "/a%2Fb%5cc", "/a/b/c"),
        ("/a%2f..%2fb", "/a%2f..%2fb", "/a%2f..%2fb", "/a%2f..%2fb", "/b"),
        ("/a%", "/a%", "/a%", "/a%", "/a%"),
        ("/a%2", "/a%2", "/a%2", "/a%2", "/a%2"),
        ("/%252e", "/%252e", "/%252e", "/%252e", "/%252e"),
        ("/.../a..b", "/.../a..b", "/.../a..b", "/.../a..b", "/.../a..b"),
        ("/a%00", "/a%00", None, None, None),
        ("/%%300", "/%%300", None, None, None),
        ("/a#b", None, None, None, None),
        ("", "", "/", "/", "/"),
    ],
)
def test_normalization(path, none, base, merge, decode):
    assert [normalized(path, how) for how in NORMALIZATIONS] == [none, base, merge, decode]


@given(st.text("/.%2eEfF\\ab?", max_size=12), st.sampled_from(NORMALIZATIONS[1:]))
def test_normalization_leaves_no_dot_segment_and_is_settled(path, how):
    found = normalized(path, how)
    if found is None:
        return
    bare = found.partition("?")[0]
    assert not {".", ".."} & set(bare.split("/"))
    assert bare.startswith("/")
    if how == "BASE":
        assert normalized(found, how) in (found, None)


@given(st.text(max_size=20), st.sampled_from(NORMALIZATIONS))
def test_any_text_is_a_path_or_refused(path, how):
    found = normalized(path, how)
    assert found is None or isinstance(found, str)


def test_a_request_without_a_token():
    found = request_subjects(
        {"method": "GET", "path": "/a/../b?q=1", "host": "Shop:80", "headers": {"X-A": "1", "X-C": ["1", "2"]}},
        asked=("header:x-a", "header:x-b", "header:x-c", "claim:role", "words:role", "header::scheme", "sni"),
    )
    assert found == {
        "protocol": ("http",),
        "method": ("GET",),
        "header::method": ("GET",),
        "host": ("Shop:80",),
        "header::authority": ("Shop:80",),
        "header:host": ("Shop:80",),
        "path": ("/b",),
        "header::path": ("/b?q=1",),
        "header:x-a": ("1",),
        "header:x-b": (),
        "forwarded": (),
        "token": ("none",),
        "token place": (),
        "claim:role": (),
        "words:role": (),
    }


def test_the_claims_of_a_token():
    found = request_subjects(
        {"claims": {"iss": "i", "aud": ["a", "b", 3], "org": {"unit": "x y"}, "n": 1}}, asked=("claim:n", "claim:m")
    )
    assert found["token"] == ("valid",)
    assert found["token place"] == ("header authorization Bearer ",)
    assert found["claim:aud"] == ("a", "b")
    assert (found["claim:org[unit]"], found["words:org[unit]"]) == (("x y",), ("x", "y"))
    assert found["claim:n"] == found["claim:m"] == ()


def test_a_valid_token_whose_claims_nobody_tells():
    assert "claim:role" not in request_subjects({"token": "valid"}, asked=("claim:role",))
    assert request_subjects({"token": "expired"}, asked=("claim:role",))["claim:role"] == ()


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ({"header": "X-Token", "prefix": "T "}, "header x-token T "),
        ({"header": "X-Token"}, "header x-token "),
        ({"param": "t"}, "param t"),
        ({"cookie": "t"}, "cookie t"),
    ],
)
def test_where_a_token_travels(place, expected):
    assert request_subjects({"claims": {}, "token_in": place})["token place"] == (expected,)


@pytest.mark.parametrize(
    ("header", "expected"),
    [("203.0.113.7", ("203.0.113.7",)), ("a, 2001:db8::7", ("2001:db8::7",)), ("203.0.113.7, x", ()), ("", ())],
)
def test_forwarded(header, expected):
    assert request_subjects({"headers": {"X-Forwarded-For": header}})["forwarded"] == expected


def test_what_a_request_does_not_tell_is_not_known():
    found = request_subjects({"headers": {}})
    assert not {"method", "path", "host", "sni"} & set(found)
