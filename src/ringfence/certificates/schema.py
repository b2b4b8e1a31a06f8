"""The JSON Schema of the posture file's `certificates` section, for editors and for people who read.

It says what `reading` takes, field by field. What a schema cannot say - that an issuer must be described, that a
wildcard needs DNS-01 - only `reading` says. The tests hold the two against each other.
"""

from __future__ import annotations

from typing import Any

from ringfence.certificates import keys
from ringfence.certificates.reading import NAME
from ringfence.certificates.reading_parts import TSIG

_TEXT = {"type": "string", "pattern": r"\S"}
_TEXTS = {"anyOf": [_TEXT, {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}}]}
_FLAG = {"type": "boolean"}
_COUNT = {"type": "integer", "minimum": 1}
_MODE = {"type": "string", "pattern": "^0?[0-7]{3}$", "description": "A file mode in quotes."}
_DURATION = {
    "type": "string",
    "pattern": r"^(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+s)?$",
    "description": "A duration such as 90d, 160h, 1h30m or 45s.",
}


def _object(*required: str, **properties: Any) -> dict[str, Any]:
    """A mapping with these fields and no others; a null stands for a field that is left out."""
    fields = {name: {"anyOf": [schema, {"type": "null"}]} for name, schema in properties.items()}
    fields |= {name: properties[name] for name in required}
    return {"type": "object", "additionalProperties": False, "required": list(required), "properties": fields}


def _named(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "propertyNames": {"pattern": f"^{NAME.pattern}$"}, "additionalProperties": schema}


def _some(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "array", "items": schema}]}


_SECRET = {
    "description": "Where a secret is to be had; it does not stand in the posture file.",
    "oneOf": [_object("file", file=_TEXT), _object("env", env=_TEXT)],
}
_KEY = {"enum": list(keys.KINDS)}
_LIMIT = _object(kind={"enum": ["orders", "names", "domain", "failures"]}, count=_COUNT, window=_DURATION)
_ACME = _object(
    "directory",
    kind={"const": "acme"},
    directory={"type": "string", "pattern": "^https://"},
    contact=_TEXTS,
    terms_agreed=_FLAG,
    profile=_TEXT,
    trust=_TEXT,
    eab=_object("key_id", "key", key_id=_TEXT, key=_SECRET),
    limits=_some(_LIMIT),
    staging=_TEXT,
    caa_identities=_TEXTS,
)
_PRIVATE = _object(
    "kind",
    "directory",
    kind={"const": "private-ca"},
    directory=_TEXT,
    common_name=_TEXT,
    key=_KEY,
    root_lifetime=_DURATION,
    intermediate_lifetime=_DURATION,
    leaf_lifetime=_DURATION,
    longest_leaf=_DURATION,
    name_constraints=_object(permitted=_TEXTS, excluded=_TEXTS),
    trust_domain=_TEXT,
    crl_url=_TEXT,
    staging=_TEXT,
)
_AWS = _object(
    "kind",
    "arn",
    kind={"const": "aws-private-ca"},
    arn=_TEXT,
    region=_TEXT,
    template=_TEXT,
    signing_algorithm=_TEXT,
    lifetime=_DURATION,
    staging=_TEXT,
)
_CHALLENGE = {
    "oneOf": [
        _object(kind={"const": "http-01"}, listen=_TEXT),
        _object("webroot", kind={"const": "http-01"}, webroot=_TEXT),
        _object("kind", kind={"const": "tls-alpn-01"}, listen=_TEXT),
        _object(
            "kind",
            "server",
            kind={"const": "dns-01"},
            provider={"const": "rfc2136"},
            server=_TEXT,
            zone=_TEXT,
            key_name=_TEXT,
            key_algorithm={"enum": list(TSIG)},
            key=_SECRET,
            settle=_DURATION,
        ),
        _object(
            "kind", "provider", kind={"const": "dns-01"}, provider={"const": "route53"}, zone=_TEXT, settle=_DURATION
        ),
        _object(
            "kind",
            "provider",
            "hook",
            kind={"const": "dns-01"},
            provider={"const": "hook"},
            hook=_TEXTS,
            zone=_TEXT,
            settle=_DURATION,
        ),
    ]
}
_DEPLOY = _object(
    "directory",
    directory=_TEXT,
    key_mode=_MODE,
    certificate_mode=_MODE,
    directory_mode=_MODE,
    reload={"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}},
    reload_within=_DURATION,
    verify=_some(_object("endpoint", endpoint=_TEXT, server_name=_TEXT, within=_DURATION)),
)
_WANTED = _object(
    "names",
    "issuers",
    names=_TEXTS,
    issuers=_TEXTS,
    key=_KEY,
    keep_key=_FLAG,
    lifetime=_DURATION,
    renew_before=_DURATION,
    profile=_TEXT,
    challenge=_CHALLENGE,
    deploy=_DEPLOY,
    spare=_TEXT,
)

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Ringfence: the certificates section of the posture file",
    **_object(
        state=_TEXT,
        encryption=_SECRET,
        check_interval=_DURATION,
        registered_domains=_TEXTS,
        check_caa=_FLAG,
        resolver={**_TEXT, "description": "The address of a DNS server, with :PORT if it is not 53."},
        verifiers=_named(_TEXT),
        challenge=_CHALLENGE,
        issuers=_named({"oneOf": [_ACME, _PRIVATE, _AWS]}),
        issue=_named(_WANTED),
    ),
}
"""The whole section."""
