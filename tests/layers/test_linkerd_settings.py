"""One pod's proxy, as annotations of the pod and of its namespace set it."""

from __future__ import annotations

import pytest

from ringfence.layers.linkerd_ports import port_set
from ringfence.layers.linkerd_settings import FACET, Settings, having, settings
from ringfence.layers.linkerd_values import LinkerdValues
from ringfence.model.addresses import AddressSet
from ringfence.model.networks import Endpoint
from ringfence.resources.kubernetes import Container, ContainerPort, PodTemplate

INSTALLED = LinkerdValues(default_policy="cluster-authenticated")
C = "config.linkerd.io/"
PROXY = (4191, ("/live", "/ready"))


def template(*containers: Container, **annotations: str) -> PodTemplate:
    return PodTemplate(
        annotations={C + key.replace("_", "-"): value for key, value in annotations.items()}, containers=containers
    )


@pytest.mark.parametrize(
    ("own", "inherited", "expected"),
    [
        (None, None, "cluster-authenticated"),
        (None, "deny", "deny"),
        ("audit", "deny", "audit"),
        ("bogus", "deny", "cluster-authenticated"),
        (None, "bogus", "cluster-authenticated"),
        ("", "deny", "cluster-authenticated"),
    ],
)
def test_the_default_policy(own: str | None, inherited: str | None, expected: str) -> None:
    pod = template(**({"default_inbound_policy": own} if own is not None else {}))
    space = {C + "default-inbound-policy": inherited} if inherited is not None else {}
    assert settings(pod, space, INSTALLED).default_policy == expected


def test_the_default_policy_of_an_unknown_namespace() -> None:
    assert settings(template(), None, INSTALLED).default_policy is None
    assert settings(template(default_inbound_policy="deny"), None, INSTALLED).default_policy == "deny"
    assert settings(template(), None, INSTALLED).facet["default"] == "?"


@pytest.mark.parametrize(
    ("annotation", "field", "default"),
    [
        ("proxy-require-identity-inbound-ports", "identity_ports", ""),
        ("opaque-ports", "opaque_ports", ""),
        ("skip-inbound-ports", "skip_inbound", "4567,4568"),
        ("skip-outbound-ports", "skip_outbound", "4567,4568"),
    ],
)
@pytest.mark.parametrize(
    ("own", "inherited", "expected"),
    [
        (None, None, None),
        (None, "1-3", "1-3"),
        ("5", "1-3", "5"),
        ("", "1-3", ""),
        ("http", "1-3", ""),
        (None, "x", ""),
    ],
)
def test_lists_of_ports(
    annotation: str, field: str, default: str, own: str | None, inherited: str | None, expected: str | None
) -> None:
    pod = template(**({annotation.replace("-", "_"): own} if own is not None else {}))
    space = {C + annotation: inherited} if inherited is not None else {}
    found = getattr(settings(pod, space, INSTALLED), field)
    assert found == port_set(default if expected is None else expected)


@pytest.mark.parametrize(
    ("own", "inherited", "ingress"),
    [("", "", False), ("ingress", "", True), ("", "ingress", True), ("enabled", "ingress", False)],
)
def test_ingress_mode(own: str, inherited: str, ingress: bool) -> None:
    pod = PodTemplate(annotations={"linkerd.io/inject": own} if own else {})
    space = {"linkerd.io/inject": inherited} if inherited else {}
    assert settings(pod, space, INSTALLED).ingress is ingress


@pytest.mark.parametrize(
    ("probes", "expected"),
    [
        ((), (PROXY,)),
        (((80, "/b"), (80, "/a"), (80, "/a")), ((80, ("/a", "/b")), PROXY)),
        (((4191, "/x"),), ((4191, ("/live", "/ready", "/x")),)),
        ((("WEB", "/a"),), (PROXY, (8080, ("/a",)))),
        ((("dns", "/a"), ("none", "/a"), (0, "/a"), (70000, "/a")), (PROXY,)),
        (((80, "/a?b#c"), (81, "/a#b?c"), (82, "http://x/a")), ((80, ("/a",)), (81, ("/a",)), PROXY)),
    ],
)
def test_probes(probes: tuple[tuple[int | str, str], ...], expected: object) -> None:
    own = (ContainerPort(8080, "web"), ContainerPort(53, "dns", "UDP"))
    other = Container("b", ports=(ContainerPort(9, "none"),))
    assert settings(template(Container("a", ports=own, http_probes=probes), other), {}, INSTALLED).probes == expected


def test_the_facet_tells_settings_apart() -> None:
    one = Settings("deny", port_set("80,443-445"), probes=((80, ("/a", "/b")),), named_ports=(("http", (80, 8080)),))
    assert one.facet == {
        "default": "deny", "identity": "80,443-445", "opaque": "", "told opaque": "", "skip inbound": "",
        "skip outbound": "", "mode": "", "probe/80": "/a\n/b", "named/http": "80,8080",
    }  # fmt: skip
    pod = Endpoint("p", "pods", AddressSet.of("10.0.0.1"), facets={FACET: one.facet})
    assert having("identity", "80,443-445").matches(pod) is True
    assert having("identity", "80", "443").matches(pod) is False
    assert having("probe/81", "/a").matches(pod) is False


CONTAINERS = (
    Container("a", ports=(ContainerPort(8080, "http"), ContainerPort(5432, "db"), ContainerPort(53, "dns", "UDP"))),
    Container("b", ports=(ContainerPort(9090, "http"), ContainerPort(25))),
    Container("c", ports=(ContainerPort(7070, "http"), ContainerPort(3306, "early")), init=True),
)
ALL_OPAQUE = "25,587,3306,4444,5432,6379,9300,11211"


@pytest.mark.parametrize(
    ("own", "injected", "expected"),
    [
        (None, False, "25,5432"),
        (None, True, ALL_OPAQUE),
        ("", False, ""),
        ("80-82,443", False, "80-82,443"),
        ("http, 81", False, "81,9090"),
        ("bogus,81,82-,0", False, "81"),
        ("dns", False, "53"),
        ("early", False, ""),
    ],
)
def test_what_clients_take_for_opaque(own: str | None, injected: bool, expected: str) -> None:
    pod = template(*CONTAINERS, **({"opaque_ports": own} if own is not None else {}))
    assert settings(pod, {}, INSTALLED, injected=injected).told_opaque == port_set(expected)


def test_what_clients_take_for_opaque_where_nothing_is_declared() -> None:
    assert settings(template(Container("a")), {}, INSTALLED).told_opaque == port_set(ALL_OPAQUE)
    assert settings(template(Container("a")), {C + "opaque-ports": "http,1"}, INSTALLED).told_opaque == port_set("1")
    chosen = LinkerdValues(opaque_ports=port_set("8080"))
    assert settings(template(*CONTAINERS), {}, chosen).told_opaque == port_set("8080")


def test_one_name_may_be_of_several_ports() -> None:
    found = settings(template(*CONTAINERS), {}, INSTALLED).named_ports
    assert found == (("db", (5432,)), ("early", (3306,)), ("http", (7070, 8080, 9090)))
