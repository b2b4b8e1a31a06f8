"""Services and Ingress objects that name a load balancer of the cloud, and what they put behind it.

The AWS Load Balancer Controller gives a load balancer that an annotation names listeners and target groups of its own:

    Service of type LoadBalancer      service.beta.kubernetes.io/aws-load-balancer-...
        name                          the balancer
        ssl-cert, ssl-ports           which of its ports are TLS: all with a certificate, unless said
        nlb-target-type               `instance` (default) or `ip`
        target-group-attributes       `preserve_client_ip.enabled`

    Ingress                           alb.ingress.kubernetes.io/...
        load-balancer-name            the balancer
        listen-ports                  its ports; else 443 with a certificate, 80 without
        target-type                   `instance` (default) or `ip`

A listener of the files on the same port stays what it is, and the annotation's is left out with a warning.

Source: AWS Load Balancer Controller, "Annotations" of Service and of Ingress.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ringfence.model.diagnostics import Diagnostic, warning
from ringfence.model.spans import Span
from ringfence.resources.aws import AwsObjects, Listener, LoadBalancer, TargetGroup
from ringfence.resources.kubernetes import Ingress, KubernetesObjects, Service, ServicePort
from ringfence.topology.aws.estate import name
from ringfence.topology.registrations import Registration

OF_SERVICE, OF_INGRESS = "service.beta.kubernetes.io/aws-load-balancer-", "alb.ingress.kubernetes.io/"
KEEPS = "preserve_client_ip.enabled="
TAKEN = "{title}: {balancer} has a listener on port {port} in the files, which stays what it is"


@dataclass(frozen=True, slots=True)
class Named:
    """A cloud with the listeners and target groups that annotations ask for, and what is registered there.

    `titles` are the entries (`topology.entries`) that are these balancers.
    """

    cloud: AwsObjects
    registrations: tuple[Registration, ...] = ()
    titles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Wish:
    """One port of a balancer and what is to be behind it: Services, each with a port."""

    title: str
    balancer: LoadBalancer
    port: int
    protocol: str
    behind: tuple[tuple[str, int | str | None], ...]
    target_type: str
    keeps_client: bool | None
    span: Span


def named(objects: KubernetesObjects, cloud: AwsObjects, wrong: list[Diagnostic]) -> Named:
    """What the annotations of these objects add to a cloud."""
    known = {one.label: one for one in cloud.load_balancers if isinstance(one.label, str)}
    taken = {(one.load_balancer, one.port) for one in cloud.listeners}
    listeners: list[Listener] = []
    groups: list[TargetGroup] = []
    found: list[Registration] = []
    titles: set[str] = set()
    for wish in (*_of_services(objects.services, known), *_of_ingresses(objects.ingresses, known)):
        if (wish.balancer.id, wish.port) in taken:
            message = TAKEN.format(title=wish.title, balancer=name(wish.balancer), port=wish.port)
            wrong.append(warning(message, wish.span))
            continue
        ids = []
        titles.add(wish.title)
        for service, port in dict.fromkeys(wish.behind):
            id = f"target group of {wish.title} for {service}:{port} behind {wish.port}"
            ids.append(id)
            groups.append(
                TargetGroup(
                    id=id,
                    protocol=wish.protocol,
                    target_type=wish.target_type,
                    preserve_client_ip=wish.keeps_client,
                    span=wish.span,
                )
            )
            found.append(Registration(id, service, port, True, wish.span))
        listener = Listener(
            id=f"{wish.title} {wish.port}",
            load_balancer=wish.balancer.id,
            port=wish.port,
            protocol=wish.protocol,
            target_groups=tuple(ids),
            span=wish.span,
        )
        listeners.append(listener)
    more = replace(cloud, listeners=(*cloud.listeners, *listeners), target_groups=(*cloud.target_groups, *groups))
    return Named(more, tuple(found), frozenset(titles))


def _of_services(services: Iterable[Service], known: dict[str, LoadBalancer]) -> Iterator[_Wish]:
    for service in services:
        given = {key: text for key, text in service.metadata.annotations.items() if key.startswith(OF_SERVICE)}
        balancer = known.get(given.get(f"{OF_SERVICE}name", ""))
        if balancer is None or service.type != "LoadBalancer":
            continue
        title = f"{service.type} {service.metadata.qualified_name}"
        by_address = given.get(f"{OF_SERVICE}type") == "nlb-ip"
        wanted = given.get(f"{OF_SERVICE}nlb-target-type") or ("ip" if by_address else "instance")
        keeps = _keeps(given.get(f"{OF_SERVICE}target-group-attributes", ""))
        for port in service.ports:
            behind = ((service.metadata.qualified_name, port.name or port.port),)
            yield _Wish(title, balancer, port.port, _protocol(port, given), behind, wanted, keeps, port.span)


def _protocol(port: ServicePort, given: Mapping[str, str]) -> str:
    if port.protocol != "TCP" or f"{OF_SERVICE}ssl-cert" not in given:
        return port.protocol
    chosen = {text.strip() for text in given.get(f"{OF_SERVICE}ssl-ports", "*").split(",")}
    return "TLS" if chosen & {"*", str(port.port), port.name or "*"} else "TCP"


def _keeps(attributes: str) -> bool | None:
    found = [one.strip().removeprefix(KEEPS) for one in attributes.split(",") if one.strip().startswith(KEEPS)]
    return found[-1] == "true" if found else None


def _of_ingresses(ingresses: Iterable[Ingress], known: dict[str, LoadBalancer]) -> Iterator[_Wish]:
    for ingress in ingresses:
        given = ingress.metadata.annotations
        balancer = known.get(given.get(f"{OF_INGRESS}load-balancer-name", ""))
        behind = tuple(
            (f"{ingress.metadata.namespace}/{one.service_name}", one.port)
            for one in ingress.backends
            if one.service_name
        )
        if balancer is None or not behind:
            continue
        title = f"Ingress {ingress.metadata.qualified_name}"
        wanted = given.get(f"{OF_INGRESS}target-type", "instance")
        for protocol, port in _listened(ingress):
            yield _Wish(title, balancer, port, protocol, behind, wanted, None, ingress.span)


def _listened(ingress: Ingress) -> Iterator[tuple[str, int]]:
    """Protocols and ports: what `listen-ports` says, e.g. `[{"HTTP": 80}, {"HTTPS": 443}]`."""
    given = ingress.metadata.annotations
    try:
        wanted = json.loads(given.get(f"{OF_INGRESS}listen-ports", ""))
    except ValueError:
        wanted = None
    pairs = (
        [pair for one in wanted if isinstance(one, dict) for pair in one.items()] if isinstance(wanted, list) else []
    )
    found = [(protocol, port) for protocol, port in pairs if protocol in ("HTTP", "HTTPS") and _is_port(port)]
    secured = f"{OF_INGRESS}certificate-arn" in given or bool(ingress.tls)
    yield from found or [("HTTPS", 443) if secured else ("HTTP", 80)]


def _is_port(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 65535
