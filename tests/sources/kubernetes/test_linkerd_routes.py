"""Linkerd's own HTTPRoute: the Gateway API's shape in every version, and what admission demands beyond it."""

from __future__ import annotations

import pytest

from ringfence.resources.kubernetes import RouteMatch
from tests.sources.kubernetes.texts import good, read, thing

API = "policy.linkerd.io"
PARENT = "{group: policy.linkerd.io, kind: Server, name: web}"


@pytest.mark.parametrize("version", ["v1alpha1", "v1beta1", "v1beta2", "v1beta3"])
def test_routes(version: str) -> None:
    spec = f"{{parentRefs: [{PARENT}], hostnames: [a.example], rules: [{{matches: [{{path: {{value: /a}}}}]}}]}}"
    objects = good(thing(f"{API}/{version}", "HTTPRoute", spec))
    [found] = objects.linkerd_http_routes
    assert objects.routes == ()
    assert (found.group, found.kind, found.hostnames) == (API, "HTTPRoute", ("a.example",))
    assert [(one.group, one.kind, one.namespace, one.name) for one in found.parent_refs] == [
        (API, "Server", "shop", "web")
    ]
    assert [rule.matches for rule in found.rules] == [(RouteMatch(path="/a"),)]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("{parentRefs: [{group: policy.linkerd.io, kind: EgressNetwork, name: e}]}", "parentRefs[0].port: is missing"),
        ("{parents: []}", "spec.parents: there is no such field"),
        ("{rules: [{match: []}]}", "rules[0].match: there is no such field"),
        ("{rules: [{matches: [{paths: {}}]}]}", "matches[0].paths: there is no such field"),
        ("{rules: [{filters: [{type: RequestMirror}]}]}", "filters[0].type: 'RequestMirror' is not one of"),
        ("{rules: [{matches: [{path: {value: a}}]}]}", "path.value: 'a' does not begin with /"),
    ],
)
def test_no_routes(spec: str, message: str) -> None:
    objects, said = read(thing(f"{API}/v1beta3", "HTTPRoute", spec))
    assert len(objects.refused) == 1
    assert any(message in one for one in said), said
