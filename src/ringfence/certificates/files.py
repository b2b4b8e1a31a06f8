"""Files that are whole or not there: what everything that keeps certificates writes with.

A process may be killed between any two system calls. So a file is written beside its place, flushed to the disk and
renamed over it, and the folder that names it is flushed as well: after a crash a reader finds the old content or the
new. What is secret is created with its final mode, never opened up to be narrowed later.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ringfence.model.diagnostics import SourceError, error
from ringfence.model.spans import Span

SECRET, PUBLIC, FOLDER = 0o600, 0o644, 0o700
"""Modes: of private keys and state, of certificates, of folders that hold keys."""


def write(place: Path, content: bytes, mode: int = SECRET) -> None:
    """Puts the content at `place`, durably and in one step. Raises SourceError with the reason where it cannot."""
    partial = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        _sweep(place)
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            with os.fdopen(handle, "wb") as stream:
                os.fchmod(stream.fileno(), mode)  # The process's mask may have taken bits away.
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(partial, place)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                partial.unlink()
            raise
        flush_folder(place.parent)
    except OSError as failure:
        raise unwritable(place, failure) from failure


def read(place: Path) -> bytes:
    """The whole content. Raises SourceError where it cannot be read."""
    try:
        return place.read_bytes()
    except OSError as failure:
        raise SourceError(error(f"cannot be read: {failure.strerror or failure}", Span(str(place)))) from failure


def write_json(place: Path, document: Any, mode: int = SECRET) -> None:
    """`write` for plain data, indented, so that a person can read the state."""
    write(place, json.dumps(document, indent=2).encode() + b"\n", mode)


def read_json(place: Path) -> Any:
    """The plain data of a file; None where there is no such file. Raises SourceError for anything that is not JSON."""
    if not place.exists():
        return None
    try:
        return json.loads(read(place))
    except ValueError as failure:
        raise SourceError(error(f"is not JSON: {failure}", Span(str(place)))) from failure


def move(old: Path, new: Path) -> None:
    """Renames durably, making the new folder. Nothing where `old` is not there (it was moved before)."""
    if old.exists():
        make_folder(new.parent)
        try:
            os.replace(old, new)
            flush_folder(new.parent)
            flush_folder(old.parent)
        except OSError as failure:
            raise unwritable(new, failure) from failure


def copy(old: Path, new: Path) -> None:
    """Copies a public file durably, making the new folder. Nothing where `old` is not there."""
    if old.exists():
        make_folder(new.parent)
        write(new, read(old), PUBLIC)


def make_folder(place: Path, mode: int = FOLDER) -> None:
    """Makes the folder and those above it; only the last one gets the mode. One that exists is left as it is."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.is_dir():
            place.mkdir(mode=mode)
            place.chmod(mode)
            flush_folder(place.parent)
    except OSError as failure:
        raise unwritable(place, failure) from failure


def flush_folder(place: Path) -> None:
    """Makes the names in a folder durable: a rename is on the disk only once its folder is."""
    handle = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def locked(place: Path, seconds: float = 0) -> Iterator[None]:
    """Holds the lock file until the block ends; the kernel lets go of it when the process dies, however it dies.

    Waits up to `seconds` for another holder, then raises SourceError.
    """
    make_folder(place.parent)
    with place.open("a") as stream:
        deadline = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    remedy = "wait until it is done; a process that was killed holds no lock"
                    raise SourceError(error("another ringfence is at work here", Span(str(place)), remedy)) from None
                time.sleep(0.05)
        yield


def unwritable(place: Path, failure: OSError) -> SourceError:
    """The error for a file that cannot be written."""
    return SourceError(error(f"cannot be written: {failure.strerror or failure}", Span(str(place))))


def _sweep(place: Path) -> None:
    """Removes what processes that died left half written: it may hold a key."""
    for left in place.parent.glob(f".{glob.escape(place.name)}.*.part"):
        process = left.name.split(".")[-2]
        if process == str(os.getpid()) or not Path("/proc", process).exists():
            with contextlib.suppress(FileNotFoundError):
                left.unlink()
