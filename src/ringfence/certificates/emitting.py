"""The posture file's certificates as cert-manager's manifests: Certificates, and the ClusterIssuers that sign them.

What Ringfence does itself on a machine, cert-manager does in a cluster; both work from one section. The first issuer of
a certificate is the one that counts, because cert-manager knows no fallback. What it cannot do, or what holds a secret
that no manifest should, comes back as a remark that says what is left to do.

Source: cert-manager's API (`cert-manager.io/v1`), and the AWS PCA issuer's (`awspca.cert-manager.io/v1beta1`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

from ringfence.certificates.configuration import (
    AcmeIssuer,
    AnyIssuer,
    AwsIssuer,
    Challenge,
    Configuration,
    PrivateIssuer,
    Wanted,
)

Manifest = dict[str, Any]

ALGORITHMS = {"ecdsa": "ECDSA", "rsa": "RSA", "ed25519": "Ed25519"}


@dataclass(frozen=True, slots=True)
class Emitted:
    """The manifests, issuers first, and what is left to do by hand."""

    manifests: tuple[Manifest, ...]
    remarks: tuple[str, ...]


def emit(configuration: Configuration, names: Iterable[str] = (), namespace: str = "default") -> Emitted:
    """The manifests of these certificates (none named: of all) for one namespace."""
    chosen = tuple(names) or tuple(configuration.wanted)
    wanted = [configuration.wanted[name] for name in chosen]
    remarks: dict[str, None] = {}
    manifests: list[Manifest] = []
    for name in dict.fromkeys(one.issuers[0] for one in wanted):
        served = [one for one in wanted if one.issuers[0] == name]
        manifests.append(_issuer(configuration.issuers[name], served, remarks))
    for one in wanted:
        manifests.append(_certificate(one, configuration.issuers[one.issuers[0]], namespace))
        if len(one.issuers) > 1 or one.spare:
            remarks[f"{one.name}: cert-manager has no fallback; only {one.issuers[0]} will sign"] = None
    return Emitted(tuple(manifests), tuple(remarks))


def _certificate(wanted: Wanted, issuer: AnyIssuer, namespace: str) -> Manifest:
    algorithm, _, size = wanted.key.partition("-")
    key: dict[str, Any] = {"algorithm": ALGORITHMS[algorithm]}
    if size:
        key["size"] = int(size.lstrip("p"))
    key["rotationPolicy"] = "Never" if wanted.keep_key else "Always"
    reference = {"name": issuer.name, "kind": "ClusterIssuer"}
    if isinstance(issuer, AwsIssuer):
        reference = {"name": issuer.name, "kind": "AWSPCAClusterIssuer", "group": "awspca.cert-manager.io"}
    spec: dict[str, Any] = {"secretName": f"{wanted.name}-tls", **dict(_names(wanted.names))}
    if wanted.lifetime is not None:
        spec["duration"] = _duration(wanted.lifetime)
    if wanted.renew_before is not None:
        spec["renewBefore"] = _duration(wanted.renew_before)
    spec |= {"privateKey": key, "issuerRef": reference}
    metadata = {"name": wanted.name, "namespace": namespace}
    return {"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": metadata, "spec": spec}


def _names(names: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    """The names by the field that holds their kind."""
    kinds: dict[str, list[str]] = {}
    for name in names:
        kinds.setdefault("uris" if "://" in name else "ipAddresses" if _is_address(name) else "dnsNames", []).append(
            name
        )
    yield from kinds.items()


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _issuer(issuer: AnyIssuer, served: list[Wanted], remarks: dict[str, None]) -> Manifest:
    version, kind = "cert-manager.io/v1", "ClusterIssuer"
    match issuer:
        case AcmeIssuer():
            spec: dict[str, Any] = {"acme": _acme(issuer, served, remarks)}
        case PrivateIssuer():
            remarks[f"{issuer.name}: put the authority's certificate and key into Secret {issuer.name}-ca"] = None
            spec = {"ca": {"secretName": f"{issuer.name}-ca"}}
        case AwsIssuer():
            version, kind = "awspca.cert-manager.io/v1beta1", "AWSPCAClusterIssuer"
            spec = {"arn": issuer.arn} | ({"region": issuer.region} if issuer.region else {})
            remarks[f"{issuer.name}: needs cert-manager's AWS PCA issuer in the cluster"] = None
    return {"apiVersion": version, "kind": kind, "metadata": {"name": issuer.name}, "spec": spec}


def _acme(issuer: AcmeIssuer, served: list[Wanted], remarks: dict[str, None]) -> dict[str, Any]:
    found: dict[str, Any] = {"server": issuer.directory}
    mails = [one.removeprefix("mailto:") for one in issuer.contact if one.startswith("mailto:")]
    if mails:
        found["email"] = mails[0]
    if issuer.profile:
        found["profile"] = issuer.profile
    found["privateKeySecretRef"] = {"name": f"{issuer.name}-account"}
    if issuer.eab_key_id:
        remarks[f"{issuer.name}: put the EAB key into Secret {issuer.name}-eab, key secret"] = None
        reference = {"name": f"{issuer.name}-eab", "key": "secret"}
        found["externalAccountBinding"] = {"keyID": issuer.eab_key_id, "keySecretRef": reference}
    solvers = [solver for one in served for solver in _solvers(one, issuer.name, remarks)]
    return found | {"solvers": solvers}


def _solvers(wanted: Wanted, issuer: str, remarks: dict[str, None]) -> Iterator[dict[str, Any]]:
    """The solver that proves the names of one certificate, for these names alone."""
    challenge = wanted.challenge or Challenge()
    names = [name for name in wanted.names if "://" not in name and not _is_address(name)]
    how: dict[str, Any]
    if challenge.kind == "http-01":
        how = {"http01": {"ingress": {}}}
    elif challenge.kind == "dns-01" and challenge.provider == "route53":
        how = {"dns01": {"route53": {"hostedZoneID": challenge.zone} if challenge.zone else {}}}
    elif challenge.kind == "dns-01" and challenge.provider == "rfc2136":
        remarks[f"{issuer}: put the TSIG key into Secret {issuer}-tsig, key secret"] = None
        host, port = challenge.server
        update = {
            "nameserver": f"{host}:{port}",
            "tsigKeyName": challenge.key_name,
            "tsigAlgorithm": challenge.key_algorithm.replace("-", "").upper(),
            "tsigSecretSecretRef": {"name": f"{issuer}-tsig", "key": "secret"},
        }
        how = {"dns01": {"rfc2136": update}}
    else:
        kind = challenge.provider or challenge.kind
        remarks[f"{wanted.name}: cert-manager cannot prove names by {kind}; add a solver to {issuer}"] = None
        return
    yield {"selector": {"dnsNames": names}, **how}


def _duration(length: timedelta) -> str:
    """As Go reads it: hours and minutes."""
    hours, seconds = divmod(int(length.total_seconds()), 3600)
    return f"{hours}h{seconds // 60}m0s" if seconds else f"{hours}h0m0s"
