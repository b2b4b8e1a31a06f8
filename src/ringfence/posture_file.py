"""What the posture file is called, and where it is looked for. Nothing heavy is imported: help needs it, too."""

from __future__ import annotations

from pathlib import Path

POSTURE_FILE = "ringfence.yaml"


def nearest() -> Path | None:
    """The posture file of the current folder or the nearest above it, as the user would write it."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / POSTURE_FILE).is_file():
            return Path(POSTURE_FILE) if folder == here else folder / POSTURE_FILE
    return None
