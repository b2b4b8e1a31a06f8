"""DestinationRules: which of them a client follows for a host, and in which transport it then sends.

**Which.** The client looks in its own namespace, then in the Service's, then in the root namespace; in the latter two
only at what is exported to it. The first place that has a rule for the host decides, with the most specific host there.
A client of the root namespace looks in its own only at rules that are exported to nobody else. Rules of one place and
host are merged, those with a `workloadSelector` first, then the oldest first: subsets add up, of two of one name the
first counts; so does the first traffic policy. Rules with another `exportTo` stand by themselves, and so do those with
different selectors. A rule without a selector is lost where one with a selector is exported alike, which is only to
its own namespace: that one takes it in. Of several without a selector the last one counts. A workload's own rule goes
before the others.

**How.** `tls` of the port's settings, else of the rule; a subset's go before both. Settings of a port inherit nothing:
without `tls` they leave the client to auto-mTLS, which in turn heeds the rule's own `tls` per endpoint (`Tls`).

    PLAINTEXT  plaintext (mode DISABLE), or TLS without Istio's certificate (SIMPLE)
    MUTUAL     Istio's mutual TLS, whatever the server is
    CUSTOM     the user's own certificates: whether they pass as Istio's is not known
    AUTO       mutual TLS to endpoints that have a proxy and take it, else plaintext
    PROXIED    mutual TLS to endpoints that have a proxy, whatever mode they are in, else plaintext
    NOTHING    its proxy leads connections elsewhere, or nowhere

Where the load balancer keeps the client's own destination address (PASSTHROUGH), there are no endpoints to tell apart.
A subset's cluster begins as the host's: another load balancer of its own, or none at its port, does not undo that.

Sources: istio `pilot/pkg/model/push_context.go` (`destinationRule`, `SetDestinationRules`), `destination_rule.go`
(`mergeDestinationRule`), `sidecar.go` (`DestinationRule`); `networking/util/util.go` (`MergeSubsetTrafficPolicy`),
`core/cluster_builder.go` (`buildSubsetCluster`), `core/cluster_tls.go`, `xds/endpoints/mtls_checker.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from ringfence.layers.istio_hosts import Hosts, full
from ringfence.layers.istio_modes import by_age
from ringfence.resources.istio.mesh_config import MeshConfig
from ringfence.resources.istio.networking import DestinationRule, Labels, Subset, TlsMode, TrafficPolicy

EVERYBODY, OWN = "*", "."

Rules = Hosts[list[DestinationRule]]


class Tls(StrEnum):
    """What a client sends to a port of a host."""

    PLAINTEXT = "plaintext"
    MUTUAL = "mutual"
    CUSTOM = "custom"
    AUTO = "auto"
    PROXIED = "proxied"
    NOTHING = "nothing"


SENT = {
    TlsMode.DISABLE: Tls.PLAINTEXT,
    TlsMode.SIMPLE: Tls.PLAINTEXT,
    TlsMode.MUTUAL: Tls.CUSTOM,
    TlsMode.ISTIO_MUTUAL: Tls.MUTUAL,
}


@dataclass(frozen=True, slots=True)
class Merged:
    """Rules for one host as one: the first is `rule`, with the subsets and the traffic policy of all."""

    rule: DestinationRule

    def subset(self, name: str) -> Subset | None:
        """One of its subsets."""
        return next((one for one in self.rule.subsets if one.name == name), None)

    def tls(self, subset: str, port: int) -> Tls | None:
        """What clients send to a port (the Service's) of a subset, an empty name being the host itself.

        None: the rule does not say, and auto-mTLS decides.
        """
        part = self.subset(subset)
        sent = _effective(self.rule.policy, part.policy if part else None, port)
        return None if sent is None else SENT[sent]

    def by_endpoint(self, subset: str, port: int) -> Tls:
        """How auto-mTLS tells the endpoints of a subset apart."""
        part = self.subset(subset)
        mode = _checked(part.policy, port) if part else None
        if mode is None:
            mode = _checked(self.rule.policy, port)
        if mode is None:
            return Tls.AUTO
        return Tls.PROXIED if mode is TlsMode.ISTIO_MUTUAL else Tls.PLAINTEXT

    def passthrough(self, subset: str, port: int) -> bool:
        """Whether the client's own destination address is kept."""
        part = self.subset(subset)
        narrow = part.policy if part else None
        if narrow is not None and (narrow.passthrough or _keeps(narrow, port)):
            return True
        return _keeps(self.rule.policy, port)

    def all_alike(self, subset: str) -> bool:
        """Whether auto-mTLS asks that all endpoints of the host be proxied: settings of ports do not count here."""
        part = self.subset(subset)
        policy = part.policy if part else self.rule.policy
        return policy is not None and policy.passthrough


def _effective(wide: TrafficPolicy | None, narrow: TrafficPolicy | None, port: int) -> TlsMode | None:
    """The mode of the cluster that a client builds."""
    found = None
    if wide is not None:
        settings = wide.at(port)
        found = settings.tls if settings else wide.tls
    if narrow is not None:
        settings = narrow.at(port)
        found = settings.tls if settings else narrow.tls or found
    return found


def _keeps(policy: TrafficPolicy | None, port: int) -> bool:
    if policy is None:
        return False
    settings = policy.at(port)
    return settings.passthrough if settings else policy.passthrough


def _checked(policy: TrafficPolicy | None, port: int) -> TlsMode | None:
    """The mode by which a client marks endpoints where its cluster has none: here a port's settings do inherit."""
    if policy is None:
        return None
    settings = policy.at(port)
    return settings.tls if settings and settings.tls else policy.tls


@dataclass(frozen=True, slots=True)
class Followed:
    """The rule that some clients of a namespace follow. `labels` None: all but those that another one is for."""

    labels: Labels | None
    merged: Merged | None


class DestinationRules:
    """The rules of one mesh, found by client and host."""

    def __init__(self, rules: Iterable[DestinationRule], config: MeshConfig) -> None:
        default = frozenset(config.default_destination_rule_export_to)
        self._default = frozenset((OWN,)) if OWN in default else frozenset((EVERYBODY,))  # it heeds no others
        self._root = config.root_namespace
        self._local: dict[str, Rules] = {}
        self._exported: dict[str, Rules] = {}
        self._private_root: Rules = Hosts()
        self._looking: Hosts[set[str]] = Hosts()
        for rule in sorted(by_age(rules), key=_with_selector_first):
            own = rule.metadata.namespace
            exported = self._exports(rule)
            host = full(rule.host, own)
            self._looking.setdefault(host, set()).add(own)
            self._looking.setdefault(host, set()).update(exported - {EVERYBODY})
            if not rule.export_to or exported & {EVERYBODY, own}:
                self._local.setdefault(own, Hosts()).setdefault(host, []).append(rule)
            if exported != {own}:
                self._exported.setdefault(own, Hosts()).setdefault(host, []).append(rule)
            elif own == self._root:
                self._private_root.setdefault(host, []).append(rule)

    def namespaces(self, host: str) -> frozenset[str]:
        """The namespaces whose clients may follow another rule for a host than the rest."""
        return frozenset((self._root, *(one for found in self._looking.covering(host) for one in found)))

    def _exports(self, rule: DestinationRule) -> frozenset[str]:
        """Whom a rule is exported to, its own namespace by name."""
        own = rule.metadata.namespace
        if rule.workload_selector is not None:
            return frozenset((own,))
        return frozenset(own if one == OWN else one for one in rule.export_to or self._default)

    def followed(self, client: str, host: str, namespace: str) -> tuple[tuple[Followed, ...], ...]:
        """What clients of a namespace follow for a host of another one: more than one where ages are not known.

        Each alternative is a tuple: rules for workloads by their labels, and last the one for the rest.
        """
        found = self._place(client, host, namespace)
        return tuple(_chosen(_merged(order), client) for order in _orders(found))

    def _place(self, client: str, host: str, namespace: str) -> list[DestinationRule]:
        local = self._private_root if client == self._root else self._local.get(client)
        if local is not None and (found := local.match(host)):
            return found
        for place in (namespace, self._root):
            exporting = self._exported.get(place)
            if exporting is not None:
                found = [one for one in exporting.match(host) or () if _names(one, client)]
                if found:
                    return found
        return []


def _names(rule: DestinationRule, client: str) -> bool:
    """Whether a rule is exported to a client's namespace, which "." is not even where it is the rule's own."""
    return not rule.export_to or bool({EVERYBODY, client} & set(rule.export_to))


def _with_selector_first(rule: DestinationRule) -> bool:
    return rule.workload_selector is None


def _merged(rules: Iterable[DestinationRule]) -> list[Merged]:
    """Rules of one place and host, the oldest first, as istiod merges them; the last word on `alone` counts."""
    found: list[Merged] = []
    for rule in rules:
        alone = True
        for place, one in enumerate(found):
            mine, theirs = rule.workload_selector, one.rule.workload_selector
            alike, apart = mine == theirs, mine is not None and theirs is not None and mine != theirs
            same, wider = _written(rule) == _written(one.rule), _written(rule) >= _written(one.rule) > frozenset()
            alone = apart or not (same or (wider and alike))
            if apart or not (same or wider):
                continue
            names = {subset.name for subset in one.rule.subsets}
            subsets = (*one.rule.subsets, *(subset for subset in rule.subsets if subset.name not in names))
            found[place] = Merged(replace(one.rule, subsets=subsets, policy=one.rule.policy or rule.policy))
        if alone:
            found.append(Merged(rule))
    return found


def _written(rule: DestinationRule) -> frozenset[str]:
    """Whom a rule says it is exported to; one with a selector stays at home."""
    return frozenset((OWN,) if rule.workload_selector is not None else rule.export_to)


def _orders(rules: list[DestinationRule]) -> list[Sequence[DestinationRule]]:
    """The orders in which rules may have been made: each of those that do not say when may be the first of its kind."""
    silent = [one for one in rules if not one.metadata.creation_timestamp]
    if len(rules) < 2 or not silent:
        return [rules]
    others = ([one, *(other for other in rules if other is not one)] for one in silent if one is not rules[0])
    return [rules, *(sorted(one, key=_with_selector_first) for one in others)]


def _chosen(found: Sequence[Merged], client: str) -> tuple[Followed, ...]:
    narrow = [
        Followed(one.rule.workload_selector, one)
        for one in found
        if one.rule.workload_selector is not None and one.rule.metadata.namespace == client
    ]
    rest = [one for one in found if one.rule.workload_selector is None]
    return (*narrow, Followed(None, rest[-1] if rest else None))
