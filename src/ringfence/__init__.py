"""Proves who can reach whom in a network, shows why, and keeps it that way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ringfence.network import Network, load

__all__ = ["Network", "load"]


def __getattr__(name: str) -> Any:
    # Imported on demand: the command line starts without the engine.
    if name in __all__:
        from ringfence import network

        return getattr(network, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
