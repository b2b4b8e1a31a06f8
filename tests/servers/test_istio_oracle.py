"""What Ringfence says of Istio's policies, held against Istio's own code and a real Envoy, request by request.

`RINGFENCE_SOAK=minutes` goes on with other policies each time for so long.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from ringfence.engine.outcomes import Outcome
from ringfence.layers.istio_modes import EVERY_PORT, Modes
from ringfence.model.spans import Span
from ringfence.network import Network
from ringfence.resources.kubernetes import KubernetesObjects
from ringfence.sources.kubernetes import from_documents
from ringfence.sources.yaml_documents import Document
from ringfence.topology.kubernetes import build
from ringfence.topology.options import parse
from tests.cases.known import Case, cases, for_each
from tests.servers import istio_policies, ztunnel
from tests.servers.authorizers import authorizers
from tests.servers.batches import batches
from tests.servers.envoy import Connection, Envoy, Sidecar, Verdict, envoy
from tests.servers.istio import Istio, Manifest, istio, on_loopback
from tests.servers.istio_policies import ADDRESS, HTTP, LABELS, ROOT, TARGET, TCP, Question, World, world
from tests.servers.istio_sidecars import request, sidecar, with_keys
from tests.servers.mutations import places
from tests.servers.spiffe import Authority, Issuer

FIXED = range(150)
BATCH = 150
PUBLISHED = cases("mesh", "istio-authorization")
CERTAIN = {Outcome.ALLOWED: True, Outcome.DENIED: False, Outcome.NO_ROUTE: False}


@pytest.fixture(scope="module")
def oracle() -> Iterator[Istio]:
    with istio() as running:
        yield running


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("mesh"))


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


def read(manifests: Sequence[Manifest]) -> KubernetesObjects:
    found, _ = from_documents([Document(one, Span(f"{index}.yaml")) for index, one in enumerate(manifests)])
    return found


def network(manifests: Sequence[Manifest], options: Mapping[str, Any]) -> Network:
    chosen, wrong = parse(options)
    assert not wrong
    return Network(build(read(manifests), chosen))


def identity(client: str, question: Question) -> str:
    space, _, account = client.partition("/")
    return f"spiffe://cluster.local/ns/{space}/sa/{account}" if question.mutual else ""


def asked(server: Envoy, index: int, question: Question, issuer: Issuer) -> Verdict:
    http = question.http or {}
    source = on_loopback(ADDRESS.get(question.client, question.client))
    target = on_loopback(ADDRESS[TARGET])
    connection = Connection(source, target, question.port, identity(question.client, question), http.get("sni", ""))
    return server.ask(index, connection, None if question.http is None else request(http, issuer))


def answered(found: Network, question: Question) -> Outcome:
    transport = "mtls" if question.mutual else "plaintext"
    port = f"tcp/{question.port}"
    return found.reach(question.client, TARGET, port, question.http, client_tls=transport).explain().outcome


def admitted(oracle: Istio, issuer: Issuer, made: World) -> list[dict[str, Any]]:
    """The policies that Istio takes; on each of them the reader must agree."""
    said = oracle.ask([with_keys(one, issuer) for one in made.policies]).admission
    for one, why in zip(made.policies, said, strict=True):
        assert bool(read([one]).refused) is bool(why), (made.seed, one, why)
    return [one for one, why in zip(made.policies, said, strict=True) if not why]


def test_sidecars_decide_as_envoy_does(oracle: Istio, authority: Authority, issuer: Issuer, tmp_path: Path) -> None:
    base = istio_policies.cluster()
    for seeds in batches(FIXED, BATCH):
        worlds = [world(seed) for seed in seeds]
        policies = [admitted(oracle, issuer, one) for one in worlds]
        sidecars = [
            sidecar(oracle, issuer, [*base, *kept], "shop", LABELS, made.options)
            for made, kept in zip(worlds, policies, strict=True)
        ]
        differences, seen = [], Counter[tuple[Outcome, Verdict]]()
        with authorizers() as clusters, envoy(tmp_path, sidecars, authority, clusters) as server:
            for index, (made, kept) in enumerate(zip(worlds, policies, strict=True)):
                found = network([*base, *kept], made.options)
                for question in made.questions:
                    ours, theirs = answered(found, question), asked(server, index, question, issuer)
                    seen[ours, theirs] += 1
                    if theirs != "malformed" and CERTAIN.get(ours, theirs == "allowed") is not (theirs == "allowed"):
                        differences.append((made.seed, question, str(ours), theirs, kept, made.options))
        assert differences == []
        total = seen.total()
        assert sum(count for (ours, _), count in seen.items() if ours not in CERTAIN) < total / 50
        assert sum(count for (_, theirs), count in seen.items() if theirs == "malformed") < total / 20
        assert min(seen[Outcome.ALLOWED, "allowed"], seen[Outcome.DENIED, "denied"]) > total / 5


def test_modes_are_composed_as_istio_does(oracle: Istio) -> None:
    ports = (HTTP, TCP, 80)
    for seeds in batches(range(300), 300):
        seen = Counter[str]()
        for seed in seeds:
            made = istio_policies.peers(seed)
            policies = [one for one, why in zip(made, oracle.ask(made).admission, strict=True) if not why]
            modes = Modes(read(policies).peer_authentications, ROOT).of("shop", LABELS)
            theirs = oracle.ask(policies, "shop", LABELS, ports).modes
            for port in ports:
                ours = modes.get(port, modes[EVERY_PORT]).modes
                assert ours == {theirs[port]}, (seed, port, policies)
                seen[theirs[port]] += 1
        assert len(seen) == 3


def test_ztunnel_gets_and_decides_what_is_said(oracle: Istio, issuer: Issuer) -> None:
    base = istio_policies.cluster("istio.io/dataplane-mode", "ambient")
    for seeds in batches(FIXED, BATCH):
        seen = Counter[bool]()
        for made in map(world, seeds):
            kept = [one for one in admitted(oracle, issuer, made) if one["kind"] != "RequestAuthentication"]
            sent = oracle.ask(kept, "shop", LABELS).ztunnel
            found = network([*base, *kept], {})
            for client, address in (*ADDRESS.items(), (istio_policies.OUTSIDE, istio_policies.OUTSIDE)):
                if client == TARGET:
                    continue
                mutual = client in istio_policies.IN_MESH
                for port in (HTTP, TCP):
                    question = Question(client, port, mutual)
                    ours = found.reach(client, TARGET, f"tcp/{port}").explain().outcome
                    connection = ztunnel.Connection(address, ADDRESS[TARGET], port, identity(client, question))
                    theirs = ztunnel.allows(sent, connection)
                    assert CERTAIN.get(ours) is theirs, (made.seed, question, str(ours), theirs, kept, sent)
                    seen[theirs] += 1
        assert min(seen.values()) > seen.total() / 10


def excused(manifest: Manifest) -> bool:
    """Istio's published tests say otherwise than what a manifest comes to.

    They refuse `from: []` and `to: []`, which reach the webhook as absent; and take an empty issuer beside `jwksUri`,
    which the schema refuses.
    """
    spec = manifest["spec"]
    found = [(key, holder[key]) for holder, key in places(spec)] if isinstance(spec, dict) else []
    return any(key in ("from", "to") and value == [] for key, value in found) or ("issuer", "") in found


def test_admission_refuses_the_same(oracle: Istio, issuer: Issuer) -> None:
    for seeds in batches(range(400), 400):
        refused = 0
        manifests = [istio_policies.spoilt(seed) for seed in seeds]
        differences = []
        for manifest, why in zip(manifests, oracle.ask(manifests).admission, strict=True):
            refused += bool(why)
            if not excused(manifest) and bool(read([manifest]).refused) is not bool(why):
                differences.append((why, json.dumps(manifest)))
        assert differences == []
        assert len(manifests) / 10 < refused < len(manifests)


@for_each("published", [PUBLISHED] if PUBLISHED else [], ids=lambda _: "all")
def test_envoy_answers_the_published_probes(
    published: list[Case], oracle: Istio, authority: Authority, issuer: Issuer, tmp_path: Path
) -> None:
    """The harness itself: what Istio's own tests assert comes out of Istio's builder and Envoy here, too."""
    asked_for: list[tuple[Sidecar, Connection, Mapping[str, Any], bool, str]] = []
    for case in published:
        documents = [one for path in case.files() for one in yaml.safe_load_all(path.read_text()) if one]
        pods = {
            f"{one['metadata']['namespace']}/{one['metadata']['name']}": one
            for one in documents
            if one["kind"] == "Pod"
        }
        found = network(documents, case.content["options"])
        identities = {one.id: one.identity for one in found.topology.network.endpoints}
        sidecars: dict[str, Sidecar] = {}
        for probe in case.content["probes"]:
            source, target = probe["from"].removeprefix("ip:"), pods[probe["to"]]
            if probe["to"] not in sidecars:
                place = (target["metadata"]["namespace"], target["metadata"].get("labels", {}))
                sidecars[probe["to"]] = sidecar(oracle, issuer, documents, *place, case.content["options"])
            # Whether a client sends mTLS is not what is asked here.
            flow = found.reach(source, probe["to"], f"tcp/{probe['port']}", probe.get("http")).explain()
            name = identities.get(f"{source}[Pod]", "") if str(flow.transport) != "plaintext" else ""
            address = pods[source]["status"]["podIP"] if source in pods else source
            dialled = (on_loopback(address), on_loopback(target["status"]["podIP"]), probe["port"])
            connection = Connection(*dialled, name)
            asked_for.append((sidecars[probe["to"]], connection, probe.get("http", {}), probe["allowed"], case.name))
    chosen = list(dict.fromkeys(map(id, (one for one, *_ in asked_for))))
    known = {id(one): one for one, *_ in asked_for}
    with authorizers() as clusters, envoy(tmp_path, [known[one] for one in chosen], authority, clusters) as server:
        wrong = []
        for which, connection, http, allowed, name in asked_for:
            asks = request(http, issuer) if which.ports[connection.port] == "http" else None
            said = server.ask(chosen.index(id(which)), connection, asks)
            # Newer Envoys go up at `..;`, which the published test does not know.
            if (said == "allowed") is not allowed and "..;" not in http.get("path", ""):
                wrong.append((name, connection, http, said))
    assert wrong == []


def _name(manifest: Manifest) -> str:
    return f"{manifest['metadata']['namespace']}/{manifest['metadata']['name']}"
