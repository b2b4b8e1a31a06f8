"""ConfigMaps, and the YAML that a control plane's hold as text."""

from __future__ import annotations

import pytest

from tests.sources.kubernetes.texts import good, read


def config_map(name: str, key: str, text: str) -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: mesh}}\ndata:\n  {key}: {text}\n"


@pytest.mark.parametrize(
    ("name", "key", "parsed"),
    [
        ("linkerd-config", "values", True),
        ("istio", "mesh", True),
        ("istio-canary", "mesh", True),
        ("istio-sidecar-injector", "values", True),
        ("istio-sidecar-injector-canary", "config", True),
        ("istio-sidecar-injector", "mesh", False),
        ("linkerd-config", "mesh", False),
        ("istio", "values", False),
        ("istiod", "mesh", False),
        ("values", "values", False),
    ],
)
def test_whose_text_is_parsed(name: str, key: str, parsed: bool) -> None:
    [found] = good(config_map(name, key, '"a: {b: 1}"')).config_maps
    assert found.data == {key: "a: {b: 1}"}
    assert found.parsed == ({key: {"a": {"b": 1}}} if parsed else {})


@pytest.mark.parametrize("text", ['""', '"# nothing"'])
def test_an_empty_configuration_says_nothing(text: str) -> None:
    [found] = good(config_map("istio", "mesh", text)).config_maps
    assert found.parsed == {"mesh": {}}


@pytest.mark.parametrize("text", ['"[1]"', '"a: 1\\n---\\nb: 2"', '"a: [1"', '"{{ x }}"', '"{a: 1, a: 2}"'])
def test_what_is_no_mapping_is_a_warning(text: str) -> None:
    objects, said = read(config_map("linkerd-config", "values", text))
    assert [one.parsed for one in objects.config_maps] == [{"values": {}}]
    assert len(said) == 1
    assert "warning: data.values: is no YAML mapping" in said[0]
