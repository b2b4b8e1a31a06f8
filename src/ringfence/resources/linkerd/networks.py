"""A block of addresses with exceptions: how Linkerd writes networks everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ringfence.model.addresses import AddressSet


@dataclass(frozen=True, slots=True)
class Network:
    """`cidr` less what `except_` names; blocks, where the file may also write single addresses."""

    cidr: str
    except_: tuple[str, ...] = ()

    @property
    def addresses(self) -> AddressSet:
        """The addresses that it means."""
        return AddressSet.of(self.cidr) - AddressSet.of(*self.except_)


def addresses(networks: Iterable[Network]) -> AddressSet:
    """The addresses of several networks; none of none."""
    return AddressSet.union(one.addresses for one in networks)
