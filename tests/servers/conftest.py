"""The real servers that tests talk to, one of each for the whole run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import acme, kubernetes
from tests.servers.processes import tool


@pytest.fixture(scope="session")
def api_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kubernetes.ApiServer]:
    """A kube-apiserver with the namespace `shop` in it."""
    with kubernetes.api_server(tmp_path_factory.mktemp("api-server")) as server:
        shop = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
        assert server.create(shop) == (True, "")
        yield server


@pytest.fixture(scope="session")
def pebble(tmp_path_factory: pytest.TempPathFactory) -> Iterator[acme.Pebble]:
    """An ACME server that validates challenges, and now and then refuses a good nonce."""
    with acme.pebble(tmp_path_factory.mktemp("pebble")) as server:
        yield server


@pytest.fixture(scope="session")
def tofu() -> Path:
    """The `tofu` program, for a real plan."""
    return tool("tofu", "tofu")
