"""Metrics in the text format. That Prometheus takes them is tested with promtool in `test_certificate_rules`."""

from __future__ import annotations

from inline_snapshot import snapshot

from ringfence.certificates.alerts import Policy
from ringfence.certificates.status import judge
from ringfence.report.certificate_metrics import text
from tests.certificates.records import DAY, START, certificate, entry, renewed


def test_one_certificate() -> None:
    one = judge(entry(certificate(90 * DAY)), START + 75 * DAY)
    assert text([one], START, Policy()) == snapshot("""\
# HELP x509_cert_not_before Begin of validity, seconds since 1970.
# TYPE x509_cert_not_before gauge
x509_cert_not_before{id="x",source="file",serial_number="7",subject="CN=a",issuer="CN=issuer"} 1767225600
# HELP x509_cert_not_after End of validity, seconds since 1970.
# TYPE x509_cert_not_after gauge
x509_cert_not_after{id="x",source="file",serial_number="7",subject="CN=a",issuer="CN=issuer"} 1775001600
# HELP ringfence_certificate_state 1 for the state that holds.
# TYPE ringfence_certificate_state gauge
ringfence_certificate_state{id="x",source="file",state="ok"} 0
ringfence_certificate_state{id="x",source="file",state="due"} 1
ringfence_certificate_state{id="x",source="file",state="expired"} 0
ringfence_certificate_state{id="x",source="file",state="not_yet_valid"} 0
ringfence_certificate_state{id="x",source="file",state="not_ready"} 0
ringfence_certificate_state{id="x",source="file",state="invalid"} 0
# HELP ringfence_certificate_due_timestamp_seconds When it should be replaced.
# TYPE ringfence_certificate_due_timestamp_seconds gauge
ringfence_certificate_due_timestamp_seconds{id="x",source="file"} 1772409600
# HELP ringfence_certificate_slack_used_ratio Part of the time between due and the end that is gone.
# TYPE ringfence_certificate_slack_used_ratio gauge
ringfence_certificate_slack_used_ratio{id="x",source="file"} 0
# HELP ringfence_certificate_renewed 1 where somebody is known to renew it.
# TYPE ringfence_certificate_renewed gauge
ringfence_certificate_renewed{id="x",source="file"} 0
# HELP ringfence_certificate_rule_applies 1 where the alerts of that family are for it.
# TYPE ringfence_certificate_rule_applies gauge
ringfence_certificate_rule_applies{id="x",source="file",family="days"} 1
ringfence_certificate_rule_applies{id="x",source="file",family="slack"} 0
# HELP ringfence_certificate_alert 1 while the alert stands.
# TYPE ringfence_certificate_alert gauge
ringfence_certificate_alert{id="x",source="file",rule="days-60"} 1
ringfence_certificate_alert{id="x",source="file",rule="days-30"} 1
# HELP ringfence_certificates_checked_timestamp_seconds When this was written.
# TYPE ringfence_certificates_checked_timestamp_seconds gauge
ringfence_certificates_checked_timestamp_seconds 1767225600.000
""")


def test_labels_are_escaped_and_a_slack_before_due_is_none() -> None:
    one = entry(certificate(subject='a"b\\c\nd'), renewal=renewed(START + DAY))
    written = text([judge(one, START)], START, Policy())
    assert 'subject="a\\"b\\\\c\\nd"' in written
    assert 'ringfence_certificate_slack_used_ratio{id="x",source="file"} 0\n' in written
    assert 'ringfence_certificate_renewed{id="x",source="file"} 1\n' in written


def test_nothing_at_all() -> None:
    last = text([], START, Policy()).splitlines()[-1]
    assert last == "ringfence_certificates_checked_timestamp_seconds 1767225600.000"
