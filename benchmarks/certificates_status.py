"""Status over a hundred thousand certificates, and probes per second.

`python -m benchmarks.certificates_status [CERTIFICATES]` makes that many leaves below one intermediate, each with its
own serial, names and dates, writes them to a folder in files of a thousand chains, and times what `certs status` does:
reading, parsing, judging by every rule, writing JSON. Then as many probes as fit into some seconds are sent to a TLS
server on loopback in another process, which bounds the figure together with the client: two cores do both.
"""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ringfence.certificates import entries
from ringfence.certificates.alerts import Policy
from ringfence.certificates.status import judge, surroundings
from ringfence.cli.output import render_json
from ringfence.report import certificate_status as report
from ringfence.sources import certificate_files, endpoints

CERTIFICATES = 100_000
PER_FILE = 1000
PROBES = 600
START = datetime(2026, 1, 1, tzinfo=UTC)
PEM = serialization.Encoding.PEM


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(subject: str, issuer: str, serial: int, days: int) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .serial_number(serial)
        .not_valid_before(START)
        .not_valid_after(START + timedelta(days=days))
    )


def make(folder: Path, count: int) -> None:
    """Writes the certificates; the first file also holds the intermediate, the key of the leaves lies beside."""
    issuer_key, leaf_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    own = x509.SubjectKeyIdentifier.from_public_key(issuer_key.public_key())
    intermediate = (
        _builder("intermediate", "root", 1, 1000)
        .public_key(issuer_key.public_key())
        .add_extension(x509.BasicConstraints(True, 0), critical=True)
        .add_extension(own, critical=False)
        .sign(issuer_key, hashes.SHA256())
        .public_bytes(PEM)
    )
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    pems: list[bytes] = []
    for number in range(count):
        leaf = (
            _builder(f"host-{number}", "intermediate", number + 2, 6 + number % 195)
            .public_key(leaf_key.public_key())
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(f"host-{number}.example.com")]), critical=False)
            .add_extension(x509.BasicConstraints(False, None), critical=True)
            .add_extension(usage, critical=False)
            .add_extension(above, critical=False)
            .sign(issuer_key, hashes.SHA256())
        )
        pems.append(leaf.public_bytes(PEM))
        if len(pems) == PER_FILE or number == count - 1:
            (folder / f"{number // PER_FILE:05}.pem").write_bytes(b"".join(pems))
            pems.clear()
    (folder / "intermediate.pem").write_bytes(intermediate)
    private = leaf_key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.key").write_bytes(private)


def status(folder: Path) -> None:
    """Times each step of `certs status` over the folder."""
    begun = time.perf_counter()
    names, problems = certificate_files.sort_paths([folder])
    files, more = certificate_files.read(names.certificates)
    read = time.perf_counter()
    found, worse = entries.from_files(files)
    parsed = time.perf_counter()
    around = surroundings(found)
    now = START + timedelta(days=90)
    statuses = [judge(one, now, Policy(), around) for one in found]
    judged = time.perf_counter()
    size = len(render_json(report.document(statuses)))
    done = time.perf_counter()
    assert not [*problems, *more, *worse]
    count, alerted = len(statuses), sum(bool(one.alerts) for one in statuses)
    steps = {"read": read - begun, "parse": parsed - read, "judge": judged - parsed, "write": done - judged}
    shown = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in steps.items())
    print(f"status: {count} certificates ({alerted} with an alert) in {done - begun:.1f} s: {shown}")
    print(f"        {count / (done - begun):,.0f} certificates a second, {size / 1e6:.0f} MB of JSON")


def probes(folder: Path, count: int = PROBES) -> None:
    """Times probes of a server in another process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    first = next(iter((folder / "00000.pem").read_bytes().split(b"-----END CERTIFICATE-----\n")))
    (folder / "server.pem").write_bytes(first + b"-----END CERTIFICATE-----\n")
    command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-quiet", "-cert", "server.pem"]
    command += ["-key", "server.key", "-cert_chain", "intermediate.pem"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            for _ in range(100):
                with socket.socket() as knock:
                    if knock.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            wanted = [endpoints.Endpoint("127.0.0.1", port, server_name="host-0.example.com")] * count
            begun = time.perf_counter()
            served = endpoints.probe_all(wanted)
            seconds = time.perf_counter() - begun
        finally:
            server.terminate()
    good = sum(not one.problem for one in served)
    print(f"probes: {good} of {count} in {seconds:.1f} s, {good / seconds:,.0f} a second ({ssl.OPENSSL_VERSION})")


def main(count: int = CERTIFICATES) -> None:
    """Makes the certificates and prints the figures."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        begun = time.perf_counter()
        make(folder, count)
        print(f"made:   {count} certificates in {time.perf_counter() - begun:.1f} s")
        status(folder)
        probes(folder)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CERTIFICATES)
