"""The alerting rules, checked and tried by Prometheus's own promtool: the clock is walked there as well."""

from __future__ import annotations

import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ringfence.certificates.alerts import Policy
from ringfence.certificates.due import due
from ringfence.certificates.inventory import Certificate, Entry
from ringfence.certificates.status import judge
from ringfence.report.certificate_metrics import text as metrics
from ringfence.report.certificate_rules import text
from tests.certificates.records import DAY, authority, certificate, entry, renewed

EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
"""promtool's clock begins here."""


def promtool(*arguments: str, folder: Path, stdin: str | None = None) -> str:
    done = subprocess.run(
        ["promtool", *arguments], cwd=folder, input=stdin, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("policy", [Policy(), Policy(days=(14, 3)), Policy(days=())])
def test_promtool_takes_the_rules(policy: Policy, tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(text(policy))
    assert f"{len(policy.days) + 6} rules found" in promtool("check", "rules", "rules.yml", folder=tmp_path)


def test_promtool_takes_the_metrics(tmp_path: Path) -> None:
    strange = certificate(subject='CN=a"\\\n\0b', dns_names=())
    statuses = [judge(one, EPOCH + 85 * DAY) for one in (named("one", 90 * DAY), entry(strange), entry())]
    promtool("check", "metrics", folder=tmp_path, stdin=metrics(statuses, EPOCH, Policy()))


def named(name: str, lifetime: timedelta, *, by: bool = False, one: Certificate | None = None) -> Entry:
    made = one or certificate(lifetime)
    moved = Certificate(
        **{
            field: getattr(made, field)
            for field in ("fingerprint", "serial", "subject", "issuer", "ca", "dns_names", "key_type", "key_bits")
        },
        not_before=EPOCH,
        not_after=EPOCH + lifetime,
    )
    plain = entry(moved, id=name)
    moment = due(plain)
    assert moment is not None
    return entry(moved, id=name, renewal=renewed(moment.due)) if by else plain


CASES = [
    named("ninety", 90 * DAY),
    named("six", 6 * DAY),
    named("fortyfive", 45 * DAY),
    named("renewed", 90 * DAY, by=True),
    named("hour", DAY),
    named("authority", 130 * DAY, by=True, one=authority(130 * DAY)),
]
ALERTS = {
    "days-60": "CertificateDaysLeft60",
    "days-30": "CertificateDaysLeft30",
    "days-7": "CertificateDaysLeft7",
    "days-1": "CertificateDaysLeft1",
    "slack-warn": "CertificateSlackWarn",
    "slack-page": "CertificateSlackPage",
    "slack-critical": "CertificateSlackCritical",
    "expired": "CertificateExpired",
}


def test_promtool_fires_what_we_fire_at_every_step_of_the_clock(tmp_path: Path) -> None:
    """Only the first day's data are given: Prometheus's own clock does the rest, as when nobody writes any more."""
    (tmp_path / "rules.yml").write_text(text(Policy()))
    written = metrics([judge(one, EPOCH) for one in CASES], EPOCH, Policy()).splitlines()
    series = [line.rpartition(" ") for line in written if not line.startswith("#")]
    lines = ["rule_files: [rules.yml]", "evaluation_interval: 6h", "tests:", "  - interval: 6h", "    input_series:"]
    for name, _, value in series:
        if "ringfence_certificate_alert{" not in name:
            lines += [f"      - series: '{name}'", f"        values: '{value}x520'"]
    lines.append("    alert_rule_test:")
    expected_any = 0
    for hours in [24 * day + 6 for day in (0, 3, 5, 15, 29, 30, 31, 45, 59, 60, 68, 76, 84, 90, 125)]:
        statuses = [judge(one, EPOCH + timedelta(hours=hours)) for one in CASES]
        for rule, alert in ALERTS.items():
            standing = [one for one in statuses if rule in {fired.rule for fired in one.alerts}]
            lines += [f"      - eval_time: {hours}h", f"        alertname: {alert}", "        exp_alerts:"]
            if not standing:
                lines[-1] += " []"
            for one in standing:
                expected_any += 1
                lines.append(f"          - exp_labels: {{id: {one.entry.id}, source: file, {labels(rule)}}}")
                lines.append(f"            exp_annotations: {{summary: '{summary(rule, one.entry.id)}'}}")
    assert expected_any > 20
    (tmp_path / "tests.yml").write_text("\n".join(lines) + "\n")
    assert "SUCCESS" in promtool("test", "rules", "tests.yml", folder=tmp_path)


def labels(rule: str) -> str:
    severity = {
        "days-60": "info",
        "days-30": "info",
        "days-7": "warning",
        "days-1": "page",
        "slack-warn": "warning",
        "slack-page": "page",
        "slack-critical": "critical",
        "expired": "critical",
    }[rule]
    return f"rule: {rule}, severity: {severity}"


def summary(rule: str, name: str) -> str:
    if rule.startswith("days-"):
        return f"{name} ends in less than {rule[5:]} days"
    parts = {"slack-warn": "25%", "slack-page": "50%", "slack-critical": "80%"}
    if rule in parts:
        return f"{name} was due, and {parts[rule]} of the time until its end is gone"
    return f"{name} has expired"


def test_stale_metrics_and_other_alerts_fire(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(text(Policy()))
    (tmp_path / "tests.yml").write_text(
        """
rule_files: [rules.yml]
evaluation_interval: 1h
tests:
  - interval: 1h
    input_series:
      - series: 'ringfence_certificates_checked_timestamp_seconds'
        values: '0x100'
      - series: 'ringfence_certificate_alert{id="x",source="file",rule="key-weak"}'
        values: '1x100'
      - series: 'ringfence_certificate_alert{id="x",source="file",rule="days-60"}'
        values: '1x100'
    alert_rule_test:
      - eval_time: 48h
        alertname: CertificateMetricsStale
        exp_alerts: []
      - eval_time: 49h
        alertname: CertificateMetricsStale
        exp_alerts:
          - exp_labels: {severity: warning, rule: metrics-stale}
            exp_annotations: {summary: ringfence has not looked at the certificates for two days}
      - eval_time: 1h
        alertname: CertificateAlert
        exp_alerts:
          - exp_labels: {id: x, source: file, rule: key-weak, severity: warning}
            exp_annotations: {summary: 'x: key-weak'}
"""
    )
    assert "SUCCESS" in promtool("test", "rules", "tests.yml", folder=tmp_path)
