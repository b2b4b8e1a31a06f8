"""A process that ends at a named step of an order at a real authority, as `tests/certificates/crash.py` does.

`python -m tests.servers.issuing_crash FOLDER STEP TIME`, with the authority as JSON on standard input.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from pathlib import Path

from tests.certificates.crash import KILLED
from tests.servers.acme import Pebble
from tests.servers.issuing import acme, runner, shop


def main(folder: Path, step: str, now: datetime) -> None:
    described = json.load(sys.stdin)
    server = Pebble(**{**described, "listener_certificate": Path(described["listener_certificate"])})
    reached: list[str] = []

    def reach(name: str) -> None:
        reached.append(name)
        if name == step:
            os._exit(KILLED)

    made = runner(acme(folder, server), folder, shop(folder), reach=reach)
    with made.store.lock():
        outcomes = made.run(now, force=True)
    assert all(one.good for one in outcomes), outcomes
    print("\n".join(reached))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], datetime.fromisoformat(sys.argv[3]))
