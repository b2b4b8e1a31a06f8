"""BIND as the primary of a zone that takes updates signed with a TSIG key."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dns.message
import dns.query
import dns.rcode

from tests.servers.processes import free_port, listens, running

KEY_NAME = "updates.shop.example"
ZONE = """\
$TTL 60
@   IN SOA ns.shop.example. hostmaster.shop.example. 1 3600 600 86400 60
@   IN NS  ns.shop.example.
ns  IN A   127.0.0.1
"""


@dataclass(frozen=True, slots=True)
class Bind:
    """A running server on 127.0.0.1 that holds `shop.example`."""

    port: int
    key: Path
    """The file of the TSIG key (hmac-sha256, base64)."""


@contextmanager
def bind(folder: Path, records: str = "") -> Iterator[Bind]:
    """Runs the server until the block ends; `records` stand in its zone beside what every zone has."""
    port = free_port()
    secret = base64.b64encode(os.urandom(32)).decode()
    key = folder / "tsig"
    key.write_text(secret)
    key.chmod(0o600)
    (folder / "shop.zone").write_text(ZONE + records)
    settings = folder / "named.conf"
    settings.write_text(
        f'key "{KEY_NAME}" {{ algorithm hmac-sha256; secret "{secret}"; }};\n'
        f'options {{ directory "{folder}"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};\n'
        f'  recursion no; dnssec-validation no; pid-file none; session-keyfile "{folder}/session.key"; }};\n'
        "controls { };\n"
        'zone "shop.example" { type primary; file "shop.zone"; '
        f'update-policy {{ grant "{KEY_NAME}" wildcard * TXT; }}; }};\n'
    )
    with running(["/usr/sbin/named", "-g", "-c", str(settings)], folder, lambda: _answers(port)):
        yield Bind(port, key)


def _answers(port: int) -> bool:
    """Whether the zone is loaded: it listens before that, and answers SERVFAIL."""
    if not listens(port):
        return False
    answer = dns.query.tcp(dns.message.make_query("shop.example", "SOA"), "127.0.0.1", timeout=5, port=port)
    return answer.rcode() == dns.rcode.NOERROR
