"""Name constraints (RFC 5280, 4.2.1.10): which names an authority's certificates may hold.

Each form by its own rule: a DNS constraint takes in the domain and everything below it; a URI constraint is about the
host, and a leading dot means what lies below only; a mail constraint is a mailbox, a host, or with a leading dot a
domain; an address constraint is a network; a directory name takes in what begins with it. A form without a permitted
subtree is not restricted; what is excluded stays so. Forms that are not listed here exclude a name of that form,
because nobody can say that it is permitted.

The verifier of `cryptography` does DNS and address constraints alone: it refuses URI constraints and critical
directory names as unsupported, and ignores other directory names. This module is what `validation` judges those by.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from cryptography import x509 as library

MOST_COMPARISONS = 1 << 18
"""Names times constraints of one path. Who wishes to keep a client busy has more; the verifier has a bound, too."""


def violations(path: Sequence[library.Certificate], *, verified: bool = False) -> Iterator[str]:
    """Every name of a path (the leaf first, the anchor last) that an authority above it does not permit.

    `verified`: the library's verifier has taken the path, so the forms that it knows are left out.
    """
    from cryptography import x509 as library

    names = [names_of(one) for one in path]
    left = MOST_COMPARISONS
    for at, authority in enumerate(path):
        if at == 0:
            continue
        try:
            found = authority.extensions.get_extension_for_class(library.NameConstraints).value
        except library.ExtensionNotFound:
            continue
        title = authority.subject.rfc4514_string()
        subtrees = len(found.permitted_subtrees or ()) + len(found.excluded_subtrees or ())
        for position, below in enumerate(path[:at]):
            if position and below.subject == below.issuer:
                continue  # a self-issued authority between others, 6.1.3 (b)
            left -= len(names[position]) * subtrees
            if left < 0:
                yield f"{title} constrains more names by more constraints than a client compares"
                return
            for name in names[position]:
                if verified and isinstance(name, (library.DNSName, library.IPAddress)):
                    continue
                refusal = refuses(found, name)
                if refusal:
                    yield f"{title} {refusal} {shown(name)}"


def names_of(certificate: library.Certificate) -> list[Any]:
    """The general names that constraints apply to: the alternative names, and the subject if it is not empty."""
    from cryptography import x509 as library

    names: list[Any] = []
    if list(certificate.subject):
        names.append(library.DirectoryName(certificate.subject))
    with suppress(library.ExtensionNotFound):
        names += list(certificate.extensions.get_extension_for_class(library.SubjectAlternativeName).value)
    return names


def refuses(constraints: library.NameConstraints, name: Any) -> str:
    """`excludes` or `does not permit`; empty where the constraints take the name."""
    same = [one for one in constraints.excluded_subtrees or () if type(one) is type(name)]
    if any(within(name, one) for one in same):
        return "excludes"
    same = [one for one in constraints.permitted_subtrees or () if type(one) is type(name)]
    return "does not permit" if same and not any(within(name, one) for one in same) else ""


def within(name: Any, subtree: Any) -> bool:
    """Whether a general name lies in a subtree of the same form."""
    from cryptography import x509 as library

    if isinstance(name, library.DNSName):
        return _domain(name.value, subtree.value)
    if isinstance(name, library.IPAddress):
        network = subtree.value
        return getattr(network, "version", 0) == getattr(name.value, "version", 1) and name.value in network
    if isinstance(name, library.UniformResourceIdentifier):
        return _host(urlsplit(name.value).hostname or "", subtree.value)
    if isinstance(name, library.RFC822Name):
        if "@" in subtree.value:
            local, _, host = subtree.value.rpartition("@")
            mine, _, there = name.value.rpartition("@")
            return bool(local == mine and host.lower() == there.lower())
        return _host(name.value.rpartition("@")[2], subtree.value)
    if isinstance(name, library.DirectoryName):
        wanted = _folded(subtree.value)
        return _folded(name.value)[: len(wanted)] == wanted
    return True


def shown(name: Any) -> str:
    """A general name as people write it."""
    value = name.value
    return value.rfc4514_string() if hasattr(value, "rfc4514_string") else str(value)


def _folded(name: library.Name) -> list[frozenset[tuple[str, str]]]:
    """A directory name for comparison: case and runs of space do not count (RFC 5280, 7.1; RFC 4518)."""
    return [frozenset((one.oid.dotted_string, _plain(one.value)) for one in rdn) for rdn in name.rdns]


def _plain(value: str | bytes) -> str:
    return " ".join(value.split()).casefold() if isinstance(value, str) else value.hex()


def _domain(name: str, subtree: str) -> bool:
    name, subtree = name.lower().rstrip("."), subtree.lower().rstrip(".")
    return not subtree or name == subtree or name.endswith(subtree if subtree.startswith(".") else f".{subtree}")


def _host(host: str, subtree: str) -> bool:
    host, subtree = host.lower(), subtree.lower()
    return host.endswith(subtree) if subtree.startswith(".") else host == subtree
