"""AuthorizationPolicy and RequestAuthentication of `security.istio.io`, as istiod's admission leaves them.

What absence and emptiness mean (`istio.io/api/security/v1beta1`, `istio.io/api/type/v1beta1`):

    policy without rules           matches nothing: an ALLOW policy then denies everything
    rule without from, to, when    any source, any operation, no condition: `Rule()` matches everything
    a field of a source or operation that is empty    is not asked about
    selector without labels        every workload of the namespace (of all namespaces, in the root namespace)
    target_refs                    the policy is for gateways and waypoints alone; never beside a selector

Values of one field are alternatives, fields of one source or operation must all hold, `not_x` must hold for none of its
values.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from ringfence.model.spans import NOWHERE, Span
from ringfence.resources.kubernetes.metadata import ObjectMeta

DRY_RUN = "istio.io/dry-run"
"""The annotation by which an AuthorizationPolicy is only logged."""


class PolicyAction(StrEnum):
    """What a policy does with the requests that its rules match."""

    ALLOW = "ALLOW"
    DENY = "DENY"
    AUDIT = "AUDIT"
    CUSTOM = "CUSTOM"


@dataclass(frozen=True, slots=True)
class TargetReference:
    """An object of the policy's namespace that a policy attaches to; the group is empty for the core."""

    group: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Source:
    """Who asks. Each tuple holds patterns, but for the addresses and `service_accounts` (`namespace/name`, `name`)."""

    principals: tuple[str, ...] = ()
    not_principals: tuple[str, ...] = ()
    request_principals: tuple[str, ...] = ()
    not_request_principals: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    not_namespaces: tuple[str, ...] = ()
    service_accounts: tuple[str, ...] = ()
    not_service_accounts: tuple[str, ...] = ()
    trust_domains: tuple[str, ...] = ()
    not_trust_domains: tuple[str, ...] = ()
    ip_blocks: tuple[str, ...] = ()
    not_ip_blocks: tuple[str, ...] = ()
    remote_ip_blocks: tuple[str, ...] = ()
    not_remote_ip_blocks: tuple[str, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Operation:
    """What is asked for. `ports` are decimal numbers of the workload's own ports, the others patterns."""

    hosts: tuple[str, ...] = ()
    not_hosts: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    not_ports: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    not_methods: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    not_paths: tuple[str, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class When:
    """A condition on one attribute (`source.ip`, `request.headers[x]`): one of `values`, none of `not_values`."""

    key: str
    values: tuple[str, ...] = ()
    not_values: tuple[str, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One of the sources, one of the operations and all of the conditions."""

    sources: tuple[Source, ...] = ()
    operations: tuple[Operation, ...] = ()
    when: tuple[When, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AuthorizationPolicy:
    """Who may do what at the workloads that it selects. `provider` names the external authorizer of a CUSTOM policy.

    `selector` is None where none is written, and holds the labels, sorted by key, where one is.
    """

    metadata: ObjectMeta
    action: PolicyAction = PolicyAction.ALLOW
    rules: tuple[PolicyRule, ...] = ()
    selector: tuple[tuple[str, str], ...] | None = None
    target_refs: tuple[TargetReference, ...] = ()
    provider: str = ""
    dry_run: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TokenHeader:
    """A header that a token may travel in, behind a prefix (empty: none)."""

    name: str
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class ClaimHeader:
    """A header that is set to a claim of a valid token, whatever the client sent in it."""

    header: str
    claim: str


@dataclass(frozen=True, slots=True)
class JWTRule:
    """One issuer's tokens: where they are looked for, and what makes them valid.

    `audiences` empty: any. No place given (`from_headers`, `from_params`, `from_cookies`): the Bearer token of
    `Authorization`, or the parameter `access_token`. `jwks` are keys written down, `jwks_uri` where they are fetched;
    neither: found at the issuer's well-known address.
    """

    issuer: str = ""
    audiences: tuple[str, ...] = ()
    jwks: str = ""
    jwks_uri: str = ""
    from_headers: tuple[TokenHeader, ...] = ()
    from_params: tuple[str, ...] = ()
    from_cookies: tuple[str, ...] = ()
    output_payload_to_header: str = ""
    output_claim_to_headers: tuple[ClaimHeader, ...] = ()
    forward_original_token: bool = False
    space_delimited_claims: tuple[str, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class RequestAuthentication:
    """Which tokens the selected workloads verify. A token that no rule knows is refused; no token passes."""

    metadata: ObjectMeta
    jwt_rules: tuple[JWTRule, ...] = ()
    selector: tuple[tuple[str, str], ...] | None = None
    target_refs: tuple[TargetReference, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)
