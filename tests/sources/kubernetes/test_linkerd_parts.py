"""Networks, identities and references as Linkerd's kinds write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.model.spans import Span
from ringfence.resources.linkerd import Network, TargetReference
from ringfence.sources.kubernetes.linkerd_parts import identity, networks, reference
from ringfence.sources.kubernetes.parts import Part


def part(value: object) -> Part:
    return Part.root(value, Span("f"))


def refusals(one: Part) -> list[str]:
    return [problem.message for problem in one.problems.refusals]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"cidr": "10.0.0.0/8"}, Network("10.0.0.0/8")),
        ({"cidr": "10.1.2.3/8"}, Network("10.0.0.0/8")),
        ({"cidr": "10.1.2.3"}, Network("10.1.2.3/32")),
        ({"cidr": "fd00::1"}, Network("fd00::1/128")),
        (
            {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16", "10.2.3.4"]},
            Network("10.0.0.0/8", ("10.1.0.0/16", "10.2.3.4/32")),
        ),
        ({"cidr": "::/0", "except": ["fd00::/8"]}, Network("::/0", ("fd00::/8",))),
        ({"cidr": "10.0.0.0/8", "except": None}, Network("10.0.0.0/8")),
    ],
)
def test_networks(entry: object, expected: Network) -> None:
    one = part([entry])
    assert networks(one) == (expected,)
    assert refusals(one) == []


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({}, "[0].cidr: is missing"),
        ({"cidr": ""}, "[0].cidr: is missing"),
        ({"cidr": "here"}, "[0].cidr: 'here/32' is not a block of addresses (CIDR)"),
        ({"cidr": "10.0.0.0/33"}, "[0].cidr: '10.0.0.0/33' is not a block of addresses (CIDR)"),
        ({"cidr": "10.0.0.0/8", "except": ["10.0.0.0/8"]}, "[0].except[0]: 10.0.0.0/8 leaves nothing of 10.0.0.0/8"),
        ({"cidr": "10.0.0.0/8", "except": ["0.0.0.0/0"]}, "[0].except[0]: 0.0.0.0/0 leaves nothing of 10.0.0.0/8"),
        ({"cidr": "10.0.0.0/8", "except": ["11.0.0.0/16"]}, "[0].except[0]: 11.0.0.0/16 is not a part of 10.0.0.0/8"),
        ({"cidr": "10.0.0.0/8", "except": ["fd00::/16"]}, "[0].except[0]: fd00::/16 is not a part of 10.0.0.0/8"),
        ({"cidr": "10.0.0.0/8", "excepts": []}, "[0].excepts: there is no such field"),
        ("10.0.0.0/8", "[0]: must be a mapping, not the text '10.0.0.0/8'"),
    ],
)
def test_no_networks(entry: object, message: str) -> None:
    one = part([entry])
    networks(one)
    assert message in refusals(one)


@pytest.mark.parametrize(
    "text",
    [
        "*", "*.shop.serviceaccount.identity.linkerd.cluster.local", "web", "a-b.c", "spiffe://trust.domain",
        "spiffe://trust_domain-1.x/ns/shop/sa/Web_1.x-y", "spiffe://a/...",
    ],
)  # fmt: skip
def test_identities(text: str) -> None:
    one = part(text)
    assert (identity(one), refusals(one)) == (text, [])


@pytest.mark.parametrize(
    "text",
    [
        "", "Web", "web.", ".web", "a..b", "web.*", "*web", "w*b", "-a", "a-", "a_b", "http://a/b", "spiffe:/a",
        "spiffe:a/b",
        "spiffe://", "spiffe:///a", "spiffe://A/b", "spiffe://a:80/b", "spiffe://u@a/b", "spiffe://a/", "spiffe://a//",
        "spiffe://a/b/", "spiffe://a/./b", "spiffe://a/..", "spiffe://a/b?c", "spiffe://a/b#c", "spiffe://*/b", "a\n",
    ],
)  # fmt: skip
def test_no_identities(text: str) -> None:
    one = part(text)
    identity(one)
    assert len(refusals(one)) == 1


@pytest.mark.parametrize("value", [None, 1, ["*"]])
def test_an_identity_is_text(value: object) -> None:
    one = part(value)
    identity(one)
    assert len(refusals(one)) == 1


LABEL = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,3}[a-z0-9])?", fullmatch=True)


@given(st.lists(LABEL, min_size=1, max_size=4), st.booleans())
def test_every_dns_name_is_an_identity_and_so_is_its_suffix(labels: list[str], wild: bool) -> None:
    one = part(".".join(["*", *labels] if wild else labels))
    identity(one)
    assert refusals(one) == []


@pytest.mark.parametrize(
    ("value", "local", "expected"),
    [
        ({"kind": "Server", "name": "web", "group": "policy.linkerd.io"}, True, ("policy.linkerd.io", "shop")),
        ({"kind": "ServiceAccount", "name": "web", "group": "core"}, False, ("", "shop")),
        ({"kind": "ServiceAccount", "name": "web", "namespace": "other"}, False, ("", "other")),
        ({"kind": "ServiceAccount", "name": "web", "namespace": ""}, False, ("", "shop")),
    ],
)
def test_references(value: dict[str, str], local: bool, expected: tuple[str, str]) -> None:
    one = part(value)
    group, namespace = expected
    assert reference(one, namespace="shop", local=local) == TargetReference(group, value["kind"], "web", namespace)
    assert refusals(one) == []


@pytest.mark.parametrize(
    ("value", "local", "message"),
    [
        ({"kind": "Server"}, False, "name: is missing"),
        ({"name": "web"}, False, "kind: is missing"),
        ({"kind": "Server", "name": "web", "namespace": "other"}, True, "namespace: there is no such field"),
        ({"kind": "Server", "name": "web", "apiGroup": "x"}, False, "apiGroup: there is no such field"),
        ([], False, "must be a mapping, not a list"),
    ],
)
def test_no_references(value: object, local: bool, message: str) -> None:
    one = part(value)
    reference(one, local=local)
    assert message in refusals(one)


@pytest.mark.parametrize(
    ("group", "kind", "fits"),
    [
        ("policy.linkerd.io", "Server", True),
        ("POLICY.linkerd.io", "SERVER", True),
        ("", "Server", False),
        ("policy.linkerd.io", "Serve", False),
    ],
)
def test_group_and_kind_have_no_case(group: str, kind: str, fits: bool) -> None:
    assert TargetReference(group, kind, "x").is_a("policy.linkerd.io", "Server") is fits
