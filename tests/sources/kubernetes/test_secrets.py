"""Of a Secret, certificates stay and nothing else does, in no output either."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.sources.kubernetes.texts import good, read

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nTUlJQg==\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nU0VDUkVU\n-----END PRIVATE KEY-----\n"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def secret(more: str) -> str:
    return f"apiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: shop}}\n{more}\n"


def document(more: str) -> Any:
    [found] = good(secret(more)).others
    return found.document


def test_certificates_stay() -> None:
    rest = f"tls.key: {encoded(KEY)}, password: {encoded('SECRET')}"
    data = f"data: {{tls.crt: {encoded(CERTIFICATE + CERTIFICATE)}, {rest}}}"
    assert document(data + "\ntype: kubernetes.io/tls") == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "namespace": "shop", "annotations": {}},
        "type": "kubernetes.io/tls",
        "data": {"tls.crt": encoded(CERTIFICATE + CERTIFICATE)},
    }


def test_a_key_in_one_file_with_its_certificate_goes() -> None:
    assert document(f"data: {{both.pem: {encoded(KEY + CERTIFICATE)}}}")["data"] == {"both.pem": encoded(CERTIFICATE)}


def test_plain_text() -> None:
    text = CERTIFICATE.replace("\n", "\\n")
    found = document(f'stringData: {{ca.crt: "{text}", a: SECRET, b: x}}\ndata: {{b: {encoded(CERTIFICATE)}}}')
    assert found["data"] == {"ca.crt": encoded(CERTIFICATE)}


def test_the_copy_that_kubectl_leaves_goes() -> None:
    annotations = "{kubectl.kubernetes.io/last-applied-configuration: SECRET, cert-manager.io/issuer-name: ca}"
    text = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: s, annotations: {annotations}}}\n"
    [found] = good(text).others
    assert found.metadata.annotations == {"cert-manager.io/issuer-name": "ca"}
    assert found.document["metadata"]["annotations"] == {"cert-manager.io/issuer-name": "ca"}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("data: {a: SECRET!}", "f:4:8: error: data.a: must be base64 text (plain text goes into stringData)"),
        ("data: {a: 1234567}", "f:4:8: error: data.a: must be base64 text (plain text goes into stringData)"),
        ("data: SECRET", "f:4:1: error: data: must be a mapping"),
        ("stringData: [SECRET]", "f:4:1: error: stringData: must be a mapping"),
    ],
)
def test_refusals_do_not_show_the_value(more: str, message: str) -> None:
    objects, said = read(secret(more))
    assert said == [message]
    assert objects.others == ()


def test_nothing_of_it_is_left() -> None:
    more = f"data: {{tls.key: {encoded(KEY)}, x: {encoded('SECRET')}}}\nstringData: {{y: SECRET}}"
    objects = good(secret(more))
    assert "SECRET" not in repr(objects)
    assert encoded("SECRET") not in repr(objects)
    assert encoded(KEY) not in repr(objects)
