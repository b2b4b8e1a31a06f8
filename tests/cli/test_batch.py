"""Many questions in one run: each line has its answer, whatever is wrong with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.cli.batch import answer
from ringfence.network import Network
from tests.checks.manifests import deployment, node, pod, service, view

from .commands.shop import MANIFESTS

EXTRA = [pod("job", status="{podIP: 10.1.2.3}"), node(), deployment("other", namespace="elsewhere"), service("none")]
NET = Network(view(*MANIFESTS.split("---\n"), *EXTRA).topology)


def asked(**question: Any) -> dict[str, Any]:
    question = {name.rstrip("_"): value for name, value in question.items()}
    return answer(NET, json.dumps(question).encode())


@pytest.mark.parametrize(
    ("question", "outcome"),
    [
        ({"from_": "shop/web", "to": "shop/db", "port": 5432}, "allowed"),
        ({"from_": "shop/web", "to": "shop/db", "protocol": "TCP", "port": 5432}, "allowed"),
        ({"from_": "shop/web", "to": "shop/db", "port": 5433}, "denied"),
        ({"from_": "shop/web", "to": "shop/db", "protocol": "udp", "port": 5432}, "denied"),
        ({"from_": "shop/web", "to": "shop/db", "protocol": "icmp"}, "denied"),
        ({"from_": "shop/web", "to": "shop/db", "protocol": "47"}, "denied"),
        ({"from_": "shop/web", "to": "shop/db", "port": 5432, "src_port": 40000}, "allowed"),
        ({"from_": "ip:198.18.0.9", "to": "shop/db", "port": 5432}, "allowed"),
        ({"from_": "ip:203.0.113.9", "to": "shop/db", "port": 5432}, "denied"),
        ({"from_": "shop/db", "to": "ip:203.0.113.9", "port": 443}, "denied"),
        ({"from_": "node:n1", "to": "elsewhere/other", "port": 80}, "allowed"),
        # What is dialled is the Service's port, what policies see is the target's.
        ({"from_": "shop/web", "via_service": "shop/db", "port": 5000}, "allowed"),
        ({"from_": "shop/web", "via_service": "shop/db", "protocol": "TCP"}, "allowed"),
        ({"from_": "shop/db", "via_service": "shop/db", "port": 5000}, "denied"),
        (
            {
                "from_": "shop/web",
                "to": "shop/db",
                "port": 5432,
                "http": {"method": "GET", "headers": {"x": ["1", "2"]}},
            },
            "allowed",
        ),
    ],
)
def test_answers(question, outcome):
    found = asked(**question)
    assert found.get("outcome") == outcome, found
    assert found["schema"] == "ringfence.explain/1"


def test_a_source_port_is_the_one_of_the_packet_also_through_a_service():
    for more in ({"to": "shop/db", "port": 5432}, {"via_service": "shop/db", "port": 5000}):
        assert asked(from_="shop/web", src_port=40001, **more)["witness"]["src_port"] == 40001


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"from_": "shop/web"}, "a question needs `to` or `via_service`"),
        ({"from_": "shop/wbe", "to": "shop/db"}, "shop/wbe is nothing that this network knows"),
        ({"to": "shop/db"}, "not a question: "),
        ({"from_": "shop/web", "to": "shop/db", "prot": 1}, "not a question: "),
        ({"from_": "shop/web", "to": "shop/db", "port": "80"}, "not a question: "),
        ({"from_": "shop/web", "to": "shop/db", "port": 70000}, "'tcp/70000' is not a port"),
        ({"from_": "shop/web", "to": "shop/db", "port": -1}, "'tcp/-1' is not a port"),
        ({"from_": "shop/web", "to": "shop/db", "src_port": 70000}, "70000 is not a source port"),
        ({"from_": "shop/web", "to": "shop/db", "protocol": "gre"}, "'protocol/gre' is not a port"),
        ({"from_": "shop/web", "to": "shop/db", "protocol": ""}, "'protocol/' is not a port"),
        (
            {"from_": "shop/web", "via_service": "shop/gone", "port": 80},
            "no pod stands behind Service shop/gone on tcp/80",
        ),
        ({"from_": "shop/web", "via_service": "shop/none"}, "no pod stands behind Service shop/none on tcp"),
        ({"from_": "shop/web", "to": "shop/db", "http": {"headers": 5}}, "http: headers is a mapping"),
        ({"from_": "shop/web", "to": "shop/db", "http": {"headers": "x"}}, "http: headers is a mapping"),
        ({"from_": "shop/web", "to": "shop/db", "http": {"method": {"a": "b"}}}, "http: method is text"),
        ({"from_": "shop/web", "to": "shop/db", "http": {"method": None}}, "http: method is text"),
        ({"from_": "ip:nonsense", "to": "shop/db"}, "nonsense is nothing that this network knows"),
        ({"from_": "ip:2001:db8::1", "to": "shop/db"}, "2001:db8::1: this network knows no addresses of that family"),
    ],
)
def test_a_question_without_answer_says_why(question, message):
    assert asked(**question)["error"].startswith(message)


def test_a_remedy_comes_along():
    assert asked(from_="shop/wbe", to="shop/db")["remedy"].startswith("did you mean shop/web")


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"from": "\xff"}', b"{}" * 9, b"[" * 100_000]
)
def test_what_is_no_question_at_all(line):
    assert answer(NET, line)["error"].startswith("not a question: ")


texts = st.one_of(
    st.sampled_from(["shop/web", "shop/db", "ip:10.0.0.1", "node:n1", "tcp", "icmp"]), st.text(max_size=5)
)
values = st.recursive(
    st.one_of(st.none(), st.integers(-5, 70000), texts),
    lambda more: st.one_of(st.lists(more, max_size=2), st.dictionaries(texts, more, max_size=2)),
    max_leaves=3,
)
KEYS = ["from", "to", "protocol", "port", "src_port", "http", "client_tls", "via_service"]


@given(st.fixed_dictionaries({"from": texts, "to": texts}), st.dictionaries(st.sampled_from(KEYS), values, max_size=4))
def test_every_line_has_an_answer(base, more):
    found = answer(NET, json.dumps(base | more).encode())
    assert ("error" in found) != ("outcome" in found)
