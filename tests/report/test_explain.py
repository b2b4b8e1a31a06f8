"""Explanations as JSON and as text."""

from __future__ import annotations

import json

from ringfence.engine.explain import Explanation, explain
from ringfence.engine.witness import Field
from ringfence.report.explain import document, line, text
from ringfence.report.style import Style
from ringfence.topology.names import headers, side
from tests.checks.manifests import deployment, node, policy, view

KEYS = ["schema", "outcome", "mtls", "identities", "witness", "forward", "return", "because"]


def asked(source: str, target: str, port: str, *manifests: str) -> Explanation:
    shown = view(deployment("web"), deployment("db"), node(), *manifests)
    ends = [side(name, shown.topology.network.endpoints) for name in (source, target)]
    field = Field(ends[0].endpoints, ends[1].endpoints, ends[0].addresses, ends[1].addresses)
    found = explain(shown.witnesses, [(field, headers(port))])
    assert found is not None
    return found


def test_the_document_has_the_keys_of_its_schema():
    found = document(asked("shop/web", "shop/db", "tcp/80", policy()))
    assert list(found) == KEYS
    assert (found["schema"], found["outcome"], found["mtls"]) == ("ringfence.explain/1", "denied", "plaintext")
    assert [hop["action"] for hop in found["forward"]] == ["allow", "forward", "forward", "deny"]
    assert found["forward"][-1]["span"] == "k8s.yaml:19:1"
    assert found["return"] == []


def test_a_line_is_one_line_of_json():
    found = document(asked("shop/web", "shop/db", "tcp/80"))
    assert line(found).count("\n") == 1
    assert json.loads(line(found)) == found


def test_the_text_of_a_denial():
    assert text("web -> db", asked("shop/web", "shop/db", "tcp/80", policy()), Style()) == (
        "web -> db: denied\n"
        "  packet 10.0.0.10:49152 -> 10.0.0.11:80 tcp   shop/web[Deployment] -> shop/db[Deployment]\n"
        "  there\n"
        "    pods egress              allow    NetworkPolicy: nothing of it applies here\n"
        "    pods                     forward  to fabric\n"
        "    fabric                   forward  to pods\n"
        "    pods ingress             deny     NetworkPolicy: no rule of shop/p matches  (k8s.yaml:19:1)\n"
    )


def test_what_is_not_certain_shows_both_ends():
    found = text("n1 -> db", asked("n1", "shop/db", "tcp/80", policy()), Style(True))
    assert found.startswith("\x1b[1mn1 -> db\x1b[0m: \x1b[33munknown\x1b[0m\n")


def test_a_question_is_shown_safely():
    assert text("\x1b[31m", asked("shop/web", "shop/db", "tcp/80"), Style()).startswith("\\x1b[31m: allowed\n")
