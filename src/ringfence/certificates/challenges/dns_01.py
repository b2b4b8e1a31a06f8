"""DNS-01 (RFC 8555, 8.4): a TXT record at `_acme-challenge.NAME`.

Three ways to set it: dynamic updates signed with TSIG (RFC 2136, RFC 8945), Amazon Route 53, or a program of the user.
A name and its wildcard share one record name, so values are added to it, and only ours are taken away. The authority
may look only once: presenting ends when the zone's own server answers with the values.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.tsigkeyring
import dns.update

from ringfence.certificates.challenges import Proof, Solver
from ringfence.certificates.configuration import Challenge
from ringfence.certificates.issuers import Unavailable
from ringfence.certificates.secrets import reveal

TTL = 60
"""Seconds that resolvers may keep the record."""
ANSWER, VISIBLE = 10, 120
"""Seconds for a DNS server to answer, and for a record to be seen."""
Sleep = Callable[[float], None]


def solver_of(challenge: Challenge) -> Solver:
    """The dns-01 solver of a posture file."""
    if challenge.provider == "rfc2136":
        key = reveal(challenge.key).decode() if challenge.key else ""
        keyring = dns.tsigkeyring.from_text({challenge.key_name: key}) if key else {}
        return DynamicUpdate(challenge, keyring)
    if challenge.provider == "route53":
        import boto3

        return Route53(boto3.client("route53"), challenge.zone)
    return Hook(challenge.hook, challenge.settle.total_seconds())


@dataclass(frozen=True, slots=True)
class DynamicUpdate:
    """RFC 2136 against the primary of the zone."""

    challenge: Challenge
    keyring: Mapping[dns.name.Name, Any] = field(repr=False)
    sleep: Sleep = time.sleep

    @contextmanager
    def present(self, proofs: Sequence[Proof]) -> Iterator[None]:
        """Adds the records, waits until the server shows them, and deletes them after the block."""
        try:
            for proof in proofs:
                self._send(proof, "add")
            for proof in proofs:
                self._wait(proof)
            self.sleep(self.challenge.settle.total_seconds())
            yield
        finally:
            for proof in proofs:
                with suppress(Unavailable):
                    self._send(proof, "delete")

    def _send(self, proof: Proof, verb: str) -> None:
        name, value = proof.record
        owner = dns.name.from_text(name)
        zone = dns.name.from_text(self.challenge.zone) if self.challenge.zone else self._zone(owner)
        algorithm = dns.name.from_text(self.challenge.key_algorithm)
        update = dns.update.UpdateMessage(zone, keyring=self.keyring or None, keyalgorithm=algorithm)
        if verb == "add":
            update.add(owner, TTL, "TXT", f'"{value}"')
        else:
            update.delete(owner, "TXT", f'"{value}"')
        answer = self._ask(update)
        if answer.rcode() != dns.rcode.NOERROR:
            raise Unavailable(f"the DNS server refuses the update of {name}: {dns.rcode.to_text(answer.rcode())}")

    def _zone(self, owner: dns.name.Name) -> dns.name.Name:
        """The zone that holds the name: the first of its parents for which the server has a SOA record."""
        while owner != dns.name.root:
            answer = self._ask(dns.message.make_query(owner, dns.rdatatype.SOA))
            if any(rows.rdtype == dns.rdatatype.SOA for rows in answer.answer):
                return owner
            owner = owner.parent()
        raise Unavailable("the DNS server holds no zone for the name; name it as `zone`")

    def _wait(self, proof: Proof) -> None:
        name, value = proof.record
        deadline = time.monotonic() + VISIBLE
        while time.monotonic() < deadline:
            answer = self._ask(dns.message.make_query(name, dns.rdatatype.TXT))
            if any(str(row) == f'"{value}"' for rows in answer.answer for row in rows):
                return
            self.sleep(1)
        raise Unavailable(f"{name} was updated and is not to be seen after {VISIBLE} seconds")

    def _ask(self, message: dns.message.Message) -> dns.message.Message:
        host, port = self.challenge.server
        try:
            return dns.query.tcp(message, host, timeout=ANSWER, port=port)
        except (OSError, dns.exception.DNSException) as failure:
            reason = str(failure) or type(failure).__name__
            raise Unavailable(f"the DNS server {host}:{port} does not answer: {reason}") from failure


@dataclass(frozen=True, slots=True)
class Route53:
    """Amazon Route 53. Needs ListHostedZones, ListResourceRecordSets, ChangeResourceRecordSets and GetChange."""

    client: Any
    """A boto3 client."""
    zone: str = ""
    """The hosted zone's id; empty takes the public one with the longest matching name."""
    sleep: Sleep = time.sleep

    @contextmanager
    def present(self, proofs: Sequence[Proof]) -> Iterator[None]:
        """Adds the values, waits until all of Route 53 has them, and takes them away after the block."""
        wanted: dict[str, set[str]] = {}
        for proof in proofs:
            name, value = proof.record
            wanted.setdefault(name, set()).add(f'"{value}"')
        try:
            self._guarded(lambda: self._add(wanted))
            yield
        finally:
            with suppress(Unavailable):
                self._guarded(lambda: self._remove(wanted))

    def _add(self, wanted: Mapping[str, set[str]]) -> None:
        changes = []
        for name, values in wanted.items():
            zone = self.zone or self._zone(name)
            changes.append(self._change(zone, "UPSERT", name, self._values(zone, name) | values))
        deadline = time.monotonic() + VISIBLE
        for change in changes:
            while self.client.get_change(Id=change)["ChangeInfo"]["Status"] != "INSYNC":
                if time.monotonic() > deadline:
                    raise Unavailable(f"Route 53 did not spread the record within {VISIBLE} seconds")
                self.sleep(2)

    def _remove(self, wanted: Mapping[str, set[str]]) -> None:
        for name, values in wanted.items():
            zone = self.zone or self._zone(name)
            present = self._values(zone, name)
            if present - values:
                self._change(zone, "UPSERT", name, present - values)
            elif present:
                self._change(zone, "DELETE", name, present)

    def _zone(self, name: str) -> str:
        pages = self.client.get_paginator("list_hosted_zones").paginate()
        zones = [zone for page in pages for zone in page["HostedZones"] if not zone["Config"].get("PrivateZone")]
        fitting = [zone for zone in zones if f".{name}.".endswith(f".{zone['Name']}")]
        if not fitting:
            raise Unavailable(f"Route 53 holds no public zone for {name}")
        return str(max(fitting, key=lambda zone: len(zone["Name"]))["Id"])

    def _values(self, zone: str, name: str) -> set[str]:
        answer = self.client.list_resource_record_sets(
            HostedZoneId=zone, StartRecordName=name, StartRecordType="TXT", MaxItems="1"
        )
        return {
            row["Value"]
            for rows in answer["ResourceRecordSets"]
            if rows["Name"].rstrip(".") == name and rows["Type"] == "TXT"
            for row in rows["ResourceRecords"]
        }

    def _change(self, zone: str, action: str, name: str, values: set[str]) -> str:
        rows = [{"Value": value} for value in sorted(values)]
        record = {"Name": name, "Type": "TXT", "TTL": TTL, "ResourceRecords": rows}
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
        answer = self.client.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)
        return str(answer["ChangeInfo"]["Id"])

    def _guarded(self, call: Callable[[], None]) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            call()
        except (BotoCoreError, ClientError) as failure:
            raise Unavailable(f"Route 53: {failure}") from failure


@dataclass(frozen=True, slots=True)
class Hook:
    """A program of the user: `PROGRAM [ARGUMENT...] present|remove NAME VALUE`; it ends with 0 once that is done."""

    command: tuple[str, ...]
    settle: float = 0
    sleep: Sleep = time.sleep

    @contextmanager
    def present(self, proofs: Sequence[Proof]) -> Iterator[None]:
        """Calls it for every record, before and after the block."""
        try:
            for proof in proofs:
                self._call("present", proof)
            self.sleep(self.settle)
            yield
        finally:
            for proof in proofs:
                with suppress(Unavailable):
                    self._call("remove", proof)

    def _call(self, verb: str, proof: Proof) -> None:
        what = f"the hook `{' '.join(self.command)} {verb}`"
        command = [*self.command, verb, *proof.record]
        try:
            done = subprocess.run(command, capture_output=True, timeout=VISIBLE, stdin=subprocess.DEVNULL)
        except (OSError, subprocess.TimeoutExpired) as failure:
            raise Unavailable(f"{what} cannot be run: {failure}") from failure
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip()[-300:]
            raise Unavailable(f"{what} ended with {done.returncode}: {said}")
