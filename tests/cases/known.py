"""The cases with known answers, where they are present: other people's configurations and what they found.

A case is a folder with a `case.json` (see the README beside the cases). Tests run without them: then there is nothing
to compare, and the table in the test output says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ringfence.resources.kubernetes import KubernetesObjects
from ringfence.sources.kubernetes import read
from ringfence.topology.options import Options, parse

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"


@dataclass(frozen=True)
class Case:
    """One case: where it is and what it says."""

    folder: Path
    content: dict[str, Any]

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.folder.name

    def objects(self) -> KubernetesObjects:
        """Its manifests, read."""
        return read(self.files())[0]

    def files(self) -> list[Path]:
        """The files that it names."""
        return [path for pattern in self.content["inputs"] for path in sorted(self.folder.glob(pattern))]

    def options(self) -> Options:
        """Its semantic options."""
        options, wrong = parse(self.content.get("options", {}))
        assert not wrong
        return options


def cases(*parts: str) -> list[Case]:
    """The cases of a group, in order; none where they are not present."""
    found = sorted(CASES.joinpath(*parts).glob("*/case.json"))
    return [Case(path.parent, json.loads(path.read_text())) for path in found]


def for_each(
    names: str, values: list[Any], ids: Callable[[Any], str] | None = None
) -> Callable[[Callable[..., None]], Any]:
    """Parametrises a test; where the cases are not present there is no test, instead of one that is skipped."""
    return pytest.mark.parametrize(names, values, ids=ids) if values else lambda _: None
