"""Identities in Linkerd's authentications that nobody proves, and Servers at which none is proved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ringfence.checks.claims import Reason, Unproved, of_account
from ringfence.checks.finding import View
from ringfence.checks.mesh import Pods, linkerd, named, plural, pods
from ringfence.layers.linkerd_settings import SKIP_INBOUND_ANNOTATION, settings
from ringfence.layers.linkerd_values import LinkerdValues
from ringfence.model.intervals import IntervalSet
from ringfence.model.spans import Span
from ringfence.resources.linkerd import Server, TargetReference
from ringfence.topology.mesh.linkerd import PROXY

MARK = ".serviceaccount.identity."
"""What stands between account and control plane in an identity."""

Claim = tuple[str, Span, str, str]
"""A title, the place, what is named, and the identity that it comes to."""


def of_linkerd(view: View) -> Iterator[Unproved]:
    """Everything of this kind: authentications, then Servers."""
    mesh = linkerd(view)
    if mesh is None:
        return
    for title, span, shown, identity in _claims(view, mesh.installed):
        why = _nobody(view, identity, mesh.installed)
        if why is not None:
            yield Unproved(f"{title} names {shown}, which nobody proves: {why[0]}", span, why[1])
    for server in view.topology.objects.linkerd_servers:
        yield from _server(view, server)


def _claims(view: View, installed: LinkerdValues) -> Iterator[Claim]:
    objects = view.topology.objects
    for one in objects.linkerd_mesh_tls_authentications:
        title = f"MeshTLSAuthentication {one.metadata.qualified_name}"
        for place, identity in enumerate(one.identities):
            yield title, one.span.at("spec", "identities", place), identity, identity
        for reference in one.identity_refs:
            yield title, reference.span, *_reference(reference, installed)
    for policy in objects.linkerd_authorization_policies:
        title = f"AuthorizationPolicy {policy.metadata.qualified_name}"
        for reference in policy.required_authentication_refs:
            if reference.is_a("", "ServiceAccount"):
                yield title, reference.span, *_reference(reference, installed)
    for old in objects.linkerd_server_authorizations:
        title, tls = f"ServerAuthorization {old.metadata.qualified_name}", old.client.mesh_tls
        where = old.span.at("spec", "client", "meshTLS")
        for place, identity in enumerate(tls.identities if tls else ()):
            yield title, where.at("identities", place), identity, identity
        for place, account in enumerate(tls.service_accounts if tls else ()):
            shown = f"{account.namespace}/{account.name}"
            identity = installed.identity(account.name, account.namespace)
            yield title, where.at("serviceAccounts", place), shown, identity


def _reference(reference: TargetReference, installed: LinkerdValues) -> tuple[str, str]:
    if reference.is_a("", "Namespace"):
        return f"namespace {reference.name}", installed.identity("*", reference.name)
    return f"{reference.namespace}/{reference.name}", installed.identity(reference.name, reference.namespace)


def _nobody(view: View, identity: str, installed: LinkerdValues) -> tuple[str, tuple[Reason, ...]] | None:
    """Why nobody proves an identity; None where somebody may, or where it is a pattern for several namespaces."""
    account, dot, rest = identity.partition(".")
    namespace, found, ends = rest.partition(MARK)
    if not dot or not found or "." in namespace or "*" in namespace:
        return None
    if ends != f"{installed.namespace}.{installed.trust_domain}":
        return f"identities of this mesh end in {MARK[1:]}{installed.namespace}.{installed.trust_domain}", ()
    return of_account(view, namespace, "" if account == "*" else account)


def _server(view: View, server: Server) -> Iterator[Unproved]:
    """A Server of which no pod's proxy sees the port."""
    chosen = tuple(pods_of(view, server))
    title = f"Server {server.metadata.qualified_name}"
    if not chosen:
        return
    if all(one.member is None for one in chosen):
        whom = f"{named(one.title for one in chosen)}, which {plural(chosen, 'has', 'have')} no proxy"
        what = f"{title} is for {whom} to ask for identities"
        yield Unproved(what, server.span, ((f"{chosen[0].title} has no proxy", chosen[0].template.span),))
        return
    if all(_skips(view, one, server) for one in chosen):
        what = f"{title}: its port {server.port} of {named(one.title for one in chosen)} goes past the proxy"
        yield Unproved(
            f"{what}, so that nobody proves anything there", server.span.at("spec", "port"), _skipping(chosen)
        )


def _skipping(chosen: Iterable[Pods]) -> tuple[Reason, ...]:
    """The annotations that say so."""
    steps = "metadata", "annotations", SKIP_INBOUND_ANNOTATION
    saying = (one for one in chosen if SKIP_INBOUND_ANNOTATION in one.template.annotations)
    what = f"has the annotation {SKIP_INBOUND_ANNOTATION}"
    return tuple((f"{one.title} {what}", one.template.span.at(*steps)) for one in saying)


def pods_of(view: View, server: Server) -> Iterator[Pods]:
    """The pods that a Server selects, members or not."""
    selector = server.pod_selector
    for one in pods(view) if selector is not None else ():
        if (
            one.namespace == server.metadata.namespace
            and selector is not None
            and selector.matches(one.template.labels)
        ):
            yield one


def numbers_of(server: Server, one: Pods) -> IntervalSet:
    """The ports that a Server means at some pods."""
    if isinstance(server.port, int):
        return IntervalSet.of(server.port)
    return IntervalSet.of(*(port.container_port for port in one.template.ports if port.name == server.port))


def _skips(view: View, one: Pods, server: Server) -> bool:
    """Whether what goes to the Server's port at a member passes no proxy."""
    mesh, wanted = linkerd(view), numbers_of(server, one)
    if mesh is None or one.member is None:
        return False
    place = next((had for had in view.topology.objects.namespaces if had.metadata.name == one.namespace), None)
    written_out = any(container.name == PROXY for container in one.template.containers)
    inherited = {} if place is None or written_out else place.metadata.annotations
    return bool(wanted) and wanted <= settings(one.template, inherited, mesh.installed).skip_inbound
