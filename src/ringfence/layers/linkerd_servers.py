"""Linkerd's Servers among each other: the numbers of their ports, which of them counts, and who hears of opaque ones.

A port is a number, or a name of container ports; several ports of a pod may have one name, and all of them are meant.

Of several Servers for one port of a pod the oldest counts, then the first by name. Where one of them has no creation
time (manifests have none), nobody knows: then the Servers of that namespace have no order, but where two say their age
the younger does not count for pods of the older.

Clients take a port for opaque where an annotation says so or any Server of protocol `opaque` has it, even one that does
not count.

Sources: linkerd2's `policy-controller/k8s/index/src/inbound/index.rs` and
`controller/api/destination/watcher/endpoints_watcher.go` (`SetToServerProtocol`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from ringfence.layers.kubernetes_selectors import pods
from ringfence.layers.linkerd_settings import NAMED, TOLD_OPAQUE, Settings, having, listed
from ringfence.model.intervals import IntervalSet
from ringfence.model.selectors import ANYTHING, AllOf, AnyOf, Not, Selector
from ringfence.resources.linkerd import OPAQUE, Server


@dataclass(frozen=True)
class Proxies:
    """The distinct settings of members, by what is asked of them."""

    distinct: tuple[Settings, ...]

    @cached_property
    def named(self) -> Mapping[str, tuple[tuple[int, ...], ...]]:
        """The numbers that a port of a name has, as they stand together on some pod."""
        found: dict[str, dict[tuple[int, ...], None]] = {}
        for name, together in (port for one in self.distinct for port in one.named_ports):
            found.setdefault(name, {})[together] = None
        return {name: tuple(sets) for name, sets in found.items()}

    @cached_property
    def probes(self) -> Mapping[int, tuple[tuple[str, ...], ...]]:
        """The paths that are asked for at a port, as they stand together on some pod."""
        found: dict[int, dict[tuple[str, ...], None]] = {}
        for number, paths in (probe for one in self.distinct for probe in one.probes):
            found.setdefault(number, {})[paths] = None
        return {number: tuple(sets) for number, sets in sorted(found.items())}

    @cached_property
    def opaque(self) -> tuple[IntervalSet, ...]:
        """The lists of ports whose protocol the proxy itself does not look at."""
        return values(one.opaque_ports for one in self.distinct)

    @cached_property
    def told(self) -> tuple[IntervalSet, ...]:
        """The lists of ports that clients take for opaque."""
        return values(one.told_opaque for one in self.distinct)


@dataclass(frozen=True)
class Opaque:
    """Who tells clients that a port is opaque."""

    proxies: Proxies
    servers: tuple[Server, ...]

    def of(self, namespace: str, number: int) -> Selector | None:
        """The pods of a namespace whose port is told so; None: none."""
        texts = [str(one) for one in self.proxies.told if number in one]
        found = (*([having(TOLD_OPAQUE, *texts)] if texts else []), *self._by_port.get((namespace, number), ()))
        return AnyOf(found) if found else None

    @cached_property
    def _by_port(self) -> Mapping[tuple[str, int], list[Selector]]:
        found: dict[tuple[str, int], list[Selector]] = {}
        for server in self.servers:
            if server.proxy_protocol == OPAQUE and server.pod_selector is not None:
                for number, holders in numbers(server, self.proxies):
                    key = (server.metadata.namespace, number)
                    found.setdefault(key, []).append(both(holders, selected(server)))
        return found


def age(server: Server) -> tuple[bool, str, str]:
    """The order in which Servers count: the oldest first, then by name; at the end those that say no age."""
    return not server.metadata.creation_timestamp, server.metadata.creation_timestamp, server.metadata.name


@dataclass(frozen=True, slots=True)
class Ranked:
    """A Server of pods. `place`: from 1 on in its namespace; equal places have no order.

    `ports`: its numbers, and the pods that have each of them and for which it may count.
    """

    server: Server
    place: int
    ports: tuple[tuple[int, Selector], ...]


def ranked(servers: Iterable[Server], proxies: Proxies) -> Iterator[Ranked]:
    """The Servers of pods, each namespace's in the order in which they count."""
    chosen = sorted((one for one in servers if one.pod_selector is not None), key=age)
    unsorted = _unsorted(chosen, proxies)
    places: dict[str, int] = {}
    older: dict[tuple[str, int], list[Selector]] = {}
    for server in chosen:
        namespace, ports = server.metadata.namespace, tuple(numbers(server, proxies))
        if namespace not in unsorted:
            places[namespace] = places.get(namespace, 0) + 1
            yield Ranked(server, places[namespace], ports)
        elif not server.metadata.creation_timestamp:
            yield Ranked(server, 1, ports)
        else:
            before = {number: AnyOf(tuple(older.setdefault((namespace, number), []))) for number, _ in ports}
            yield Ranked(
                server,
                1,
                tuple((n, both(holders, Not(before[n])) if before[n].parts else holders) for n, holders in ports),
            )
            for number, holders in ports:
                older[namespace, number].append(both(holders, selected(server)))


def numbers(server: Server, proxies: Proxies) -> Iterator[tuple[int, Selector]]:
    """The numbers of a Server's port, and the pods that have it under this number."""
    if isinstance(server.port, int):
        yield server.port, ANYTHING
        return
    sets = proxies.named.get(server.port, ())
    for number in sorted({number for one in sets for number in one}):
        yield number, having(f"{NAMED}/{server.port}", *(listed(one) for one in sets if number in one))


def selected(server: Server) -> Selector:
    """The pods of a Server that selects pods."""
    assert server.pod_selector is not None
    return pods(server.metadata.namespace, server.pod_selector)


def both(first: Selector, second: Selector) -> Selector:
    """Where both hold, without parts that say nothing."""
    parts = tuple(one for one in (first, second) if one != ANYTHING)
    return AllOf(parts) if len(parts) > 1 else parts[0] if parts else ANYTHING


def values(sets: Iterable[IntervalSet]) -> tuple[IntervalSet, ...]:
    """The distinct sets that hold anything."""
    return tuple(one for one in dict.fromkeys(sets) if one)


def _unsorted(servers: Iterable[Server], proxies: Proxies) -> frozenset[str]:
    """The namespaces in which a Server without creation time has a number that another has, too."""
    holders: dict[tuple[str, int], list[Server]] = {}
    for server in servers:
        for number, _ in numbers(server, proxies):
            holders.setdefault((server.metadata.namespace, number), []).append(server)
    return frozenset(
        namespace
        for (namespace, _), found in holders.items()
        if len(found) > 1 and not all(one.metadata.creation_timestamp for one in found)
    )
