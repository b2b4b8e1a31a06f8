"""What the user names on the command line, as texts: files, folders and standard input.

A file that is named is read, whatever its ending. A folder is searched to its bottom, in the order of names, for files
with a known ending; hidden folders and those that hold other people's files (`SKIPPED`) are left out. Symbolic links
are followed, and a link to a folder that it lies in is reported instead. `-` is standard input. One file that is named
twice, also through a link, is read once.

Text is UTF-8, or UTF-16 with a byte order mark. What cannot be read is a diagnostic, and the rest is read all the same.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from ringfence.model.diagnostics import Diagnostic, error, warning
from ringfence.model.spans import Span

ENDINGS = (".yaml", ".yml", ".json")
"""Endings of manifests; other formats hand in their own."""
SKIPPED = frozenset({"node_modules"})
"""Folders that are never searched, beside hidden ones (`.git`, `.terraform`)."""
LARGEST = 256 * 1024 * 1024
"""Bytes of one file. A dump of 25,000 pods has about 150 MB."""
STDIN = "-"
BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
"""Byte order marks, and the codec that takes each off."""

Observer = Callable[[int, int | None], None]
"""Told how many things are done, of how many (None: not known yet)."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """One text and the name by which the user knows it (`-` for standard input)."""

    name: str
    text: str


def gather(
    paths: Iterable[str | os.PathLike[str]],
    stdin: BinaryIO | None = None,
    progress: Observer | None = None,
    *,
    endings: tuple[str, ...] = ENDINGS,
) -> tuple[list[InputFile], list[Diagnostic]]:
    """Reads all that the paths name; `stdin` stands for the process's own where it is None.

    Never raises for what the user named; each thing that could not be read is an error diagnostic.
    """
    names, diagnostics = find(paths, endings)
    files: list[InputFile] = []
    for done, name in enumerate(names):
        if progress:
            progress(done, len(names))
        read = _read_stdin(stdin) if name == STDIN else _read(name)
        if isinstance(read, str):
            files.append(InputFile(_shown(name), read))
        else:
            diagnostics.append(read)
    return files, diagnostics


def find(
    paths: Iterable[str | os.PathLike[str]], endings: tuple[str, ...] = ENDINGS
) -> tuple[list[str], list[Diagnostic]]:
    """The names of all files that the paths stand for, each once, unread; `-` stays as it is."""
    search = _Search(endings)
    return [name for path in paths for name in search.find(os.fspath(path))], search.diagnostics


def read_bytes(path: str, largest: int = LARGEST) -> bytes | Diagnostic:
    """The content of a file, or of standard input for `-`; what cannot be read, or is larger, is an error."""
    try:
        if path == STDIN:
            data = sys.stdin.buffer.read(largest + 1) if sys.stdin else b""
        else:
            with open(path, "rb") as stream:
                data = stream.read(largest + 1)
    except (OSError, ValueError) as failure:
        return _unreadable(path, failure)
    if len(data) > largest:
        return error(f"this file is larger than {largest // 1024**2} MiB", Span(_shown(path)), "split it")
    return data


class _Search:
    """Finds files, each once, and keeps what it has to say about the others."""

    def __init__(self, endings: tuple[str, ...]) -> None:
        self.endings = endings
        self.diagnostics: list[Diagnostic] = []
        self.files: set[str] = set()

    def find(self, path: str) -> Iterator[str]:
        """The files that one argument stands for."""
        if path == STDIN:
            yield from self._once(path, path)
            return
        try:
            mode = os.stat(path).st_mode
            real = os.path.realpath(path)
        except (OSError, ValueError) as failure:
            self.diagnostics.append(_unreadable(path, failure))
            return
        if not stat.S_ISDIR(mode):
            yield from self._once(path, real)
            return
        before = len(self.diagnostics)
        found = False
        for name, place in self._walk(path):
            found = True
            yield from self._once(name, place)
        if not found and len(self.diagnostics) == before:
            known = ", ".join(self.endings)
            self.diagnostics.append(error("this folder holds no input", Span(_shown(path)), f"looked for {known}"))

    def _once(self, name: str, place: str) -> Iterator[str]:
        if place not in self.files:
            self.files.add(place)
            yield name

    def _walk(self, top: str) -> Iterator[tuple[str, str]]:
        """The files below a folder with their real places; a stack, because folders nest deeper than calls may."""
        waiting = [top]
        visited: set[str] = set()
        while waiting:
            path = waiting.pop()
            try:
                real = os.path.realpath(path)
                mode = os.stat(path).st_mode
                if stat.S_ISDIR(mode):
                    if path != top and os.path.islink(path) and self._leads_back(path, real):
                        self.diagnostics.append(
                            error("this link leads to a folder that it lies in", Span(_shown(path)))
                        )
                        continue
                    if real in visited:
                        continue
                    visited.add(real)
                    with os.scandir(path) as entries:
                        names = sorted((entry.name for entry in entries), reverse=True)
                    waiting.extend(os.path.join(path, name) for name in names if self._wanted(path, name))
                elif stat.S_ISREG(mode):
                    yield path, real
                else:
                    self.diagnostics.append(warning("this is no regular file and was left out", Span(_shown(path))))
            except (OSError, ValueError) as failure:
                self.diagnostics.append(_unreadable(path, failure))

    def _wanted(self, folder: str, name: str) -> bool:
        if name.endswith(self.endings):
            return not (name.startswith(".") and os.path.isdir(os.path.join(folder, name)))
        hidden = name.startswith(".") or name in SKIPPED
        return not hidden and os.path.isdir(os.path.join(folder, name))

    def _leads_back(self, path: str, real: str) -> bool:
        above = os.path.realpath(os.path.dirname(path))
        return os.path.commonpath([above, real]) == real


def _read(path: str) -> str | Diagnostic:
    data = read_bytes(path)
    return _decode(path, data) if isinstance(data, bytes) else data


def _read_stdin(stdin: BinaryIO | None) -> str | Diagnostic:
    stream = stdin or (sys.stdin.buffer if sys.stdin else None)
    if stream is None:
        return error("standard input is closed", Span(STDIN))
    try:
        return _decode(STDIN, stream.read(LARGEST + 1))
    except (OSError, ValueError) as failure:
        return _unreadable(STDIN, failure)


def _decode(path: str, data: bytes) -> str | Diagnostic:
    span = Span(_shown(path))
    if len(data) > LARGEST:
        return error(f"this file is larger than {LARGEST // 1024**2} MiB", span, "split it")
    codec = next((codec for mark, codec in BOMS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(codec)
    except UnicodeDecodeError as failure:
        if b"\0" in data and codec != "utf-16":
            return error("this is binary data, not text", span)
        line = data.count(b"\n", 0, failure.start) + 1
        place = Span(span.file, "", line) if codec != "utf-16" else span
        byte = f"byte 0x{data[failure.start]:02x} at offset {failure.start}" if failure.start < len(data) else "its end"
        wrong = "UTF-16" if codec == "utf-16" else "UTF-8"
        return error(f"this is not {wrong} text ({byte})", place, "save it as UTF-8")
    if "\0" in text:
        return error("this is binary data, not text", span)
    return text


def _unreadable(path: str, failure: OSError | ValueError) -> Diagnostic:
    reason = failure.strerror if isinstance(failure, OSError) and failure.strerror else str(failure)
    return error(f"cannot be read: {reason}", Span(_shown(path)))


def _shown(path: str) -> str:
    """A name that every output can print, also where the file system's own name is no text."""
    return os.fsencode(path).decode("utf-8", "replace")
