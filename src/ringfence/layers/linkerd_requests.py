"""A request as Linkerd's routes see it: what it says, nothing normalized.

    method            as it is
    path              without the query; dot segments, double slashes and escapes stay as they are sent
    query             one value a parameter, decoded as a form is, `name=value`
    host              as it is, perhaps with a port
    header:<name>     the name in lower case

A header that is not named is not known; a path without a query has no parameters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from ringfence.layers.linkerd_routes import HOST, METHOD, PATH, QUERY


def request_subjects(http: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The subjects of a request with `method`, `path`, `host` and `headers` (each value a text or several)."""
    found = {name: _values(http[name]) for name in (METHOD, HOST) if name in http}
    if "path" in http:
        bare, _, query = str(http["path"]).partition("?")
        found[PATH] = (bare,)
        found[QUERY] = tuple(f"{name}={value}" for name, value in parse_qsl(query, keep_blank_values=True))
    for name, value in http.get("headers", {}).items():
        found[f"header:{name.lower()}"] = _values(value)
    return found


def _values(value: str | Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
