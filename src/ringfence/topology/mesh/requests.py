"""An application request as a question says it, and as the meshes see it.

    {"method": "GET", "path": "/a?b=c", "host": "shop.example", "headers": {"x-team": "a"}, "sni": "shop.example",
     "claims": {"iss": "https://issuer.example", "groups": ["staff"]}, "token": "expired", "token_in": {...}}

`claims` is the payload of a valid token; without it there is no token. A mesh may rewrite a request before its rules
look at it (Istio normalizes paths), so each says for itself what its rules see.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ringfence.model.diagnostics import InputError, error
from ringfence.topology.mesh.members import Mesh

TEXTS = ("method", "path", "host", "sni", "token")
MAPPINGS = ("headers", "claims", "token_in")


def seen(meshes: Iterable[Mesh], http: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The subjects of a request as all of these meshes see it; where two of them disagree, nobody knows.

    Raises InputError where the request has the wrong shape.
    """
    _check(http)
    found: dict[str, tuple[str, ...]] = {}
    disputed: set[str] = set()
    for mesh in meshes:
        for subject, values in mesh.request(http).items():
            if found.setdefault(subject, values) != values:
                disputed.add(subject)
    return {subject: values for subject, values in found.items() if subject not in disputed}


def _check(http: Mapping[str, Any]) -> None:
    for key, value in http.items():
        if key not in TEXTS + MAPPINGS:
            raise InputError(error(f"http: there is no {key!r}; known are {', '.join(TEXTS + MAPPINGS)}"))
        if key in TEXTS and not isinstance(value, str):
            raise InputError(error(f"http: {key} is text"))
        if key in MAPPINGS and not isinstance(value, Mapping):
            raise InputError(error(f"http: {key} is a mapping"))
    for name, value in http.get("headers", {}).items():
        if not isinstance(value, str) and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            raise InputError(error(f"http: header {name} is text, or a list of texts"))
