"""The API server itself: it runs, and its dry run tells right from wrong and stores nothing."""

from __future__ import annotations

from tests.servers.kubernetes import ApiServer


def policy(port: int) -> dict[str, object]:
    rule = {"ports": [{"port": port}]}
    metadata = {"name": "p", "namespace": "shop"}
    spec = {"podSelector": {}, "ingress": [rule]}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def test_dry_run(api_server: ApiServer) -> None:
    assert api_server.dry_run(policy(80)) == (True, "")
    accepted, message = api_server.dry_run(policy(70000))
    assert not accepted
    assert "spec.ingress[0].ports[0].port: Invalid value: 70000" in message
    assert api_server.request("GET", "/apis/networking.k8s.io/v1/networkpolicies")[1]["items"] == []


def test_unknown_kind(api_server: ApiServer) -> None:
    assert api_server.dry_run({"apiVersion": "networking.k8s.io/v1", "kind": "Policy"})[0] is False
    assert api_server.dry_run({"apiVersion": "example.org/v1", "kind": "NetworkPolicy"})[0] is False
