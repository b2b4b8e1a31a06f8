"""Which route takes a request: grids, and the order of entries against a direct comparison of all matches."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.layers.linkerd_requests import request_subjects
from ringfence.layers.linkerd_routes import entries, readable
from ringfence.model.conditions import Request, Truth
from ringfence.resources.kubernetes import MethodMatch, NamedMatch, ObjectMeta, Route, RouteMatch, RouteRule

GATEWAY, OWN = "gateway.networking.k8s.io", "policy.linkerd.io"


def route(
    name: str, *rules: tuple[RouteMatch, ...], hosts: tuple[str, ...] = (), kind: str = "HTTPRoute", created: str = ""
) -> Route:
    made = tuple(RouteRule(matches=matches) for matches in rules)
    return Route(kind, ObjectMeta(name, "shop", creation_timestamp=created), (), hosts, made, OWN)


def path(text: str, kind: str = "PathPrefix", method: str = "", **more: Any) -> RouteMatch:
    return RouteMatch(kind, text, method, **more)


def rpc(service: str = "", method: str = "", *headers: NamedMatch) -> RouteMatch:
    return RouteMatch(headers=headers, grpc_method=MethodMatch(service, method))


def request(line: str, host: str = "web", **headers: str) -> Request:
    method, _, target = line.partition(" ")
    return Request(request_subjects({"method": method, "path": target, "host": host, "headers": headers}))


def taken(routes: tuple[Route, ...], asked: Request) -> tuple[str, int] | None:
    """The route and the number of the rule that takes a request; every entry before it is certain not to."""
    for entry in entries(routes):
        truth = entry.condition.evaluate(asked)
        assert truth is not None
        if truth:
            return entry.route.metadata.name, entry.route.rules.index(entry.rule)
    return None


@pytest.mark.parametrize(
    ("match", "line", "expected"),
    [
        (RouteMatch(), "GET /", True),
        (path("/", "Exact"), "GET /", True),
        (path("/", "Exact"), "GET /a", False),
        (path("/", "Exact"), "GET /?a", True),
        (path("/a"), "GET /a", True),
        (path("/a"), "GET /a/", True),
        (path("/a"), "GET /a/b", True),
        (path("/a"), "GET /ab", False),
        (path("/a/"), "GET /a", True),
        (path("/a/"), "GET /a/b", True),
        (path("/a", "Exact"), "GET /a/", False),
        (path("/a"), "GET //a", False),
        (path("/a"), "GET /b/../a", False),
        (path("/a.*", "RegularExpression"), "GET /abc", True),
        (path("a.*", "RegularExpression"), "GET /abc", False),
        (path("/a", "RegularExpression"), "GET /abc", False),
        (path("/a|/ab", "RegularExpression"), "GET /ab", False),
        (path("/ab|/a", "RegularExpression"), "GET /ab", True),
        (path("(?i)/A", "RegularExpression"), "GET /a", True),
        (path("/", method="GET"), "GET /", True),
        (path("/", method="GET"), "POST /", False),
        (path("/", query_params=(NamedMatch("a", "b"),)), "GET /?a=b", True),
        (path("/", query_params=(NamedMatch("a", "b"),)), "GET /?a=bc", False),
        (path("/", query_params=(NamedMatch("a", "b"),)), "GET /", False),
        (path("/", query_params=(NamedMatch("a", "b.", True),)), "GET /?x=y&a=b%2F", True),
        (path("/", query_params=(NamedMatch("a.", "b", True),)), "GET /?ab=b", False),
    ],
)
def test_matches(match: RouteMatch, line: str, expected: bool) -> None:
    assert (taken((route("r", (match,)),), request(line)) is not None) is expected


@pytest.mark.parametrize(
    ("match", "headers", "expected"),
    [
        (NamedMatch("x", "a"), {"X": "a"}, True),
        (NamedMatch("x", "a"), {"X": "ab"}, False),
        (NamedMatch("x", "a+", True), {"x": "aa"}, True),
        (NamedMatch("x", "a+", True), {"x": "aab"}, False),
    ],
)
def test_headers(match: NamedMatch, headers: dict[str, str], expected: bool) -> None:
    found = taken((route("r", (RouteMatch(headers=(match,)),)),), request("GET /", **headers))
    assert (found is not None) is expected


@pytest.mark.parametrize(
    ("name", "host", "expected"),
    [
        ("web.shop", "web.shop", True),
        ("web.shop", "WEB.shop:8080", True),
        ("web.shop", "web.shop.", True),
        ("web.shop", "xweb.shop", False),
        ("web.shop", "webxshop", False),
        ("*.shop", "web.shop", True),
        ("*.shop", "a.web.shop:80", True),
        ("*.shop", "shop", False),
    ],
)
def test_hosts(name: str, host: str, expected: bool) -> None:
    found = taken((route("r", (RouteMatch(),), hosts=(name,)),), request("GET /", host))
    assert (found is not None) is expected


@pytest.mark.parametrize(
    ("match", "line", "expected"),
    [
        (rpc("a.B", "C"), "POST /a.B/C", True),
        (rpc("a.B", "C"), "POST /a.B/C/more", True),
        (rpc("a.B", "C"), "GET /a.B/C", False),
        (rpc("a.B", "C"), "POST /a.B/Cx", False),
        (rpc("a.B"), "POST /a.B/x", True),
        (rpc("a.B"), "POST /a.B", False),
        (rpc("a.B"), "POST /a.Bx/x", False),
        (rpc("", "C"), "POST /any/C", True),
        (rpc("", "C"), "POST /any/x/C", False),
        (RouteMatch(), "POST /any/C", True),
        (RouteMatch(), "POST /any", False),
    ],
)
def test_grpc(match: RouteMatch, line: str, expected: bool) -> None:
    assert (taken((route("r", (match,), kind="GRPCRoute"),), request(line)) is not None) is expected


ANY, A, AB = path("/"), path("/a"), path("/a/b")


@pytest.mark.parametrize(
    ("routes", "line", "expected"),
    [
        ((route("x", (ANY,)), route("y", (A,)), route("z", (AB,))), "GET /a/b/c", "z"),
        ((route("x", (ANY,)), route("y", (A,)), route("z", (AB,))), "GET /a/x", "y"),
        ((route("x", (A,)), route("y", (path("/a", "Exact"),))), "GET /a", "x"),
        ((route("x", (A,)), route("y", (path("/a/b", "Exact"),))), "GET /a/b", "y"),
        ((route("x", (path("/a", "Exact"),)), route("y", (path("/a", method="GET"),))), "GET /a", "y"),
        ((route("x", (path("/", method="GET"),)), route("y", (A,))), "GET /a", "y"),
        ((route("y", (ANY,)), route("x", (ANY,))), "GET /", "x"),
        (
            (route("a", (ANY,), created="2026-02-01T00:00:00Z"), route("b", (ANY,), created="2026-01-01T00:00:00Z")),
            "GET /",
            "b",
        ),
        ((route("a", (ANY,)), route("b", (ANY,), created="2026-01-01T00:00:00Z")), "GET /", "b"),
        ((route("a", (ANY,)), route("b", (ANY,), hosts=("web",))), "GET /", "b"),
        ((route("a", (AB,)), route("b", (ANY,), hosts=("web",))), "GET /a/b", "b"),
        (
            (route("a", (path("/", headers=()),)), route("b", (path("/", query_params=(NamedMatch("q", "1"),)),))),
            "GET /?q=1",
            "b",
        ),
    ],
)
def test_the_best_match_takes_the_request(routes: tuple[Route, ...], line: str, expected: str) -> None:
    found = taken(routes, request(line))
    assert found is not None
    assert found[0] == expected


def test_without_a_request_everything_is_open() -> None:
    assert [entry.condition.evaluate(None) for entry in entries((route("r", (A,)),))] == [None, None]


@pytest.mark.parametrize("expression", [r"\p{Greek}", "(", "a{99999999999}", "(?P<n>a)(?P<n>b)"])
def test_an_expression_that_is_not_understood_stays_open(expression: str) -> None:
    [entry] = entries((route("r", (path(expression, "RegularExpression"),)),))
    assert entry.condition.evaluate(request("GET /a")) is None


def test_linkerd_knows_no_patterns_of_grpc_methods() -> None:
    pattern = RouteMatch(grpc_method=MethodMatch("a", "b", True))
    assert readable(route("r", (rpc("a"),), kind="GRPCRoute"))
    assert not readable(route("r", (rpc("a"),), (pattern,), kind="GRPCRoute"))


# The law: entries in order decide as the proxy does, which compares the summaries of all matches.

Summary = tuple[int, ...]


def http_summary(match: RouteMatch, asked: Request) -> Summary | None:
    text = asked.subjects["path"][0]
    if match.method and match.method != asked.subjects["method"][0]:
        return None
    if match.path_type == "Exact":
        length = len(text) if text == match.path else None
    elif match.path == "/":
        length = 1
    else:
        prefix = match.path.rstrip("/")
        rest = text.rstrip("/").removeprefix(prefix) if text.rstrip("/").startswith(prefix) else "no"
        length = len(prefix) if rest == "" or rest.startswith("/") else None
    queries = set(asked.subjects["query"])
    if length is None or any(f"{one.name}={one.value}" not in queries for one in match.query_params):
        return None
    return length, bool(match.method), len(match.headers), len(match.query_params)


def grpc_summary(match: RouteMatch, asked: Request) -> Summary | None:
    parts = asked.subjects["path"][0].split("/")
    wanted = match.grpc_method or MethodMatch()
    if asked.subjects["method"][0] != "POST" or len(parts) < 3 or parts[0]:
        return None
    if wanted.service not in ("", parts[1]) or wanted.method not in ("", parts[2]):
        return None
    return len(wanted.service), len(wanted.method), len(match.headers)


def host_summary(names: tuple[str, ...], host: str) -> Summary | None:
    found = [(2, len(name)) for name in names if name == host]
    found += [(1, len(name) - 1) for name in names if name.startswith("*.") and host.endswith(name[1:])]
    return max(found, default=None) if names else (0, 0)


def name(one: Route) -> str:
    return one.metadata.name


def compared(routes: tuple[Route, ...], asked: Request) -> tuple[str, int] | None:
    best: tuple[tuple[Summary, Summary], tuple[str, int]] | None = None
    host = asked.subjects["host"][0]
    for one in sorted(
        routes,
        key=lambda had: (not had.metadata.creation_timestamp, had.metadata.creation_timestamp, name(had)),
    ):
        at = host_summary(one.hostnames, host)
        if at is None:
            continue
        summarize = grpc_summary if one.kind == "GRPCRoute" else http_summary
        for place, rule in enumerate(one.rules):
            if one.kind == "GRPCRoute" and not rule.matches:  # it takes whatever comes
                best = (
                    best if best is not None and best[0] >= (at, (0, 0, 0)) else ((at, (0, 0, 0)), (name(one), place))
                )
                continue
            summaries = [found for match in rule.matches or (RouteMatch(),) if (found := summarize(match, asked))]
            if summaries and (best is None or (at, max(summaries)) > best[0]):
                best = (at, max(summaries)), (name(one), place)
    return best[1] if best else None


PATHS = st.sampled_from(("/", "/a", "/a/", "/a/b", "/ab", "/b", "//", "/a//b"))
HOSTS = st.sampled_from(("web", "web.shop", "*.shop", "*.web.shop"))
QUERIES = st.sampled_from(((), (NamedMatch("q", "1"),), (NamedMatch("q", "1"), NamedMatch("r", "2"))))
HTTP_MATCHES = st.builds(
    lambda kind, text, method, query: RouteMatch(kind, text, method, (), query),
    st.sampled_from(("Exact", "PathPrefix")), PATHS, st.sampled_from(("", "GET", "POST")), QUERIES,
)  # fmt: skip
NAMES = st.sampled_from(("", "a", "b", "ab"))
GRPC_MATCHES = st.builds(rpc, NAMES, NAMES)


def routes_of(kind: str, matches: st.SearchStrategy[RouteMatch]) -> st.SearchStrategy[tuple[Route, ...]]:
    rules = st.lists(st.lists(matches, max_size=2).map(tuple), min_size=1, max_size=3, unique=True)
    ages = st.sampled_from(("", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"))
    bodies = st.lists(st.tuples(rules, st.lists(HOSTS, max_size=2, unique=True), ages), max_size=4)
    return bodies.map(
        lambda found: tuple(
            route(f"r{place}", *body, hosts=tuple(hosts), kind=kind, created=age)
            for place, (body, hosts, age) in enumerate(found)
        )
    )


REQUESTS = st.builds(
    lambda method, text, query, host: request(f"{method} {text}{query}", host),
    st.sampled_from(("GET", "POST", "PUT")), PATHS, st.sampled_from(("", "?q=1", "?q=1&r=2", "?r=2")),
    st.sampled_from(("web", "web.shop", "a.web.shop", "shop")),
)  # fmt: skip


@given(routes_of("HTTPRoute", HTTP_MATCHES), REQUESTS)
@settings(max_examples=500)
def test_http_entries_decide_as_the_comparison(routes: tuple[Route, ...], asked: Request) -> None:
    assert taken(routes, asked) == compared(routes, asked)


@given(routes_of("GRPCRoute", GRPC_MATCHES), REQUESTS)
@settings(max_examples=300)
def test_grpc_entries_decide_as_the_comparison(routes: tuple[Route, ...], asked: Request) -> None:
    assert taken(routes, asked) == compared(routes, asked)


@given(routes_of("HTTPRoute", HTTP_MATCHES), REQUESTS, st.sets(st.sampled_from(("method", "path", "host", "query"))))
def test_what_is_known_of_a_request_never_contradicts_the_whole(
    routes: tuple[Route, ...], asked: Request, known: set[str]
) -> None:
    part = Request({name: value for name, value in asked.subjects.items() if name in known})
    for entry in entries(routes):
        whole: Truth = entry.condition.evaluate(asked)
        assert entry.condition.evaluate(part) in (None, whole)
