"""A policy cuts off the way of an ACME challenge.

## What it does
For each cert-manager Certificate whose ACME issuer proves names over HTTP-01: asks whether the ingress controller may
reach the solver pod that cert-manager will start in the Certificate's namespace (port 8089), and whether cert-manager
itself may reach the authority (port 443).

## Why it is bad
The certificate that is there goes on working, and nothing is wrong until the day of its renewal: then the authority
cannot see the challenge, and the first who notice are the users. A default deny that came after the first issuance is
the usual cause.

## Example
    kind: NetworkPolicy
    metadata: {name: default-deny, namespace: shop}
    spec: {podSelector: {}, policyTypes: [Ingress]}     # and a Certificate of this namespace, issued over HTTP-01

## Instead
    spec:
      podSelector: {matchLabels: {acme.cert-manager.io/http01-solver: "true"}}
      ingress:
        - from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}}]
          ports: [{port: 8089}]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ringfence.checks.finding import Check, Finding, Severity, View
from ringfence.engine.decisions import Decisions, Side, decide
from ringfence.engine.witness import Field
from ringfence.layers.kubernetes_selectors import NAMESPACE, POD
from ringfence.model.headers import Header, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint
from ringfence.model.rules import Action, Direction
from ringfence.model.spans import Span
from ringfence.resources.kubernetes import RawObject, mapping_at
from ringfence.topology.controllers import CONTROLLER, running
from ringfence.topology.entries import OUTSIDE
from ringfence.topology.pods import PODS

CHECK = Check(
    "RF301",
    "challenge-blocked",
    "ACME challenge that a policy cuts off",
    Severity.HIGH,
    "0.1",
    "admit the ingress controller to pods labelled acme.cert-manager.io/http01-solver=true on port 8089, and"
    " cert-manager to the authority on port 443",
    ("https://cert-manager.io/docs/configuration/acme/http01/",),
)

GROUP = "cert-manager.io"
SOLVER_LABELS = {"acme.cert-manager.io/http01-solver": "true"}
SOLVER_PORT = 8089
"""What cert-manager's solver pods are labelled with, and where they listen."""
CONTROLLER_IMAGE = "cert-manager-controller"

HTTPS = ports("tcp", IntervalSet.of(443))


def run(view: View) -> Iterator[Finding]:
    """One finding for each Certificate whose challenge is refused, and one where cert-manager is locked in."""
    issuers = {_key(one): one for one in _of_kind(view, "Issuer", "ClusterIssuer")}
    over_http = [one for one in _of_kind(view, "Certificate") if _over_http(_issuer(one, issuers))]
    for certificate in over_http:
        namespace = certificate.metadata.namespace
        refusal = _refusal(view, namespace)
        if refusal is not None:
            message = f"the HTTP-01 challenge of Certificate {certificate.metadata.qualified_name} is cut off"
            yield Finding(CHECK, CHECK.severity, message, certificate.span, (refusal,))
    if any(_is_acme(issuer) for issuer in issuers.values()):
        yield from _locked_in(view)


def _locked_in(view: View) -> Iterator[Finding]:
    """cert-manager's own way to the authority."""
    objects = view.topology.objects
    for workload in objects.workloads:
        images = (one.image for template in workload.templates for one in template.containers)
        if not any(CONTROLLER_IMAGE in image for image in images):
            continue
        relations = view.connectivity.relations(workload.title, OUTSIDE)
        if not any(443 in one.may.tcp for one in relations):
            witness = view.witnesses.failing(_field(view, workload.title), HTTPS)
            message = f"{workload.title} cannot reach any ACME authority: port 443 to the outside is refused"
            yield Finding(CHECK, CHECK.severity, message, workload.span, (), witness)


def _refusal(view: View, namespace: str) -> tuple[str, Span] | None:
    """Who surely refuses the solver's traffic from each controller; None where one may come through."""
    namespaces = {one.metadata.name: one.metadata.labels for one in view.topology.objects.namespaces}
    refused: tuple[str, Span] | None = None
    for source in _controllers(view):
        facets = {POD: SOLVER_LABELS, NAMESPACE: namespaces[namespace]}
        solver = Endpoint("solver", PODS, source.addresses, namespace=namespace, facets=facets)
        found = _denied(_judged(view, source, solver))
        if found is None:
            return None
        refused = found
    return refused


def _judged(view: View, source: Endpoint, solver: Endpoint) -> Iterator[Decisions]:
    header = Header("tcp", 49152, SOLVER_PORT)
    address = source.addresses.first()
    for chain in view.topology.network.locations[PODS].chains:
        if chain.direction is Direction.EGRESS and source.location == PODS:
            yield decide(chain, PODS, source, Side(solver, address), header, None)
        if chain.direction is Direction.INGRESS:
            yield decide(chain, PODS, solver, Side(source, address), header, None)


def _denied(judged: Iterable[Decisions]) -> tuple[str, Span] | None:
    for decisions in judged:
        if all(one.action is Action.DENY for one in decisions.possible):
            hop = decisions.possible[0].hop
            return f"{hop.layer} {hop.direction}: {hop.because or hop.rule}", hop.span
    return None


def _controllers(view: View) -> list[Endpoint]:
    """The pods of the ingress controllers; where the files hold none, one of which nothing is known."""
    names = {title for _, title in running(view.topology.objects)} or {CONTROLLER}
    found = [one for name in names for one in view.connectivity.workloads.get(name, ())]
    outside = view.connectivity.workloads[OUTSIDE][0]
    return found or [Endpoint(CONTROLLER, CONTROLLER, outside.addresses, unknown_facets=frozenset((POD, NAMESPACE)))]


def _field(view: View, title: str) -> Field:
    return Field(view.connectivity.workloads[title], view.connectivity.workloads[OUTSIDE])


def _of_kind(view: View, *kinds: str) -> list[RawObject]:
    return [one for one in view.topology.objects.others if one.group == GROUP and one.kind in kinds]


def _key(issuer: RawObject) -> tuple[str, str, str]:
    return issuer.kind, issuer.metadata.namespace if issuer.kind == "Issuer" else "", issuer.metadata.name


def _issuer(certificate: RawObject, issuers: Mapping[tuple[str, str, str], RawObject]) -> RawObject | None:
    reference = mapping_at(certificate.document, "spec", "issuerRef")
    kind = reference.get("kind") or "Issuer"
    return issuers.get((kind, certificate.metadata.namespace if kind == "Issuer" else "", str(reference.get("name"))))


def _is_acme(issuer: RawObject | None) -> bool:
    return issuer is not None and bool(mapping_at(issuer.document, "spec", "acme"))


def _over_http(issuer: RawObject | None) -> bool:
    """Whether some solver of the issuer proves names over HTTP-01, through an Ingress or a Gateway."""
    if issuer is None:
        return False
    solvers = mapping_at(issuer.document, "spec", "acme").get("solvers")
    return any(isinstance(one, Mapping) and one.get("http01") for one in solvers or ())
