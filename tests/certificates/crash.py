"""A process that ends without warning at a named step.

`python -m tests.certificates.crash FOLDER STEP TIME [REASON]` makes one pass over the certificate of `authority.web`;
with a reason it is replaced. `os._exit` at the step leaves nothing flushed or unlocked, as a kill -9 would. Prints the
steps that it reached when it gets through.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path

from tests.certificates.authority import runner, web

KILLED = 9


def main(folder: Path, step: str, now: datetime, reason: str) -> None:
    reached: list[str] = []

    def reach(name: str) -> None:
        reached.append(name)
        if name == step:
            os._exit(KILLED)

    made = runner(folder, web(folder), reach=reach)
    with made.store.lock():
        outcomes = made.run(now, retire=reason)
    assert all(one.good for one in outcomes), outcomes
    print("\n".join(reached))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], datetime.fromisoformat(sys.argv[3]), sys.argv[4] if len(sys.argv) > 4 else "")
