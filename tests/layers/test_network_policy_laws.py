"""NetworkPolicy as the rule language against the specification read directly: packet by packet, on random clusters.

The evaluator here knows nothing of chains, selectors or header sets. It asks the resources themselves, in the words of
the API's documentation.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from itertools import permutations, product

from hypothesis import event, given, settings
from hypothesis import strategies as st

from ringfence.engine.outcomes import Outcome
from ringfence.engine.reach import Reachability
from ringfence.engine.reference import Reference
from ringfence.model.addresses import number
from ringfence.model.networks import Packet
from ringfence.resources.kubernetes import (
    IPBlock,
    KubernetesObjects,
    LabelSelector,
    LabelSelectorRequirement,
    Namespace,
    NetworkPolicy,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicyRule,
    PodTemplate,
    PolicyType,
    SelectorOperator,
)
from ringfence.topology.kubernetes import build
from ringfence.topology.options import Options
from tests.layers.clusters import cluster, header, meta, namespace, node, pod

LABELS = st.fixed_dictionaries(
    {}, optional={"app": st.sampled_from("ab"), "tier": st.sampled_from("12"), "env": st.just("e")}
)
PORTS = st.lists(
    st.sampled_from(("tcp/http=80", "tcp/http=81", "udp/http=80", "udp/dns=53")),
    max_size=2,
    unique_by=lambda text: text.partition("=")[0],
)
NODES = st.sampled_from(("", "n1", "n2"))
WHATS = ("tcp/80", "tcp/81", "tcp/90", "udp/80", "udp/53", "sctp/80", "icmp", "47")
BLOCKS = (
    ("0.0.0.0/0",),
    ("0.0.0.0/0", "10.0.0.0/8"),
    ("10.0.0.0/30",),
    ("10.0.0.0/29", "10.0.0.2/32", "10.0.0.4/31"),
    ("8.8.0.0/16", "8.8.8.0/24"),
    ("192.168.0.0/24",),
    ("::/0",),
)
NUMBERS = (None, 80, "http", "http", "dns")
OUTSIDE = ("8.8.8.8", "8.8.4.4", "10.0.0.3", "192.168.0.1")


@st.composite
def selectors(draw: st.DrawFn) -> LabelSelector:
    exact = draw(st.dictionaries(st.sampled_from(("app", "tier")), st.sampled_from("ab12"), max_size=1))
    expressions = []
    for _ in range(draw(st.integers(0, 1))):
        operator = draw(st.sampled_from(SelectorOperator))
        valued = operator in (SelectorOperator.IN, SelectorOperator.NOT_IN)
        values = draw(st.lists(st.sampled_from("ab12e"), min_size=1, max_size=2, unique=True)) if valued else []
        key = draw(st.sampled_from(("app", "tier", "env")))
        expressions.append(LabelSelectorRequirement(key, operator, tuple(sorted(values))))
    return LabelSelector(tuple(sorted(exact.items())), tuple(expressions))


NAMESPACE_SELECTORS = st.one_of(
    selectors(),
    st.sampled_from("xy").map(lambda name: LabelSelector((("kubernetes.io/metadata.name", name),))),
)

PEERS = st.one_of(
    st.builds(lambda own: NetworkPolicyPeer(pod_selector=own), selectors()),
    st.builds(lambda there: NetworkPolicyPeer(namespace_selector=there), NAMESPACE_SELECTORS),
    st.builds(
        lambda own, there: NetworkPolicyPeer(pod_selector=own, namespace_selector=there),
        selectors(),
        NAMESPACE_SELECTORS,
    ),
    st.sampled_from(BLOCKS).map(lambda texts: NetworkPolicyPeer(ip_block=IPBlock(texts[0], texts[1:]))),
)
POLICY_PORTS = st.one_of(
    st.builds(
        NetworkPolicyPort, st.sampled_from(("TCP", "UDP", "SCTP")), st.sampled_from((None, 80, 53, "http", "dns"))
    ),
    st.just(NetworkPolicyPort("TCP", 80, 81)),
)
RULES = st.builds(
    NetworkPolicyRule,
    st.lists(PEERS, max_size=2).map(tuple),
    st.lists(POLICY_PORTS, max_size=2).map(tuple),
)


@dataclass(frozen=True)
class End:
    """One side of a packet. `template` None: outside, or a node (`place` then names it)."""

    id: str
    address: str
    namespace: str = ""
    template: PodTemplate | None = None
    place: str = ""
    on_host: bool = False


@dataclass(frozen=True)
class Cluster:
    objects: KubernetesObjects
    ends: tuple[End, ...]


@st.composite
def clusters(draw: st.DrawFn) -> Cluster:
    spaces = [namespace("x", **draw(LABELS)), namespace("y", **draw(LABELS))]
    things: list[object] = [*spaces, node("n1", "192.168.0.1"), node("n2", "192.168.0.2")]
    ends = [End(f"n{place}[Node]", f"192.168.0.{place}", place=f"n{place}", on_host=True) for place in (1, 2)]
    ends += [End("external-ipv4", text) for text in OUTSIDE]
    for place in range(draw(st.integers(1, 4))):
        name = f"{draw(st.sampled_from('xy'))}/p{place}"
        host = draw(st.sampled_from((False, False, False, True)))
        address = f"10.0.0.{place + 1}"
        made = pod(name, *draw(PORTS), ip=address, node=draw(NODES), host=host, **draw(LABELS))
        things.append(made)
        (template,) = made.templates
        ends.append(End(f"{name}[Pod]", address, name[0], template, template.node_name, host))
    for place in range(draw(st.integers(1, 5))):
        types = draw(st.lists(st.sampled_from(PolicyType), min_size=1, unique=True))
        ingress, egress = (draw(st.lists(RULES, max_size=2).map(tuple)) for _ in range(2))
        own = meta(f"{draw(st.sampled_from('xy'))}/policy{place}")
        chosen = draw(st.one_of(st.just(LabelSelector()), selectors()))
        things.append(NetworkPolicy(own, chosen, tuple(types), ingress, egress))
    return Cluster(cluster(*things), tuple(ends))


@dataclass(frozen=True)
class Specification:
    """The API's documentation, read directly."""

    objects: KubernetesObjects
    blocks_match_pods: bool
    undefined: bool
    host_network: str

    def outcome(self, source: End, target: End, what: str) -> Outcome:
        leaves = self.admits(PolicyType.EGRESS, source, target, target, what)
        arrives = {self.admits(PolicyType.INGRESS, target, source, target, what)}
        if self.is_pod(target) and source.on_host and not self.is_pod(source):
            if source.place and target.place:
                arrives = {True} if source.place == target.place else arrives
            else:
                arrives = arrives | {True}
        possible = {leaves and one for one in arrives}
        return Outcome.UNKNOWN if len(possible) > 1 else Outcome.ALLOWED if possible == {True} else Outcome.DENIED

    def is_pod(self, end: End) -> bool:
        return end.template is not None and not (end.on_host and self.host_network == "node")

    def admits(self, kind: PolicyType, subject: End, peer: End, target: End, what: str) -> bool:
        if not self.is_pod(subject):
            return True
        assert subject.template is not None
        isolating = [
            one
            for one in self.objects.network_policies
            if one.metadata.namespace == subject.namespace
            and one.pod_selector.matches(subject.template.labels)
            and kind in one.policy_types
        ]
        if not isolating:
            return True
        if self.undefined and not what.startswith(("tcp", "udp", "sctp")):
            return True
        return any(
            (not rule.peers or any(self.peer(one, policy, peer) for one in rule.peers))
            and (not rule.ports or any(self.port(one, target, what) for one in rule.ports))
            for policy in isolating
            for rule in (policy.ingress if kind is PolicyType.INGRESS else policy.egress)
        )

    def peer(self, peer: NetworkPolicyPeer, policy: NetworkPolicy, end: End) -> bool:
        if peer.ip_block is not None:
            if self.is_pod(end) and not self.blocks_match_pods:
                return False
            inside = self.inside(end.address, peer.ip_block.cidr)
            return inside and not any(self.inside(end.address, one) for one in peer.ip_block.except_)
        if not self.is_pod(end):
            return False
        assert end.template is not None
        if peer.namespace_selector is None:
            right_place = end.namespace == policy.metadata.namespace
        else:
            right_place = peer.namespace_selector.matches(self.space(end.namespace).metadata.labels)
        return right_place and (peer.pod_selector is None or peer.pod_selector.matches(end.template.labels))

    def port(self, port: NetworkPolicyPort, target: End, what: str) -> bool:
        protocol, _, digits = what.partition("/")
        if port.protocol.lower() != protocol:
            return False
        if isinstance(port.port, str):
            if not self.is_pod(target):
                return False
            assert target.template is not None
            named = [one for one in target.template.ports if (one.name, one.protocol) == (port.port, port.protocol)]
            return any(one.container_port == int(digits) for one in named)
        return port.port is None or port.port <= int(digits) <= (port.end_port or port.port)

    def space(self, name: str) -> Namespace:
        return next(one for one in self.objects.namespaces if one.metadata.name == name)

    @staticmethod
    def inside(address: str, cidr: str) -> bool:
        one, other = ip_address(address), ip_network(cidr)
        return one.version == other.version and one in other


OPTIONS = st.builds(
    Options,
    ipblock_matches_pods=st.booleans(),
    undefined_protocols=st.sampled_from(("allow", "deny")),
    host_network=st.sampled_from(("node", "pod")),
)


@settings(max_examples=150)
@given(drawn=clusters(), options=OPTIONS, whats=st.lists(st.sampled_from(WHATS), min_size=2, max_size=2, unique=True))
def test_chains_decide_as_the_specification_says(drawn: Cluster, options: Options, whats: list[str]):
    network = build(drawn.objects, options).network
    reference, reach = Reference(network), Reachability(network)
    endpoints = {one.id: one for one in network.endpoints}
    plain = Specification(
        drawn.objects,
        bool(options.ipblock_matches_pods),
        options.undefined_protocols == "allow",
        options.host_network,
    )
    pairs = [(one, other) for one, other in permutations(drawn.ends, 2) if one.id != other.id and pod_of(one, other)]
    for (source, target), what in product(pairs, whats):
        expected = plain.outcome(source, target, what)
        here, there = number(source.address), number(target.address)
        packet = Packet(source.id, here, target.id, there, header(what))
        assert reference.trace(packet).outcome is expected
        slices = reach.between(endpoints[source.id], endpoints[target.id])
        (passing,) = (one.headers for one in slices if here in one.sources and there in one.destinations)
        assert (header(what) in passing.may, header(what) in passing.must) == (
            expected is not Outcome.DENIED,
            expected is Outcome.ALLOWED,
        )
        event(expected.value)


def pod_of(one: End, other: End) -> bool:
    return one.template is not None or other.template is not None
