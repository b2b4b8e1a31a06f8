"""The API server's own word on every manifest of the grid."""

from __future__ import annotations

import pytest

from tests.servers.kubernetes import ApiServer
from tests.servers.manifests import GRID, Row


@pytest.mark.parametrize("row", GRID, ids=lambda row: row.what)
def test_server(row: Row, api_server: ApiServer) -> None:
    accepted, message = api_server.dry_run(row.manifest)
    assert accepted is row.accepted, message
