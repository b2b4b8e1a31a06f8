"""What `verify` found, as JSON and as text."""

from __future__ import annotations

import pytest

from ringfence.checks.finding import Severity
from ringfence.checks.registry import run
from ringfence.model.spans import Span
from ringfence.posture.document import Flow, Intent
from ringfence.posture.proofs import PROVED, UNKNOWN, VIOLATED, Proof
from ringfence.report.style import Style
from ringfence.report.verify import Verdict, document, text
from tests.checks.manifests import app, deployment, policy, service, view
from tests.posture.clusters import proofs

INTENT = Intent("web-to-db", "the catalogue lives there", allow=Flow("a", "b"))


def verdict(*proved: Proof, cluster: tuple[str, ...] = (), threshold: Severity = Severity.MEDIUM, **more) -> Verdict:
    findings = tuple(run(view(*cluster))) if cluster else ()
    return Verdict(proved, findings, (), (), ("nothing more",), 2, 1, threshold, **more)


@pytest.mark.parametrize(
    ("statuses", "threshold", "failed", "summary"),
    [
        ((), Severity.MEDIUM, True, "FAILED: 2 workloads, 1 policy; 1 finding at or above medium"),
        ((), Severity.HIGH, False, "ok: 2 workloads, 1 policy; 0 findings at or above high, 1 below"),
        (
            (PROVED,),
            Severity.HIGH,
            False,
            "ok: 2 workloads, 1 policy; 1 of 1 intent proved; 0 findings at or above high, 1 below",
        ),
        (
            (PROVED, VIOLATED, UNKNOWN),
            Severity.CRITICAL,
            True,
            "FAILED: 2 workloads, 1 policy; 1 of 3 intents proved, 1 violated, 1 unknown; "
            "0 findings at or above critical, 1 below",
        ),
    ],
)
def test_it_fails_on_what_is_not_proved_and_on_findings_from_the_threshold_up(statuses, threshold, failed, summary):
    found = verdict(*(Proof(INTENT, one) for one in statuses), cluster=(deployment(),), threshold=threshold)
    assert found.failed == failed
    assert text(found, Style()).splitlines()[-1] == summary


def test_a_run_that_could_not_read_everything_is_not_ok():
    last = text(verdict(incomplete=True), Style()).splitlines()[-1]
    assert last.startswith("INCOMPLETE, some of the input was not read: 2 workloads")


def test_the_whole_text():
    cluster = (deployment("db"), policy(types="[Ingress, Egress]", select="{}"), policy("typo", app("dbb")))
    posture = "intents: [{name: web, reason: 'no  one\n else', deny: {from: shop/web, to: shop/db}}]"
    found, _ = proofs(
        [
            *cluster,
            deployment("web"),
            policy("db", app("db"), ingress="[{}]"),
            policy("w", app("web"), "[Egress]", egress="[{}]"),
        ],
        posture,
    )
    shown = text(
        Verdict(
            tuple(found),
            tuple(run(view(*cluster))),
            (("NodePort shop/db -> shop/db[Deployment] tcp/80", Span("k.yaml", "", 3)),),
            ("Kind X may decide",),
            ("all else",),
            2,
            2,
            Severity.MEDIUM,
        ),
        Style(),
    )
    assert shown == (
        "Intents\n"
        "  NO  web  violated  no one else\n"
        "        shop/web[Deployment] reaches shop/db[Deployment] on all\n"
        "        packet 10.0.0.10:49152 -> 10.0.0.11:443 tcp  (shop/web[Deployment] -> shop/db[Deployment])\n"
        "        allow: NetworkPolicy: shop/db ingress[0]  (k8s.yaml:37:13)\n"
        "\n"
        "Findings\n"
        "  medium   RF103  NetworkPolicy shop/typo selects no pod\n"
        "        at k8s.yaml:20:3\n"
        "        app=dbb is on no pod; shop/db[Deployment] has app=db  (k8s.yaml:1:1)\n"
        "        fix: correct the podSelector or the namespace, or remove the policy\n"
        "\n"
        "Ways in from outside\n"
        "  NodePort shop/db -> shop/db[Deployment] tcp/80  (k.yaml:3)\n"
        "\n"
        "not modelled: Kind X may decide\n"
        "assumed: all else\n"
        "\n"
        "FAILED: 2 workloads, 2 policies; 0 of 1 intent proved, 1 violated; 1 finding at or above medium\n"
    )


def test_what_a_terminal_would_obey_is_written_out():
    evil = Intent("\x1b[31mred", "\x1b[31mred", allow=Flow("a", "b"))
    assert "\x1b" not in text(verdict(Proof(evil, PROVED)), Style())


def test_the_document_has_the_keys_of_its_schema():
    cluster = (deployment("db"), service("db", "[{port: 5432}]", "type: LoadBalancer"))
    proof, _ = proofs(list(cluster), "intents: [{name: n, reason: r, deny: {from: internet, to: shop/db}}]")
    found = document(verdict(*proof, cluster=cluster))
    assert list(found) == ["schema", "intents", "findings", "connectivity", "exposed", "not_modelled", "assumed_open"]
    assert found["schema"] == "ringfence.verify/1"
    (intent,) = found["intents"]
    assert list(intent) == ["name", "status", "witness", "because", "span", "reason"]
    assert (intent["status"], intent["witness"]["outcome"]) == (VIOLATED, "allowed")
    assert {"src", "dst", "protocol", "forward", "return"} <= set(intent["witness"])
    worst, other = found["findings"]
    assert list(worst) == ["id", "name", "severity", "message", "span", "because", "witness", "remediation"]
    assert (worst["id"], worst["severity"], worst["witness"]["dst_port"]) == ("RF101", "high", 5432)
    assert (other["id"], other["witness"]) == ("RF102", None)


def test_intents_that_could_not_be_read_are_counted():
    found = verdict(Proof(INTENT, PROVED), incomplete=True, broken=2)
    summary = text(found, Style()).splitlines()[-1]
    assert summary.endswith("1 of 3 intents proved, 2 not read; 0 findings at or above medium")
    assert summary.startswith("INCOMPLETE")
