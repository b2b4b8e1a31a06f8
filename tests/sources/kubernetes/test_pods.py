"""Pods, templates, nodes and namespaces."""

from __future__ import annotations

import pytest

from ringfence.resources.kubernetes import Container, ContainerPort, NodeRequirement, Toleration
from tests.sources.kubernetes.texts import good, read, thing

POD = """{hostNetwork: true, nodeName: n, nodeSelector: {disk: fast}, serviceAccountName: web,
  initContainers: [{name: i, image: i}, {name: s, image: s, restartPolicy: Always, ports: [{containerPort: 15090}]}],
  containers: [{name: a, image: a, command: [run], args: [now], env: [{name: A, value: b}, {name: B, valueFrom: {}},
    {name: C}], ports: [{containerPort: 80, name: http}, {containerPort: 53, protocol: UDP, hostIP: 10.0.0.1}]}]}"""


def test_pod() -> None:
    status = (
        "status: {phase: Running, podIP: 10.1.0.01, podIPs: [{ip: 10.1.0.1}, {ip: 'fd00::01'}], hostIP: 10.0.0.1}\n"
    )
    [workload] = good(thing("v1", "Pod", POD, status)).workloads
    [pod] = workload.pods
    assert (pod.phase, pod.pod_ips, pod.host_ips) == ("Running", ("10.1.0.1", "fd00::1"), ("10.0.0.1",))
    template = pod.template
    assert workload.templates == (template,)
    assert (template.host_network, template.node_name, template.node_selector) == (True, "n", {"disk": "fast"})
    assert template.service_account_name == "web"
    http, dns = ContainerPort(80, "http", "TCP", 80), ContainerPort(53, "", "UDP", 53, "10.0.0.1")
    proxy = ContainerPort(15090, host_port=15090)
    env = {"A": "b", "B": None, "C": ""}
    assert template.containers == (
        Container("i", "i", init=True),
        Container("s", "s", ports=(proxy,), init=True, sidecar=True),
        Container("a", "a", ("run",), ("now",), env, (http, dns)),
    )
    assert template.ports == (proxy, http, dns)
    assert str(template.containers[2].span) == "f:6:16"


def test_http_probes() -> None:
    spec = """{containers: [{name: a, image: a, livenessProbe: {httpGet: {port: 80, path: /live}},
  readinessProbe: {httpGet: {port: http}}, startupProbe: {tcpSocket: {port: 81}}}, {name: b, image: b}]}"""
    [workload] = good(thing("v1", "Pod", spec)).workloads
    [a, b] = workload.templates[0].containers
    assert (a.http_probes, b.http_probes) == (((80, "/live"), ("http", "/")), ())


def test_defaults() -> None:
    [workload] = good(thing("v1", "Pod", "{containers: [{name: a, image: a, ports: [{containerPort: 80}]}]}")).workloads
    [template] = workload.templates
    assert template.containers[0].ports == (ContainerPort(80),)
    assert (template.host_network, template.service_account_name, workload.pods[0].phase) == (False, "default", "")


@pytest.mark.parametrize(
    ("spec", "messages", "kept"),
    [
        ("{}", ["f:4:1: error: spec.containers: is empty (a pod has at least one container)"], False),
        (
            "{containers: [{}]}",
            [
                "f:4:21: error: spec.containers[0].name: is missing",
                "f:4:21: error: spec.containers[0].image: is missing",
            ],
            True,
        ),
        (
            "{containers: [{name: a, image: a}], initContainers: [{name: a, image: a}]}",
            ["f:4:22: error: spec.containers[0].name: 'a' is the name of two containers"],
            True,
        ),
        (
            "{containers: [{name: a, image: a, env: [{name: 'a=b'}]}]}",
            ["f:4:48: error: spec.containers[0].env[0].name: holds a character that is not printable ASCII"],
            True,
        ),
        (
            "{containers: [{name: a, image: a, env: [{name: a, value: 1}]}]}",
            ["f:4:57: error: spec.containers[0].env[0].value: must be text, not the number 1 (put it in quotes)"],
            False,
        ),
        (
            "{containers: [{name: a, image: a, ports: [{containerPort: 1, name: x}, {containerPort: 2, name: x}]}]}",
            ["f:4:97: error: spec.containers[0].ports[1].name: 'x' is the name of two ports of this container"],
            False,
        ),
        (
            "{containers: [{name: a, image: a, ports: [{containerPort: 1, hostPort: 5}, {containerPort: 2, "
            "hostPort: 5}]}]}",
            ["f:4:82: error: spec.containers[0].ports[1]: TCP 5 of the node is taken twice"],
            False,
        ),
        (
            "{hostNetwork: true, containers: [{name: a, image: a, ports: [{containerPort: 1, hostPort: 5}]}]}",
            ["f:4:87: error: spec.containers[0].ports[0].hostPort: 5 differs from containerPort 1 on the host network"],
            False,
        ),
    ],
)
def test_refusals(spec: str, messages: list[str], kept: bool) -> None:
    objects, said = read(thing("v1", "Pod", spec))
    assert said == messages
    assert len(objects.workloads) == kept
    assert len(objects.refused) == (not kept)


def test_node() -> None:
    text = """
        apiVersion: v1
        kind: Node
        metadata: {name: n, namespace: ignored, labels: {zone: a}}
        spec: {podCIDR: 10.244.0.0/24, podCIDRs: [10.244.0.0/24, 'fd00:1::/64']}
        status: {addresses: [{type: InternalIP, address: 10.0.0.1}, {type: Hostname, address: n}, {type: ExternalIP, address: 192.0.2.1}]}
    """  # noqa: E501
    [node] = good(text).nodes
    assert node.metadata.qualified_name == "n"
    assert node.addresses == (("InternalIP", "10.0.0.1"), ("ExternalIP", "192.0.2.1"))
    assert node.pod_cidrs == ("10.244.0.0/24", "fd00:1::/64")


def test_namespace() -> None:
    text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: {x: y, kubernetes.io/metadata.name: z}}\n"
    [namespace] = good(text).namespaces
    assert namespace.declared
    assert namespace.metadata.labels == {"x": "y", "kubernetes.io/metadata.name": "a"}


def test_what_limits_the_choice_of_a_node() -> None:
    spec = """{containers: [{name: a, image: a}], nodeSelector: {disk: fast}, affinity: {nodeAffinity: {
  requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [
    {matchExpressions: [{key: role, operator: In, values: [db, web]}, {key: gpu, operator: DoesNotExist}]},
    {matchFields: [{key: metadata.name, operator: In, values: [n]}]}, {}]}}},
  tolerations: [{key: a, value: b, effect: NoSchedule}, {operator: Exists}]}"""
    [workload] = good(thing("v1", "Pod", spec)).workloads
    [template] = workload.templates
    assert template.node_terms == (
        (NodeRequirement("role", "In", ("db", "web")), NodeRequirement("gpu", "DoesNotExist")),
        (NodeRequirement("metadata.name", "In", ("n",), field=True),),
        (),
    )
    assert template.tolerations == (Toleration("a", "Equal", "b", "NoSchedule"), Toleration("", "Exists"))
    [plain] = good(thing("v1", "Pod", "{containers: [{name: a, image: a}]}")).workloads
    assert (plain.templates[0].node_terms, plain.templates[0].tolerations) == (None, ())
