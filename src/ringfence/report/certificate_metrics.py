"""Certificates as Prometheus metrics in the text format 0.0.4, for a textfile collector or a scrape.

Names and labels are our own where nobody's fit; `x509_cert_not_after` and `x509_cert_not_before` are those of the
x509-certificate-exporter, so that its dashboards go on working. Times are seconds since 1970.

    ringfence_certificate_state{id,source,state}          1 for the state that holds, 0 for the others
    ringfence_certificate_due_timestamp_seconds{id}       when it should be replaced
    ringfence_certificate_slack_used_ratio{id}            0 when due, 1 at the end
    ringfence_certificate_alert{id,rule}                  1 while the alert stands
    ringfence_certificate_renewed{id}                     1 where somebody is known to renew it
    ringfence_certificate_rule_applies{id,family}         1 where the alerts of that family, days or slack, are for it
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from ringfence.certificates.alerts import Policy, counts_in_days, counts_in_slack
from ringfence.certificates.status import State, Status

HELP = {
    "x509_cert_not_before": "Begin of validity, seconds since 1970.",
    "x509_cert_not_after": "End of validity, seconds since 1970.",
    "ringfence_certificate_state": "1 for the state that holds.",
    "ringfence_certificate_due_timestamp_seconds": "When it should be replaced.",
    "ringfence_certificate_slack_used_ratio": "Part of the time between due and the end that is gone.",
    "ringfence_certificate_renewed": "1 where somebody is known to renew it.",
    "ringfence_certificate_rule_applies": "1 where the alerts of that family are for it.",
    "ringfence_certificate_alert": "1 while the alert stands.",
    "ringfence_certificates_checked_timestamp_seconds": "When this was written.",
}
LABEL_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": " ", "\0": "\ufffd"})


def text(statuses: Iterable[Status], now: datetime, policy: Policy) -> str:
    """All metrics, grouped by name as the format asks."""
    rows: dict[str, list[str]] = {name: [] for name in HELP}
    for status in statuses:
        for name, labels, value in _samples(status, now, policy):
            rows[name].append(f"{name}{_labels(labels)} {value:.10g}")
    rows["ringfence_certificates_checked_timestamp_seconds"].append(
        f"ringfence_certificates_checked_timestamp_seconds {now.timestamp():.3f}"
    )
    lines = []
    for name, samples in rows.items():
        if samples:
            lines += [f"# HELP {name} {HELP[name]}", f"# TYPE {name} gauge", *samples]
    return "\n".join(lines) + "\n"


def _samples(status: Status, now: datetime, policy: Policy) -> Iterable[tuple[str, Mapping[str, str], float]]:
    entry, leaf = status.entry, status.entry.leaf
    base = {"id": entry.id, "source": str(entry.source)}
    if leaf is not None:
        exported = base | {"serial_number": f"{leaf.serial:x}", "subject": leaf.subject, "issuer": leaf.issuer}
        yield "x509_cert_not_before", exported, leaf.not_before.timestamp()
        yield "x509_cert_not_after", exported, leaf.not_after.timestamp()
    for state in State:
        yield "ringfence_certificate_state", base | {"state": str(state)}, float(state is status.state)
    if status.due is not None:
        yield "ringfence_certificate_due_timestamp_seconds", base, status.due.due.timestamp()
        end = entry.end
        if end is not None and end > status.due.due:
            used = (now - status.due.due) / (end - status.due.due)
            yield "ringfence_certificate_slack_used_ratio", base, max(used, 0.0)
    yield "ringfence_certificate_renewed", base, float(entry.renewal is not None)
    yield "ringfence_certificate_rule_applies", base | {"family": "days"}, float(counts_in_days(entry))
    yield "ringfence_certificate_rule_applies", base | {"family": "slack"}, float(counts_in_slack(entry, policy))
    for alert in {one.rule: one for one in status.alerts}.values():
        yield "ringfence_certificate_alert", base | {"rule": alert.rule}, 1.0


def _labels(labels: Mapping[str, str]) -> str:
    pairs = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{pairs}}}" if pairs else ""


def _escaped(value: str) -> str:
    return value.translate(LABEL_ESCAPES).encode("utf-8", "replace").decode()
