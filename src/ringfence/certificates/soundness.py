"""Alert rules about what a certificate says: its chain, names, keys, usages, issuer and revocation.

Each looks at one entry and at what else was read. A rule fires only on what is there to be seen: a leaf that is stored
alone is not called incomplete unless its intermediate was read from somewhere else, and who its issuer is remains
open where no authority of that name was read.

What an endpoint serves first is its server's certificate, whatever its basic constraints say: what is made by hand
(`openssl req -x509`) is an authority by default. A stored authority is one, and needs no names of servers.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from ringfence.certificates.alerts import TIME_RULES, Alert, Revocations, Rule, View
from ringfence.certificates.inventory import (
    ANY_USAGE,
    CLIENT_AUTH,
    SERVER_AUTH,
    Certificate,
    Effect,
    Source,
)
from ringfence.certificates.names import missing
from ringfence.certificates.x509 import issued_by, signed_by

SMALLEST_RSA = 2048
SMALLEST_CURVE = 224
BROKEN_HASHES = frozenset({"md5", "md2", "sha1", "md4"})
SERVED = (Source.ENDPOINT, Source.SECRET, Source.CERT_MANAGER)
"""Where what stands there is handed to clients as it is."""


def malformed(view: View) -> Iterator[Alert]:
    """Something in a certificate cannot be read, or is forbidden."""
    for one in view.entry.chain:
        for defect in one.defects:
            yield _alert("malformed", one, f"{one.title}: {defect}", Effect.BROKEN)


def chain_order(view: View) -> Iterator[Alert]:
    """Each certificate of a chain has to be issued by the next (RFC 5246, 7.4.2; TLS 1.3 allows any order, few do)."""
    for one, issuer in pairwise(view.entry.chain):
        if not issued_by(one, issuer):
            reason = "bears another name" if one.issuer != issuer.subject else "has another key"
            text = f"the next in the chain, {issuer.title}, {reason} than the issuer of {one.title}"
            yield _alert("chain-broken", one, text, Effect.BROKEN)
            return


def chain_incomplete(view: View) -> Iterator[Alert]:
    """A chain that stops at a certificate whose issuer is no root: clients cannot build the path.

    The issuer is known to be none where it was read, and where a public authority signed a leaf: their roots sign none
    (baseline requirements, 6.1.7).
    """
    last = _end(view)
    if last is None:
        return
    known = _issuers(view, last)
    if known and not any(one.self_issued for one in known):
        text = f"the chain stops at {last.title}; its issuer {known[0].title} is an intermediate and has to be sent too"
        yield _alert("chain-incomplete", last, text + _where(last), Effect.BROKEN)
    elif not known and not last.ca and last.publicly_trusted:
        text = f"{last.title} is sent alone; its issuer {last.issuer} is an intermediate and has to be sent too"
        yield _alert("chain-incomplete", last, text + _where(last), Effect.BROKEN)


def remarks(view: View) -> Iterator[str]:
    """What may be wrong and cannot be told from what was read: no alert, and to be said of a server."""
    last = _end(view) if view.entry.source is Source.ENDPOINT else None
    if last is not None and not last.ca and not last.publicly_trusted and not _issuers(view, last):
        text = f"{last.title} is sent alone; unless clients trust {last.issuer} itself, it has to be sent too"
        yield text + _where(last)


def outlives_issuer(view: View) -> Iterator[Alert]:
    """A certificate that is good for longer than its issuer is not: it ends with it."""
    entry = view.entry
    for at, one in enumerate(entry.chain[:1]):
        following = entry.chain[at + 1 : at + 2]
        issuers = following if following and issued_by(one, following[0]) else _issuers(view, one)
        if one.self_issued or not issuers:
            continue
        end = max(issuer.not_after for issuer in issuers)
        if one.not_after > end:
            text = f"it ends {one.not_after:%Y-%m-%d}, its issuer {issuers[0].title} already {end:%Y-%m-%d}"
            yield _alert("outlives-issuer", one, text, Effect.DOUBTFUL)


def names(view: View) -> Iterator[Alert]:
    """A server's certificate has to name what clients call (subject alternative names; the common name is dead)."""
    entry, leaf = view.entry, view.entry.leaf
    if leaf is None or _only_authority(view):
        return
    if not leaf.names and SERVER_AUTH in (leaf.extended_key_usage or ()):
        yield _alert("name-missing", leaf, "it has no subject alternative name; no client takes it", Effect.BROKEN)
    elif lacking := missing(leaf, entry.wanted):
        yield _alert("name-mismatch", leaf, f"it is not good for {', '.join(lacking)}", Effect.BROKEN)


def keys(view: View) -> Iterator[Alert]:
    """Keys and signatures that clients refuse, and a private key that belongs to another certificate."""
    entry, leaf = view.entry, view.entry.leaf
    if leaf is None:
        return
    if entry.key_id and entry.key_id != leaf.key_id:
        yield _alert("key-mismatch", leaf, "the private key beside it belongs to another certificate", Effect.BROKEN)
    for one in entry.chain:
        if one.key_type in ("RSA", "DSA") and one.key_bits < SMALLEST_RSA:
            weak = f"{one.title} has a {one.key_type} key of {one.key_bits} bits; {SMALLEST_RSA} are the least"
            yield _alert("key-weak", one, weak, Effect.BROKEN)
        elif one.key_type.startswith("EC ") and one.key_bits < SMALLEST_CURVE:
            yield _alert("key-weak", one, f"{one.title} has a key on the curve {one.key_type[3:]}", Effect.BROKEN)
        if one.signature_hash in BROKEN_HASHES and not one.self_issued:
            text = f"{one.title} is signed with {one.signature_hash.upper()}"
            yield _alert("signature-weak", one, text, Effect.BROKEN)


def usages(view: View) -> Iterator[Alert]:
    """What a certificate may be used for, against what it is used for."""
    leaf = view.entry.leaf
    if leaf is None:
        return
    for one in view.entry.chain[1:]:
        if not one.ca:
            yield _alert("usage", one, f"{one.title} stands in the chain and is no authority", Effect.BROKEN)
        elif one.key_usage is not None and "key_cert_sign" not in one.key_usage:
            yield _alert("usage", one, f"{one.title} stands in the chain and may not sign certificates", Effect.BROKEN)
    served = view.entry.source is Source.ENDPOINT
    if served and leaf.ca and not leaf.self_issued:
        yield _alert("usage", leaf, "an authority's own certificate is served", Effect.BROKEN)
    extended = leaf.extended_key_usage
    if served and extended is not None and not {SERVER_AUTH, ANY_USAGE} & set(extended):
        yield _alert("usage", leaf, f"it is served and is good for {', '.join(extended)} only", Effect.BROKEN)
    if leaf.publicly_trusted and CLIENT_AUTH in (extended or ()) and SERVER_AUTH not in (extended or ()):
        text = "public authorities no longer issue for client authentication: it will not be renewed as it is"
        yield _alert("usage-ends", leaf, text, Effect.DOUBTFUL)


def self_signed(view: View) -> Iterator[Alert]:
    """A leaf that only itself vouches for, where the posture says production."""
    leaf = view.entry.leaf
    if leaf is None or not view.policy.production or _only_authority(view) or not leaf.self_issued:
        return
    if signed_by(leaf.der, leaf.der):
        yield _alert("self-signed", leaf, "it is self-signed, and this is production", Effect.DOUBTFUL)


def transparency(view: View) -> Iterator[Alert]:
    """A public leaf without embedded timestamps of logs: browsers refuse it unless the server sends them itself."""
    leaf = view.entry.leaf
    if leaf is not None and not leaf.ca and leaf.publicly_trusted and not leaf.scts:
        yield _alert("no-sct", leaf, "a public certificate without embedded SCTs; browsers refuse it", Effect.DOUBTFUL)


def served_differs(view: View) -> Iterator[Alert]:
    """An endpoint that does not serve the newest of the stored certificates for its name."""
    entry, leaf = view.entry, view.entry.leaf
    if entry.source is not Source.ENDPOINT or leaf is None:
        return
    called = [one for name in entry.wanted for one in (name, f"*.{name.partition('.')[2]}")]
    stored = {one.fingerprint: one for name in called for one in view.around.stored.get(name, ())}
    if not stored:
        return
    newest = max(stored.values(), key=lambda one: one.not_before)
    if newest.fingerprint != leaf.fingerprint:
        what = "an older one" if leaf.fingerprint in stored or leaf.not_before < newest.not_before else "another one"
        text = f"stored is serial {newest.serial:x} until {newest.not_after:%Y-%m-%d}, served is {what}"
        yield Alert("served-differs", newest.not_before, f"{text}: serial {leaf.serial:x}", Effect.DOUBTFUL)


def revocation(view: View) -> Iterator[Alert]:
    """Revocation lists that were read: the certificate is on one, or the list of its issuer is stale."""
    for one in view.entry.chain:
        for listed in view.around.revocations.get(one.issuer, ()):
            if not _speaks_for(listed, view, one):
                continue
            if one.serial in listed.serials:
                since = listed.serials[one.serial]
                yield Alert("revoked", since, f"{one.title} was revoked {since:%Y-%m-%d %H:%M}", Effect.BROKEN)
            if listed.next_update is not None and view.now > listed.next_update:
                text = (
                    f"the revocation list of {one.issuer} should have been replaced {listed.next_update:%Y-%m-%d %H:%M}"
                )
                yield Alert("crl-stale", listed.next_update, text, Effect.DOUBTFUL)


def troubles(view: View) -> Iterator[Alert]:
    """What the source itself shows: a controller's conditions, a missing issuer, a challenge that cannot be."""
    for one in view.entry.troubles:
        yield Alert(one.rule, one.since or view.now, one.because, one.effect)


RULES: tuple[Rule, ...] = (
    *TIME_RULES,
    troubles,
    malformed,
    chain_order,
    chain_incomplete,
    outlives_issuer,
    names,
    keys,
    usages,
    self_signed,
    transparency,
    served_differs,
    revocation,
)
"""The whole chain, in the order in which reasons are shown."""


def _only_authority(view: View) -> bool:
    """Whether the first certificate stands there as an authority's own, and no server shows it."""
    leaf = view.entry.leaf
    return leaf is not None and leaf.ca and view.entry.source is not Source.ENDPOINT


def _end(view: View) -> Certificate | None:
    """Where the chain that clients are handed ends without a root; None where it does not, or was not seen whole."""
    entry = view.entry
    if not entry.chain or entry.cut_off or entry.source not in SERVED or entry.chain[0].ca:
        return None
    return None if entry.chain[-1].self_issued else entry.chain[-1]


def _where(one: Certificate) -> str:
    """Where its issuer is to be had, by its own word."""
    return f" (it names {one.issuer_urls[0]})" if one.issuer_urls else ""


def _speaks_for(listed: Revocations, view: View, one: Certificate) -> bool:
    """Whether a list is signed by the issuer of a certificate, as far as that issuer is known."""
    issuers = _issuers(view, one)
    return any(issuer.fingerprint in listed.signers for issuer in issuers)


def _issuers(view: View, one: Certificate) -> tuple[Certificate, ...]:
    """The known authorities that may have issued it, by name and key identifier."""
    chain = tuple(c for c in view.entry.chain if c.ca and c.subject == one.issuer)
    found = {c.fingerprint: c for c in (*chain, *view.around.authorities.get(one.issuer, ()))}
    wanted = one.authority_key_id
    return tuple(c for c in found.values() if not wanted or not c.subject_key_id or wanted == c.subject_key_id)


def _alert(rule: str, one: Certificate, because: str, effect: Effect) -> Alert:
    return Alert(rule, one.not_before, because, effect)
