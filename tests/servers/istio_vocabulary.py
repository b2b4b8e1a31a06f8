"""The words of random Istio policies: short lists of values that belong together, and of what may stand where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

VALUES: Mapping[str, tuple[str, ...]] = {
    "principals": (
        "cluster.local/ns/front/sa/cart", "cluster.local/ns/front/sa/mail", "cluster.local/ns/back/sa/cart", "*",
        "cluster.local/ns/front/*", "cluster.local/*", "*/sa/cart", "*cart", "old.example/ns/front/sa/cart",
        "old.example/ns/back/*", "*/ns/front/sa/cart", "other.example/ns/front/sa/cart", "front/cart", "*/ns/*",
    ),
    "namespaces": ("front", "back", "shop", "plain", "*", "f*", "*k", "fro", "*ront", "*n*"),
    "ipBlocks": ("10.1.0.0/24", "10.1.0.1", "10.1.0.2/32", "10.0.0.0/14", "198.51.100.0/24", "10.2.0.1", "0.0.0.0/0"),
    "serviceAccounts": ("front/cart", "back/cart", "cart", "job", "shop/job", "front/mail"),
    "trustDomains": ("cluster.local", "other.example", "*", "cluster*", "*.local", "old.example"),
    "requestPrincipals": ("https://a.example/u1", "*", "https://a.example/*", "*/u1", "https://b.example/u2", "*u2"),
    "hosts": ("web", "WEB", "web.shop", "web.shop:80", "*.shop", "web*", "*", "*b"),
    "ports": ("8080", "8081", "5432", "9"),
    "methods": ("GET", "POST", "*", "P*", "*T", "get"),
    "paths": (
        "/a", "/a/*", "/a*", "*/b", "*", "/a/b", "/", "/A", "/a/{*}", "/a/{**}", "/{*}/b", "/a/{*}/c", "/{**}/c",
        "*.html", "/x%20y", "/a//b", "/a%2fb", "/a%2Fb", "/a\\b", "/a/b/", "/a;*", "//*", "*..*", "/a|b", "/a%7Cb",
        "/a~b", "/*b", "/a/{*}/{**}", "/a%25b", "*/",
    ),
    "header": ("x", "y", "x*", "*y", "*", "xy"),
    "audiences": ("web", "app", "w*", "*"),
    "presenter": ("client", "c*", "*"),
    "claim": ("staff", "guest", "s*", "*f", "*", "staff guest"),
    "sni": ("outbound_.80_._.web", "outbound*", "*web", "*"),
    "targets": ("10.3.0.2", "10.3.0.0/24", "10.4.0.0/16", "10.3.0.3"),
}  # fmt: skip

SOURCE = (
    "principals", "namespaces", "ipBlocks", "remoteIpBlocks", "serviceAccounts", "trustDomains", "requestPrincipals"
)  # fmt: skip
OPERATION = ("hosts", "ports", "methods", "paths")
KEYS = {
    "request.headers[x-one]": "header",
    "request.headers[X-Two]": "header",
    "request.headers[:method]": "methods",
    "request.auth.principal": "requestPrincipals",
    "request.auth.audiences": "audiences",
    "request.auth.presenter": "presenter",
    "request.auth.claims[group]": "claim",
    "request.auth.claims[scope]": "claim",
    "request.auth.claims[a][b]": "claim",
    "source.ip": "ipBlocks",
    "remote.ip": "ipBlocks",
    "source.namespace": "namespaces",
    "source.principal": "principals",
    "source.serviceAccount": "serviceAccounts",
    "source.trustDomain": "trustDomains",
    "destination.ip": "targets",
    "destination.port": "ports",
    "connection.sni": "sni",
}
OF_IDENTITY = ("source.namespace", "source.principal", "source.serviceAccount", "source.trustDomain")
"""Keys that a CUSTOM policy cannot ask for."""
PROVIDERS = ("http-allow", "http-deny", "grpc-allow", "grpc-deny", "gone")
"""Names of providers; the last one is not configured."""
MODES = ("STRICT", "PERMISSIVE", "DISABLE", "UNSET")


PATHS = (
    "/", "/a", "/a/", "/a/b", "/a/b/c", "/b", "/A", "/a//b", "/a/./b", "/a/../b", "/a%2fb", "/a?q=/b", "/c.html",
    "/x%20y", "/a/x/c", "/%61", "/a%2Fb", "/a%5cb", "/a\\b", "/%2e%2e/a", "//", "//a", "/a/.", "/a/..", "/a/%7Eb",
    "/a;x", "/a/b?x=/../", "/*", "/a%", "/a%zz", "/a/%2e/b", "/a///b/", "/a%00", "/a#b", "/a//../b", "/..",
    "/a/%2E%2e/b", "/a~b", "/a%7eb", "/a%25b", "/a%2525b", "/a+b", "/a%2bb", "/a\"b", "/a|b", "/a%7cb", "/a^b",
    "/a{b}", "/a%7bb", "/x%c3%a4",
)  # fmt: skip
"""Of requests."""

SPOILT: tuple[Any, ...] = (
    None, "", "*", "a", "**", "a*b", "*a*", 0, 1, -1, True, {}, [], [""], [None], {"x": "y"}, "80", "0", "65535",
    "65536", "10.0.0.0/33", "10.0.0.1/8", "::/0", "a/b", "a/b/c", "a/*", "/a/{x}", "/{**}/{*}", "/{*}{*}", "/a{*}",
    "{*}", "/{**}", "request.headers[a]", "request.headers[]", "request.headers", "source.ip", "destination.labels[x]",
    "request.auth.claims[a][b]", "experimental.envoy.filters.a[b]", "DENY", "CUSTOM", "AUDIT", "ALLOW", "STRICT",
    "https://a.example/keys", "a.example", "http://", {"8080": {"mode": "STRICT"}}, {"0": {}}, {"name": "p"},
    {"matchLabels": {"a*": "b"}}, {"matchLabels": {}},
)  # fmt: skip
"""What is put where it does not belong, or does after all."""
