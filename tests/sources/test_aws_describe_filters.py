"""Groups and ACLs from describe calls."""

from __future__ import annotations

from ringfence.resources.aws import AclAction, CidrPeer, GroupPeer, PrefixListPeer, Unknown
from tests.sources.describing import ANSWERS, read


def test_one_rule_for_each_peer() -> None:
    (group,) = read(ANSWERS)[0].security_groups
    assert [(one.egress, one.protocol, one.from_port, one.peer) for one in group.rules] == [
        (False, "tcp", 22, CidrPeer("10.0.0.0/8")),
        (False, "tcp", 22, CidrPeer("::/0")),
        (False, "tcp", 22, PrefixListPeer("pl-1")),
        (False, "tcp", 22, GroupPeer("sg-2")),
        (True, "-1", None, CidrPeer("0.0.0.0/0")),
    ]


def test_entries_without_the_closing_one() -> None:
    (acl,) = read(ANSWERS)[0].network_acls
    first, second = acl.entries
    assert (first.number, first.egress, first.protocol, first.action) == (100, False, "tcp", AclAction.ALLOW)
    assert (first.cidr, first.from_port, first.to_port) == ("0.0.0.0/0", 22, 22)
    assert (second.number, second.egress, second.protocol, second.action) == (101, True, "icmp", AclAction.DENY)
    assert (second.cidr, second.icmp_type, second.icmp_code) == ("::/0", 8, -1)
    assert acl.subnets == ("subnet-1",)


def test_what_is_missing_is_unknown() -> None:
    answers = {"SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": [{"IpRanges": [{}]}]}],
               "NetworkAcls": [{"NetworkAclId": "acl-1", "Entries": [{}]}]}  # fmt: skip
    found = read(answers)[0]
    (rule,), (entry,) = found.security_groups[0].rules, found.network_acls[0].entries
    assert isinstance(rule.protocol, Unknown)
    assert isinstance(rule.peer, CidrPeer)
    assert isinstance(rule.peer.cidr, Unknown)
    assert all(isinstance(one, Unknown) for one in (entry.number, entry.protocol, entry.action, entry.cidr))
