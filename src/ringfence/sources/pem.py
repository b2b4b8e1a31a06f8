"""PEM (RFC 7468): the blocks of a text, each by itself, so that a broken one does not hide the others.

Text between blocks is ignored, as every tool does. A block that has no end, or whose content is no base64, is an error
diagnostic at its line. One pass over the markers: the time grows with the length of the text, whatever it holds.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from ringfence.model.diagnostics import Diagnostic, error
from ringfence.model.spans import Span

MARKER = re.compile(rb"-----(BEGIN|END) ([A-Z0-9 ]{1,64})-----")
CERTIFICATES = ("CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE")
CRLS = ("X509 CRL",)


@dataclass(frozen=True, slots=True)
class Block:
    """One block. `armoured` is the text with its markers; `der` the content, empty for what has headers."""

    label: str
    der: bytes
    armoured: bytes
    line: int


def blocks(content: bytes, file: str = "") -> tuple[list[Block], list[Diagnostic]]:
    """All blocks of a text, and what is wrong with the others."""
    found: list[Block] = []
    diagnostics: list[Diagnostic] = []
    opened: re.Match[bytes] | None = None
    opened_line, line, counted = 1, 1, 0
    for marker in MARKER.finditer(content):
        if marker[1] == b"END":
            if opened is not None and opened[2] == marker[2]:
                block = _block(content, opened, marker, opened_line, file)
                (found if isinstance(block, Block) else diagnostics).append(block)  # type: ignore[arg-type]
                opened = None
            continue
        if opened is not None:
            diagnostics.append(_unended(opened, opened_line, file))
        line += content.count(b"\n", counted, marker.start())
        counted = marker.start()
        opened, opened_line = marker, line
    if opened is not None:
        diagnostics.append(_unended(opened, opened_line, file))
    return found, diagnostics


def _block(content: bytes, begin: re.Match[bytes], end: re.Match[bytes], line: int, file: str) -> Block | Diagnostic:
    label, body = begin[2].decode(), content[begin.end() : end.start()]
    armoured = content[begin.start() : end.end()] + b"\n"
    if b":" in body:
        return Block(label, b"", armoured, line)
    try:
        return Block(label, base64.b64decode(b"".join(body.split()), validate=True), armoured, line)
    except (binascii.Error, ValueError):
        return error(f"the content of this {label} is no base64 text", Span(file, "", line))


def _unended(begin: re.Match[bytes], line: int, file: str) -> Diagnostic:
    return error(f"this {begin[2].decode()} has no end", Span(file, "", line))
