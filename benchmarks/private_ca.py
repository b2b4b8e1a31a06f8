"""Issuances per second of the private authority, against the library's own limit: one verification and one signature.

`python -m benchmarks.private_ca [SECONDS]`: on one core, with P-256 throughout.

  limit     the request's signature verified and one digest signed, nothing else: what `cryptography` makes possible
  signing   request in, certificate out, in memory
  issuing   the same with the journal: one locked, flushed and renamed file per certificate, so the disk counts
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from ringfence.certificates import keys
from ringfence.certificates.configuration import Profile
from ringfence.certificates.issuers import Request
from ringfence.certificates.issuers.private_ca import PrivateCa
from ringfence.certificates.issuers.signing import Authority, sign_ca
from ringfence.certificates.store import Attempt

NAMES = ("web.shop.example", "spiffe://shop.example/ns/shop/sa/web")
LIFETIME = timedelta(hours=24)


def per_second(call: Callable[[], object], seconds: float) -> float:
    """How often per second the call can be made."""
    call()
    count, begin = 0, time.perf_counter()
    while (spent := time.perf_counter() - begin) < seconds:
        call()
        count += 1
    return count / spent


def measure(seconds: float) -> dict[str, float]:
    """Calls per second by the names above."""
    now, profile = datetime.now(UTC), Profile()
    key = ec.generate_private_key(ec.SECP256R1())
    authority = Authority(sign_ca(profile, key, None, now), key, profile)
    pem = keys.request(keys.generate("ecdsa-p256"), NAMES)
    content = b"x" * 400
    algorithm, public = ec.ECDSA(SHA256()), key.public_key()
    signature = key.sign(content, algorithm)

    def limit() -> None:
        public.verify(signature, content, algorithm)
        key.sign(content, algorithm)

    def signing() -> bytes:
        csr = x509.load_pem_x509_csr(pem)
        assert csr.is_signature_valid
        names = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return authority.sign(csr, names, LIFETIME, now).public_bytes(Encoding.PEM)

    with tempfile.TemporaryDirectory() as folder:
        ca, attempt = PrivateCa("bench", Path(folder) / "ca"), Attempt(Path(folder))
        leaf_key = keys.generate("ecdsa-p256")
        count = [0]

        def issuing() -> bytes:
            count[0] += 1
            names = (f"web-{count[0]}.shop.example",)
            return ca.obtain(Request("web", names, keys.request(leaf_key, names), LIFETIME), attempt, now)

        return {
            "limit": per_second(limit, seconds),
            "signing": per_second(signing, seconds),
            "issuing": per_second(issuing, seconds),
        }


def main(seconds: float = 2.0) -> None:
    """Prints the figures."""
    figures = measure(seconds)
    for name, figure in figures.items():
        print(f"{name:<8} {figure:>8.0f}/s  {figure / figures['limit']:>4.0%} of the limit")


if __name__ == "__main__":
    main(*(float(argument) for argument in sys.argv[1:2]))
