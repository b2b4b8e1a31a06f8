"""Which route takes a request that reaches a Server, as conditions in the order in which they decide.

The proxy compares all matches that hold and takes the best: by host (exact before suffix before none, longer first),
then by the length of what matched of the path, then whether a method, how many headers, how many query parameters are
asked for; among equals the older route, then the one whose group, kind and name come first, then the first rule.

An exact path and a regular expression match the whole path, so nothing can be longer; a prefix matches its own length,
which is the whole path where the path is the prefix itself. So a prefix is two entries here: the path itself, which
ranks with the exact ones, and what lies below it. With that the order is fixed, and the first entry that holds decides.

A gRPC request is a POST to `/service/method`; the longer service wins, then the longer method, then the headers. A rule
of a GRPCRoute without matches takes every request, gRPC or not.

Among equals nobody knows which route is older where one has no creation time (`unordered`).

Subjects: `method`, `host` (with or without port), `path` (as sent, without query: the proxy normalizes nothing),
`header:<name>`, `query` (one value a parameter, decoded, `name=value`). A regular expression that Python cannot read as
Rust does stays open.

Source: linkerd2-proxy, `linkerd/http/route/src`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ringfence.model.conditions import AllHold, AnyHolds, Atom, Condition, Operator
from ringfence.resources.kubernetes import MethodMatch, NamedMatch, Route, RouteMatch, RouteRule

METHOD, HOST, PATH, QUERY = "method", "host", "path", "query"
UNREADABLE = "regular expression"
"""A subject that no request says anything about."""

FLAGS = re.compile(r"\(\?([ims]+)\)")

WHOLE = 1 << 30
"""The length of a match of a whole path: no prefix reaches it."""

HTTP = Atom(METHOD, Operator.PRESENT)
"""Whether the connection carries HTTP at all: every request has a method, and nothing else has."""

Rank = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A request on this condition is taken by this rule of this route, unless an earlier entry takes it."""

    condition: Condition
    route: Route
    rule: RouteRule
    rank: Rank


def age(route: Route) -> tuple[bool, str, str, str, str]:
    """The order of routes that match equally well: those with a creation time first, the oldest first."""
    created = route.metadata.creation_timestamp
    return not created, created, route.metadata.name, route.group, route.kind


def entries(routes: Iterable[Route]) -> tuple[Entry, ...]:
    """All that these routes match, the best first."""
    found = [entry for route in sorted(routes, key=age) for entry in _of_route(route)]
    return tuple(sorted(found, key=lambda entry: entry.rank, reverse=True))


def unordered(one: Entry, other: Entry) -> bool:
    """Whether two entries are equals that may both hold, and of which nobody knows the older."""
    ages = (one.route.metadata.creation_timestamp, other.route.metadata.creation_timestamp)
    if one.rank != other.rank or one.route == other.route or all(ages):
        return False
    first, second = _texts(one), _texts(other)
    return all(first[subject] == second[subject] for subject in first.keys() & second.keys())


def _texts(entry: Entry) -> dict[str, str]:
    """What of an entry excludes all equals with another text: their texts are of one length, and whole segments."""
    condition, found = entry.condition, {}
    for part in condition.parts if isinstance(condition, AllHold) else (condition,):
        if isinstance(part, AnyHolds):  # a call of gRPC, and what may lie below its path
            found[PATH] = str(part)
        elif isinstance(part, Atom) and part.subject in (HOST, METHOD, PATH) and part.operator is not Operator.PRESENT:
            pattern = part.subject == PATH and part.operator is Operator.PATTERN
            if not pattern or entry.route.kind == "GRPCRoute":
                found[part.subject] = part.value.lower() if part.subject == HOST else part.value
    return found


def readable(route: Route) -> bool:
    """Whether Linkerd takes the route: it knows no regular expressions for gRPC methods."""
    methods = (match.grpc_method for rule in route.rules for match in rule.matches)
    return not any(method is not None and method.is_pattern for method in methods)


def _of_route(route: Route) -> Iterator[Entry]:
    hosts = [_host(name) for name in route.hostnames] or [((0, 0), None)]
    for rule in route.rules:
        for host_rank, host in hosts:
            for rank, parts in _ways(route, rule):
                yield Entry(_all((host, *parts)), route, rule, (*host_rank, *rank))


def _ways(route: Route, rule: RouteRule) -> Iterator[tuple[Rank, tuple[Condition | None, ...]]]:
    if route.kind != "GRPCRoute":
        for match in rule.matches or (RouteMatch(),):
            yield from _http(match)
    elif rule.matches:
        for match in rule.matches:
            yield from _grpc(match)
    else:
        yield (0, 0, 0), (HTTP,)


def _host(name: str) -> tuple[Rank, Condition | None]:
    """A host name, perhaps `*.` and a suffix, in any case, with or without the root's dot and a port."""
    if name.startswith("*."):
        rest = name[2:]
        pattern, rank = rf".*\.{re.escape(rest)}", (1, len(rest) + 1)
    else:
        pattern, rank = re.escape(name), (2, len(name))
    return rank, Atom(HOST, Operator.PATTERN, rf"(?i:{pattern})\.?(:[0-9]*)?")


def _http(match: RouteMatch) -> Iterator[tuple[Rank, tuple[Condition | None, ...]]]:
    method = Atom(METHOD, Operator.EXACT, match.method) if match.method else HTTP
    more = (method, *map(_header, match.headers), *map(_query, match.query_params))
    rest = (int(bool(match.method)), len(match.headers), len(match.query_params))
    if match.path_type == "Exact":
        yield (WHOLE, *rest), (Atom(PATH, Operator.EXACT, match.path), *more)
    elif match.path_type == "RegularExpression":
        yield (WHOLE, *rest), (_pattern(PATH, "", match.path), *more)
    elif match.path == "/":
        yield (WHOLE, *rest), (Atom(PATH, Operator.EXACT, "/"), *more)
        yield (1, *rest), more
    else:
        prefix = match.path.rstrip("/")
        yield (WHOLE, *rest), (Atom(PATH, Operator.EXACT, prefix), *more)
        yield (len(prefix), *rest), (Atom(PATH, Operator.PREFIX, f"{prefix}/"), *more)


def _grpc(match: RouteMatch) -> Iterator[tuple[Rank, tuple[Condition | None, ...]]]:
    wanted = match.grpc_method or MethodMatch()
    service, method = wanted.service, wanted.method
    path: Condition
    if service and method:
        both = f"/{service}/{method}"
        path = AnyHolds((Atom(PATH, Operator.EXACT, both), Atom(PATH, Operator.PREFIX, f"{both}/")))
    elif service:
        path = Atom(PATH, Operator.PREFIX, f"/{service}/")
    else:
        path = Atom(PATH, Operator.PATTERN, rf"/[^/]*/{re.escape(method)}(/.*)?" if method else "/[^/]*/.*")
    more = (Atom(METHOD, Operator.EXACT, "POST"), *map(_header, match.headers))
    yield (len(service), len(method), len(match.headers)), (path, *more)


def _header(match: NamedMatch) -> Condition:
    subject = f"header:{match.name}"
    if match.is_pattern:
        return _pattern(subject, "", match.value)
    return Atom(subject, Operator.EXACT, match.value)


def _query(match: NamedMatch) -> Condition:
    if match.is_pattern:
        return _pattern(QUERY, f"{match.name}=", match.value)
    return Atom(QUERY, Operator.EXACT, f"{match.name}={match.value}")


def _pattern(subject: str, before: str, expression: str) -> Condition:
    """A regular expression for the whole value; Rust takes the first alternative that matches, not the longest."""
    flags = FLAGS.match(expression)
    if flags:  # Python wants them at the very start, or with what they are for
        expression = f"(?{flags[1]}:{expression[flags.end() :]})"
    whole = f"{re.escape(before)}(?>{expression})"
    try:
        re.compile(whole)
    except (re.error, OverflowError, RecursionError):
        return Atom(f"{UNREADABLE} {subject}", Operator.PATTERN, ".*")
    return Atom(subject, Operator.PATTERN, whole)


def _all(parts: Iterable[Condition | None]) -> Condition:
    present = tuple(part for part in parts if part is not None)
    return present[0] if len(present) == 1 else AllHold(present)
