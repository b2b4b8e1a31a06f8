"""Terraform with damage: whole networks, in which some lines are missing, doubled or something else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.resources.aws import AwsObjects
from ringfence.sources import terraform
from ringfence.sources.files import InputFile

NETWORKS = Path(__file__).parent / "networks"
TEXTS = {
    name: [(str(one.relative_to(NETWORKS / name)), one.read_text()) for one in sorted((NETWORKS / name).rglob("*.tf"))]
    for name in ("classics", "shop")
}
WORDS = (
    "null",
    "[]",
    "{}",
    '"x"',
    "-1",
    "var.none",
    "local.none",
    "true",
    "1 / 0",
    '["10.0.0.0/99"]',
    "each.key",
    "toset([1])",
)


@st.composite
def damaged(draw: st.DrawFn) -> list[InputFile]:
    """The files of a network after some lines were changed."""
    files = []
    for name, text in TEXTS[draw(st.sampled_from(sorted(TEXTS)))]:
        lines = text.split("\n")
        for _ in range(draw(st.integers(0, 4))):
            place = draw(st.integers(0, len(lines) - 1))
            what = draw(st.sampled_from(("drop", "double", "value", "name")))
            head, sign, _ = lines[place].partition("=")
            if what == "drop":
                lines[place] = ""
            elif what == "double":
                lines.insert(place, lines[place])
            elif sign and what == "value":
                lines[place] = f"{head}= {draw(st.sampled_from(WORDS))}"
            elif sign:
                lines[place] = lines[place].replace(head.strip(), head.strip()[1:] or "x", 1)
        files.append(InputFile(name, "\n".join(lines)))
    return files


@given(damaged())
def test_no_damage_is_a_traceback(files: list[InputFile]) -> None:
    found, diagnostics = terraform.read_files(files)
    assert isinstance(found, AwsObjects)
    assert all(str(one) for one in diagnostics)


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_the_whole_ones_have_no_errors(name: str) -> None:
    _, diagnostics = terraform.read_files([InputFile(*one) for one in TEXTS[name]])
    assert [str(one) for one in diagnostics if one.severity == "error"] == []
