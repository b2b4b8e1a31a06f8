"""Pebble runs as the certificate tests will need it: with ARI, profiles, a root and a DNS that does as told."""

from __future__ import annotations

import json
import ssl
import urllib.request

import dns.message
import dns.query
import dns.rdatatype

from tests.servers.acme import Pebble


def test_directory_has_renewal_information_and_profiles(pebble: Pebble) -> None:
    context = ssl.create_default_context(cafile=str(pebble.listener_certificate))
    with urllib.request.urlopen(pebble.directory, context=context, timeout=30) as answer:
        directory = json.load(answer)
    assert {"newNonce", "newAccount", "newOrder", "renewalInfo"} <= directory.keys()
    assert directory["meta"]["profiles"].keys() == {"default", "shortlived"}


def test_root(pebble: Pebble) -> None:
    assert pebble.root().startswith(b"-----BEGIN CERTIFICATE-----")


def test_challenge_server_answers_as_told(pebble: Pebble) -> None:
    pebble.tell("set-txt", host="_acme-challenge.shop.example.", value="token")
    address, _, port = pebble.dns.partition(":")
    question = dns.message.make_query("_acme-challenge.shop.example.", dns.rdatatype.TXT)
    answer = dns.query.udp(question, address, port=int(port), timeout=10)
    assert [str(record) for rows in answer.answer for record in rows] == ['"token"']
