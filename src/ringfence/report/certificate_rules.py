"""Alerting rules for Prometheus over the metrics of `certificate_metrics`, with one of them about the metrics' own age.

The rules about time compute with Prometheus's clock: they go on firing when nobody writes the metrics any more. All
others stand on `ringfence_certificate_alert`. A threshold in days counts up to two thirds of the lifetime, as in
`ringfence.certificates.alerts`.
"""

from __future__ import annotations

from collections.abc import Sequence

from ringfence.certificates.alerts import APPLIES_UP_TO, SLACK, Policy

DAY = 86400
STALE_AFTER = 2 * DAY
"""Seconds after which metrics are too old to be believed; they are written once a day at least."""
END = "max by (id, source) (x509_cert_not_after)"
LIFETIME = "(max by (id, source) (x509_cert_not_after) - max by (id, source) (x509_cert_not_before))"
APPLIES = "max by (id, source) (ringfence_certificate_rule_applies{{family='{}'}})"
DUE = "max by (id, source) (ringfence_certificate_due_timestamp_seconds)"
SEVERITIES = {"slack-warn": "warning", "slack-page": "page", "slack-critical": "critical"}
PAGE_UP_TO, WARN_UP_TO = 1, 7
"""Thresholds in days up to which an alert pages, or warns; above, it informs."""


def text(policy: Policy) -> str:
    """The rules file (YAML)."""
    lines = ["groups:", "  - name: ringfence-certificates", "    rules:"]
    for days in sorted(set(policy.days), reverse=True):
        lines += _rule(
            f"CertificateDaysLeft{days}",
            [
                f"({END} - time() <= {days * DAY})",
                f"and ({LIFETIME} * {APPLIES_UP_TO:.10g} >= {days * DAY})",
                f"and ({APPLIES.format('days')} == 1)",
            ],
            "page" if days <= PAGE_UP_TO else "warning" if days <= WARN_UP_TO else "info",
            f"days-{days}",
            f"{{{{ $labels.id }}}} ends in less than {days} days",
        )
    for rule, part in SLACK.items():
        lines += _rule(
            "Certificate" + "".join(word.capitalize() for word in rule.split("-")),
            [f"((time() - {DUE}) / ({END} - {DUE}) >= {part:g})", f"and ({APPLIES.format('slack')} == 1)"],
            SEVERITIES[rule],
            rule,
            f"{{{{ $labels.id }}}} was due, and {part:.0%} of the time until its end is gone",
        )
    lines += _rule("CertificateExpired", [f"{END} < time()"], "critical", "expired", "{{ $labels.id }} has expired")
    lines += _rule(
        "CertificateAlert",
        ['ringfence_certificate_alert{rule!~"days-.*|slack-.*|expired"} == 1'],
        "warning",
        "",
        "{{ $labels.id }}: {{ $labels.rule }}",
    )
    lines += _rule(
        "CertificateMetricsStale",
        [f"time() - ringfence_certificates_checked_timestamp_seconds > {STALE_AFTER}"],
        "warning",
        "metrics-stale",
        "ringfence has not looked at the certificates for two days",
    )
    return "\n".join(lines) + "\n"


def _rule(name: str, expression: Sequence[str], severity: str, rule: str, summary: str) -> list[str]:
    labels = [f"          severity: {severity}", *([f"          rule: {rule}"] if rule else [])]
    return [
        f"      - alert: {name}",
        "        expr: |-",
        *(f"          {line}" for line in expression),
        "        labels:",
        *labels,
        "        annotations:",
        f"          summary: '{summary}'",
    ]
