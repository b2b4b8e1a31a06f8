"""What records and entries say of themselves."""

from __future__ import annotations

import subprocess
import sys

from tests.certificates.records import DAY, START, authority, certificate, entry


def test_a_title_is_the_best_name_there_is() -> None:
    assert certificate().title == "a.example"
    assert certificate(dns_names=()).title == "CN=a"
    assert certificate(dns_names=(), subject="").title == "serial 7"


def test_the_end_is_that_of_the_first_to_end() -> None:
    root = authority(DAY, subject="CN=root", issuer="CN=root")
    assert entry(certificate(90 * DAY), authority(30 * DAY), root).end == START + 30 * DAY
    assert entry(root).end == START + DAY
    assert entry().end is None


def test_rules_and_records_do_not_load_the_library() -> None:
    modules = "alerts, cert_manager, constraints, due, entries, inventory, names, paths, revocation, solvers, soundness"
    code = f"import sys; from ringfence.certificates import {modules}, status, validation, x509; "
    code += "sys.exit('cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
