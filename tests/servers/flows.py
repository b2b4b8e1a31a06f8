"""Real packets between hosts of a `Wired` network: which flows get an answer.

    tcp/80    a connection is established
    udp/53    a datagram arrives, and so does what is sent back
    sctp/80   an INIT arrives, and so does an INIT ACK: as packets of our own, since few kernels speak SCTP
    icmp      an echo request is answered

Whatever waits for nothing has no time that is long enough. Here the packets that somebody decides about stand in one
queue, so that a last flow, which is known to pass, tells that all before it are decided: its answer ends the waiting.
"""

from __future__ import annotations

import selectors
import socket
import struct
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

from tests.servers.namespaces import Wired, inside

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: a close that leaves nothing behind."""

SETTLED = 0.02
"""Seconds without a packet, after the last answer, in which what was let through arrives."""

AT_ONCE = 300
"""Flows at a time: what files a process may have open allows, and the queue of 1024 packets."""

INIT, INIT_ACK, TAG = 1, 2, 0x52494E47


@dataclass(frozen=True, slots=True)
class Flow:
    """From a host to an address. `what` as in the heading.

    `port` is the client's, of TCP and UDP; 0: any. `number` tells flows apart that are otherwise equal.
    """

    source: str
    address: str
    what: str
    port: int = 0
    number: int = 0

    @property
    def six(self) -> bool:
        """Whether it is of IPv6."""
        return ":" in self.address


@dataclass
class Flows:
    """Servers at all hosts, and clients as flows are asked for. Close it."""

    network: Wired
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    servers: list[socket.socket] = field(default_factory=list)
    clients: list[socket.socket] = field(default_factory=list)
    answered: set[Flow] = field(default_factory=set)

    def serve(self, ports: Mapping[str, Iterable[int]]) -> None:
        """Listens at all hosts: ports by `tcp` and `udp`; every port of SCTP."""
        for host in self.network.hosts:
            with inside(self.network.hosts[host]):
                for port in ports.get("tcp", ()):
                    listener = self._kept(_both(socket.SOCK_STREAM, port))
                    listener.listen(4096)
                    self._when(listener, self._accept)
                for port in ports.get("udp", ()):
                    self._when(self._kept(_both(socket.SOCK_DGRAM, port)), _echo)
                for family in (socket.AF_INET, socket.AF_INET6):
                    raw = self._kept(socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_SCTP))
                    self._when(raw, _acknowledge)

    def ask(self, flows: Sequence[Flow], last: Callable[[], Flow], seconds: float = 20) -> set[Flow]:
        """The flows that were answered. `last` makes one that will be as soon as its turn comes: another, each call."""
        answered: set[Flow] = set()
        for start in range(0, len(flows), AT_ONCE):
            with self._clients():
                for host, own in _by_host(flows[start : start + AT_ONCE]).items():
                    with inside(self.network.hosts[host]):
                        for place, flow in enumerate(own, 1):
                            self._send(flow, place)
                            self._serve(0)
                self._until(last, seconds)
                while self._serve(SETTLED):
                    pass
                answered |= self.answered
        return answered.intersection(flows)

    def wait(self, last: Callable[[], Flow], seconds: float = 20) -> None:
        """Until a flow that `last` makes is answered."""
        with self._clients():
            self._until(last, seconds)

    def close(self) -> None:
        for one in self.servers:
            one.close()
        self.servers.clear()
        self.selector.close()

    def _until(self, last: Callable[[], Flow], seconds: float) -> None:
        end = time.monotonic() + seconds
        while True:
            flow = last()
            with inside(self.network.hosts[flow.source]):
                self._send(flow, 20000 + flow.number % 20000)
            again = time.monotonic() + 0.5
            while time.monotonic() < again:
                self._serve(again - time.monotonic())
                if flow in self.answered:
                    return
            if time.monotonic() > end:
                raise TimeoutError(f"{flow} was not answered in {seconds} s")

    @contextmanager
    def _clients(self) -> Iterator[None]:
        """Clients and connections that are made in the block are gone after it."""
        self.answered.clear()
        try:
            yield
        finally:
            for one in self.clients:
                with suppress(KeyError):
                    self.selector.unregister(one)
                one.close()
            self.clients.clear()

    def _serve(self, seconds: float) -> int:
        ready = self.selector.select(max(seconds, 0))
        for key, _ in ready:
            key.data()
        return len(ready)

    def _kept(self, one: socket.socket) -> socket.socket:
        one.setblocking(False)
        self.servers.append(one)
        return one

    def _when(
        self, one: socket.socket, then: Callable[[socket.socket], None], event: int = selectors.EVENT_READ
    ) -> None:
        self.selector.register(one, event, partial(then, one))

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # it went as it came
            one, _ = listener.accept()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self.clients.append(one)

    def _send(self, flow: Flow, place: int) -> None:
        """One packet. `place` tells the flows of a host apart where they have no port of their own."""
        plane, _, port = flow.what.partition("/")
        kinds = {"tcp": (socket.SOCK_STREAM, 0), "udp": (socket.SOCK_DGRAM, 0)}
        kinds["sctp"] = (socket.SOCK_RAW, socket.IPPROTO_SCTP)
        kinds["icmp"] = (socket.SOCK_RAW, socket.IPPROTO_ICMPV6 if flow.six else socket.IPPROTO_ICMP)
        one = socket.socket(socket.AF_INET6 if flow.six else socket.AF_INET, *kinds[plane])
        self.clients.append(one)
        one.setblocking(False)
        if flow.port:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(("", flow.port))
        if plane == "tcp":
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        expected: dict[str, Callable[[socket.socket], bool]] = {
            "tcp": lambda here: here.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0,
            "udp": lambda here: here.recv(100) == b"?",
            "sctp": partial(_acknowledged, port=20000 + place),
            "icmp": partial(_replied, place=place),
        }
        event = selectors.EVENT_WRITE if plane == "tcp" else selectors.EVENT_READ
        one.connect_ex((flow.address, int(port or 0) if plane in ("tcp", "udp") else 0))
        self._when(one, partial(self._answer, flow, expected[plane]), event)
        if plane != "tcp":
            message = {"udp": b"?", "sctp": _init(20000 + place, int(port or 0)), "icmp": _request(place, flow.six)}
            with suppress(PermissionError):  # its own host drops it
                one.send(message[plane])

    def _answer(self, flow: Flow, expected: Callable[[socket.socket], bool], one: socket.socket) -> None:
        with suppress(OSError):
            if expected(one):
                self.answered.add(flow)
                self.selector.unregister(one)
            elif flow.what.startswith("tcp"):
                self.selector.unregister(one)  # refused


def _by_host(flows: Iterable[Flow]) -> dict[str, list[Flow]]:
    found: dict[str, list[Flow]] = defaultdict(list)
    for flow in flows:
        found[flow.source].append(flow)
    return found


def _both(kind: socket.SocketKind, port: int) -> socket.socket:
    """A server's socket of both address families."""
    one = socket.socket(socket.AF_INET6, kind)
    one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(("::", port))
    return one


def _echo(server: socket.socket) -> None:
    message, client = server.recvfrom(100)
    server.sendto(message, client)


def _request(place: int, six: bool) -> bytes:
    """ICMP's echo request; the kernel fills in the checksum of ICMPv6."""
    head = struct.pack("!BBHHH", 128 if six else 8, 0, 0, place, 1)
    if six:
        return head
    total = sum(struct.unpack("!4H", head))
    return head[:2] + struct.pack("!H", ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF) + head[4:]


def _replied(one: socket.socket, place: int) -> bool:
    kind, _, _, whose, _ = struct.unpack("!BBHHH", _payload(one)[0][:8])
    return kind in (0, 129) and whose == place


def _init(source: int, target: int, kind: int = INIT, tag: int = 0) -> bytes:
    """SCTP (RFC 9260): common header and one chunk, INIT or INIT ACK; connection tracking checks the sum."""
    chunk = struct.pack("!BBHIIHHI", kind, 0, 20, TAG, 65536, 1, 1, TAG)
    head = struct.pack("!HHI", source, target, tag)
    return head + struct.pack("<I", _crc32c(head + bytes(4) + chunk)) + chunk


def _acknowledge(server: socket.socket) -> None:
    packet, client = _payload(server)
    if len(packet) > 12 and packet[12] == INIT:
        source, target = struct.unpack("!HH", packet[:4])
        server.sendto(_init(target, source, INIT_ACK, TAG), (client[0], 0))


def _acknowledged(one: socket.socket, port: int) -> bool:
    packet, _ = _payload(one)
    return len(packet) > 12 and packet[12] == INIT_ACK and packet[2:4] == struct.pack("!H", port)


def _payload(one: socket.socket) -> tuple[bytes, tuple[str, int]]:
    """What a raw socket got, without the IPv4 header, which it has and that of IPv6 has not."""
    packet, client = one.recvfrom(200)
    return packet[4 * (packet[0] & 15) :] if one.family == socket.AF_INET else packet, client


def _crc32c(data: bytes) -> int:
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF
