"""Progress on a terminal, for whatever lasts: silent for the first second, gone without a trace when it is done."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType

from ringfence.cli.text import one_line

PATIENCE = 1.0
"""Seconds before anything is shown."""
PACE = 0.2
"""Seconds between two updates."""
ERASE = "\r\x1b[K"
"""Back to the line's start, and empty it."""


class Progress:
    """Shows what is going on, on stderr, from a thread of its own; the work it watches calls nothing but `at`.

    `what` is a phrase for the whole ("reading manifests"). With `shown` false it does nothing.
    """

    def __init__(self, what: str, *, shown: bool) -> None:
        self._what = what
        self._count = ""
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._show, daemon=True) if shown else None

    def at(self, done: int, total: int | None = None) -> None:
        """How many of how many things are done (None: nobody knows how many there are)."""
        self._count = f" {done:,}" if total is None else f" {done:,} of {total:,}"

    def __enter__(self) -> Progress:
        if self._thread:
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._done.set()
        if self._thread:
            self._thread.join()

    def _show(self) -> None:
        began = time.monotonic()
        if self._done.wait(PATIENCE):
            return
        while True:
            line = one_line(f"{self._what}{self._count}, {time.monotonic() - began:.0f} s")
            sys.stderr.write(f"{ERASE}{line}")
            sys.stderr.flush()
            if self._done.wait(PACE):
                break
        sys.stderr.write(ERASE)
        sys.stderr.flush()
