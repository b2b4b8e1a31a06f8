"""Seeds for tests that hold random input against real parts: fixed ones, then others for `RINGFENCE_SOAK` minutes."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator, Sequence

SOAK = 60 * float(os.environ.get("RINGFENCE_SOAK", "0"))


def batches(fixed: range, size: int) -> Iterator[Sequence[int]]:
    """Seeds: the fixed ones, then others for as long as is wished."""
    end = time.monotonic() + SOAK
    for start in range(fixed.start, fixed.stop, size):
        yield range(start, min(start + size, fixed.stop))
    while time.monotonic() < end:
        first = random.SystemRandom().randrange(1 << 40)
        yield range(first, first + size)
