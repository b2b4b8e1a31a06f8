"""What `istio_routes` works out: from the side of a port of a host, over which subsets and from where it is reached.

The empty subset is the host itself. Whether a route counts depends on what its clients know, which is not known here:
it is kept with the ports that they dial to take it (`Lead`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

ITSELF = ""
"""The subset that stands for all endpoints of a host."""

HTTP, TLS, TCP, DETECTED = "http", "tls", "tcp", ""
Key = tuple[str, int]
"""A port of a host."""


@dataclass(frozen=True, slots=True)
class Lead:
    """A route from elsewhere to a subset. `dialled`: the port of a host whose clients take it, if they know that port.

    `by_name`: the name of a VirtualService's host is used, and only by those who know none of `dialled`.
    """

    subset: str
    dialled: tuple[Key, ...] = ()
    by_name: bool = False


@dataclass(slots=True)
class Reached:
    """How one port of a host is reached.

    `subsets`: those that its own routes lead to; `anything`: a delegate says where they do; `bare`: a connection may go
    out as it is. `foreign`: what leads here from other ports and hosts; `instead`: the host, port and subset that its
    own routes lead to at other ports and hosts; `named`: the same for those who know the host by its name alone.
    `sourced`: some clients may have routes that others have not; `astray`: routes lead elsewhere or nowhere.
    """

    subsets: set[str] = field(default_factory=set)
    anything: bool = False
    bare: bool = False
    foreign: set[Lead] = field(default_factory=set)
    instead: set[tuple[str, int, str]] = field(default_factory=set)
    named: set[tuple[Key, Lead]] = field(default_factory=set)
    sourced: bool = False
    astray: bool = False


NOT_REACHED = Reached()


@dataclass(frozen=True, slots=True)
class Port:
    """A port of a host and its protocol: `http`, `tls`, `tcp`, or empty where it is detected at run time."""

    host: str
    port: int
    protocol: str
