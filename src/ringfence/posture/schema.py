"""The JSON Schema of the posture file, made from the types that read it.

It is published as `docs/ringfence.schema.json`; an editor that speaks YAML finds it through the first line of a posture
file: `# yaml-language-server: $schema=...`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ringfence.posture.document import KINDS, Posture

TITLE = "Ringfence posture file"


def schema() -> dict[str, Any]:
    """The schema as a JSON document (draft 2020-12)."""
    (top,), components = msgspec.json.schema_components([Posture], ref_template="#/$defs/{name}")
    for definition in components.values():
        definition.pop("title", None)
    # Exactly one kind of intent: the type system knows four optional fields.
    components["Intent"]["oneOf"] = [
        {"required": [kind], "properties": {kind: {"not": {"type": "null"}}}} for kind in KINDS
    ]
    components["Intent"]["properties"]["reason"]["minLength"] = 1
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": TITLE, **top, "$defs": components}
