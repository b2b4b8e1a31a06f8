"""The reader of manifests and a real API server agree on what is a valid manifest, also where nobody thought of it.

The reader's answer is whether it has an error to report. It is laxer on purpose where the server knows of a field that
is not there: only a NetworkPolicy's and an Ingress's fields decide enough that a misspelt one must be an error.
"""

from __future__ import annotations

import random

import pytest

from ringfence.model.diagnostics import Severity
from ringfence.model.spans import Span
from ringfence.sources.kubernetes import from_documents
from ringfence.sources.yaml_documents import Document
from tests.servers.kubernetes import ApiServer
from tests.servers.mutations import VALID, broken

MUTATIONS = 60
"""For each of the manifests."""


@pytest.mark.parametrize("name", VALID)
def test_reader_and_server_agree(name: str, api_server: ApiServer) -> None:
    chance = random.Random(name)
    assert api_server.dry_run(VALID[name]) == (True, "")
    differences, taken = [], 0
    for _ in range(MUTATIONS):
        manifest = broken(VALID[name], chance)
        accepted, message = api_server.dry_run(manifest)
        _, diagnostics = from_documents([Document(manifest, Span("x.yaml"))])
        errors = [str(one) for one in diagnostics if one.severity is Severity.ERROR]
        taken += accepted
        if accepted is bool(errors) and not (name != "policy" and "strict decoding error: unknown field" in message):
            differences.append((manifest, message or errors))
    assert differences == []
    assert 0 < taken < MUTATIONS
