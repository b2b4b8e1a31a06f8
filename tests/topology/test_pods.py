"""Pods and nodes as endpoints: which there are, with which addresses and facets."""

from __future__ import annotations

import pytest

from ringfence.engine.outcomes import Outcome
from ringfence.model.addresses import ALL_IPV4, ALL_IPV6, AddressSet
from ringfence.resources.kubernetes import WORKLOAD_KINDS, Pod, PodTemplate, Workload
from ringfence.topology.kubernetes import build
from ringfence.topology.options import Options
from ringfence.topology.pods import NODES, PODS
from tests.layers.clusters import (
    ask,
    block,
    cluster,
    has,
    meta,
    namespace,
    node,
    pod,
    pods,
    policy,
    rule,
    service,
    template,
    workload,
)


def endpoints(*things, options=None):
    """By id, without the outside."""
    found = build(cluster(*things), options).network.endpoints
    return {one.id: one for one in found if not one.every}


@pytest.mark.parametrize("kind", [kind for kind in WORKLOAD_KINDS if kind != "Pod"])
def test_a_workload_has_an_endpoint_of_its_own_name(kind):
    (one,) = endpoints(workload("x/w", template(app="w"), kind=kind)).values()
    assert (one.id, one.workload, one.namespace, one.location) == (f"x/w[{kind}]", f"x/w[{kind}]", "x", PODS)
    assert one.addresses == ALL_IPV4
    assert not one.every
    assert not one.maybe


def test_templates_of_one_workload_that_differ_are_endpoints_of_their_own():
    two = workload("x/w", template(app="w"), template(app="w", track="canary"))
    found = endpoints(two)
    assert [one.facets["pod"] for one in found.values()] == [{"app": "w"}, {"app": "w", "track": "canary"}]
    assert list(found) == ["x/w[Deployment]", "x/w[Deployment]#1"]
    objects = cluster(two, pod("x/c", ip="10.0.0.1"), policy("x/p", has(track="canary"), ingress=()))
    network = build(objects).network
    assert ask(objects, "x/c", "x/w[Deployment]") is Outcome.ALLOWED
    assert len([one for one in network.endpoints if one.workload == "x/w[Deployment]"]) == 2


def test_replicas_zero_is_a_workload_whose_pods_may_come():
    idle = Workload("Deployment", meta("x/w"), (template(app="w"),), replicas=0)
    assert list(endpoints(idle)) == ["x/w[Deployment]"]


def owned(name, phase="", *ips):
    return Pod(meta(name), template(app="w"), phase, ips)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (workload("x/w", pods=(owned("x/w-1", "Running", "10.0.0.1"),)), ["x/w-1[Pod]"]),
        (workload("x/w", pods=(owned("x/w-1"), owned("x/w-2"))), ["x/w-1[Pod]", "x/w-2[Pod]"]),
        (workload("x/w", pods=(owned("x/w-1", "Running"), owned("x/w-2", "Failed"))), ["x/w-1[Pod]"]),
        # The pod has ended, its Job makes another one; a bare pod that has ended is gone.
        (workload("x/w", kind="Job", pods=(owned("x/w-1", "Succeeded"),)), ["x/w[Job]"]),
        (pod("x/w", ip="10.0.0.1", phase="Succeeded"), []),
        (pod("x/w", ip="10.0.0.1", phase="Running"), ["x/w[Pod]"]),
    ],
)
def test_pods_in_the_files_stand_for_their_workload_until_they_end(one, expected):
    assert list(endpoints(one)) == expected


def test_facets():
    both = (namespace("x", team="red"), pod("x/a", "tcp/http=8080", "udp/http=53", node="n1", app="a"))
    one = endpoints(*both)["x/a[Pod]"]
    assert one.facets == {
        "pod": {"app": "a"},
        "namespace": {"kubernetes.io/metadata.name": "x", "team": "red"},
        "port": {"tcp/http": "8080", "udp/http": "53"},
        "node": {"name": "n1"},
    }
    assert endpoints(pod("x/a"))["x/a[Pod]"].facets == {
        "pod": {},
        "namespace": {"kubernetes.io/metadata.name": "x"},
        "unplaced": {},
    }


def test_of_several_ports_with_one_name_the_first_counts():
    (first,) = template("tcp/http=80").containers
    (second,) = template("tcp/http=81").containers
    twice = workload("x/w", PodTemplate(containers=(first, second)))
    assert endpoints(twice)["x/w[Deployment]"].facets["port"] == {"tcp/http": "80"}


ANY = {"": ALL_IPV4, " IPv6": ALL_IPV6}
FOUR = {"": ALL_IPV4}


@pytest.mark.parametrize(
    ("things", "options", "expected"),
    [
        ([], Options(), FOUR),
        ([], Options(pod_cidrs=AddressSet.of("10.0.0.0/16")), {"": AddressSet.of("10.0.0.0/16")}),
        (
            [],
            Options(pod_cidrs=AddressSet.of("10.0.0.0/16", "fd00::/64")),
            {"": AddressSet.of("10.0.0.0/16"), " IPv6": AddressSet.of("fd00::/64")},
        ),
        ([], Options(pod_cidrs=AddressSet.of("fd00::/64")), {"": AddressSet.of("fd00::/64")}),
        ([node("n", "1.2.3.4", pod_cidrs=("10.0.0.0/24",))], Options(), {"": AddressSet.of("10.0.0.0/24")}),
        ([node("n", pod_cidrs=("10.0.0.0/24",)), node("m")], Options(), FOUR),
        # What speaks of IPv6.
        ([node("n", "fd00::1")], Options(), ANY),
        ([pod("x/other", ip="fd00::1")], Options(), ANY),
        ([service("x/other", "tcp/80=80", cluster_ips=("fd00::1",))], Options(), ANY),
        ([service("x/other", "tcp/80=80", ip_families=("IPv6",))], Options(), ANY),
        ([policy("x/p", ingress=(rule(block("fd00::/8")),))], Options(), ANY),
        ([policy("x/p", egress=(rule(block("::/0")),))], Options(), ANY),
        ([policy("x/p", egress=(rule(block("0.0.0.0/0")),))], Options(), FOUR),
    ],
)
def test_addresses_that_nobody_knows(things, options, expected):
    found = endpoints(workload("x/w"), *things, options=options)
    own = {name.removeprefix("x/w[Deployment]"): one.addresses for name, one in found.items() if name.startswith("x/w")}
    assert own == expected


def test_known_addresses_are_exact_whatever_else_there_is():
    found = endpoints(pod("x/a", ip="10.0.0.1"), pod("x/b", ip="10.0.0.2 fd00::2"))
    assert {name: str(one.addresses) for name, one in found.items()} == {
        "x/a[Pod]": "10.0.0.1",
        "x/b[Pod]": "10.0.0.2",
        "x/b[Pod] IPv6": "fd00::2",
    }


@pytest.mark.parametrize(
    ("name", "things", "addresses"),
    [
        ("n", [node("n", "192.168.0.1")], AddressSet.of("192.168.0.1")),
        ("", [node("n", "192.168.0.1"), node("m", "192.168.0.2")], AddressSet.of("192.168.0.1-192.168.0.2")),
        ("", [node("n", "192.168.0.1"), node("m")], ALL_IPV4),
        ("gone", [node("n", "192.168.0.1")], ALL_IPV4),
    ],
)
def test_host_network_pods_are_at_their_node(name, things, addresses):
    found = endpoints(workload("x/w", template(host=True, node=name)), *things)["x/w[Deployment]"]
    assert (found.location, found.addresses) == (NODES, addresses)
    assert "pod" not in found.facets
    assert found.workload == "x/w[Deployment]"


def test_host_network_pods_as_pods_keep_the_node_address():
    things = (workload("x/w", template(host=True, node="n")), node("n", "192.168.0.1"))
    found = endpoints(*things, options=Options(host_network="pod"))["x/w[Deployment]"]
    assert found.location == PODS
    assert str(found.addresses) == "192.168.0.1"
    assert "pod" in found.facets


def test_nodes_are_those_declared_and_those_that_pods_name():
    found = endpoints(node("n", "192.168.0.1"), pod("x/a", node="m"), pod("x/b", node="n"))
    assert {name: str(one.addresses) for name, one in found.items() if one.location == NODES} == {
        "n[Node]": "192.168.0.1",
        "m[Node]": "0.0.0.0/0",
    }


def test_a_policy_never_selects_a_host_network_pod_nor_finds_it_as_a_peer():
    host = pod("x/h", ip="192.168.0.1", host=True, node="n", app="h")
    other = pod("x/a", ip="10.0.0.1", node="m", app="a")
    assert ask(cluster(host, other, policy("x/p", has(app="h"), ingress=())), "x/a", "x/h") is Outcome.ALLOWED
    only_h = policy("x/p", has(app="a"), ingress=(rule(pods(has(app="h"))),))
    assert ask(cluster(host, other, only_h), "x/h", "x/a") is Outcome.DENIED
    assert ask(cluster(host, other, only_h), "x/h", "x/a", options=Options(host_network="pod")) is Outcome.ALLOWED
