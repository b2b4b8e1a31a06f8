"""A plain reading of how ztunnel decides on the policies that istiod sends it (ztunnel `src/rbac.rs`, which is Rust).

DENY policies go first; without ALLOW policies a connection passes, with some it needs one that matches. A policy
matches by one of its groups, a group by all of its rules, a rule by one of its matches; a rule without matches holds, a
match that asks for nothing does not. A match asks by field: one of the values, and none of the `not` values.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Connection:
    """As ztunnel sees it: `identity` as in a certificate, empty for plaintext."""

    source: str
    target: str
    port: int
    identity: str = ""


def allows(policies: Iterable[Json], connection: Connection) -> bool:
    """Whether the connection passes the policies of its target."""
    known = [one for one in policies if not one.get("dryRun")]
    if any(_matches(one, connection) for one in known if one.get("action") == "DENY"):
        return False
    allowing = [one for one in known if one.get("action") != "DENY"]
    return not allowing or any(_matches(one, connection) for one in allowing)


def _matches(policy: Json, connection: Connection) -> bool:
    return any(all(_rule(rule, connection) for rule in group.get("rules", ())) for group in policy.get("groups", ()))


def _rule(rule: Json, connection: Connection) -> bool:
    matches = rule.get("matches", ())
    return not matches or any(one and _match(one, connection) for one in matches)


def _match(match: Json, connection: Connection) -> bool:
    compare = _fields(connection)
    assert match.keys() <= {*compare, *(f"not{name[0].upper()}{name[1:]}" for name in compare)}
    for name, holds in compare.items():
        wanted, unwanted = match.get(name, ()), match.get(f"not{name[0].upper()}{name[1:]}", ())
        if (wanted and not any(map(holds, wanted))) or any(map(holds, unwanted)):
            return False
    return True


def _fields(connection: Connection) -> dict[str, Callable[[Any], bool]]:
    name = connection.identity.removeprefix("spiffe://")
    _, _, namespace, _, account = name.split("/") if name else ("",) * 5
    return {
        "principals": lambda one: bool(name) and _text(one, name),
        "namespaces": lambda one: _text(one, namespace),
        "serviceAccounts": lambda one: bool(name) and (one["namespace"], one["serviceAccount"]) == (namespace, account),
        "sourceIps": lambda one: _inside(one, connection.source),
        "destinationIps": lambda one: _inside(one, connection.target),
        "destinationPorts": lambda one: one == connection.port,
    }


def _text(match: Json, value: str) -> bool:
    [(kind, text)] = match.items()
    if kind == "presence":
        return value != ""
    holds: dict[str, bool] = {"exact": value == text, "prefix": value.startswith(text), "suffix": value.endswith(text)}
    return holds[kind]


def _inside(block: Json, address: str) -> bool:
    start = ip_address(base64.b64decode(block["address"]))
    return ip_address(address) in ip_network((start, block.get("length", 0)), strict=False)
