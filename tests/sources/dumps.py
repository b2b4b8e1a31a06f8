"""YAML that means what the value is: PyYAML leaves texts plain that go-yaml takes for numbers (`0E0`)."""

from __future__ import annotations

from typing import Any

import yaml


class _Quoting(yaml.SafeDumper):
    """Writes every text in double quotes."""


_Quoting.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


def dump(value: Any) -> str:
    """A value as YAML."""
    return yaml.dump(value, Dumper=_Quoting)
