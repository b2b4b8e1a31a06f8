"""PeerAuthentication, accepted and refused as the API server and istiod do."""

from __future__ import annotations

import pytest

from ringfence.resources.istio.authentication import MutualTlsMode
from tests.sources.kubernetes.texts import good, read, thing

DISABLE, STRICT = MutualTlsMode.DISABLE, MutualTlsMode.STRICT


def peer(spec: str, version: str = "v1") -> str:
    return thing(f"security.istio.io/{version}", "PeerAuthentication", spec)


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_everything_is_read(version):
    spec = "{selector: {matchLabels: {b: x, a: y}}, mtls: {mode: STRICT}, portLevelMtls: {90: {mode: DISABLE}, 80: {}}}"
    (found,) = good(peer(spec, version)).peer_authentications
    assert (found.metadata.qualified_name, found.mode) == ("shop/x", STRICT)
    assert found.selector == (("a", "y"), ("b", "x"))
    assert found.port_level == ((80, MutualTlsMode.UNSET), (90, DISABLE))
    assert str(found.span).startswith("f:1")
    assert (found.mode_at(90), found.mode_at(91)) == (DISABLE, None)


@pytest.mark.parametrize("spec", ["{}", "{mtls: {}}", "{mtls: {mode: UNSET}}", "null"])
def test_what_says_nothing_is_unset(spec):
    (found,) = good(peer(spec)).peer_authentications
    assert (found.mode, found.selector, found.port_level) == (MutualTlsMode.UNSET, (), ())


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ("{mtls: {mode: strict}}", "'strict' is not one of"),
        ("{selector: {matchLabels: {a: b}}, portLevelMtls: {80: null}}", "is empty"),
        ("{mtls: {modes: STRICT}}", "there is no such field"),
        ("{mtls: STRICT}", "must be a mapping"),
        ("{portLevelMtls: {80: {mode: STRICT}}}", "needs a selector with labels"),
        ("{selector: {}, portLevelMtls: {80: {mode: STRICT}}}", "needs a selector with labels"),
        ("{selector: {matchLabels: {a: b}}, portLevelMtls: {}}", "is empty"),
        ("{selector: {matchLabels: {a: b}}, portLevelMtls: {0: {mode: STRICT}}}", "is not a port"),
        ("{selector: {matchLabels: {a: b}}, portLevelMtls: {65536: {mode: STRICT}}}", "is not a port"),
        ("{selector: {matchLabels: {a: b}}, portLevelMtls: {http: {mode: STRICT}}}", "is not a port"),
        ("{selector: {matchLabels: {a: 'b*'}}}", "no wildcards"),
        ("{selector: {matchExpressions: []}}", "there is no such field"),
        ("{peers: []}", "there is no such field"),
    ],
)
def test_what_is_refused(spec, complaint):
    objects, said = read(peer(spec))
    assert objects.peer_authentications == ()
    assert [one.kind for one in objects.refused] == ["PeerAuthentication"]
    assert any(complaint in one and one.startswith("f:") for one in said)


def test_a_selector_without_labels_is_a_warning():
    objects, said = read(peer("{selector: {matchLabels: {}}}"))
    assert len(objects.peer_authentications) == 1
    assert ["warning" in one for one in said] == [True]


def test_there_is_no_dry_run():
    document = peer("{}").replace("metadata: {", 'metadata: {annotations: {istio.io/dry-run: "true"}, ')
    objects, said = read(document)
    assert len(objects.refused) == 1, document
    assert "only an AuthorizationPolicy" in said[0]
