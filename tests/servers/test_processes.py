"""Ports for servers that cannot be told to take any: what the kernel gives to clients is never among them."""

from __future__ import annotations

import socket
from pathlib import Path

from tests.servers.processes import free_port


def test_ports_differ_and_are_free() -> None:
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == len(ports)
    for port in ports:
        socket.create_server(("127.0.0.1", port)).close()


def test_no_client_is_given_one() -> None:
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert all(free_port() < lowest for _ in range(50))
