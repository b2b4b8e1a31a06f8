"""The JSON Schema of the posture file, made from the types that read it.

`scripts/generate-docs` publishes it as `docs/ringfence.schema.json`; an editor that speaks YAML finds it through the
first line of a posture file: `# yaml-language-server: $schema=...`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ringfence.posture.document import KINDS, Layout

TITLE = "Ringfence posture file"


def schema() -> dict[str, Any]:
    """The schema as a JSON document (draft 2020-12)."""
    (top,), components = msgspec.json.schema_components([Layout], ref_template="#/$defs/{name}")
    for definition in components.values():
        definition.pop("title", None)
    # Exactly one kind of intent: the type system knows four optional fields.
    components["Intent"]["oneOf"] = [
        {"required": [kind], "properties": {kind: {"not": {"type": "null"}}}} for kind in KINDS
    ]
    components["Intent"]["properties"]["reason"]["pattern"] = r"\S"
    # A section without content counts as absent.
    sections = components["Layout"]["properties"]
    sections |= {name: {"anyOf": [section, {"type": "null"}]} for name, section in sections.items()}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": TITLE, **top, "$defs": components}
