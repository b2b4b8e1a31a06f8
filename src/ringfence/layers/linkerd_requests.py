"""A request as Linkerd's routes see it: what it says, nothing normalized.

    method            as it is
    path              without the query; dot segments, double slashes and escapes stay as they are sent
    query             one value a parameter, decoded as a form is, `name=value`
    host              as it is, perhaps with a port
    header:<name>     the name in lower case
    gRPC              `no` where the request cannot be a call, a POST to `/service/method`; else nothing is said

A request is told whole: a header that it does not name is absent, and so are the parameters of a path without a query.
Only the headers that somebody asks for need to be said. Without a path nothing is known of path and query.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from ringfence.layers.linkerd_routes import HOST, METHOD, PATH, QUERY
from ringfence.model.conditions import Atom, Operator
from ringfence.resources.kubernetes import Route

CALL = "gRPC"
NO_CALL = Atom(CALL, Operator.TOLD, "no")
"""Where no request is told, whoever speaks to a gRPC Server speaks gRPC."""


def request_subjects(http: Mapping[str, Any], asked: Iterable[str] = ()) -> dict[str, tuple[str, ...]]:
    """The subjects of a request with `method`, `path`, `host` and `headers` (each value a text or several).

    `asked`: names of headers, in lower case, that routes ask for; those that the request lacks are absent.
    """
    found = {name: _values(http[name]) for name in (METHOD, HOST) if name in http}
    if "path" in http:
        bare, _, query = str(http["path"]).partition("?")
        found[PATH] = (bare,)
        found[QUERY] = tuple(f"{name}={value}" for name, value in parse_qsl(query, keep_blank_values=True))
    no_call = http.get("method", "POST") != "POST" or ("path" in http and not _is_rpc(found[PATH][0]))
    if no_call:
        found[CALL] = ("no",)
    for name, value in http.get("headers", {}).items():
        found[f"header:{name.lower()}"] = _values(value)
    for name in asked:
        found.setdefault(f"header:{name}", ())
    return found


def asked_headers(routes: Iterable[Route]) -> frozenset[str]:
    """The headers that the matches of these routes ask for."""
    return frozenset(
        header.name for route in routes for rule in route.rules for match in rule.matches for header in match.headers
    )


def _is_rpc(path: str) -> bool:
    return path.startswith("/") and path.count("/") > 1


def _values(value: str | Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
