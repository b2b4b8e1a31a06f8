"""A grid of manifests that an API server accepts or refuses, for each thing that it checks about what we read.

The column `accepted` is the API server's own word (1.34, strict field validation), held against the real one by
`test_admission`; the reader of manifests must say the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One manifest, what is special about it, and whether it is accepted."""

    what: str
    manifest: Manifest
    accepted: bool


def thing(api_version: str, kind: str, spec: Any = None, **metadata: Any) -> Manifest:
    """An object in namespace `shop`."""
    manifest: Manifest = {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": "x", "namespace": "shop", **metadata},
    }
    return manifest if spec is None else {**manifest, "spec": spec}


def policy(**spec: Any) -> Manifest:
    """A NetworkPolicy for all pods, with the parts given."""
    return thing("networking.k8s.io/v1", "NetworkPolicy", {"podSelector": {}, **spec})


def ports(*ports: Any) -> Manifest:
    """A policy whose only rule has these ports."""
    return policy(ingress=[{"ports": list(ports)}])


def peers(*peers: Any) -> Manifest:
    """A policy whose only ingress rule has these peers."""
    return policy(ingress=[{"from": list(peers)}])


def block(cidr: Any, *excluded: Any) -> Manifest:
    """A policy with one address block."""
    return peers({"ipBlock": {"cidr": cidr, **({"except": list(excluded)} if excluded else {})}})


def selecting(**selector: Any) -> Manifest:
    """A policy for the pods that the selector selects."""
    return policy(podSelector=selector)


def expression(key: Any, operator: Any, *values: Any) -> Manifest:
    """A policy for the pods that one expression selects."""
    requirement = {"key": key, "operator": operator, **({"values": list(values)} if values else {})}
    return selecting(matchExpressions=[requirement])


def service(**spec: Any) -> Manifest:
    """A Service on TCP 80."""
    return thing("v1", "Service", {"ports": [{"port": 80}], **spec})


def pod(*containers: Manifest, **spec: Any) -> Manifest:
    """A Pod."""
    return thing("v1", "Pod", {"containers": list(containers) or [{"name": "a", "image": "a"}], **spec})


def container_ports(*ports: Manifest) -> Manifest:
    """A Pod whose only container has these ports."""
    return pod({"name": "a", "image": "a", "ports": list(ports)})


def deployment(labels: Any, selector: Any, **spec: Any) -> Manifest:
    """A Deployment with those pod labels."""
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "a", "image": "a"}]}}
    return thing("apps/v1", "Deployment", {"selector": selector, "template": template, **spec})


def ingress(*rules: Any, **spec: Any) -> Manifest:
    """An Ingress with those rules."""
    return thing("networking.k8s.io/v1", "Ingress", {**({"rules": list(rules)} if rules else {}), **spec})


def path(path: Any = "/", kind: Any = "Prefix", backend: Any = None, host: Any = None) -> Manifest:
    """An Ingress with one path."""
    target = {"service": {"name": "web", "port": {"number": 80}}} if backend is None else backend
    entry = {"path": path, "pathType": kind, "backend": target}
    entry = {key: value for key, value in entry.items() if value is not None}
    return ingress({"http": {"paths": [entry]}, **({} if host is None else {"host": host})})


def _policies() -> Iterator[tuple[str, Manifest, bool]]:
    yield "empty policy", policy(), True
    yield "no spec", thing("networking.k8s.io/v1", "NetworkPolicy"), True
    yield "no podSelector", thing("networking.k8s.io/v1", "NetworkPolicy", {"ingress": []}), True
    yield "podSelector null", policy(podSelector=None), True
    yield "podSelector is a list", policy(podSelector=[]), False
    yield "both directions", policy(policyTypes=["Ingress", "Egress"]), True
    yield "policyTypes empty", policy(policyTypes=[]), True
    yield "policyTypes twice the same", policy(policyTypes=["Ingress", "Ingress"]), True
    yield "policyTypes three", policy(policyTypes=["Ingress", "Egress", "Egress"]), False
    yield "policyTypes unknown", policy(policyTypes=["Both"]), False
    yield "policyTypes lower case", policy(policyTypes=["ingress"]), False
    yield "policyTypes a string", policy(policyTypes="Ingress"), False
    yield "egress rules without the type", policy(policyTypes=["Ingress"], egress=[{}]), True
    yield "empty rule", policy(ingress=[{}]), True
    yield "rule null", policy(ingress=[None]), True
    yield "rules null", policy(ingress=None), True
    yield "unknown field in spec", policy(ingres=[]), False
    yield "unknown field in rule", policy(ingress=[{"form": []}]), False
    yield "egress with from", policy(egress=[{"from": []}]), False
    yield "peers null", policy(ingress=[{"from": None}]), True
    yield "peers empty", policy(ingress=[{"from": []}]), True
    yield "status", {**policy(), "status": {}}, False


def _peers() -> Iterator[tuple[str, Manifest, bool]]:
    yield "pods", peers({"podSelector": {}}), True
    yield "namespaces", peers({"namespaceSelector": {}}), True
    yield "pods and namespaces", peers({"podSelector": {}, "namespaceSelector": {}}), True
    yield "peer empty", peers({}), False
    yield "peer null", peers(None), False
    yield "peer's selector null", peers({"podSelector": None}), False
    yield "block beside pods", peers({"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}}), False
    yield "block beside namespaces", peers({"ipBlock": {"cidr": "10.0.0.0/8"}, "namespaceSelector": {}}), False
    yield "unknown field in peer", peers({"podSelectors": {}}), False
    yield "bad label in peer", peers({"podSelector": {"matchLabels": {"-a": "b"}}}), False
    for cidr, accepted in {
        "10.0.0.0/8": True,
        "0.0.0.0/0": True,
        "::/0": True,
        "2001:db8::/32": True,
        "2001:DB8::/32": True,
        "10.0.0.1/8": True,
        "010.0.0.0/8": True,
        "10.0.0.08/8": True,
        "::ffff:10.0.0.0/104": True,
        "10.0.0.0": False,
        "10.0.0.0/33": False,
        "10.0.0.0/-1": False,
        "10.0.0.0/08": True,
        "10.0.0.0/8 ": False,
        " 10.0.0.0/8": False,
        "10.0.0/8": False,
        "256.0.0.0/8": False,
        "::/129": False,
        "fe80::1%eth0/64": False,
        "10.0.0.0/255.0.0.0": False,
        "internet": False,
        "": False,
    }.items():
        yield f"cidr {cidr!r}", block(cidr), accepted
    yield "cidr missing", peers({"ipBlock": {}}), False
    yield "cidr a number", block(10), False
    yield "except inside", block("10.0.0.0/8", "10.1.0.0/16"), True
    yield "except twice", block("10.0.0.0/8", "10.1.0.0/16", "10.1.0.0/16"), True
    yield "except inside, host bits", block("10.0.0.0/8", "10.1.2.3/16"), True
    yield "except outside", block("10.0.0.0/8", "11.0.0.0/16"), False
    yield "except the same", block("10.0.0.0/8", "10.0.0.0/8"), False
    yield "except wider", block("10.0.0.0/8", "0.0.0.0/0"), False
    yield "except of the other family", block("10.0.0.0/8", "::/64"), False
    yield "except invalid", block("10.0.0.0/8", "10.1.0.0/64"), False
    yield "except IPv6 inside", block("2001:db8::/32", "2001:db8:1::/48"), True


def _ports() -> Iterator[tuple[str, Manifest, bool]]:
    yield "ports empty", ports(), True
    yield "port entry empty", ports({}), True
    yield "port entry null", ports(None), True
    for port, accepted in [
        *((80, True), (1, True), (65535, True), (0, False), (-1, False), (65536, False), (70000, False)),
        *(("http", True), ("80", False), ("", False), ("HTTP", False), ("a-very-long-name", False), ("a--b", False)),
        *(("-a", False), ("a-", False), ("1a", True), ("a_b", False), (80.5, False), (80.0, False), (True, False)),
        *((None, True), (2**31, False)),
    ]:
        yield f"port {port!r}", ports({"port": port}), accepted
    for protocol, accepted in {"TCP": True, "UDP": True, "SCTP": True, "tcp": False, "ICMP": False, "": False}.items():
        yield f"protocol {protocol!r}", ports({"port": 80, "protocol": protocol}), accepted
    yield "protocol null", ports({"port": 80, "protocol": None}), True
    yield "protocol alone", ports({"protocol": "UDP"}), True
    for first, last, accepted in [
        *((80, 90, True), (80, 80, True), (80, 79, False), (80, 65536, False), (80, 0, False), (None, 90, False)),
        *(("http", 90, False), (80, None, True), (80, "90", False)),
    ]:
        yield f"port {first!r} to {last!r}", ports({"port": first, "endPort": last}), accepted
    yield "port unknown field", ports({"port": 80, "endport": 90}), False


def _selectors() -> Iterator[tuple[str, Manifest, bool]]:
    for key, accepted in {
        "app": True,
        "example.org/app": True,
        "Example.org/app": False,
        "a" * 63: True,
        "a" * 64: False,
        "": False,
        "-app": False,
        "a/b/c": False,
        "/app": False,
        "app/": False,
        "a b": False,
        "App_1.x-y": True,
        "ä": False,
        f"{'a' * 63}.{'b' * 63}/app": True,
        f"{'.'.join(['a' * 62] * 5)}/app": False,
    }.items():
        yield f"label key {key!r}", selecting(matchLabels={key: "x"}), accepted
    for value, accepted in [
        *(
            ("", True),
            ("x", True),
            ("a" * 63, True),
            ("a" * 64, False),
            ("-", False),
            ("a b", False),
            ("a_b.c-d", True),
        ),
        *((".a", False), (1, False), (True, False), (None, True), ("ä", False), ("a\n", False)),
    ]:
        yield f"label value {value!r}", selecting(matchLabels={"app": value}), accepted
    for operator, values, accepted in [
        *(("In", ("a",), True), ("In", (), False), ("NotIn", ("a", "b"), True), ("NotIn", (), False)),
        *(("Exists", (), True), ("Exists", ("a",), False), ("DoesNotExist", (), True), ("DoesNotExist", ("a",), False)),
        *(
            ("in", ("a",), False),
            ("Gt", ("1",), False),
            ("", ("a",), False),
            ("In", ("a", "a"), True),
            ("In", ("",), True),
        ),
        *(("In", ("a b",), False), ("NotIn", ("a" * 64,), False)),
    ]:
        yield f"expression {operator} {values}", expression("app", operator, *values), accepted
    yield "expression bad key", expression("a b", "Exists"), False
    yield "expression without key", selecting(matchExpressions=[{"operator": "Exists"}]), False
    yield "expression without operator", selecting(matchExpressions=[{"key": "app"}]), False
    yield (
        "expression unknown field",
        selecting(matchExpressions=[{"key": "app", "operator": "Exists", "value": "a"}]),
        False,
    )
    yield "expression null", selecting(matchExpressions=[None]), False
    yield "selector unknown field", selecting(matchLabel={"app": "x"}), False
    yield "matchLabels null", selecting(matchLabels=None), True
    yield "matchLabels a list", selecting(matchLabels=["app"]), False


def _metadata() -> Iterator[tuple[str, Manifest, bool]]:
    api, kind = "networking.k8s.io/v1", "NetworkPolicy"
    for name, accepted in {
        "x": True,
        "a.b": True,
        "1": True,
        "X": False,
        "a_b": False,
        "": False,
        "-a": False,
        "a" * 253: True,
        "a" * 254: False,
        "a/b": False,
    }.items():
        yield f"policy name {name!r}", thing(api, kind, {"podSelector": {}}, name=name), accepted
    yield "name null", thing(api, kind, {"podSelector": {}}, name=None), False
    yield "name a number", thing(api, kind, {"podSelector": {}}, name=1), False
    yield "generateName", thing(api, kind, {"podSelector": {}}, name=None, generateName="x-"), True
    yield "labels", thing(api, kind, {"podSelector": {}}, labels={"app": "x"}), True
    yield "labels null", thing(api, kind, {"podSelector": {}}, labels=None), True
    yield "label a number", thing(api, kind, {"podSelector": {}}, labels={"app": 1}), False
    yield "label bad key", thing(api, kind, {"podSelector": {}}, labels={"a b": "x"}), False
    yield "label bad value", thing(api, kind, {"podSelector": {}}, labels={"app": "a b"}), False
    yield "annotation any value", thing(api, kind, {"podSelector": {}}, annotations={"app": "a b\n"}), True
    yield "annotation bad key", thing(api, kind, {"podSelector": {}}, annotations={"a b": "x"}), False
    yield "annotation a number", thing(api, kind, {"podSelector": {}}, annotations={"a": 1}), False
    yield "metadata unknown field", thing(api, kind, {"podSelector": {}}, lables={}), False
    yield "spec a list", thing(api, kind, []), False


def _services() -> Iterator[tuple[str, Manifest, bool]]:
    yield "service", service(), True
    yield "service without ports", service(ports=[]), False
    yield "service headless without ports", service(ports=[], clusterIP="None"), True
    yield "service ExternalName", service(type="ExternalName", externalName="db.example.org", ports=[]), True
    yield "service ExternalName without a name", service(type="ExternalName", ports=[]), False
    yield "service ExternalName upper case", service(type="ExternalName", externalName="DB.example.org"), False
    yield "service type unknown", service(type="Ingress"), False
    for port, accepted in {0: False, 65535: True, 65536: False}.items():
        yield f"service port {port}", service(ports=[{"port": port}]), accepted
    yield "service port a name", service(ports=[{"port": "http"}]), False
    yield "service targetPort a name", service(ports=[{"port": 80, "targetPort": "http"}]), True
    yield "service targetPort bad name", service(ports=[{"port": 80, "targetPort": "HTTP_"}]), False
    yield "service targetPort 0", service(ports=[{"port": 80, "targetPort": 0}]), True
    yield "service targetPort 65536", service(ports=[{"port": 80, "targetPort": 65536}]), False
    yield "service two ports without names", service(ports=[{"port": 80}, {"port": 81}]), False
    yield "service two ports", service(ports=[{"port": 80, "name": "a"}, {"port": 81, "name": "b"}]), True
    yield "service two ports, one name", service(ports=[{"port": 80, "name": "a"}, {"port": 81, "name": "a"}]), False
    yield "service port twice", service(ports=[{"port": 80, "name": "a"}, {"port": 80, "name": "b"}]), False
    both = [{"port": 53, "name": "a"}, {"port": 53, "name": "b", "protocol": "UDP"}]
    yield "service port with two protocols", service(ports=both), True
    yield "service protocol unknown", service(ports=[{"port": 80, "protocol": "ICMP"}]), False
    yield "service port name upper case", service(ports=[{"port": 80, "name": "HTTP"}]), False
    yield "service selector", service(selector={"app": "x"}), True
    yield "service selector bad key", service(selector={"a b": "x"}), False
    yield "service selector a number", service(selector={"app": 1}), False
    yield "service name with a dot", {**service(), "metadata": {"name": "a.b", "namespace": "shop"}}, False
    yield "service name with a digit first", {**service(), "metadata": {"name": "1a", "namespace": "shop"}}, False
    yield "service NodePort", service(type="NodePort", ports=[{"port": 80, "nodePort": 30080}]), True
    # The range is a server's flag, and only the allocation, which a dry run leaves out, holds a port against it.
    yield "service NodePort out of range", service(type="NodePort", ports=[{"port": 80, "nodePort": 80}]), True
    yield "service nodePort on ClusterIP", service(ports=[{"port": 80, "nodePort": 30080}]), False
    yield "service LoadBalancer", service(type="LoadBalancer", loadBalancerSourceRanges=["10.0.0.0/8"]), True
    yield "service bad source range", service(type="LoadBalancer", loadBalancerSourceRanges=["10.0.0.0"]), False
    yield "service source ranges on ClusterIP", service(loadBalancerSourceRanges=["10.0.0.0/8"]), False
    yield "service external address", service(externalIPs=["192.0.2.1"]), True
    yield "service bad external address", service(externalIPs=["192.0.2.300"]), False
    local = {"externalTrafficPolicy": "Local"}
    yield "service external traffic local", service(type="NodePort", **local), True
    yield "service external traffic local on ClusterIP", service(**local), False
    yield "service unknown field", service(selectors={}), False
    yield "service cluster address outside", service(clusterIP="192.0.2.1"), False


def _workloads() -> Iterator[tuple[str, Manifest, bool]]:
    yield "pod", pod(), True
    yield "pod without containers", thing("v1", "Pod", {"containers": []}), False
    yield "pod container without image", pod({"name": "a"}), False
    yield "pod container without name", pod({"image": "a"}), False
    yield "pod two containers of one name", pod({"name": "a", "image": "a"}, {"name": "a", "image": "b"}), False
    yield "pod port", container_ports({"containerPort": 80, "name": "http"}), True
    yield "pod port 0", container_ports({"containerPort": 0}), False
    yield "pod port 65536", container_ports({"containerPort": 65536}), False
    yield "pod port missing", container_ports({"name": "http"}), False
    yield "pod port a name", container_ports({"containerPort": "http"}), False
    yield "pod port bad name", container_ports({"containerPort": 80, "name": "HTTP"}), False
    yield "pod port long name", container_ports({"containerPort": 80, "name": "a" * 16}), False
    yield "pod port bad protocol", container_ports({"containerPort": 80, "protocol": "tcp"}), False
    yield (
        "pod port name twice",
        container_ports({"containerPort": 80, "name": "a"}, {"containerPort": 81, "name": "a"}),
        False,
    )
    yield "pod port twice", container_ports({"containerPort": 80}, {"containerPort": 80}), True
    yield "pod host network", pod(hostNetwork=True), True
    yield "pod host network as a string", pod(hostNetwork="true"), False
    host = {"name": "a", "image": "a", "ports": [{"containerPort": 80, "hostPort": 81}]}
    yield "pod host port", pod(host), True
    yield "pod host port differs on the host network", pod(host, hostNetwork=True), False
    yield "pod unknown field", pod(hostNetworks=True), False
    yield "deployment", deployment({"app": "x"}, {"matchLabels": {"app": "x"}}), True
    yield "deployment selects others", deployment({"app": "x"}, {"matchLabels": {"app": "y"}}), False
    yield "deployment without selector", deployment({"app": "x"}, None), False
    yield "deployment with an empty selector", deployment({"app": "x"}, {}), False
    yield "deployment of none", deployment({"app": "x"}, {"matchLabels": {"app": "x"}}, replicas=0), True
    yield "deployment of fewer", deployment({"app": "x"}, {"matchLabels": {"app": "x"}}, replicas=-1), False
    yield (
        "deployment replicas as a string",
        deployment({"app": "x"}, {"matchLabels": {"app": "x"}}, replicas="2"),
        False,
    )
    yield "deployment bad pod label", deployment({"app": "a b"}, {"matchExpressions": []}), False
    yield "deployment label a number", deployment({"app": 1}, {"matchLabels": {"app": "1"}}), False


def _ingresses() -> Iterator[tuple[str, Manifest, bool]]:
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    yield "ingress", path(), True
    yield "ingress default backend", ingress(defaultBackend=backend), True
    yield "ingress without anything", ingress(), False
    yield "ingress rule with a host only", ingress({"host": "shop.example"}, defaultBackend=backend), True
    yield "ingress host", path(host="shop.example"), True
    yield "ingress host wildcard", path(host="*.shop.example"), True
    yield "ingress host wildcard inside", path(host="a.*.example"), False
    yield "ingress host an address", path(host="192.0.2.1"), False
    yield "ingress host upper case", path(host="Shop.example"), False
    yield "ingress host with a port", path(host="shop.example:80"), False
    yield "ingress path type missing", path(kind=None), False
    yield "ingress path type unknown", path(kind="Regex"), False
    yield "ingress path type implementation", path(kind="ImplementationSpecific", path=None), True
    yield "ingress path missing", path(path=None), False
    yield "ingress path relative", path(path="shop"), False
    yield "ingress path with two slashes", path(path="/a//b"), False
    yield "ingress path with dots", path(path="/a/../b"), False
    yield "ingress port name", path(backend={"service": {"name": "web", "port": {"name": "http"}}}), True
    yield "ingress port both", path(backend={"service": {"name": "web", "port": {"name": "http", "number": 80}}}), False
    yield "ingress port none", path(backend={"service": {"name": "web", "port": {}}}), False
    yield "ingress port 0", path(backend={"service": {"name": "web", "port": {"number": 0}}}), False
    yield "ingress port 65536", path(backend={"service": {"name": "web", "port": {"number": 65536}}}), False
    yield "ingress service missing", path(backend={}), False
    yield "ingress service bad name", path(backend={"service": {"name": "Web", "port": {"number": 80}}}), False
    yield "ingress resource backend", path(backend={"resource": {"kind": "Bucket", "name": "x"}}), True
    yield "ingress both backends", path(backend={**backend, "resource": {"kind": "Bucket", "name": "x"}}), False
    yield "ingress rule without paths", ingress({"http": {"paths": []}}), False
    yield "ingress old backend", path(backend={"serviceName": "web", "servicePort": 80}), False


GRID = tuple(
    Row(*row)
    for rows in (_policies, _peers, _ports, _selectors, _metadata, _services, _workloads, _ingresses)
    for row in rows()
)
