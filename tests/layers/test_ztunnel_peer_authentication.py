"""Which plaintext ztunnel refuses: the three levels, and where istiod's two functions disagree."""

from __future__ import annotations

from itertools import product

import pytest

from ringfence.engine.decisions import Side, decide
from ringfence.layers.kubernetes_selectors import NAMESPACE, POD
from ringfence.layers.mesh_facets import AMBIENT, MESH, PLANE, SIDECAR
from ringfence.layers.ztunnel_peer_authentication import chain, refused
from ringfence.model.addresses import AddressSet, number
from ringfence.model.headers import PORTS, Header
from ringfence.model.intervals import NOTHING, IntervalSet
from ringfence.model.networks import Endpoint
from ringfence.model.rules import Action, Purpose
from ringfence.resources.istio.authentication import MutualTlsMode, PeerAuthentication
from ringfence.resources.kubernetes import ObjectMeta

U, D, P, S = MutualTlsMode.UNSET, MutualTlsMode.DISABLE, MutualTlsMode.PERMISSIVE, MutualTlsMode.STRICT
ROOT = "istio-system"
APP = (("app", "web"),)


def policy(namespace, mode=U, ports=None, selector=(), name="p", created=""):
    levels = tuple(sorted((ports or {}).items()))
    return PeerAuthentication(ObjectMeta(name, namespace, creation_timestamp=created), mode, selector, levels)


def wide(namespace, mode):
    return None if mode is None else policy(namespace, mode)


def closed(mesh, namespace, workload=None, **ports):
    """The refused ports; `ports` are `p80=S`."""
    numbers = {int(name[1:]): mode for name, mode in ports.items()}
    own = policy("shop", workload, numbers, APP) if workload is not None else None
    return refused(wide(ROOT, mesh), wide("shop", namespace), own)


ONLY_80, BUT_80 = IntervalSet.of(80), PORTS - IntervalSet.of(80)


@pytest.mark.parametrize(
    ("mesh", "namespace", "workload", "expected"),
    [
        (None, None, None, NOTHING),
        (S, None, None, PORTS),
        (P, S, None, PORTS),
        (S, P, None, NOTHING),
        (S, D, None, NOTHING),
        (S, U, None, PORTS),
        (None, None, S, PORTS),
        (S, S, P, NOTHING),
        (S, S, D, NOTHING),
        (S, None, U, PORTS),
        (S, P, U, NOTHING),
    ],
)
def test_the_innermost_mode_that_is_set(mesh, namespace, workload, expected):
    assert closed(mesh, namespace, workload) == expected


@pytest.mark.parametrize(
    ("mesh", "namespace", "workload", "port", "expected"),
    [
        (None, None, P, S, ONLY_80),
        (None, None, D, S, ONLY_80),
        (None, None, U, S, ONLY_80),
        (None, None, S, P, BUT_80),
        (None, None, S, D, BUT_80),
        (None, None, S, S, PORTS),
        (None, None, P, D, NOTHING),
        (S, None, U, P, BUT_80),
        (S, None, U, S, PORTS),
        (P, S, U, P, BUT_80),
        (S, P, U, S, ONLY_80),
        (S, P, U, P, NOTHING),
        (S, P, P, S, ONLY_80),
        (S, S, P, S, ONLY_80),
        (S, S, S, P, BUT_80),
        (P, U, U, S, ONLY_80),
        # where the converted policy is asked for and not made:
        (S, U, U, P, NOTHING),
        (S, None, P, S, NOTHING),
        (S, U, D, S, NOTHING),
        # and a DISABLE port that does not open:
        (S, None, U, D, PORTS),
    ],
)
def test_one_port_of_a_workload(mesh, namespace, workload, port, expected):
    assert closed(mesh, namespace, workload, p80=port) == expected


def test_two_ports():
    assert closed(S, None, U, p80=P, p81=S) == BUT_80
    assert closed(None, None, P, p80=S, p81=S, p82=P) == IntervalSet.of(80, 81)
    assert closed(None, None, S, p80=P, p81=D) == PORTS - IntervalSet.of(80, 81)


def test_a_port_without_a_mode_changes_nothing():
    for mesh, namespace, workload in product((None, S, P), (None, U, S, P), (U, S, P, D)):
        assert closed(mesh, namespace, workload, p80=U) == closed(mesh, namespace, workload)


def test_disable_means_permissive_wherever_a_mode_is_set():
    for mesh, namespace, port in product((None, S, P), (None, U, S, P), (S, P)):
        assert closed(mesh, namespace, D, p80=port) == closed(mesh, namespace, P, p80=port)
        assert closed(mesh, namespace, S, p80=D) == closed(mesh, namespace, S, p80=P)


def taken(policies, plane="tcp", port=80, namespace="shop", mesh=AMBIENT, **labels):
    """Whether a pod takes it; None where that is not known."""
    facets = {POD: labels, NAMESPACE: {}, MESH: {PLANE: mesh}}
    pod = Endpoint("x", "pods", AddressSet.of("10.3.0.2"), namespace=namespace, facets=facets)
    lowered = chain(policies, ROOT)
    assert lowered.purpose is Purpose.ACCEPTANCE
    found = decide(lowered, "pods", pod, Side(None, number("10.1.0.1")), Header(plane, 8, port), None).possible
    return {frozenset((Action.ALLOW,)): True, frozenset((Action.DENY,)): False}.get(
        frozenset(one.action for one in found)
    )


def test_every_pod_takes_the_policy_that_is_nearest():
    policies = [
        policy(ROOT, S),
        policy("shop", P),
        policy("shop", S, {81: P}, APP),
        policy("other", U),
        policy(ROOT, P, selector=APP, name="ignored"),
    ]
    assert not taken(policies, app="web")
    assert taken(policies, app="web", port=81)
    assert taken(policies, app="db")
    assert not taken(policies, namespace="other", app="web")
    assert not taken(policies, namespace="third", app="web")
    assert taken(policies, "mtls", namespace="third")
    assert taken(policies, "udp", namespace="third")
    assert taken(policies, mesh=SIDECAR, namespace="third")


@pytest.mark.parametrize("selector", [(), APP])
def test_the_oldest_wins_then_the_name(selector):
    first, second = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
    older = policy("shop", P, selector=selector, name="z", created=first)
    newer = policy("shop", S, selector=selector, name="a", created=second)
    assert taken([newer, older], app="web") is True
    twin = policy("shop", S, selector=selector, name="y", created=first)
    assert taken([older, twin], app="web") is False


@pytest.mark.parametrize("selector", [(), APP])
def test_ages_that_no_file_says(selector):
    lenient = policy("shop", P, selector=selector, name="a")
    strict = policy("shop", S, selector=selector, name="b", created="2026-01-01T00:00:00Z")
    assert taken([lenient, strict], app="web") is None
    assert taken([strict, policy("shop", S, selector=selector, name="c")], app="web") is False
    assert taken([lenient, strict], "mtls", app="web") is True


def test_an_unknown_age_of_the_mesh_reaches_a_workloads_port():
    meshes = [policy(ROOT, P, name="a"), policy(ROOT, S, name="b")]
    own = policy("shop", U, {81: S}, APP)
    assert taken([*meshes, own], app="web") is None
    assert taken([*meshes, own], port=81, app="web") is False
