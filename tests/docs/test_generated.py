"""What is made from the code is up to date, and the schema holds for the posture files that the project ships."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from ringfence.checks.registry import registered
from tests.docs.console import PAGES

ROOT = Path(__file__).parent.parent.parent
GENERATOR = runpy.run_path(str(ROOT / "scripts" / "generate-docs"))
SCHEMA = json.loads((ROOT / "docs" / "ringfence.schema.json").read_text(encoding="utf-8"))
POSTURES = sorted((ROOT / "examples").rglob("ringfence.yaml"))
assert POSTURES


@pytest.mark.parametrize("page", ["findings.md", "ringfence.schema.json"])
def test_generated_pages_are_up_to_date(page: str) -> None:
    path = ROOT / "docs" / page
    assert path.read_text(encoding="utf-8") == GENERATOR["pages"]()[path], "run scripts/generate-docs"


def test_every_check_has_its_headings_and_its_place() -> None:
    page = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    for check, _, _ in registered():
        _, _, rest = page.partition(f"\n## {check.id} {check.name}\n")
        part = rest.partition("\n## ")[0]
        wanted = ["What it does", "Why it is bad", "Example", "Instead"]
        assert [line[4:] for line in part.splitlines() if line.startswith("### ")] == wanted


@pytest.mark.parametrize("path", POSTURES, ids=lambda path: path.parent.name)
def test_the_posture_files_fit_the_schema_that_their_first_line_names(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / named).resolve() == ROOT / "docs" / "ringfence.schema.json"
    jsonschema.validate(yaml.safe_load(text), SCHEMA)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_posture_files_in_pages_fit_the_schema(page: Path) -> None:
    for block in re.findall(r"^```yaml\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        if "version: 1" in block:
            jsonschema.validate(yaml.safe_load(block), SCHEMA)


INTENT = {"name": "n", "reason": "r", "deny": {"from": "a", "to": "b"}}


@pytest.mark.parametrize(
    "document",
    [
        {"intents": [{**INTENT, "allow": INTENT["deny"]}]},
        {"intents": [{"name": "n", "reason": "r"}]},
        {"intents": [{**INTENT, "reason": ""}]},
        {"intents": [{**INTENT, "deny": {"from": "a"}}]},
        {"selections": {"a": {"namespaces": ["a"]}}},
        {"intent": []},
    ],
    ids=str,
)
def test_the_schema_refuses(document: Any) -> None:
    jsonschema.validate({"intents": [INTENT]}, SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SCHEMA)
