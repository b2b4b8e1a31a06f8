"""A small routed network of Linux network namespaces: a router in the middle, and hosts, each on a wire of its own.

No namespace has a name. A process holds it by an open file, and the kernel takes it away with all that is in it when
the last file is closed and the last process in it has ended: after a failure as well, and nothing of the machine's own
network is touched. Only root may do all this.

Code runs in a namespace while `inside` lasts. That holds for the calling thread, for the programs that it starts and
for the sockets that it makes; a socket stays where it was made.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

CLONE_NEWNET = 0x40000000
GATEWAYS = {4: "169.254.1.1", 6: "fe80::1"}
"""The router's address on every wire, by address family."""

_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Namespace:
    """A network namespace; `file` holds it open."""

    file: int


def _checked(answer: int) -> None:
    if answer:
        code = ctypes.get_errno()
        raise OSError(code, f"{os.strerror(code)} (network namespaces need root)")


def _here() -> int:
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


@contextmanager
def inside(space: Namespace) -> Iterator[None]:
    """The calling thread is in the namespace until the block ends."""
    before = _here()
    try:
        _checked(_LIBC.setns(space.file, CLONE_NEWNET))
        yield
    finally:
        _checked(_LIBC.setns(before, CLONE_NEWNET))
        os.close(before)


def _namespace() -> Namespace:
    before = _here()
    try:
        _checked(_LIBC.unshare(CLONE_NEWNET))
        return Namespace(_here())
    finally:
        _checked(_LIBC.setns(before, CLONE_NEWNET))
        os.close(before)


def run(command: Sequence[str], text: str = "") -> None:
    """Runs a program to its end; what it complained of is in the error."""
    if shutil.which(command[0]) is None:
        raise FileNotFoundError(f"{command[0]} is missing: run scripts/debian-packages")
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}\n{text}")


@contextmanager
def one_processor() -> Iterator[None]:
    """The calling thread and what it starts share one processor: else packets on two may overtake each other."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@dataclass(frozen=True, slots=True)
class Wired:
    """The router and the hosts around it, by name; the router's end of a wire is in `wires`, the host's is `eth0`."""

    router: Namespace
    hosts: Mapping[str, Namespace]
    wires: Mapping[str, str]


@contextmanager
def wired(hosts: Mapping[str, Sequence[str]]) -> Iterator[Wired]:
    """Hosts by name with their addresses, IPv4 and IPv6; each reaches all others by way of the router."""
    made: list[Namespace] = []
    try:
        for _ in range(len(hosts) + 1):
            made.append(_namespace())
        router, *spaces = made
        wires = {name: f"wire{place}" for place, name in enumerate(hosts)}
        found = Wired(router, dict(zip(hosts, spaces, strict=True)), wires)
        with inside(router):
            for setting in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
                Path("/proc/sys/net", setting).write_text("1")
            run(["ip", "-batch", "-"], "\n".join(_router(found, hosts)))
        for space, addresses in zip(spaces, hosts.values(), strict=True):
            with inside(space):
                run(["ip", "-batch", "-"], "\n".join(_host(addresses)))
        yield found
    finally:
        for one in made:
            os.close(one.file)


def _router(network: Wired, addresses: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield "link set lo up"
    for name, wire in network.wires.items():
        yield f"link add {wire} type veth peer name eth0 netns /proc/{os.getpid()}/fd/{network.hosts[name].file}"
        yield f"link set {wire} up"
        for family, gateway in GATEWAYS.items():
            yield f"address add {gateway}/{32 if family == 4 else 64} dev {wire}{' nodad' if family == 6 else ''}"
        for address in addresses[name]:
            yield f"route add {address} dev {wire}"


def _host(addresses: Sequence[str]) -> Iterator[str]:
    yield "link set lo up"
    yield "link set eth0 up"
    for address in addresses:
        yield f"address add {address} dev eth0{' nodad' if ip_address(address).version == 6 else ''}"
    for family in sorted({ip_address(one).version for one in addresses}):
        yield f"route add {GATEWAYS[family]} dev eth0"
        yield f"route add default via {GATEWAYS[family]} dev eth0"
