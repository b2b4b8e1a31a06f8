"""Where the target groups of an estate lead: instances, addresses, scaling groups, and what a cluster registers.

What nobody knows is said, never left out: a target that is in no file may be anything with an address there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ringfence.model.networks import Endpoint
from ringfence.resources.aws import (
    AutoScalingGroup,
    BalancerKind,
    Id,
    LoadBalancer,
    NodeGroup,
    TargetGroup,
    Unknown,
)
from ringfence.topology.aws.endpoints import AWS
from ringfence.topology.aws.estate import Estate, doubt, known, name


@dataclass(frozen=True, slots=True)
class Registered:
    """A target that no file of the cloud holds, and the port that traffic goes to; `doubt`: why it may not be one."""

    target: Endpoint
    port: int
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Onward:
    """Where a target group leads; `itself`: it answers there; why more may be behind it."""

    targets: tuple[Registered, ...] = ()
    itself: bool = False
    unknown: str = ""


NOTHING: Mapping[str, tuple[Registered, ...]] = MappingProxyType({})


class Targets:
    """The targets of an estate's groups.

    `population` are the endpoints that may be targets, `balancers` the nodes of each balancer, `registered` further
    targets by the group's id: all that are registered with it beyond those of the files.
    """

    def __init__(
        self,
        estate: Estate,
        population: Iterable[Endpoint],
        balancers: Mapping[str, tuple[Endpoint, ...]],
        registered: Mapping[str, tuple[Registered, ...]] = NOTHING,
    ) -> None:
        self._estate = estate
        self._balancers = balancers
        self._registered = registered
        self._by_owner: dict[str, list[Endpoint]] = {}
        for one in population:
            self._by_owner.setdefault(one.facets[AWS].get("id", ""), []).append(one)
        self._population = [one for members in self._by_owner.values() for one in members]

    def onward(self, group: TargetGroup) -> Onward:
        """Where a group leads."""
        found: list[tuple[Endpoint, int]] = []
        unknown = doubt(group.target_type, group.exists)
        because = unknown.because if unknown is not None else ""
        if group.target_type == "lambda":
            return Onward(itself=True, unknown=because)
        for target in group.targets:
            port = target.port if target.port is not None else group.port
            members = self._members(target.target)
            if not members or not isinstance(port, int) or target.exists is not None:
                why = doubt(target.target, port, target.exists)
                because = because or (why.because if why else f"target {target.target} is not in the files")
            if isinstance(port, int):
                found += [(one, port) for one in members]
        objects = self._estate.objects
        scaling: tuple[AutoScalingGroup | NodeGroup, ...] = (*objects.autoscaling_groups, *objects.node_groups)
        for scaled in scaling:
            if group.id in known(scaled.target_groups) and isinstance(group.port, int):
                found += [(one, group.port) for one in self._by_owner.get(scaled.id, ())]
            unsure = doubt(scaled.target_groups)
            because = because or (unsure.because if unsure is not None else "")
        registered = self._registered.get(group.id)
        if registered is None and not found and not because and group.address:
            because = f"whoever registers with {group.address} is not in the files"
        elif registered == () and not because:
            because = f"where the Service behind {name(group)} leads is not known"
        targets = (*(Registered(one, port) for one, port in found), *(registered or ()))
        return Onward(tuple(dict.fromkeys(targets)), unknown=because)

    def _members(self, target: Id) -> list[Endpoint]:
        """The endpoints of one registered target: the instance's first interface, or who has the address."""
        if isinstance(target, Unknown):
            return []
        if target in self._balancers:
            return list(self._balancers[target])
        if target in self._by_owner:
            of_owner = self._by_owner[target]
            return [one for one in of_owner if one.id.removesuffix(" IPv6") == of_owner[0].id and not one.maybe]
        return [one for one in self._population if one.single and str(one.addresses) == target]


def keeps_client(balancer: LoadBalancer, group: TargetGroup) -> tuple[bool, ...]:
    """Whether targets see the client's address; both where nobody knows."""
    if balancer.kind is not BalancerKind.NETWORK:
        return (False,)
    if isinstance(group.preserve_client_ip, bool):
        return (group.preserve_client_ip,)
    if isinstance(group.preserve_client_ip, Unknown) or isinstance(group.target_type, Unknown):
        return (True, False)
    udp = isinstance(group.protocol, str) and "UDP" in group.protocol.upper()
    return (udp or group.target_type == "instance",)
