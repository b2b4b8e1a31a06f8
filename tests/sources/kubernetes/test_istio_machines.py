"""WorkloadEntries and WorkloadGroups, accepted and refused as istiod does."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.model.spans import Span
from ringfence.resources.istio.machines import Machine
from ringfence.sources.kubernetes import from_documents
from ringfence.sources.yaml_documents import Document
from tests.sources.damage import damaged
from tests.sources.kubernetes.texts import good, read, thing

VERSION = "networking.istio.io/v1"


def one(kind: str, spec: str) -> Machine:
    (found,) = good(thing(VERSION, kind, spec)).istio_machines
    return found


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("{address: 10.0.0.1}", ("10.0.0.1", (), (), "")),
        ("{address: db.example}", ("db.example", (), (), "")),
        ("{address: '2001:db8::1', serviceAccount: db}", ("2001:db8::1", (), (), "db")),
        ("{address: unix:///run/x}", ("unix:///run/x", (), (), "")),
        ("{network: far, weight: 3, locality: a/b}", ("", (), (), "")),
        (
            "{address: 10.0.0.1, labels: {b: c, a: b}, ports: {tcp: 90, http: 80}}",
            ("10.0.0.1", (("a", "b"), ("b", "c")), (("http", 80), ("tcp", 90)), ""),
        ),
    ],
)
def test_entries(spec, expected):
    found = one("WorkloadEntry", spec)
    assert (found.address, found.labels, found.ports, found.account) == expected


def test_labels_of_the_metadata_go_first():
    text = thing(VERSION, "WorkloadEntry", "{address: 10.0.0.1, labels: {a: spec, b: spec}}")
    (found,) = good(text.replace("metadata: {", "metadata: {labels: {a: meta, c: meta}, ")).istio_machines
    assert dict(found.labels) == {"a": "meta", "b": "spec", "c": "meta"}


def test_groups():
    found = one(
        "WorkloadGroup",
        "{metadata: {labels: {a: meta, c: meta}}, template: {labels: {a: own}, serviceAccount: db, ports: {http: 80}},"
        " probe: {httpGet: {port: 80}}}",
    )
    assert (found.kind, found.address, dict(found.labels)) == ("WorkloadGroup", "", {"a": "own", "c": "meta"})
    assert (found.account, found.ports) == ("db", (("http", 80),))


@pytest.mark.parametrize(
    ("kind", "spec", "complaint"),
    [
        ("WorkloadEntry", "{}", "address: is missing"),
        ("WorkloadEntry", "{address: 'a b'}", "is no address and no name"),
        ("WorkloadEntry", "{address: 10.0.0.1, port: 80}", "did you mean ports?"),
        ("WorkloadEntry", "{address: 10.0.0.1, ports: {http: 0}}", "ports"),
        ("WorkloadEntry", "{address: unix:///x, ports: {http: 80}}", "beside a socket"),
        ("WorkloadGroup", "{metadata: {labels: {a: b}}}", "template: is missing"),
        ("WorkloadGroup", "{template: {serviceAcount: a}}", "did you mean serviceAccount?"),
    ],
)
def test_what_is_refused(kind, spec, complaint):
    objects, said = read(thing(VERSION, kind, spec))
    assert objects.istio_machines == ()
    assert [one.kind for one in objects.refused] == [kind]
    assert any(complaint in one for one in said), said


TEMPLATE = {"labels": {"a": "b"}, "ports": {"http": 80}, "serviceAccount": "db"}
SPECS = {
    "WorkloadEntry": {"address": "10.0.0.1", "network": "n", **TEMPLATE},
    "WorkloadGroup": {"metadata": {"labels": {"a": "b"}}, "template": TEMPLATE, "probe": {"httpGet": {"port": 80}}},
}


@settings(max_examples=100)
@given(st.sampled_from(tuple(SPECS)).flatmap(lambda kind: st.tuples(st.just(kind), damaged(SPECS[kind]))))
def test_whatever_stands_there_is_read_whole_or_refused_with_a_word(drawn):
    kind, spec = drawn
    document = {"apiVersion": VERSION, "kind": kind, "metadata": {"name": "x", "namespace": "y"}, "spec": spec}
    objects, diagnostics = from_documents([Document(document, Span("f"))])
    assert len(objects.istio_machines) + len(objects.refused) == 1
    assert bool(objects.refused) == any(one.severity == "error" for one in diagnostics)
