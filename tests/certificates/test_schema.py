"""The published schema and the reader agree: what one takes the other takes, what one refuses the other refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ringfence.certificates.reading import read
from ringfence.certificates.schema import SCHEMA
from ringfence.model.spans import NOWHERE

PRIVATE: dict[str, Any] = {"kind": "private-ca", "directory": "ca"}
PUBLIC: dict[str, Any] = {"directory": "https://ca.example/dir"}
HTTP: dict[str, Any] = {"kind": "http-01", "listen": ":80"}


def section(**changes: Any) -> dict[str, Any]:
    base = {"issuers": {"own": PRIVATE}, "issue": {"web": {"names": ["a.example"], "issuers": ["own"]}}}
    return {**base, **changes}


def wanted(**changes: Any) -> dict[str, Any]:
    return section(issue={"web": {"names": ["a.example"], "issuers": ["own"], **changes}})


def issuer(**changes: Any) -> dict[str, Any]:
    return section(issuers={"own": {**PRIVATE, **changes}})


def challenge(**fields: Any) -> dict[str, Any]:
    return section(challenge=fields)


GOOD = [
    {},
    section(),
    section(state="s", check_interval="30m", encryption={"file": "p"}, registered_domains=["a.co.uk"]),
    section(verifiers={"web": "bundle.pem"}),
    section(challenge=HTTP),
    section(check_caa=False, resolver="192.0.2.53"),
    section(resolver="[2001:db8::53]:5353"),
    section(issuers={"own": {**PUBLIC, "caa_identities": ["ca.example", "ca.test"]}}, issue={}),
    section(issuers={"own": PRIVATE, "le": {**PUBLIC, "limits": [{"kind": "names", "count": 5, "window": "7d"}]}}),
    section(issuers={"own": {**PUBLIC, "eab": {"key_id": "k", "key": {"env": "EAB"}}, "terms_agreed": True}}, issue={}),
    section(issuers={"own": {"kind": "aws-private-ca", "arn": "arn:aws:acm-pca:eu-west-1:1:x", "lifetime": "3d"}}),
    issuer(name_constraints={"permitted": ["example"]}, trust_domain="example.org", longest_leaf="30d"),
    wanted(key="ed25519", keep_key=True, lifetime="6d", renew_before="2d", spare="own"),
    wanted(names="a.example"),
    wanted(deploy={"directory": "d", "key_mode": "0640", "reload": ["true"], "verify": [{"endpoint": "a:443"}]}),
    wanted(deploy={"directory": "d", "verify": {"endpoint": "a:443", "within": "5s", "server_name": "b"}}),
    wanted(deploy=None, profile=None),
    challenge(kind="http-01", webroot="w"),
    challenge(kind="tls-alpn-01"),
    challenge(kind="dns-01", server="ns.example", key_name="k", key={"file": "f"}, zone="example", settle="3s"),
    challenge(kind="dns-01", provider="route53", zone="Z1"),
    challenge(kind="dns-01", provider="hook", hook=["/bin/hook"]),
]

BAD = [
    [],
    section(stat="s"),
    section(check_interval="1 hour"),
    section(check_interval=3600),
    section(encryption="secret"),
    section(check_caa="no"),
    section(resolver=53),
    section(issuers={"own": {**PRIVATE, "caa_identities": ["ca.example"]}}),
    section(encryption={"file": "a", "env": "B"}),
    section(encryption={}),
    section(issuers={"own": {"directory": "http://ca.example/dir"}}, issue={}),
    section(issuers={"own": {"kind": "private-ca"}}),
    section(issuers={"own": {"kind": "letsencrypt", "directory": "https://x"}}),
    section(issuers={"a/b": PRIVATE}, issue={}),
    section(issuers={"own": {**PUBLIC, "eab": {"key_id": "k"}}}, issue={}),
    section(issuers={"own": {**PUBLIC, "limits": [{"kind": "names", "count": 0}]}}, issue={}),
    issuer(key="dsa"),
    issuer(name_constraints=["example"]),
    wanted(names=[]),
    wanted(names=[1]),
    wanted(names=None),
    wanted(keep_key="yes"),
    wanted(key="rsa-1024"),
    wanted(lifetime="-3d"),
    wanted(deploy={}),
    wanted(deploy={"directory": "d", "key_mode": 416}),
    wanted(deploy={"directory": "d", "key_mode": "0999"}),
    wanted(deploy={"directory": "d", "reload": "nginx -s reload"}),
    wanted(deploy={"directory": "d", "verify": [{}]}),
    section(issue={"web": {"names": ["a.example"]}}),
    section(issue={"web": None}),
    section(issue={"../web": {"names": ["a.example"], "issuers": ["own"]}}),
    challenge(kind="http-02"),
    challenge(kind="dns-01", provider="hook"),
    challenge(kind="dns-01", provider="rfc2136"),
    challenge(kind="dns-01", provider="cloud", server="x"),
    challenge(kind="http-01", webroot="w", listen=":80"),
]


@pytest.mark.parametrize("document", GOOD, ids=str)
def test_taken_by_both(document: Any) -> None:
    jsonschema.validate(document, SCHEMA)
    assert read(document, NOWHERE, Path())[1] == []


@pytest.mark.parametrize("document", BAD, ids=str)
def test_refused_by_both(document: Any) -> None:
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(document)
    assert read(document, NOWHERE, Path())[1] != []


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
