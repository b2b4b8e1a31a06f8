"""The mesh's configuration: options, else the ConfigMap, else Istio's defaults."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.layers.istio_mesh_config import configuration, mesh_config
from ringfence.layers.istio_options import IstioOptions
from ringfence.resources.istio.mesh_config import ExtensionProvider, MeshConfig
from ringfence.resources.kubernetes import ConfigMap, ObjectMeta

NONE = IstioOptions()


def config_map(parsed: dict[str, Any], name: str = "istio", namespace: str = "istio-system") -> ConfigMap:
    return ConfigMap(ObjectMeta(name, namespace), {}, parsed={"mesh": parsed})


def test_the_defaults():
    assert mesh_config(None, NONE) == MeshConfig()
    assert mesh_config(config_map({}), NONE) == MeshConfig()


FULL = {
    "rootNamespace": "root",
    "trustDomain": "td",
    "trustDomainAliases": ["old"],
    "enableAutoMtls": False,
    "pathNormalization": {"normalization": "MERGE_SLASHES"},
    "outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"},
    "defaultDestinationRuleExportTo": ["."],
    "defaultVirtualServiceExportTo": ["."],
    "defaultServiceExportTo": ["."],
    "extensionProviders": [
        {"name": "a", "envoyExtAuthzGrpc": {"service": "x", "port": 1, "failOpen": True}},
        {"name": "b", "envoyExtAuthzHttp": {"service": "x", "port": 1}},
        {"name": "c", "zipkin": {"service": "x", "port": 1}},
    ],
}


def test_the_config_map():
    providers = (ExtensionProvider("a", "grpc", True), ExtensionProvider("b", "http"), ExtensionProvider("c"))
    assert mesh_config(config_map(FULL), NONE) == MeshConfig(
        "root", "td", ("old",), "MERGE_SLASHES", providers, False, "REGISTRY_ONLY", (".",), (".",), (".",)
    )


def test_the_root_namespace_is_the_config_maps_own_where_nothing_is_said():
    assert mesh_config(config_map({}, namespace="mesh"), NONE).root_namespace == "mesh"


def test_options_go_before_the_config_map():
    chosen = IstioOptions("r", "t", (), "NONE")
    found = mesh_config(config_map(FULL), chosen)
    assert (found.root_namespace, found.trust_domain, found.trust_domain_aliases) == ("r", "t", ())
    assert (found.path_normalization, found.enable_auto_mtls) == ("NONE", False)


@pytest.mark.parametrize(
    ("parsed", "wrong"),
    [
        ({"enableAutoMtls": "yes"}, "enableAutoMtls: 'yes' is neither true nor false"),
        ({"trustDomain": 1}, "trustDomain: 1 is no text"),
        ({"trustDomainAliases": "a"}, "trustDomainAliases: is no list"),
        ({"outboundTrafficPolicy": {"mode": "NEVER"}}, "outboundTrafficPolicy.mode: 'NEVER' is not one of"),
        ({"pathNormalization": {"normalization": "X"}}, "pathNormalization.normalization: 'X' is not one of"),
        ({"extensionProviders": [{}]}, "extensionProviders: holds an entry without a name"),
    ],
)
def test_what_nobody_can_read_is_noted_and_the_default_taken(parsed, wrong):
    found = mesh_config(config_map(parsed), NONE)
    assert [one.startswith(wrong) for one in found.wrong] == [True]
    assert MeshConfig(wrong=found.wrong) == found


def test_the_plain_name_goes_before_revisions():
    revision, plain = config_map({}, "istio-canary"), config_map({})
    assert configuration((revision, plain)) is plain
    assert configuration((revision,)) is revision
    assert configuration((ConfigMap(ObjectMeta("istio", "x")),)) is None


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=4)),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("mode", "name", "normalization")), inner)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(tuple(FULL)), JSON))
def test_any_content_is_read(parsed):
    assert mesh_config(config_map(parsed), NONE).path_normalization
