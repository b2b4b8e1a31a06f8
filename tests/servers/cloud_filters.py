"""Security groups and network ACLs of AWS as nftables, from what they say and not from what Ringfence makes of it.

    a group    at the interface, which is a host of the network: what no rule lets through is dropped, and connection
               tracking lets the rest of a connection pass
    an ACL     at the router, for what leaves or enters the wires of a subnet, entry by entry in the order of their
               numbers; nothing is remembered there. What stays within a subnet meets none

Addresses, protocols and ports must be known, and peers blocks or groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address, ip_network

from ringfence.resources.aws import (
    AclAction,
    AclEntry,
    AwsObjects,
    CidrPeer,
    GroupPeer,
    Ids,
    NetworkAcl,
    NetworkInterface,
    SecurityGroupRule,
    Unknown,
)

ICMP = {"icmp": "icmp", "icmpv6": "ipv6-icmp"}
"""Names of the protocol in nftables."""


def at_interface(cloud: AwsObjects, interface: NetworkInterface) -> str:
    """The ruleset of the host that the interface is."""
    members: dict[str, list[str]] = {}
    for one in cloud.network_interfaces:
        for group in _known(one.security_groups):
            members.setdefault(group, []).extend(_known(one.private_ips))
    own = _known(interface.security_groups)
    rules = [rule for one in cloud.security_groups if one.id in own for rule in one.rules]
    lines = ["flush ruleset", "table inet groups {"]
    for name, hook, device, address, egress in (
        ("leaving", "output", "oifname", "daddr", True),
        ("coming", "input", "iifname", "saddr", False),
    ):
        lines += [f"chain {name} {{ type filter hook {hook} priority 0; policy drop;", f'{device} "lo" accept']
        lines += ["icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } accept"]
        lines += ["ct state established,related accept"]
        for rule in rules:
            if rule.egress is egress:
                lines += [f"{peer}{what}accept" for peer in _peers(rule, members, address) for what in _headers(rule)]
        lines += ["}"]
    return "\n".join([*lines, "}", ""])


def at_edges(cloud: AwsObjects, wires: Mapping[str, str]) -> str:
    """The ruleset of the router, whose wires are known by their interface."""
    lines = ["flush ruleset", "table inet acls {"]
    edges: dict[bool, list[str]] = {True: [], False: []}
    for subnet in cloud.subnets:
        own = ", ".join(f'"{wires[str(one.id)]}"' for one in cloud.network_interfaces if one.subnet == subnet.id)
        (acl,) = (one for one in cloud.network_acls if subnet.id in _known(one.subnets))
        for egress, here, there in ((True, "iifname", "oifname"), (False, "oifname", "iifname")):
            name = f"{subnet.id}_{'out' if egress else 'in'}"
            lines += [f"chain {name} {{", *_entries(acl, egress), "drop", "}"]
            edges[egress] += [f"{here} {{ {own} }} {there} != {{ {own} }} jump {name}"]
    # An accept ends its own chain of a hook alone: what may leave one subnet must still enter the other.
    for egress, priority in ((True, 0), (False, 10)):
        head = f"chain {'leaving' if egress else 'entering'} {{ type filter hook forward priority {priority};"
        lines += [head, *edges[egress], "}"]
    return "\n".join([*lines, "}", ""])


def _known(ids: Ids) -> list[str]:
    assert not isinstance(ids, Unknown)
    return list(map(str, ids))


def _entries(acl: NetworkAcl, egress: bool) -> Iterator[str]:
    address = "daddr" if egress else "saddr"
    for entry in sorted(acl.entries, key=lambda one: int(str(one.number))):
        if entry.egress is egress:
            action = "accept" if entry.action is AclAction.ALLOW else "drop"
            for what in _headers(entry):
                yield f"{_block(str(entry.cidr), address)}{what}{action}"


def _peers(rule: SecurityGroupRule, members: Mapping[str, Iterable[str]], address: str) -> Iterator[str]:
    if isinstance(rule.peer, CidrPeer):
        yield _block(str(rule.peer.cidr), address)
    else:
        assert isinstance(rule.peer, GroupPeer)
        for one in members.get(str(rule.peer.group), ()):
            yield f"{'ip6' if ip_address(one).version == 6 else 'ip'} {address} {one} "


def _block(cidr: str, address: str) -> str:
    return f"{'ip6' if ip_network(cidr).version == 6 else 'ip'} {address} {cidr} "


def _headers(one: SecurityGroupRule | AclEntry) -> Iterator[str]:
    low, high = one.from_port, one.to_port
    if isinstance(one, AclEntry) and one.protocol in ICMP:
        low, high = one.icmp_type, one.icmp_code
    if one.protocol == "-1":
        yield ""
    elif one.protocol in ICMP:
        kind = f"{one.protocol} type {low} " if low not in (None, -1) else ""
        yield f"meta l4proto {ICMP[str(one.protocol)]} {kind}"
        assert high in (None, -1)
    elif low is None:
        yield f"meta l4proto {one.protocol} "
    else:
        yield f"{one.protocol} dport {low}-{high} "
