"""From the posture file to values, and what only the reader can see."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.certificates.configuration import Challenge, Deployment, Secret, Verification, Wanted
from ringfence.certificates.reading import read
from ringfence.model.spans import Span
from ringfence.sources.yaml_documents import documents

TEXT = """\
state: state
check_interval: 30m
challenge: {kind: http-01, listen: ":8080"}
issuers:
  le: {directory: https://ca.example/dir, terms_agreed: true, staging: le-test}
  le-test: {directory: https://test.ca.example/dir}
  own: {kind: private-ca, directory: ca, name_constraints: {permitted: [shop.example]}}
issue:
  web:
    names: [www.shop.example, shop.example]
    issuers: [le, own]
    lifetime: 6d
    deploy:
      directory: /etc/tls/web
      key_mode: "0640"
      reload: [nginx, -s, reload]
      verify: [{endpoint: "[::1]:8443", within: 10s}]
  wild:
    names: ["*.shop.example"]
    issuers: [le]
    challenge: {kind: dns-01, server: ns.example, key_name: k, key: {file: tsig}}
"""


def test_whole() -> None:
    document = next(documents(TEXT, "ringfence.yaml"))
    found, diagnostics = read(document.value, document.span, Path("/base"))
    assert diagnostics == []
    assert found.state == Path("/base/state")
    assert found.check_interval == timedelta(minutes=30)
    verification = Verification("::1", 8443, within=timedelta(seconds=10))
    assert found.wanted["web"] == Wanted(
        "web",
        ("www.shop.example", "shop.example"),
        ("le", "own"),
        lifetime=timedelta(days=6),
        challenge=Challenge("http-01", ("", 8080)),
        deploy=Deployment(
            Path("/etc/tls/web"), key_mode=0o640, reload=("nginx", "-s", "reload"), verify=(verification,)
        ),
    )
    key = Secret(Path("/base/tsig"))
    assert found.wanted["wild"].challenge == Challenge(
        "dns-01", provider="rfc2136", server=("ns.example", 53), key_name="k", key=key
    )


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ("issuers: [le, own]", "issuers: [le, other]", "ringfence.yaml:11:5", "there is no issuer 'other'"),
        ("kind: dns-01, server", "kind: http-01, listen", "ringfence.yaml:19", "cannot prove a wildcard"),
        ("lifetime: 6d", "lifetime: 60d", "ringfence.yaml:12:5", "longer than own's longest_leaf"),
        ("lifetime: 6d", "renew_befor: 6d", "ringfence.yaml:12:5", "did you mean renew_before?"),
        (
            "names: [www.shop.example,",
            "names: [www.other.example,",
            "ringfence.yaml:10:5",
            "name constraints do not permit www.other.example",
        ),
        ("names: [www.shop.example,", "names: ['spiffe://x/y',", "ringfence.yaml:10:5", "certifies no URIs"),
        ('key_mode: "0640"', 'key_mode: "0644"', "ringfence.yaml:15:7", "everybody read the private key"),
        ('key_mode: "0640"', "key_mode: 0640", "ringfence.yaml:15:7", "in quotes"),
        ("key: {file: tsig}", "key: c2VjcmV0", "ringfence.yaml:21", "does not stand here"),
        ("permitted: [shop.example]", "excluded: [10.9.0.1/16]", "ringfence.yaml:7", "has host bits set"),
        ("permitted: [shop.example]", "excluded: [bücher.example]", "ringfence.yaml:7", "excluded: "),
        ("staging: le-test", "staging: nobody", "ringfence.yaml:5", "there is no issuer 'nobody'"),
        ("check_interval: 30m", "resolver: dns.example", "ringfence.yaml", "the address of a DNS server is expected"),
        ("check_interval: 30m", "resolver: '192.0.2.53:x'", "ringfence.yaml", "resolver: HOST:PORT is expected"),
        ("key_name: k, ", "", "ringfence.yaml:21", "belong together"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(old: str, new: str, place: str, message: str) -> None:
    assert old in TEXT
    document = next(documents(TEXT.replace(old, new), "ringfence.yaml"))
    assert document.problem is None
    _, diagnostics = read(document.value, document.span, Path())
    assert any(str(one).startswith(place) and message in str(one) for one in diagnostics), diagnostics
    assert "c2VjcmV0" not in str(diagnostics), "a secret is never quoted"


def test_what_is_wrong_is_left_out() -> None:
    document = next(documents(TEXT.replace("lifetime: 6d", "lifetime: soon"), "ringfence.yaml"))
    found, _ = read(document.value, document.span, Path())
    assert set(found.wanted) == {"wild"}


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["acme", "dns-01", "own", "3d"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["issuers", "issue", "own", "kind", "names", "challenge", "deploy", "verify", "key", "file"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(VALUES)
def test_anything_is_read_or_complained_about(value: Any) -> None:
    found, diagnostics = read(value, Span("f"), Path())
    assert diagnostics or isinstance(value, dict)
    for one in found.wanted.values():
        assert one.issuers
        assert one.names


def test_the_example_of_the_documentation() -> None:
    place = Path(__file__).parents[2] / "docs" / "examples" / "certificates.yaml"
    document = next(documents(place.read_text(), "certificates.yaml"))
    found, diagnostics = read(document.value["certificates"], document.span.at("certificates"), place.parent)
    assert diagnostics == []
    assert set(found.wanted) == {"www", "wildcard", "orders"}
