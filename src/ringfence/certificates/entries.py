"""What was found in files becomes entries: which certificates make a chain, and which key lies beside it.

One leaf in a file and whatever authorities follow it are one entry. Authorities in front of a leaf, or in a file
without one, are entries of their own: a file with several of them and no leaf is a trust bundle. A file whose only leaf
stands behind an authority that issued it is a chain in the wrong order, and an alert.

A private key belongs to a chain in the same file, or under the usual names beside it: `x.crt` and `x.key`,
`fullchain.pem` and `privkey.pem` (certbot), `tls.crt` and `tls.key` (Kubernetes), `cert.pem` and `key.pem`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from posixpath import basename, dirname, join, splitext

from ringfence.certificates import x509
from ringfence.certificates.inventory import Certificate, Effect, Entry, Source, Trouble
from ringfence.model.diagnostics import Diagnostic
from ringfence.resources.certificates import CertificateFile, Encoded, Served

CHAIN_NAMES = {"fullchain.pem", "cert.pem", "chain.pem", "certificate.pem", "server.pem", "tls.pem"}
"""Names of chains that a key has no name in common with."""
KEY_NAMES = ("privkey.pem", "key.pem", "private.key", "tls.key", "server.key")
MISPLACED = Trouble(
    "chain-order", "the leaf is not the first certificate of the file, as servers expect", effect=Effect.DOUBTFUL
)


def from_files(files: Sequence[CertificateFile]) -> tuple[list[Entry], list[Diagnostic]]:
    """The entries of files, in their order. Ids are the file's name, with `#2` and so on behind the first."""
    keys = {file.name: file.keys for file in files if file.keys}
    entries: list[Entry] = []
    diagnostics: list[Diagnostic] = []
    for file in files:
        chain, problems = load_all(file.certificates)
        diagnostics += problems
        groups = list(grouped(chain))
        bundle = len(groups) > 1 and all(group[0].ca for group in groups)
        source = Source.PKCS12 if file.pkcs12 else Source.TRUST_BUNDLE if bundle else Source.FILE
        for number, group in enumerate(groups, 1):
            name = file.name if number == 1 else f"{file.name}#{number}"
            key = "" if group[0].ca else _key(file, group[0], keys)
            wrong = (MISPLACED,) if file.ordered and len(groups) == 1 and group[0] is not chain[0] else ()
            entries.append(Entry(name, source, group, group[0].span, key, troubles=wrong))
    return entries, diagnostics


def from_endpoint(served: Served) -> tuple[Entry, list[Diagnostic]]:
    """The entry of what an endpoint showed, or of its showing nothing."""
    chain, problems = load_all(served.certificates)
    name = served.endpoint if not served.starttls else f"{served.starttls}://{served.endpoint}"
    wanted = (served.server_name,) if served.server_name else ()
    troubles: tuple[Trouble, ...] = ()
    if not chain:
        troubles = (Trouble("unreachable", served.problem or "its certificate cannot be read"),)
    notes = [f"served over {served.protocol}"] if served.protocol else []
    if chain and not served.complete:
        notes.append("this Python shows the leaf alone, not the chain behind it")
    entry = Entry(
        name,
        Source.ENDPOINT,
        tuple(chain),
        wanted=wanted,
        troubles=troubles,
        cut_off=not served.complete,
        notes=tuple(notes),
    )
    return entry, problems


def load_all(encoded: Iterable[Encoded]) -> tuple[list[Certificate], list[Diagnostic]]:
    """The certificates that can be read, and what is wrong with the others and with parts of these."""
    found: list[Certificate] = []
    problems: list[Diagnostic] = []
    for one in encoded:
        certificate, problem = x509.read(one.der, one.span)
        if certificate is not None:
            found.append(certificate)
        if problem is not None:
            problems.append(problem)
    return found, problems


def grouped(certificates: Sequence[Certificate]) -> Iterator[tuple[Certificate, ...]]:
    """Chains, leaf first, and authorities that stand alone."""
    leaves = [at for at, one in enumerate(certificates) if not one.ca]
    if len(leaves) == 1 and leaves[0] > 0 and _issued_before(certificates, leaves[0]):
        at = leaves[0]
        yield (certificates[at], *certificates[:at], *certificates[at + 1 :])
        return
    for one in certificates[: leaves[0]] if leaves else certificates:
        yield (one,)
    for begin, end in zip(leaves, [*leaves[1:], len(certificates)], strict=False):
        yield tuple(certificates[begin:end])


def _issued_before(certificates: Sequence[Certificate], at: int) -> bool:
    return any(one.subject == certificates[at].issuer for one in certificates[:at])


def _key(file: CertificateFile, leaf: Certificate, keys: Mapping[str, tuple[str, ...]]) -> str:
    """The key that lies beside a chain: its own where there are several, else the first; empty where there is none."""
    found = file.keys or next((keys[name] for name in _key_files(file.name) if name in keys), ())
    if leaf.key_id in found:
        return leaf.key_id
    return found[0] if found else ""


def _key_files(name: str) -> Iterator[str]:
    stem, base, folder = splitext(name)[0], basename(name), dirname(name)
    yield f"{stem}.key"
    yield f"{stem}-key.pem"
    yield f"{stem}.key.pem"
    if base in CHAIN_NAMES:
        yield from (join(folder, key) for key in KEY_NAMES)
