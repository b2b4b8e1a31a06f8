"""Name constraints, form by form (RFC 5280, 4.2.1.10, with its own examples)."""

from __future__ import annotations

import time
from ipaddress import ip_network
from typing import Any

import pytest
from cryptography import x509 as library

from ringfence.certificates.constraints import refuses, violations, within
from tests.certificates.making import authority, general, leaf, name


def tree(text: str) -> library.GeneralName:
    if "/" in text and "://" not in text:
        return library.IPAddress(ip_network(text))
    return library.DirectoryName(name(text[3:])) if text.startswith("dn:") else general(text)


@pytest.mark.parametrize(
    ("one", "subtree", "expected"),
    [
        ("host.example.com", "host.example.com", True),
        ("my.host.example.com", "host.example.com", True),
        ("bigfoot.example.com", "foot.example.com", False),
        ("A.Example.COM", "example.com", True),
        ("*.example.com", "example.com", True),
        ("example.com", "", True),
        ("192.0.2.1", "192.0.2.0/24", True),
        ("192.0.3.1", "192.0.2.0/24", False),
        ("2001:db8::1", "192.0.2.0/24", False),
        ("2001:db8::1", "2001:db8::/32", True),
        ("https://host.example.com/x", "https://host.example.com", False),
        ("root@example.com", "root@example.com", True),
        ("other@example.com", "root@example.com", False),
    ],
)
def test_within(one: str, subtree: str, expected: bool) -> None:
    assert within(general(one), tree(subtree) if subtree else library.DNSName("")) is expected


@pytest.mark.parametrize(
    ("one", "subtree", "expected"),
    [
        ("spiffe://td/a", "td", True),
        ("spiffe://x.td/a", "td", False),
        ("spiffe://x.td/a", ".td", True),
        ("spiffe://td/a", ".td", False),
    ],
)
def test_uris_are_about_the_host(one: str, subtree: str, expected: bool) -> None:
    assert within(general(one), library.UniformResourceIdentifier(subtree)) is expected


@pytest.mark.parametrize(
    ("one", "subtree", "expected"),
    [
        ("a@example.com", "example.com", True),
        ("a@x.example.com", "example.com", False),
        ("a@x.example.com", ".example.com", True),
    ],
)
def test_mailboxes(one: str, subtree: str, expected: bool) -> None:
    assert within(library.RFC822Name(one), library.RFC822Name(subtree)) is expected


def test_directory_names_begin_alike() -> None:
    attribute = library.NameAttribute
    org, unit = attribute(library.NameOID.ORGANIZATION_NAME, "o"), attribute(library.NameOID.COMMON_NAME, "c")

    def directory(*attributes: Any) -> library.DirectoryName:
        return library.DirectoryName(library.Name(list(attributes)))

    assert within(directory(org, unit), directory(org))
    assert not within(directory(unit), directory(org))
    assert within(directory(attribute(library.NameOID.ORGANIZATION_NAME, " O  ")), directory(org))
    assert not within(directory(org), directory(org, unit))


@pytest.mark.parametrize(
    ("permitted", "excluded", "one", "expected"),
    [
        (["a.example"], [], "a.example", ""),
        (["a.example"], [], "b.example", "does not permit"),
        (["a.example"], [], "192.0.2.1", ""),
        ([], ["a.example"], "x.a.example", "excludes"),
        (["example"], ["a.example"], "a.example", "excludes"),
        (["example"], ["a.example"], "b.example", ""),
    ],
)
def test_refuses(permitted: list[str], excluded: list[str], one: str, expected: str) -> None:
    trees = library.NameConstraints([tree(x) for x in permitted] or None, [tree(x) for x in excluded] or None)
    assert refuses(trees, general(one)) == expected


def test_every_authority_binds_all_below_it() -> None:
    root = authority("root", extra=[(library.NameConstraints([general("a.example")], None), True)])
    middle = authority("middle", root)
    good, bad = leaf(middle, "x.a.example"), leaf(middle, "b.example")
    path = [middle.certificate, root.certificate]
    assert list(violations([good.certificate, *path])) == []
    assert list(violations([bad.certificate, *path])) == ["CN=root does not permit b.example"]
    assert list(violations([bad.certificate, *path], verified=True)) == []


def test_names_times_constraints_are_bounded() -> None:
    trees = library.NameConstraints([general(f"d{n}.example") for n in range(900)], None)
    root = authority("root", extra=[(trees, True)])
    busy = leaf(root, *(f"x{n}.example" for n in range(900)))
    begun = time.process_time()
    found = list(violations([busy.certificate, root.certificate]))
    assert found == ["CN=root constrains more names by more constraints than a client compares"]
    assert time.process_time() - begun < 2
