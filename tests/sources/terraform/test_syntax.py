"""Bodies find their parts by name and kind."""

from __future__ import annotations

from ringfence.model.spans import Span
from ringfence.sources.terraform.syntax import Block, Body, Literal, Setting


def test_parts_by_name() -> None:
    one = Setting("a", Literal(1), Span("f"))
    first, second = (Block("x", (label,), Body(), Span("f")) for label in ("1", "2"))
    body = Body((one,), (first, second, Block("y", (), Body(), Span("f"))))
    assert body.setting("a") is one
    assert body.setting("b") is None
    assert body.of_kind("x") == [first, second]
