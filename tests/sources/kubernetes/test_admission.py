"""The reader says of every manifest of the grid what a real API server says of it, but for the rows named here."""

from __future__ import annotations

import pytest

from ringfence.model.diagnostics import Severity
from ringfence.model.spans import Span
from ringfence.sources.kubernetes import from_documents
from ringfence.sources.yaml_documents import Document
from tests.servers.manifests import GRID, Row

LAXER = {
    "status": "old servers gave a NetworkPolicy a status, and dumps of them must be read; it changes nothing",
    "service unknown field": "only a NetworkPolicy's unknown fields can silently change who reaches whom",
    "pod unknown field": "as for Services; metadata's unknown fields are refused everywhere",
    "service cluster address outside": "which addresses Services have is the server's own flag",
}
"""Rows that the server refuses and the reader takes, with the reason."""


def _misnamed(row: Row) -> bool:
    named = row.what.startswith("policy name '") and row.manifest["metadata"]["name"] != ""
    return named and not row.accepted


KEPT = {
    "service name with a dot",
    "service name with a digit first",
    "service two ports without names",
    "pod container without image",
    "pod container without name",
    "pod two containers of one name",
    "service port name upper case",
    "ingress service bad name",
    "deployment without selector",
    "deployment with an empty selector",
    *(row.what for row in GRID if _misnamed(row)),
}
"""Rows that server and reader refuse, but whose meaning is clear: an error, and the object is kept all the same."""


@pytest.mark.parametrize("row", GRID, ids=lambda row: row.what)
def test_reader_agrees_with_the_server(row: Row) -> None:
    objects, diagnostics = from_documents([Document(row.manifest, Span("grid.yaml"))])
    accepted = not any(one.severity is Severity.ERROR for one in diagnostics)
    assert accepted is (row.accepted or row.what in LAXER), diagnostics
    refused = not accepted and row.what not in KEPT
    assert len(objects.refused) == refused
    assert sum(objects.counts.values()) == (not refused)


def test_rows_that_are_named_exist() -> None:
    assert set(LAXER) | KEPT <= {row.what for row in GRID if not row.accepted}
