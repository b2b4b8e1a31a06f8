"""What the API server takes as a name, a label, a port or an address block.

Source: `k8s.io/apimachinery/pkg/util/validation` and `k8s.io/apimachinery/pkg/api/validation`.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

DNS_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?")
DNS_SUBDOMAIN = re.compile(rf"{DNS_LABEL.pattern}(?:\.{DNS_LABEL.pattern})*")
LABEL_NAME = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?")
PORT_NAME = re.compile(r"[a-z0-9-]*[a-z][a-z0-9-]*")


def name_problem(text: str) -> str:
    """What is wrong with a DNS subdomain (most kinds' names); empty: nothing."""
    if len(text) > 253:
        return "is longer than 253 characters"
    return "" if DNS_SUBDOMAIN.fullmatch(text) else "is not made of lower-case letters, digits, '-' and '.'"


def label_problem(text: str) -> str:
    """What is wrong with a DNS label (namespaces, most Services)."""
    if len(text) > 63:
        return "is longer than 63 characters"
    return "" if DNS_LABEL.fullmatch(text) else "is not made of lower-case letters, digits and '-'"


def key_problem(text: str) -> str:
    """What is wrong with a label key: `name` or `prefix/name`."""
    prefix, slash, name = text.rpartition("/")
    if slash and (not prefix or name_problem(prefix)):
        return f"has a prefix {prefix!r} that is not a DNS name"
    if not name or len(name) > 63 or not LABEL_NAME.fullmatch(name):
        return "is not a label key: up to 63 letters, digits, '-', '_', '.', a letter or digit at both ends"
    return ""


def value_problem(text: str) -> str:
    """What is wrong with a label value."""
    if len(text) > 63 or (text and not LABEL_NAME.fullmatch(text)):
        return "is not a label value: up to 63 letters, digits, '-', '_', '.', a letter or digit at both ends"
    return ""


def port_name_problem(text: str) -> str:
    """What is wrong with a port's name (IANA service name)."""
    if len(text) > 15:
        return "is longer than 15 characters"
    good = PORT_NAME.fullmatch(text) and "--" not in text and not text.startswith("-") and not text.endswith("-")
    return "" if good else "is not a port name: lower-case letters, digits and single '-', at least one letter"


def network(text: str) -> IPv4Network | IPv6Network:
    """An address block as the API server reads it: leading zeros and host bits are let pass. ValueError else."""
    base, slash, length = text.partition("/")
    if not slash or not length.isascii() or not length.isdigit():
        raise ValueError(f"{text!r} is not an address block such as 10.0.0.0/8")
    try:
        return ip_network(f"{address(base)}/{int(length)}", strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is not an address block such as 10.0.0.0/8") from None


def address(text: str) -> str:
    """An address in canonical form; leading zeros of IPv4 are decimal. ValueError where it is none."""
    if "%" in text:
        raise ValueError(f"{text!r} has a zone")
    if ":" not in text:
        parts = text.split(".")
        if all(part.isascii() and part.isdigit() for part in parts):
            text = ".".join(str(int(part)) if len(part) <= 10 else part for part in parts)
    return str(ip_address(text))
