"""A process that ends without warning at a named step: `python -m tests.certificates.crash FOLDER STEP NTH TIME`.

It makes one pass over the certificate of `authority.web`; `os._exit` at the step leaves nothing flushed or unlocked,
as a kill -9 would. Prints the steps that it reached when it gets through.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path

from tests.certificates.authority import runner, web

KILLED = 9


def main(folder: Path, step: str, occurrence: int, now: datetime) -> None:
    reached: list[str] = []

    def reach(name: str) -> None:
        reached.append(name)
        if name == step and reached.count(name) == occurrence:
            os._exit(KILLED)

    made = runner(folder, web(folder), reach=reach)
    with made.store.lock():
        outcomes = made.run(now)
    assert all(one.good for one in outcomes), outcomes
    print("\n".join(reached))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), datetime.fromisoformat(sys.argv[4]))
