"""The forms that Kubernetes demands of names, labels, ports and addresses.

Each function takes a part that holds such a thing and notes what is wrong with it; where it returns something, that is
the canonical form. Sources: `k8s.io/apimachinery/pkg/util/validation`, `k8s.io/utils/net`.

    DNS label         RFC 1123: lower case, digits, inner `-`, at most 63
    DNS subdomain     labels joined by dots, at most 253
    service name      RFC 1035: a DNS label that begins with a letter
    port name         IANA service name: at most 15, lower case, a letter in it, no `--`
    qualified name    label and annotation keys: `[subdomain/]name`, the name at most 63
    addresses, CIDRs  leading zeros in IPv4 are decimal, host bits are dropped, zones are refused
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from ringfence.sources.kubernetes.parts import Part, shown

LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?")
SERVICE_NAME = re.compile(r"[a-z](?:[-a-z0-9]*[a-z0-9])?")
SUBDOMAIN = re.compile(rf"{LABEL.pattern}(?:\.{LABEL.pattern})*")
QUALIFIED = re.compile(r"(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
PORT_NAME = re.compile(r"(?=.*[a-z])[a-z0-9](?:-?[a-z0-9])*")
LEADING_ZEROS = re.compile(r"(?<![0-9a-fA-F:.])0+(?=[0-9])|(?<=\.)0+(?=[0-9])")
PREFIX = re.compile(r"[0-9]+")
ANNOTATIONS_SIZE = 256 * 1024
PROTOCOLS = ("TCP", "UDP", "SCTP")
RULES: Mapping[str, tuple[re.Pattern[str], int]] = {
    "DNS label": (LABEL, 63),
    "DNS subdomain": (SUBDOMAIN, 253),
    "service name": (SERVICE_NAME, 63),
}
DNS_LABEL, DNS_SUBDOMAIN, DNS_SERVICE = RULES
"""Names of the rules, for `name`."""

EXPLANATIONS = {
    DNS_LABEL: "lower case letters, digits and inner '-', at most 63",
    DNS_SUBDOMAIN: "lower case letters, digits, inner '-' and '.', at most 253",
    DNS_SERVICE: "lower case letters, digits and inner '-', a letter first, at most 63",
}


def name(part: Part, rule: str) -> str:
    """A name that must be there and follow a rule. A wrong form is a slip: it is clear what is meant."""
    text = part.text()
    pattern, longest = RULES[rule]
    if not text:
        if not part.present or part.value == "":
            part.refuse("is missing")
    elif "{{" in text:
        part.refuse(f"{shown(text)} is not a {rule}")
    elif len(text) > longest or not pattern.fullmatch(text):
        part.slip(f"{shown(text)} is not a {rule} ({EXPLANATIONS[rule]})")
    return text


def optional_name(part: Part, rule: str) -> str:
    """A name that may be absent or empty, and follows a rule otherwise."""
    return name(part, rule) if part.present and part.value != "" else ""


def is_qualified(text: str) -> bool:
    """Whether a text may be a label's key."""
    prefix, slash, last = text.rpartition("/")
    if slash and not (len(prefix) <= 253 and SUBDOMAIN.fullmatch(prefix)):
        return False
    return len(last) <= 63 and bool(QUALIFIED.fullmatch(last))


def label_key(part: Part, text: str) -> None:
    """A label's key."""
    if not is_qualified(text):
        part.refuse(f"{shown(text)} cannot be a label's key (letters, digits, inner '-', '_', '.', after 'domain/')")


def label_value(part: Part) -> str:
    """A label's value; null is the empty one."""
    text = part.text()
    if text and (len(text) > 63 or not QUALIFIED.fullmatch(text)):
        part.refuse(f"{shown(text)} cannot be a label's value (letters, digits, inner '-', '_', '.', at most 63)")
    return text


def labels(part: Part) -> dict[str, str]:
    """Labels, of an object or as a selector."""
    found = {}
    for key, value in part.parts():
        label_key(value, key)
        found[key] = label_value(value)
    return found


def annotated(part: Part) -> dict[str, str]:
    """Annotations: any text under keys like those of labels."""
    found = part.mapping_of_texts()
    for key in found:
        if not is_qualified(key.lower()):
            part[key].refuse(f"{shown(key)} cannot be an annotation's key")
    if sum(len(key.encode()) + len(value.encode()) for key, value in found.items()) > ANNOTATIONS_SIZE:
        part.refuse(f"annotations are larger than {ANNOTATIONS_SIZE // 1024} KiB")
    return found


def port_number(part: Part, *, required: bool = True) -> int:
    """A port from 1 to 65535; 0 where an optional one is absent or 0."""
    number = part.integer()
    if not part.present:
        if required:
            part.refuse("is missing")
    elif type(part.value) is int and -(2**31) <= part.value < 2**31 and (number or required):
        _in_range(part, number)
    return number


def port_name(part: Part) -> str:
    """The name of a port."""
    text = part.text()
    if type(part.value) is str and (len(text) > 15 or not PORT_NAME.fullmatch(text)):
        remedy = "take off the quotes" if text.isdecimal() else ""
        part.refuse(f"{shown(text)} is not a port's name (at most 15 of lower case, digits, single inner '-')", remedy)
    return text


def port(part: Part) -> int | str | None:
    """A port by number or by name; None where it is absent."""
    if isinstance(part.value, str):
        return port_name(part)
    if not part.present:
        return None
    number = part.integer()
    if type(part.value) is int and -(2**31) <= part.value < 2**31:
        _in_range(part, number)
    return number


def _in_range(part: Part, number: int) -> None:
    if not 1 <= number <= 65535:
        part.refuse(f"{number} is not a port (1 to 65535)")


def protocol(part: Part, *, empty_is_default: bool = True) -> str:
    """TCP where it is absent."""
    if part.value == "" and empty_is_default:
        return "TCP"
    return part.one_of(PROTOCOLS, "TCP")


def cidr(part: Part, text: str | None = None) -> IPv4Network | IPv6Network | None:
    """A block of addresses without its host bits; None, and a problem, where it is none."""
    written = part.text() if text is None else text
    if text is None and not isinstance(part.value, str):
        if not part.present:
            part.refuse("is missing")
        return None
    address, _, length = written.partition("/")
    if PREFIX.fullmatch(length) and length.isascii() and "%" not in address and len(length) < 10:
        try:
            return ip_network(f"{LEADING_ZEROS.sub('', address)}/{int(length)}", strict=False)
        except ValueError:
            pass
    single = f"write {written}/{128 if ':' in written else 32}" if _address(written) else ""
    part.refuse(f"{shown(written)} is not a block of addresses (CIDR)", single)
    return None


def address(part: Part) -> str:
    """An address in canonical form; empty, and a problem, where it is none."""
    text = part.text()
    if not isinstance(part.value, str):
        return ""
    found = _address(text)
    if found is None:
        part.refuse(f"{shown(text)} is not an address")
        return ""
    return str(found)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    if "%" in text:
        return None
    try:
        return ip_address(LEADING_ZEROS.sub("", text))
    except ValueError:
        return None


def host(part: Part, *, addresses: bool = False) -> str:
    """A host name, perhaps with `*.` in front, or an IPv4 address where that is allowed; empty where it is absent."""
    text = part.text()
    if not text:
        return ""
    rest = text.removeprefix("*.")
    if _address(text) and not addresses:
        part.refuse(f"{shown(text)} is an address, not a host name")
    elif len(text) > 253 or not SUBDOMAIN.fullmatch(rest):
        part.refuse(f"{shown(text)} is not a host name (lower case, '*.' only in front, no port)")
    return text
