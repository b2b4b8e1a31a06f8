"""Policies with flows whose answer is known: what must come out of the kernel and of Ringfence.

Flows as `x/web -> y/web tcp/80`, over IPv4, or over IPv6 with ` 6` behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.servers.manifests import Manifest
from tests.servers.policy_worlds import admin_policy, baseline, network_policy

APP_WEB = {"matchLabels": {"app": "web"}}
ALL: dict[str, Any] = {"namespaces": {}}
BOTH = ["Ingress", "Egress"]


def space(name: str) -> dict[str, Any]:
    return {"matchLabels": {"kubernetes.io/metadata.name": name}}


def in_space(name: str) -> dict[str, Any]:
    return {"namespaceSelector": space(name)}


def block(cidr: str, *excepts: str) -> dict[str, Any]:
    return {"ipBlock": {"cidr": cidr, **({"except": [*excepts]} if excepts else {})}}


@dataclass(frozen=True)
class Row:
    """What it shows; the policies; flows that pass and flows that do not, one a line."""

    what: str
    policies: list[Manifest]
    passing: str = ""
    stopped: str = ""


@dataclass(frozen=True)
class Otherwise:
    """Where the agent departs from the documentation: one flow, what it does, and what Ringfence says."""

    what: str
    policies: list[Manifest]
    flow: str
    theirs: bool
    ours: str


GRID = (
    Row(
        "without policies everything is open",
        [],
        """x/web -> y/web tcp/90
        near -> x/web icmp
        x/bare -> far sctp/80 6""",
    ),
    Row(
        "a policy without rules closes ingress alone, and replies come in",
        [network_policy("x/p")],
        """x/web -> y/web tcp/80
        x/web -> far udp/53 6""",
        """y/web -> x/web tcp/80
        x/db -> x/web udp/80
        near -> x/web icmp""",
    ),
    Row(
        "egress that is closed lets replies out",
        [network_policy("x/p", policyTypes=["Egress"])],
        """y/web -> x/web tcp/80
        near -> x/web sctp/80 6""",
        """x/web -> y/web tcp/80
        x/web -> x/db icmp""",
    ),
    Row(
        "one way in, none out, and its replies pass",
        [network_policy("x/p", policyTypes=BOTH, ingress=[{"from": [in_space("y")], "ports": [{"port": 80}]}])],
        "y/web -> x/web tcp/80",
        """x/web -> y/web tcp/80
        y/web -> x/web tcp/81
        y/web -> x/web udp/80
        z/web -> x/web tcp/80""",
    ),
    Row(
        "policyTypes that are absent follow the sections, of which an empty one is none",
        [
            network_policy("x/p", egress=[{"ports": [{"port": 80}]}]),
            network_policy("y/p", egress=[], ingress=[{}]),
        ],
        """x/web -> y/web tcp/80
        y/web -> z/web tcp/81""",
        """x/web -> y/web tcp/81
        z/web -> x/web tcp/80""",
    ),
    Row(
        "rules of a direction that policyTypes leaves out are void",
        [network_policy("x/p", policyTypes=["Egress"], ingress=[{"from": [in_space("y")]}], egress=[{}])],
        "z/web -> x/web tcp/80\nx/web -> z/web icmp",
    ),
    Row(
        "a named port is what each destination says",
        [
            network_policy("y/p", ingress=[{"ports": [{"port": "http"}]}]),
            network_policy("z/p", policyTypes=["Egress"], egress=[{"ports": [{"port": "http"}]}]),
        ],
        """x/db -> y/web tcp/80
        x/db -> y/job tcp/90
        z/db -> x/db tcp/81""",
        """x/db -> y/web tcp/90
        x/db -> y/job tcp/80
        x/db -> y/web udp/80
        z/db -> x/db sctp/80
        z/db -> x/bare tcp/80
        z/db -> far tcp/80""",
    ),
    Row(
        "endPort ends a range, both ends included",
        [network_policy("x/p", ingress=[{"ports": [{"port": 80, "endPort": 81}, {"port": 50, "endPort": 53}]}])],
        """y/web -> x/web tcp/80
        y/web -> x/web tcp/81""",
        """y/web -> x/web tcp/90
        y/web -> x/web udp/53""",
    ),
    Row(
        "blocks match pods by address, `except` takes from its own peer only",
        [
            network_policy(
                "x/p", ingress=[{"from": [block("0.0.0.0/0", "10.0.0.4/31", "8.8.8.0/24"), block("10.0.0.4/32")]}]
            )
        ],
        """y/web -> x/web tcp/80
        far -> x/web tcp/80
        z/web -> x/web icmp""",
        """y/job -> x/web tcp/80
        near -> x/web tcp/80
        far -> x/web tcp/80 6
        y/web -> x/web tcp/80 6""",
    ),
    Row(
        "blocks of IPv6 say nothing of IPv4",
        [network_policy("x/p", policyTypes=["Egress"], egress=[{"to": [block("::/0", "2001:db8::/32")]}])],
        """x/web -> far tcp/80 6
        x/web -> y/web tcp/80 6""",
        """x/web -> near tcp/80 6
        x/web -> far tcp/80""",
    ),
    Row(
        "both selectors in one peer",
        [network_policy("x/p", ingress=[{"from": [{**in_space("y"), "podSelector": APP_WEB}]}])],
        "y/web -> x/web tcp/80",
        """y/job -> x/web tcp/80
        x/web -> x/db tcp/80
        z/web -> x/web tcp/80""",
    ),
    Row(
        "both selectors as two peers",
        [network_policy("x/p", ingress=[{"from": [in_space("y"), {"podSelector": APP_WEB}]}])],
        """y/web -> x/web tcp/80
        y/job -> x/web tcp/80
        x/web -> x/db tcp/80""",
        """z/web -> x/web tcp/80
        x/bare -> x/web tcp/80""",
    ),
    Row(
        "all pods of the namespace, all pods, and everybody",
        [
            network_policy("x/p", ingress=[{"from": [{"podSelector": {}}]}]),
            network_policy("y/p", ingress=[{"from": [{"namespaceSelector": {}}]}]),
            network_policy("z/p", ingress=[{"from": []}]),
        ],
        """x/db -> x/web tcp/80
        z/db -> y/web tcp/80
        near -> z/web tcp/80""",
        """y/job -> x/web tcp/80
        near -> y/web tcp/80""",
    ),
    Row(
        "NotIn and DoesNotExist match what lacks the key",
        [
            network_policy(
                "x/p",
                podSelector={"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]},
                ingress=[
                    {
                        "from": [
                            {
                                "namespaceSelector": {"matchExpressions": [{"key": "env", "operator": "DoesNotExist"}]},
                                "podSelector": {"matchLabels": {"app": "db"}},
                            }
                        ]
                    }
                ],
            )
        ],
        """z/db -> x/bare tcp/80
        y/job -> x/web tcp/80""",
        """x/db -> x/bare tcp/80
        y/web -> x/db tcp/80""",
    ),
    Row(
        "ports of SCTP alone isolate for all, and ports admit no ICMP",
        [network_policy("x/p", ingress=[{"ports": [{"protocol": "SCTP"}]}])],
        "y/web -> x/web sctp/80",
        """y/web -> x/web tcp/80
        y/web -> x/web icmp
        y/web -> x/web icmp 6""",
    ),
    Row(
        "what several policies admit adds up",
        [
            network_policy("x/p"),
            network_policy("x/q", ingress=[{"from": [in_space("y")]}]),
            network_policy("x/r", podSelector=APP_WEB, ingress=[{"ports": [{"port": 81}]}]),
        ],
        """y/web -> x/db tcp/80
        z/web -> x/web tcp/81""",
        """z/web -> x/db tcp/81
        z/web -> x/web tcp/80""",
    ),
    Row(
        "a pod on its node's network is selected by none, and a peer by address alone",
        [
            network_policy("y/p"),
            network_policy("x/p", ingress=[{"from": [in_space("y")]}]),
            network_policy("z/p", ingress=[{"from": [block("192.168.0.0/24")]}]),
        ],
        """x/web -> y/agent tcp/80
        y/agent -> z/web tcp/80""",
        """y/agent -> x/web tcp/80
        y/agent -> z/web tcp/80 6""",
    ),
    Row(
        "admin policies go before others, the lowest number first",
        [
            network_policy("x/p"),
            admin_policy("late", 20, ingress=[{"action": "Allow", "from": [ALL]}]),
            admin_policy(
                "soon",
                10,
                ingress=[
                    {
                        "action": "Pass",
                        "from": [ALL],
                        "ports": [{"portNumber": {"protocol": "TCP", "port": 80}}],
                    },
                    {"action": "Deny", "from": [{"namespaces": space("z")}]},
                ],
            ),
        ],
        """y/web -> x/web tcp/81
        y/web -> x/web icmp
        z/web -> y/web tcp/80
        near -> y/web tcp/80""",
        """y/web -> x/web tcp/80
        z/web -> y/web tcp/81
        near -> x/web tcp/81""",
    ),
    Row(
        "what an admin policy lets out must still be let in",
        [
            network_policy("x/p", policyTypes=["Egress"]),
            network_policy("z/p"),
            admin_policy("out", 10, egress=[{"action": "Allow", "to": [ALL]}]),
        ],
        "x/web -> y/web tcp/80",
        """x/web -> z/web tcp/80
        x/web -> far tcp/80""",
    ),
    Row(
        "admin policies for networks hold for pods, too",
        [admin_policy("out", 10, egress=[{"action": "Deny", "to": [{"networks": ["10.0.0.4/31", "8.8.0.0/16"]}]}])],
        """x/web -> z/db tcp/80
        x/web -> y/web tcp/80 6
        x/web -> far icmp 6
        near -> y/web tcp/80""",
        """x/web -> y/web tcp/80
        x/web -> far icmp""",
    ),
    Row(
        "the baseline is for what no policy selects",
        [
            network_policy("x/p", policyTypes=BOTH, ingress=[{}], egress=[{}]),
            baseline(ingress=[{"action": "Deny", "from": [ALL]}]),
        ],
        """y/web -> x/web tcp/80
        near -> y/web tcp/80""",
        "y/web -> z/web tcp/80",
    ),
)

HTTP = [{"namedPort": "http"}]
OTHERWISE = (
    Otherwise(
        "the baseline is left out where a policy of the other direction selects",
        [
            network_policy("x/p", policyTypes=["Egress"], egress=[{}]),
            baseline(ingress=[{"action": "Deny", "from": [ALL]}]),
        ],
        "y/web -> x/web tcp/80",
        True,
        "denied",
    ),
    Otherwise(
        "a named port of an admin policy's ingress is looked up at the source, and its number is not",
        [admin_policy("in", 10, ingress=[{"action": "Deny", "from": [ALL], "ports": HTTP}])],
        "y/job -> x/db tcp/80",
        False,
        "allowed",
    ),
    Otherwise(
        "a named port of an admin policy's egress stands for all ports of a pod that has the name",
        [admin_policy("out", 10, egress=[{"action": "Deny", "to": [ALL], "ports": HTTP}])],
        "x/web -> y/job udp/53",
        False,
        "allowed",
    ),
    Otherwise(
        "nodes of an admin policy are the pods on them",
        [admin_policy("out", 10, egress=[{"action": "Deny", "to": [{"nodes": {}}]}])],
        "x/web -> y/web tcp/80",
        False,
        "allowed",
    ),
    Otherwise(
        "and not the nodes themselves",
        [admin_policy("out", 10, egress=[{"action": "Deny", "to": [{"nodes": {}}]}])],
        "x/web -> y/agent tcp/80",
        True,
        "denied",
    ),
    Otherwise(
        "of equal priorities the first name goes first, which nobody promises",
        [
            admin_policy("a", 10, ingress=[{"action": "Allow", "from": [ALL]}]),
            admin_policy("b", 10, ingress=[{"action": "Deny", "from": [ALL]}]),
        ],
        "x/web -> y/web tcp/80",
        True,
        "unknown",
    ),
)
