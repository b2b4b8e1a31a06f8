"""The names of network plugins."""

from __future__ import annotations

from ringfence.topology.plugins import DAEMONS, ENFORCING


def test_every_daemon_is_of_a_known_plugin() -> None:
    assert set(DAEMONS.values()) <= ENFORCING.keys()
