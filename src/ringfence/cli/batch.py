"""Many questions in one run: a line of JSON in, a line of JSON out.

A question has the keys that probes in the cases have: `from` and `to` (names; `ip:ADDRESS`, `node:NAME` as well),
`protocol`, `port`, `src_port`, `http` (a request, see `topology.mesh.requests`), `client_tls` (what the client sends
whatever its mesh chooses), and `via_service`, which dials a Service (`namespace/name`) instead of a pod. A question
that cannot be answered has an `error`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ringfence.model.diagnostics import RingfenceError
from ringfence.network import Network
from ringfence.report.explain import document

PROTOCOLS = ("tcp", "udp", "sctp", "icmp", "icmpv6")


class Question(msgspec.Struct, forbid_unknown_fields=True):
    """One question."""

    from_: str = msgspec.field(name="from")
    to: str | None = None
    protocol: str = "tcp"
    port: int | None = None
    src_port: int | None = None
    http: dict[str, Any] | None = None
    client_tls: str | None = None
    via_service: str | None = None


def answer(network: Network, line: bytes) -> dict[str, Any]:
    """The answer to one line."""
    try:
        question = msgspec.json.decode(line, type=Question)
        return _answer(network, question)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as wrong:
        return {"error": f"not a question: {wrong}"}
    except RingfenceError as wrong:
        return {"error": str(wrong.diagnostic.message), "remedy": wrong.diagnostic.remedy}


def _answer(network: Network, question: Question) -> dict[str, Any]:
    source = _name(question.from_)
    if question.via_service is not None:
        protocol = question.protocol.lower()
        flow = network.via_service(
            source,
            question.via_service,
            protocol,
            question.port,
            question.http,
            question.src_port,
            question.client_tls,
        )
    elif question.to is None:
        return {"error": "a question needs `to` or `via_service`"}
    else:
        port = _port(question)
        flow = network.reach(source, _name(question.to), port, question.http, question.src_port, question.client_tls)
    return document(flow.explain())


def _name(text: str) -> str:
    """The names that probes use, as questions have them."""
    kind, _, rest = text.partition(":")
    return {"ip": rest, "node": f"{rest}[Node]"}.get(kind, text)


def _port(question: Question) -> str:
    protocol = question.protocol.lower()
    if protocol in PROTOCOLS[:3]:
        return protocol if question.port is None else f"{protocol}/{question.port}"
    return protocol if protocol in PROTOCOLS else f"protocol/{protocol}"
