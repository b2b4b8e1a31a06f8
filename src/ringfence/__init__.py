"""Proves who can reach whom in a network, shows why, and keeps it that way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ringfence.loading import load
    from ringfence.network import Network

__all__ = ["Network", "load"]


def __getattr__(name: str) -> Any:
    # Imported on demand: the command line starts without the engine.
    if name in __all__:
        from ringfence import loading

        return getattr(loading, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
