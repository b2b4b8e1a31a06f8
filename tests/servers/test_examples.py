"""The manifests of `examples/` and `docs/examples/` are real ones: an API server takes every object."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.servers.kubernetes import ApiServer

ROOT = Path(__file__).parent.parent.parent
FILES = [*(ROOT / "examples").rglob("*.yaml"), *(ROOT / "docs" / "examples").glob("*.yaml")]
_OTHER_GROUPS = "cilium.io gateway.networking.k8s.io security.istio.io networking.istio.io policy.linkerd.io"
OTHERS = tuple(f"{group}/" for group in _OTHER_GROUPS.split())
"""Groups that need definitions which no plain API server has. (What Istio says of its own is asked elsewhere.)"""


def documents(file: Path) -> list[dict[str, Any]]:
    found = yaml.safe_load_all(file.read_text(encoding="utf-8"))
    return [one for one in found if "kind" in one and not one["apiVersion"].startswith(OTHERS)]


@pytest.mark.parametrize(
    "file", [one for one in sorted(FILES) if documents(one)], ids=lambda one: str(one.relative_to(ROOT))
)
def test_an_api_server_takes_every_object(file: Path, api_server: ApiServer) -> None:
    refused = []
    for one in documents(file):
        namespace = one["metadata"].get("namespace")
        if namespace:
            # It may be there already; an object of a namespace that is not is refused.
            metadata = {"name": namespace}
            api_server.create({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
        accepted, message = api_server.dry_run(one)
        if not accepted and "already exists" not in message:
            refused.append((one["kind"], one["metadata"]["name"], message))
    assert refused == []
