"""What a sidecar takes; and the whole matrix of server modes, client rules and membership."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.model.rules import Purpose
from tests.layers.istio_worlds import PEOPLE, World, destination, namespace, peer, pod, service

SERVER_MODES = (None, "UNSET", "DISABLE", "PERMISSIVE", "STRICT")
CLIENT_RULES = (None, "silent", "DISABLE", "SIMPLE", "ISTIO_MUTUAL", "MUTUAL")
FLAT = service("web", (80, 8080))


def expected(mode: str | None, rule: str | None, client: str, server: str) -> str:
    """The table of the documentation, told once more in plain words."""
    takes_plaintext = server == "plain" or mode != "STRICT"
    takes_mutual = server == "shop" and mode != "DISABLE"
    if client == "plain" or rule in ("DISABLE", "SIMPLE"):
        sends = {"plaintext"}
    elif rule == "ISTIO_MUTUAL":
        sends = {"mutual"}
    elif rule == "MUTUAL":
        sends = {"plaintext", "mutual"}
    else:
        sends = {"mutual" if takes_mutual else "plaintext"}
    arrives = sends & ({"plaintext"} if takes_plaintext else set()) | sends & ({"mutual"} if takes_mutual else set())
    if not arrives:
        return "refused"
    if len(arrives) == 2:
        return "unknown"
    if arrives == {"plaintext"}:
        return "plaintext"
    return "permissive" if takes_plaintext else "strict"


@pytest.mark.parametrize(
    ("mode", "rule", "client", "server"),
    list(product(SERVER_MODES, CLIENT_RULES, ("shop", "plain"), ("shop", "plain"))),
)
def test_server_mode_client_rule_and_membership(mode, rule, client, server):
    things = [*PEOPLE, pod(f"{client}/client"), pod(f"{server}/web"), service(f"{server}/web")]
    if mode is not None:
        things.append(peer(f"{server}/default", mode))
    if rule is not None:
        host = f"web.{server}.svc.cluster.local"
        things.append(destination("istio-system/rule", host, rule if rule != "silent" else None))
    world = World(*things)
    assert world.transport(f"{client}/client", f"{server}/web") == expected(mode, rule, client, server)


@pytest.mark.parametrize(
    ("mode", "port_mode", "at_port", "elsewhere"),
    [
        ("STRICT", "DISABLE", "plaintext", "mtls"),
        ("DISABLE", "STRICT", "mtls", "plaintext"),
        ("PERMISSIVE", "STRICT", "mtls", "either"),
        ("STRICT", "PERMISSIVE", "either", "mtls"),
        ("STRICT", "UNSET", "mtls", "mtls"),
        (None, "STRICT", "mtls", "either"),
    ],
)
def test_a_port_has_a_mode_of_its_own(mode, port_mode, at_port, elsewhere):
    world = World(*PEOPLE, pod("a"), pod("web"), peer("web", mode, "web", p8080=port_mode))
    assert [world.taken("web", "a", port) for port in (8080, 9090)] == [at_port, elsewhere]


def test_pods_outside_take_no_mutual_tls_and_members_of_nothing_else_are_named():
    world = World(*PEOPLE, pod("a"), pod("plain/web"), peer("istio-system/default", "STRICT"))
    assert world.taken("plain/web", "a") == "plaintext"


def test_mutual_tls_of_istio_is_none_to_linkerd():
    linkerd = pod("plain/web", annotations={"linkerd.io/inject": "enabled"})
    meshed = pod("plain/peer", annotations={"linkerd.io/inject": "enabled"})
    world = World(*PEOPLE, pod("a"), linkerd, meshed, service("plain/web"))
    assert world.taken("plain/web", "a") == "plaintext"
    assert world.taken("plain/web", "plain/peer") == "either"
    assert world.transport("a", "plain/web") == "plaintext"


def test_a_pod_of_an_undeclared_namespace_may_take_either():
    world = World(PEOPLE[0], pod("a"), pod("nobody/web"), service("nobody/web"), peer("nobody/default", "STRICT"))
    assert world.taken("nobody/web", "a") == "either"
    assert world.transport("a", "nobody/web") == "unknown"


def test_ages_that_no_file_says_leave_the_modes_open():
    things = (*PEOPLE, pod("a"), pod("plain/n"), pod("web"), service("web"))
    world = World(*things, peer("one", "STRICT"), peer("two", "PERMISSIVE"))
    assert world.taken("web", "a") == "either"
    assert world.transport("a", "web") == "permissive"
    assert World(*things, peer("one", "STRICT"), peer("two", "DISABLE")).transport("a", "web") == "unknown"


def test_the_deciding_policy_is_named_with_its_place():
    world = World(*PEOPLE, pod("a"), pod("web"), peer("default", "STRICT"), peer("web", None, "web", p80="DISABLE"))
    assert {("shop/default", "5.yaml"), ("shop/web", "6.yaml")} <= world.spans(Purpose.ACCEPTANCE)


MODES = st.sampled_from(("UNSET", "DISABLE", "PERMISSIVE", "STRICT"))


@settings(max_examples=40)
@given(MODES, MODES, MODES, st.sampled_from(("web", "db")))
def test_a_port_that_says_strict_never_takes_plaintext(mesh, wide, narrow, app):
    world = World(
        *PEOPLE, pod("plain/n"), pod("web"), peer("istio-system/m", mesh), peer("n", wide),
        peer("w", narrow, app, p8080="STRICT"),
    )  # fmt: skip
    others = next((one for one in (narrow if app == "web" else "UNSET", wide, mesh) if one != "UNSET"), "PERMISSIVE")
    taken = {"STRICT": "mtls", "PERMISSIVE": "either", "DISABLE": "plaintext"}
    assert world.taken("web", "plain/n", 8080) == ("mtls" if app == "web" else taken[others])
    assert world.taken("web", "plain/n", 9090) == taken[others]


@pytest.mark.parametrize("mode", ["DISABLE", "PERMISSIVE", "STRICT"])
@pytest.mark.parametrize("excluded", [False, True])
def test_hbone_of_an_ambient_pod_is_not_asked_for_the_ports_mode(mode, excluded):
    """Its mutual TLS ends at the tunnel: what goes on to the port has none that could be refused."""
    annotations = {"traffic.sidecar.istio.io/excludeInboundPorts": "8080"} if excluded else {}
    ambient = namespace("amb", **{"istio.io/dataplane-mode": "ambient"})
    web = pod("web", annotations=annotations)
    served = service("web", (80, 8080))
    world = World(*PEOPLE, ambient, pod("amb/client"), pod("client"), web, served, peer("default", mode))
    assert world.transport("amb/client", "web") in ("strict", "permissive")
    plain = world.transport("client", "web")
    assert (plain == "refused") is (excluded and mode != "DISABLE")
