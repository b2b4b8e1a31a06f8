"""A loaded configuration and the questions that it answers: who reaches whom, why, and whether a posture holds.

    from ringfence import load

    net = load("k8s/")
    flow = net.reach("storefront/web", "storefront/db", port="tcp/5432")
    print(flow.outcome, flow.explain().witness)

`ringfence.loading` reads files; everything here is computed when asked for, kept, and touches nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from ringfence.checks.entry_targets import ways
from ringfence.checks.finding import Finding, View
from ringfence.checks.registry import run
from ringfence.engine.connectivity import Connectivity
from ringfence.engine.explain import Explanation, explain
from ringfence.engine.outcomes import Outcome
from ringfence.engine.overview import Overview, overview
from ringfence.engine.reach import Reachability
from ringfence.engine.witness import Field, Witnesses
from ringfence.layers import network_policy
from ringfence.layers.mesh_facets import AMBIENT, MESH, PLANE
from ringfence.model.conditions import Request
from ringfence.model.diagnostics import Diagnostic, InputError, error
from ringfence.model.headers import ALL_TCP, HeaderSet, from_port, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.networks import Endpoint
from ringfence.model.spans import NOWHERE, Span
from ringfence.posture.document import Posture
from ringfence.posture.intents import prove
from ringfence.posture.proofs import Proof, Scene
from ringfence.topology.joined import UNBOUND, placed
from ringfence.topology.kubernetes import Topology
from ringfence.topology.mesh.requests import seen
from ringfence.topology.names import Side, headers, side
from ringfence.topology.relays import Relay, relays

NOT_CERTAIN, REFUSED = " (not certain)", " (refused on the way)"
NO_WAY = " (nobody outside gets to the nodes)"


@dataclass(frozen=True)
class Network:
    """A configuration, and every question that it answers. Made by `load`."""

    topology: Topology
    diagnostics: tuple[Diagnostic, ...] = ()
    posture: Posture | None = None
    posture_span: Span = NOWHERE
    _reached: dict[Any, Reachability] = field(default_factory=dict, repr=False)

    @cached_property
    def connectivity(self) -> Connectivity:
        """All relations between workloads, worked out when asked for."""
        return Connectivity(self._reachability(None))

    @cached_property
    def witnesses(self) -> Witnesses:
        """Concrete packets for claims about sets."""
        return Witnesses(self._reachability(None))

    @cached_property
    def findings(self) -> list[Finding]:
        """What the checks find, the worst first."""
        return run(self._view)

    @cached_property
    def _view(self) -> View:
        return View(self.topology, self.connectivity, self.witnesses)

    @cached_property
    def proofs(self) -> tuple[list[Proof], list[Diagnostic]]:
        """The intents of the posture file and what became of each, and complaints about its selections."""
        if self.posture is None:
            return [], []
        return prove(self.posture, self.posture_span, self._scene)

    def _scene(self, request: Mapping[str, Any]) -> Scene:
        """The network as a request sees it that an intent speaks of."""
        more = self._relays, placed(self.topology) is not None
        if not request:
            return Scene(self.connectivity, self.witnesses, "", *more)
        asked = self._request(request)
        reach = self._reachability(asked)
        words = " ".join(str(request[key]) for key in ("method", "path", "host") if key in request)
        return Scene(Connectivity(reach), Witnesses(reach, asked), words or "this request", *more)

    @cached_property
    def _relays(self) -> dict[str, list[Relay]]:
        return relays(self.topology, placed=placed(self.topology) is True)

    @cached_property
    def overview(self) -> Overview | None:
        """The network in a few numbers; None where it is too large to be counted in a moment."""
        return overview(self.connectivity, self.topology.inside)

    def side(self, name: str) -> Side:
        """What a name means here. Raises InputError with near names where it means nothing."""
        return side(name, self.topology.network.endpoints)

    @property
    def exposed(self) -> tuple[tuple[str, Span], ...]:
        """The ways in from outside, as sentences with their places."""
        found: dict[tuple[str, Span], None] = {}
        for way in ways(self._view):
            port = f"{way.target.protocol}/{way.target.port}"
            how = REFUSED if not way.may else NO_WAY if way.led is False else "" if way.must else NOT_CERTAIN
            found[f"{way.entry.title} -> {way.workload} {port}{how}", way.entry.span] = None
        return tuple(found)

    def reach(
        self,
        source: str,
        target: str,
        port: str = "any",
        request: Mapping[str, Any] | None = None,
        src_port: int | None = None,
        client_tls: str | None = None,
    ) -> Flow:
        """The flow from one name to another. `request` has `method`, `path` ... (see `topology.mesh.requests`).

        `src_port` is the client's port; None: any of its own. `client_tls` (`mtls`, `plaintext`) is what the client
        sends; None: what its mesh chooses. Raises InputError where one of them cannot be.
        """
        wanted = _leaving(headers(port), src_port)
        sender, receiver = self.side(source), self.side(target)
        sides = self._dialled(sender, receiver, wanted) if client_tls != "plaintext" else ((receiver, wanted),)
        return Flow(self, sender, sides, self._request(request), _client_tls(client_tls))

    def _dialled(self, sender: Side, receiver: Side, wanted: HeaderSet) -> tuple[tuple[Side, HeaderSet], ...]:
        """What the sender dials to get to the receiver: a waypoint, where one stands before pods and ztunnel sends."""
        behind = [one for one in receiver.endpoints if self.topology.waypoints.of_pods((one,))]
        if not behind or not (wanted & ALL_TCP) or not (captured := _captured(sender)):
            return ((receiver, wanted),)
        found = [(replace(receiver, endpoints=self.topology.waypoints.of_pods(behind)), wanted & ALL_TCP)]
        past = wanted - ALL_TCP if len(captured) == len(sender.endpoints) else wanted
        others = tuple(one for one in receiver.endpoints if one not in behind)
        found += [(replace(receiver, endpoints=others), wanted)] if others else []
        found += [(replace(receiver, endpoints=tuple(behind)), past)] if past else []
        return tuple(found)

    def via_service(
        self,
        source: str,
        service: str,
        protocol: str,
        port: int | None,
        request: Mapping[str, Any] | None = None,
        src_port: int | None = None,
        client_tls: str | None = None,
    ) -> Flow:
        """The flow to whoever stands behind a Service (`namespace/name`) on one of its ports."""
        targets = self.topology.service(service, protocol, port)
        sender = self.side(source)
        dialled = self.topology.waypoints.dialled(service) if protocol == "tcp" else ()
        captured = _captured(sender)
        parts = []
        if dialled and captured:
            for one, _ in self.topology.service_ports(service, protocol, port):
                parts.append((Side(service, dialled), _leaving(ports("tcp", IntervalSet.of(one.port)), src_port)))
            if len(captured) == len(sender.endpoints):
                targets = ()
        for target in targets:
            members = tuple(self.topology.behind(target))
            wanted = _leaving(ports(target.protocol, IntervalSet.of(target.port)), src_port)
            if members:
                parts.append((Side(service, members), wanted))
        if not parts:
            where = protocol if port is None else f"{protocol}/{port}"
            raise InputError(error(f"no pod stands behind Service {service} on {where}"))
        return Flow(self, sender, tuple(parts), self._request(request), _client_tls(client_tls))

    def _request(self, http: Mapping[str, Any] | None) -> Request | None:
        return None if http is None else Request(seen(self.topology.meshes, http))

    def _reachability(self, request: Request | None, client_tls: str | None = None) -> Reachability:
        key = None if request is None else tuple(sorted(request.subjects.items())), client_tls
        if key not in self._reached:
            self._reached[key] = Reachability(self.topology.network, request, client_tls)
        return self._reached[key]


def _captured(sender: Side) -> list[Endpoint]:
    """The clients whose connections ztunnel brings to waypoints."""
    return [one for one in sender.endpoints if one.facets.get(MESH, {}).get(PLANE) == AMBIENT]


@dataclass(frozen=True)
class Flow:
    """A question about one flow. `targets` are alternatives, each with the headers that a packet to it has."""

    network: Network
    source: Side
    targets: tuple[tuple[Side, HeaderSet], ...]
    request: Request | None = None
    client_tls: str | None = None

    @property
    def outcome(self) -> Outcome:
        """What becomes of it."""
        return self.explain().outcome

    def explain(self) -> Explanation:
        """The outcome, and a packet that shows it. Raises InputError where no packet can be such a flow."""
        source = self.source
        parts = [
            (Field(source.endpoints, target.endpoints, source.addresses, target.addresses), wanted)
            for target, wanted in self.targets
        ]
        sure = source.sure and all(target.sure for target, _ in self.targets)
        reach = self.network._reachability(self.request, self.client_tls)
        found = explain(Witnesses(reach, self.request), parts, sure)
        if found is None:
            names = " or ".join(target.name for target, _ in self.targets)
            why = "they share no address family"
            if self.client_tls == "mtls" and not any(one.identity for one in source.endpoints):
                why = "it is in no mesh, and has no certificate for mutual TLS"
            raise InputError(error(f"no packet goes from {source.name} to {names}: {why}"))
        return replace(found, notes=tuple(self._notes(found)))

    def _notes(self, found: Explanation) -> Iterator[str]:
        """Why nothing is known, or why a NetworkPolicy refuses a port that it lists: proxies meet at their own."""
        if found.outcome is Outcome.UNKNOWN and placed(self.network.topology) is None:
            yield f"{UNBOUND}; `clusters` in ringfence.yaml says it"
        hop = found.witness.branch.deciding
        refused = found.outcome is not Outcome.ALLOWED and hop is not None and hop.layer == network_policy.LAYER
        if not refused or found.witness.packet.header.plane != "mtls":
            return
        planes = {one.facets.get(MESH, {}).get(PLANE) for one in self.source.endpoints}
        for tunnel in (one for mesh in self.network.topology.meshes for one in mesh.tunnels):
            spoken = [to for plane, to in tunnel.peers if plane in planes]
            servers = [one for target, _ in self.targets for one in target.endpoints]
            if any(to.matches(one) is not False for to in spoken for one in servers):
                yield f"between these proxies TCP travels to port {tunnel.port}, and a NetworkPolicy sees that port"


def _leaving(wanted: HeaderSet, src_port: int | None) -> HeaderSet:
    """Those of the headers that leave the client's port. Raises InputError where it is none."""
    if src_port is None:
        return wanted
    if not 0 <= src_port <= 65535:
        raise InputError(error(f"{src_port} is not a source port"))
    return wanted & from_port(src_port)


def _client_tls(text: str | None) -> str | None:
    if text not in (None, "mtls", "plaintext"):
        raise InputError(error(f"{text!r} is not what a client sends: mtls or plaintext"))
    return text
