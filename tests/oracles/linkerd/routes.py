"""Which rule of a Server's routes a request falls to, as Linkerd's proxy finds it.

A second, plain reading of linkerd/linkerd2-proxy, `linkerd/http/route/src`: `lib.rs::find` and `best` (host before
route, the first of equals wins), `http/match.rs` (path, method, headers, query, in that order), `http/match/path.rs`
(length alone counts, not the kind), `header.rs`, `query_param.rs`, `host.rs`, `grpc/match.rs` (POST alone).
Defaults of fields: linkerd/linkerd2, `policy-controller/k8s/index/src/routes/http.rs::path_match`, `routes/grpc.rs`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

Request = Mapping[str, Any]
Summary = tuple[Any, ...]

IMPLICIT = {"HTTPRoute": (1, False, 0, 0), "GRPCRoute": (0, 0, 0)}
"""The summary of a rule without matches (`Default` of RequestMatch and RouteMatch)."""


def find(routes: Sequence[Mapping[str, Any]], http: Request) -> tuple[int, Mapping[str, Any]] | None:
    """The route (by its place) and its rule that a request falls to; None: 404. `routes` in the order of preference."""
    best: tuple[Summary, int, Mapping[str, Any]] | None = None
    for place, route in enumerate(routes):
        host = _host(route["spec"].get("hostnames", ()), http["host"])
        if host is None:
            continue
        for rule in route["spec"]["rules"]:
            matched = _rule(route["kind"], rule, http)
            if matched is not None and (best is None or (host, matched) > best[0]):
                best = ((host, matched), place, rule)
    return None if best is None else best[1:]


def _rule(kind: str, rule: Mapping[str, Any], http: Request) -> Summary | None:
    if not rule.get("matches"):
        return IMPLICIT[kind]
    match = _http if kind == "HTTPRoute" else _grpc
    found = [one for wanted in rule["matches"] if (one := match(wanted, http)) is not None]
    return max(found) if found else None


def _http(match: Mapping[str, Any], http: Request) -> Summary | None:
    path, _, query = http["path"].partition("?")
    if match.get("method", http["method"]) != http["method"]:
        return None
    length = _path(match["path"], path) if "path" in match else 1
    headers, params = match.get("headers", ()), match.get("queryParams", ())
    pairs = parse_qsl(query, keep_blank_values=True)
    if length is None or not _headers(headers, http):
        return None
    if not all(any(key == one["name"] and _text(one, value) for key, value in pairs) for one in params):
        return None
    return length, "method" in match, len(headers), len(params)


def _path(match: Mapping[str, str], path: str) -> int | None:
    kind, value = match.get("type", "PathPrefix"), match.get("value", "/")
    if kind == "Exact":
        return len(value) if path == value else None
    if kind == "RegularExpression":
        return len(path) if _spans(value, path) else None
    if value == "/":
        return 1
    prefix = value.rstrip("/")
    path = path.rstrip("/")
    if not path.startswith(prefix):
        return None
    rest = path[len(prefix) :]
    return len(prefix) if rest == "" or rest.startswith("/") else None


def _spans(pattern: str, text: str) -> bool:
    """The leftmost match, not the longest, has to cover everything (path.rs::match_length)."""
    found = re.search(pattern, text)
    return found is not None and found.span() == (0, len(text))


def _text(match: Mapping[str, str], value: str) -> bool:
    exact = match.get("type", "Exact") == "Exact"
    return value == match["value"] if exact else _spans(match["value"], value)


def _headers(wanted: Sequence[Mapping[str, str]], http: Request) -> bool:
    sent = [(name.lower(), value) for name, value in http.get("headers", {}).items()]
    return all(any(name == one["name"].lower() and _text(one, value) for name, value in sent) for one in wanted)


def _grpc(match: Mapping[str, Any], http: Request) -> Summary | None:
    if http["method"] != "POST":
        return None
    parts = http["path"].partition("?")[0].split("/")
    if len(parts) < 3 or parts[0] != "":
        return None
    rpc, headers = match.get("method", {}), match.get("headers", ())
    service, method = rpc.get("service", ""), rpc.get("method", "")
    if (service and service != parts[1]) or (method and method != parts[2]) or not _headers(headers, http):
        return None
    return len(service), len(method), len(headers)


def _host(hostnames: Sequence[str], host: str) -> Summary | None:
    """The best of the host matches; no hostnames are less than any (`Option<HostMatch>`)."""
    if not hostnames:
        return (0, 0)
    bare = host.partition(":")[0].removesuffix(".")
    found: list[Summary] = []
    for one in hostnames:
        if one.startswith("*."):
            if bare.lower().endswith(one[1:].lower()) and len(bare) > len(one) - 1:
                found.append((1, len(one) - 1))
        elif one.lower() == bare.lower():
            found.append((2, len(one)))
    return max(found, default=None)
