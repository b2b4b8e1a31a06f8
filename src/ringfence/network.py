"""Ringfence as a library: load configuration, ask who reaches whom, prove a posture.

    from ringfence import load

    net = load("k8s/")
    flow = net.reach("storefront/web", "storefront/db", port="tcp/5432")
    print(flow.outcome, flow.explain().witness)

`load` reads files; everything after it is computed and cached, and touches nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from ringfence.checks.entry_targets import ways
from ringfence.checks.finding import Finding, View
from ringfence.checks.registry import run
from ringfence.engine.connectivity import Connectivity
from ringfence.engine.explain import Explanation, explain
from ringfence.engine.outcomes import Outcome
from ringfence.engine.overview import Overview, overview
from ringfence.engine.reach import Reachability
from ringfence.engine.witness import Field, Witnesses
from ringfence.model.conditions import Request
from ringfence.model.diagnostics import Diagnostic, InputError, error
from ringfence.model.headers import HeaderSet, from_port, ports
from ringfence.model.intervals import IntervalSet
from ringfence.model.spans import NOWHERE, Span
from ringfence.posture.document import Posture
from ringfence.posture.document import read as read_posture
from ringfence.posture.intents import prove
from ringfence.posture.proofs import Proof, Scene
from ringfence.posture_file import POSTURE_FILE
from ringfence.sources import configuration
from ringfence.sources.files import InputFile, Observer, gather
from ringfence.sources.yaml_documents import documents
from ringfence.topology import aws
from ringfence.topology.bindings import Binding
from ringfence.topology.bindings import parse as bindings
from ringfence.topology.composition import compose
from ringfence.topology.kubernetes import Topology, build
from ringfence.topology.names import Side, headers, side
from ringfence.topology.options import parse


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
        if not request:
            return Scene(self.connectivity, self.witnesses)
        asked = _request(request)
        reach = self._reachability(asked)
        words = " ".join(str(request[key]) for key in ("method", "path", "host") if key in request)
        return Scene(Connectivity(reach), Witnesses(reach, asked), words or "this request")

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
            how = "" if way.must else " (not certain)" if way.may else " (refused on the way)"
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
        """The flow from one name to another. `request` maps subjects (`method`, `path`, `header:x`) to values.

        `src_port` is the client's port; None: any of its own. `client_tls` (`mtls`, `plaintext`) is what the client
        sends; None: what its mesh chooses. Raises InputError where one of them cannot be.
        """
        wanted = _leaving(headers(port), src_port)
        sides = ((self.side(target), wanted),)
        return Flow(self, self.side(source), sides, _request(request), _client_tls(client_tls))

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
        parts = []
        for target in targets:
            members = tuple(self.topology.behind(target))
            wanted = _leaving(ports(target.protocol, IntervalSet.of(target.port)), src_port)
            if members:
                parts.append((Side(service, members), wanted))
        if not parts:
            where = protocol if port is None else f"{protocol}/{port}"
            raise InputError(error(f"no pod stands behind Service {service} on {where}"))
        return Flow(self, self.side(source), tuple(parts), _request(request), _client_tls(client_tls))

    def _reachability(self, request: Request | None, client_tls: str | None = None) -> Reachability:
        key = None if request is None else tuple(sorted(request.subjects.items())), client_tls
        if key not in self._reached:
            self._reached[key] = Reachability(self.topology.network, request, client_tls)
        return self._reached[key]


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
            raise InputError(error(f"no packet goes from {source.name} to {names}: they share no address family"))
        return found


def load(
    *paths: str | os.PathLike[str],
    options: Mapping[str, Any] | None = None,
    posture: str | os.PathLike[str] | None = None,
    stdin: BinaryIO | None = None,
    progress: Observer | None = None,
) -> Network:
    """Reads configuration from files and folders.

    Where `posture` is not given, a `ringfence.yaml` in one of the folders is it; its sources count as paths where no
    others are given beside its folder. `options` go before those of the posture file. Nothing raises for bad content:
    that is in `diagnostics`. Raises InputError where a posture file that is named is not there.
    """
    chosen = _posture_file(paths, posture)
    diagnostics: list[Diagnostic] = []
    document, span = Posture(), NOWHERE
    wanted = [os.fspath(path) for path in paths]
    if chosen is not None:
        document, span = _read_posture(chosen, diagnostics)
        if document.sources:
            beside = [path for path in wanted if Path(path).resolve() != chosen.parent.resolve()]
            wanted = [*beside, *(os.path.normpath(chosen.parent / source) for source in document.sources)]
        elif not wanted:
            wanted = [str(chosen.parent)]
    semantic, wrong = parse({**document.options, **(options or {})}, span.at("options"))
    found, unread = configuration.read(wanted, stdin, progress)
    topology = build(found.cluster, semantic)
    binding = _binding(document, span.at("clusters"), wrong)
    if found.cloud is not None:
        topology = compose(topology, aws.build(found.cloud), binding)
    everything = (*diagnostics, *wrong, *unread, *topology.diagnostics)
    return Network(topology, everything, None if chosen is None else document, span)


def _binding(document: Posture, span: Span, wrong: list[Diagnostic]) -> Binding | None:
    """Where the cluster of the manifests runs, if the posture file says so."""
    if "clusters" not in document.sections:
        return None
    found, complaints = bindings(document.sections["clusters"], span)
    wrong += complaints
    if len(found) > 1:
        wrong.append(error("the manifests are one cluster's, so one cluster has a place", found[1].span))
    return found[0] if len(found) == 1 else None


def _posture_file(paths: tuple[str | os.PathLike[str], ...], posture: str | os.PathLike[str] | None) -> Path | None:
    if posture is not None:
        return Path(posture)
    folders = (Path(path) for path in paths if os.fspath(path) != "-")
    return next((path / POSTURE_FILE for path in folders if (path / POSTURE_FILE).is_file()), None)


def _read_posture(path: Path, diagnostics: list[Diagnostic]) -> tuple[Posture, Span]:
    files, unread = gather([path])
    if unread or not files:
        raise InputError(unread[0] if unread else error("is empty", Span(str(path))))
    (file,) = files
    found = list(documents(file.text, file.name))
    broken = [one.problem for one in found if one.problem is not None]
    if broken or len(found) != 1:
        raise InputError(broken[0] if broken else _not_one(file, len(found)))
    posture, wrong = read_posture(found[0].value, found[0].span)
    diagnostics += wrong
    return posture, found[0].span


def _not_one(file: InputFile, count: int) -> Diagnostic:
    return error(f"holds {count or 'no'} documents; a posture file is one", Span(file.name))


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


def _request(subjects: Mapping[str, Any] | None) -> Request | None:
    if subjects is None:
        return None
    return Request({key: (value,) if isinstance(value, str) else tuple(value) for key, value in subjects.items()})
