"""What a Sidecar lets proxies know."""

from __future__ import annotations

import pytest

from ringfence.layers.istio_egress import by_client, has_clusters, imports, knows
from ringfence.resources.istio.networking import Sidecar, SidecarListener, VirtualService
from ringfence.resources.kubernetes import ObjectMeta

WEB = "web.shop.svc.cluster.local"


def sidecar(*listeners: tuple[str, int], namespace: str = "other") -> Sidecar:
    """Listeners as hosts, with commas between them, and port."""
    made = tuple(SidecarListener(tuple(hosts.split(",")), port) for hosts, port in listeners)
    return Sidecar(ObjectMeta("s", namespace), egress=made)


@pytest.mark.parametrize(
    ("listeners", "expected"),
    [
        ((), True),
        ((("*/*", 0),), True),
        ((("shop/*", 0),), True),
        (((f"shop/{WEB}", 0),), True),
        ((("shop/*.cluster.local", 0),), True),
        ((("other/*", 0),), False),
        ((("./*", 0),), False),
        ((("~/*", 0),), False),
        ((("*/*", 81),), False),
        ((("*/*", 80),), True),
        ((("other/*", 80), ("shop/*", 0)), True),
        ((("*/*,~shop/*", 0),), False),
        (((f"*/*,~/{WEB}", 0),), False),
        ((("*/*,~other/*", 0),), True),
        ((("*/*,~shop/*", 81), ("shop/*", 0)), True),
    ],
)
def test_what_a_sidecar_knows(listeners, expected):
    assert knows(sidecar(*listeners), "other", WEB, "shop", 80) is expected


def test_a_dot_is_the_clients_own_namespace():
    root = sidecar(("./*", 0), namespace="istio-system")
    assert [knows(root, one, WEB, "shop", 80) for one in ("shop", "other", "istio-system")] == [True, False, False]
    assert by_client(root, "istio-system")
    assert not by_client(root, "elsewhere")
    assert not by_client(sidecar(("*/*", 0), namespace="istio-system"), "istio-system")


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        ("*/*", True),
        ("shop/*", True),
        ("./*", False),
        (f"shop/{WEB}", True),
        ("shop/db.shop.svc.cluster.local", False),
        ("shop/*.local", True),
        ("*/*,~shop/*", False),
    ],
)
def test_virtual_services_are_known_by_their_own_namespace_and_hosts(hosts, expected):
    service = VirtualService(ObjectMeta("v", "shop"), ("web",))
    assert imports(sidecar((hosts, 0)), "other", service) is expected
    assert imports(sidecar(), "other", service)


def test_a_virtual_service_for_many_hosts_is_known_by_any_of_them():
    service = VirtualService(ObjectMeta("v", "shop"), ("*.cluster.local",))
    assert imports(sidecar((f"shop/{WEB}", 0)), "other", service)


@pytest.mark.parametrize(
    ("listeners", "expected"),
    [
        ((), True),
        ((("*/*", 0),), True),
        ((("*/*", 80),), True),
        ((("*/*", 81),), False),
        ((("./*", 81), ("*/*", 0)), True),
    ],
)
def test_routes_lead_to_clusters_of_a_listeners_port(listeners, expected):
    assert has_clusters(sidecar(*listeners), 80) is expected
