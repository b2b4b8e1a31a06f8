"""PEM blocks: each by itself, broken ones with their line, in time that grows with the length."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.sources.pem import blocks

GOOD = b"-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("content", "found", "problems"),
    [
        (GOOD, [("CERTIFICATE", b"\0\1\2", 1)], []),
        (b"text\n\n" + GOOD + GOOD, [("CERTIFICATE", b"\0\1\2", 3), ("CERTIFICATE", b"\0\1\2", 6)], []),
        (GOOD.replace(b"\n", b"\r\n"), [("CERTIFICATE", b"\0\1\2", 1)], []),
        (GOOD.replace(b"AAEC", b"AA\nEC"), [("CERTIFICATE", b"\0\1\2", 1)], []),
        (GOOD.replace(b"AAEC", b"A-EC"), [], [1]),
        (GOOD.replace(b"AAEC", b"AAE"), [], [1]),
        (b"\n-----BEGIN CERTIFICATE-----\nAAEC\n", [], [2]),
        (b"-----BEGIN CERTIFICATE-----\nAAEC\n" + GOOD, [("CERTIFICATE", b"\0\1\2", 3)], [1]),
        (b"-----BEGIN A-----\nAAEC\n-----END B-----\n" + GOOD, [("CERTIFICATE", b"\0\1\2", 4)], [1]),
        (b"-----END CERTIFICATE-----\n" + GOOD, [("CERTIFICATE", b"\0\1\2", 2)], []),
        (b"-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\n\nAAEC\n-----END X-----\n", [("X", b"", 1)], []),
        (b"", [], []),
    ],
)
def test_grid(content: bytes, found: list[tuple[str, bytes, int]], problems: list[int]) -> None:
    read, diagnostics = blocks(content, "f")
    assert [(one.label, one.der, one.line) for one in read] == found
    assert [one.span.line for one in diagnostics] == problems


@pytest.mark.parametrize(
    "content",
    [
        b"-----BEGIN CERTIFICATE-----\n" * 50_000,
        b"-----BEGIN A-----\n-----END B-----\n" * 50_000,
        GOOD * 30_000,
        b"-" * 2_000_000,
    ],
)
def test_hostile_texts_take_linear_time(content: bytes) -> None:
    begun = time.process_time()
    blocks(content, "f")
    assert time.process_time() - begun < 5


@given(st.lists(st.sampled_from([b"-----BEGIN A-----", b"-----END A-----", b"\n", b"AAEC", b"x:", b"\0\xff"])))
def test_every_begin_is_a_block_or_a_diagnostic(parts: list[bytes]) -> None:
    content = b"".join(parts)
    read, diagnostics = blocks(content)
    assert len(read) + len(diagnostics) == content.count(b"-----BEGIN A-----")
