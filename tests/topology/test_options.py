"""Semantic options from names and values: what is taken, and what is an error with its place."""

from __future__ import annotations

import pytest

from ringfence.layers.istio_options import Authorizer, IstioOptions
from ringfence.layers.linkerd_options import LinkerdOptions
from ringfence.model.addresses import AddressSet
from ringfence.model.spans import Span
from ringfence.topology.options import Options, parse


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("ipblock_matches_pods", "true", Options(ipblock_matches_pods=True)),
        ("ipblock_matches_pods", False, Options(ipblock_matches_pods=False)),
        ("ipblock_matches_pods", "auto", Options()),
        ("network_policy_enforced", True, Options(network_policy_enforced=True)),
        ("network_policy_enforced", "false", Options(network_policy_enforced=False)),
        ("host_network", "pod", Options(host_network="pod")),
        ("undefined_protocols", "allow", Options(undefined_protocols="allow")),
        ("calico_staged_as_enforced", "true", Options(calico_staged_as_enforced=True)),
        ("cilium_cidr_matches_nodes", "true", Options(cilium_cidr_matches_nodes=True)),
        ("cni", "Cilium", Options(cni="cilium")),
        ("pod_cidrs", "10.0.0.0/16, fd00::/64", Options(pod_cidrs=AddressSet.of("10.0.0.0/16", "fd00::/64"))),
        ("pod_cidrs", ["10.0.0.0/16"], Options(pod_cidrs=AddressSet.of("10.0.0.0/16"))),
        ("baseline_per_direction", False, Options(baseline_per_direction=False)),
        ("dns", {"a.example": "192.0.2.1"}, Options(dns=(("a.example", AddressSet.of("192.0.2.1")),))),
        (
            "dns",
            {"a.example": ["192.0.2.1", "2001:db8::/64"]},
            Options(dns=(("a.example", AddressSet.of("192.0.2.1", "2001:db8::/64")),)),
        ),
        ("istio_root_namespace", "mesh", Options(istio=IstioOptions(root_namespace="mesh"))),
        ("istio_trust_domain", "td1", Options(istio=IstioOptions(trust_domain="td1"))),
        ("istio_trust_domain_aliases", "a,b", Options(istio=IstioOptions(trust_domain_aliases=("a", "b")))),
        ("istio_path_normalization", "BASE", Options(istio=IstioOptions(path_normalization="BASE"))),
        ("istio_multiple_custom_providers", "true", Options(istio=IstioOptions(multiple_custom_providers=True))),
        (
            "istio_ext_authz",
            {"p": {"protocol": "grpc", "decision": "deny"}, "q": {"protocol": "http"}},
            Options(istio=IstioOptions(ext_authz=(("p", Authorizer("grpc", "deny")), ("q", Authorizer("http"))))),
        ),
        ("linkerd_default_policy", "deny", Options(linkerd=LinkerdOptions(default_policy="deny"))),
        (
            "linkerd_cluster_networks",
            ["10.0.0.0/8"],
            Options(linkerd=LinkerdOptions(cluster_networks=AddressSet.of("10.0.0.0/8"))),
        ),
        (
            "linkerd_probe_networks",
            "10.0.0.0/24",
            Options(linkerd=LinkerdOptions(probe_networks=AddressSet.of("10.0.0.0/24"))),
        ),
        ("cni", "Calico", Options(cni="calico")),
        ("cni", "somebody-s", Options(cni="somebody-s")),
        ("l7_allow_counts_as_allowed", True, Options()),
    ],
)
def test_values(name, value, expected):
    assert parse({name: value}) == (expected, [])


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("host_network", "nodes", "option host_network: 'nodes' is not one of node, pod"),
        ("undefined_protocols", None, "option undefined_protocols: None is not one of allow, deny"),
        ("ipblock_matches_pods", "maybe", "option ipblock_matches_pods: 'maybe' is not one of true, false, auto"),
        ("calico_staged_as_enforced", "auto", "option calico_staged_as_enforced: 'auto' is not one of true, false"),
        ("calico_staged_as_enforced", "", "option calico_staged_as_enforced: '' is not one of true, false"),
        ("cni", None, "option cni: None is no text"),
        ("cni", "flanel", "option cni: no network plugin 'flanel' is known; did you mean flannel?"),
        ("pod_cidrs", 10, "option pod_cidrs: 10 is no text"),
        ("pod_cidrs", [10], "option pod_cidrs: 10 is no text"),
        ("dns", "a.example", "option dns: is a mapping of names to addresses"),
        (
            "istio_ext_authz",
            {"p": "grpc"},
            "option istio_ext_authz: is a mapping of provider names to {protocol: grpc | http, decision: allow | deny}",
        ),
        ("istio_ext_authz", {"p": {"protocol": "ftp"}}, "option istio_ext_authz: 'ftp' is not one of grpc, http"),
        (
            "linkerd_default_policy",
            "open",
            "option linkerd_default_policy: 'open' is not one of all-unauthenticated, "
            "all-authenticated, cluster-unauthenticated, cluster-authenticated, deny, audit",
        ),
        (
            "istio_trustdomain",
            "a",
            "option istio_trustdomain: there is no such option; did you mean istio_trust_domain?",
        ),
        ("host_networks", "pod", "option host_networks: there is no such option; did you mean host_network?"),
    ],
)
def test_what_is_wrong_is_an_error_at_its_place_and_changes_nothing(name, value, message):
    options, (wrong,) = parse({name: value, "cni": "calico"} if name != "cni" else {name: value}, Span("f.yaml"))
    assert wrong.message == message
    assert wrong.severity == "error"
    assert wrong.span == Span("f.yaml", f"/{name}")
    assert options == (Options(cni="calico") if name != "cni" else Options())


def test_a_block_that_is_none_is_an_error():
    options, (wrong,) = parse({"pod_cidrs": "10.0.0.0/33"})
    assert options == Options()
    assert "10.0.0.0/33" in wrong.message
