"""Names in certificates: which one covers which (RFC 6125, RFC 9525), and which of them the public can reach.

A wildcard is a whole leftmost label and stands for exactly one label. Addresses match addresses only. A name without
a public suffix of its own - one label, a suffix that is reserved for private use (RFC 6761, RFC 6762, RFC 8375, the
`.internal` of ICANN), a cluster's services, an address that is not global - cannot be proved to a public authority.
Suffixes for documentation (`.example`) count as public: they stand in for the reader's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

from ringfence.certificates.inventory import Certificate

PRIVATE_SUFFIXES = (
    "cluster.local",
    "corp",
    "home",
    "home.arpa",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "private",
    "svc",
    "test",
)


def is_address(name: str) -> bool:
    """Whether the name is an IP address."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def covers(pattern: str, name: str) -> bool:
    """Whether a DNS name of a certificate, perhaps a wildcard, stands for the name."""
    pattern, name = pattern.lower().rstrip("."), name.lower().rstrip(".")
    if pattern == name:
        return True
    star, _, parent = pattern.partition(".")
    label, _, rest = name.partition(".")
    return star == "*" and "." in parent and bool(label) and label != "*" and rest == parent


def covered(certificate: Certificate, name: str) -> bool:
    """Whether the certificate is good for a DNS name, an address, a URI or a mail address."""
    if "://" in name:
        return name in certificate.uris
    if is_address(name):
        return ip_address(name) in [ip_address(one) for one in certificate.addresses if is_address(one)]
    if "@" in name:
        return name in certificate.emails
    return any(covers(pattern, name) for pattern in certificate.dns_names)


def missing(certificate: Certificate, names: Iterable[str]) -> tuple[str, ...]:
    """The names that the certificate is not good for, in their order."""
    return tuple(name for name in names if not covered(certificate, name))


def is_public(name: str) -> bool:
    """Whether a public authority could be shown that somebody holds the name."""
    if is_address(name):
        return ip_address(name).is_global
    labels = name.lower().removeprefix("*.").rstrip(".")
    return "." in labels and not any(labels == one or labels.endswith(f".{one}") for one in PRIVATE_SUFFIXES)
