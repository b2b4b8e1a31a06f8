"""The parts that certificates and issuers of the posture file are made of: challenges, deployments, secrets, limits.

Each takes the fields of its mapping, complains about what is wrong there, and gives the value.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from ringfence.certificates.configuration import Challenge, Deployment, Limit, Secret, Verification
from ringfence.certificates.fields import Fields
from ringfence.certificates.names import is_address
from ringfence.model.diagnostics import error

TSIG = ("hmac-sha256", "hmac-sha384", "hmac-sha512", "hmac-sha224", "hmac-sha1")
DAY = timedelta(days=1)


def challenge(fields: Fields, folder: Path) -> Challenge:
    """How names are proved. Fields of another kind of challenge are unknown fields here."""
    kind = fields.choice("kind", ("http-01", "dns-01", "tls-alpn-01"), "http-01")
    usual = {"http-01": 80, "tls-alpn-01": 443}
    listen, webroot = ("", 0), None
    provider, server, zone, key_name, algorithm = "", ("", 53), "", "", TSIG[0]
    key, settle = None, timedelta(0)
    hook: tuple[str, ...] = ()
    if kind == "dns-01":
        provider = fields.choice("provider", ("rfc2136", "route53", "hook"), "rfc2136")
        zone = fields.text("zone")
        if fields.has("settle"):
            settle = fields.duration("settle", settle)
        fields.read.add("settle")
        if provider == "rfc2136":
            server = fields.endpoint("server", 53, required=True)
            key_name, algorithm = fields.text("key_name"), fields.choice("key_algorithm", TSIG, TSIG[0])
            key = secret(fields, "key", folder)
            if bool(key_name) != bool(key):
                fields.complain("key", "key_name and key belong together")
        elif provider == "hook":
            hook = fields.texts("hook", required=True)
    elif kind == "http-01" and fields.has("webroot"):
        webroot = folder / fields.text("webroot")
    else:
        listen = fields.endpoint("listen", usual[kind])
    fields.close()
    return Challenge(kind, listen, webroot, provider, server, zone, key_name, algorithm, key, hook, settle, fields.span)


def deployment(fields: Fields, folder: Path) -> Deployment:
    """Where a certificate is put."""
    usual = Deployment(Path())
    found = Deployment(
        folder / fields.text("directory", required=True),
        fields.mode("key_mode", usual.key_mode),
        fields.mode("certificate_mode", usual.certificate_mode),
        fields.mode("directory_mode", usual.directory_mode),
        fields.texts("reload") if isinstance(fields.content.get("reload"), list) else (),
        fields.duration("reload_within", usual.reload_within),
        tuple(_verification(row) for row in fields.mappings("verify")),
        fields.span,
    )
    if fields.has("reload") and not found.reload:
        fields.complain("reload", "a list of a program and its arguments is expected; no shell is involved")
    fields.read.add("reload")
    if found.key_mode & 0o007:
        fields.complain("key_mode", "would let everybody read the private key")
    fields.close()
    return found


def _verification(fields: Fields) -> Verification:
    host, port = fields.endpoint("endpoint", required=True)
    if port and not host:
        fields.complain("endpoint", "HOST:PORT is expected")
    within = fields.duration("within", Verification("", 0).within)
    verification = Verification(host, port, fields.text("server_name"), within)
    fields.close()
    return verification


def resolver(fields: Fields) -> tuple[str, int] | None:
    """The DNS server that CAA records are asked of: an address, because it would need another one to find its name."""
    if not fields.has("resolver"):
        fields.read.add("resolver")
        return None
    address, port = fields.endpoint("resolver", 53)
    if is_address(address):
        return address, port
    if address:
        fields.complain("resolver", "the address of a DNS server is expected, with :PORT if it is not 53")
    return None


def limit(fields: Fields) -> Limit:
    """A rate limit."""
    kind = fields.choice("kind", ("orders", "names", "domain", "failures"), "orders")
    found = Limit(kind, fields.count("count", 1), fields.duration("window", DAY))
    fields.close()
    return found


def secret(fields: Fields, name: str, folder: Path, *, required: bool = False) -> Secret | None:
    """`{file: PATH}` or `{env: NAME}`; the secret itself is refused, because posture files are shared."""
    if not fields.has(name):
        fields.read.add(name)
        if required:
            fields.complain(name, "is missing")
        return None
    if not isinstance(fields.content[name], dict):
        fields.read.add(name)
        fields.complain(name, "a secret is named by {file: PATH} or {env: NAME} and does not stand here")
        return None
    below = fields.mapping(name)
    assert below is not None, "the field is there"
    file, variable = below.text("file"), below.text("env")
    if bool(file) == bool(variable):
        below.diagnostics.append(error("exactly one of file and env is expected", below.span))
    below.close()
    return Secret(folder / file if file else None, variable, below.span)
