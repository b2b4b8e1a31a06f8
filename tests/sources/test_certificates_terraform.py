"""Certificates in Terraform code: who renews them, and who has to."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringfence.sources.certificates_terraform import read
from tests.certificates.making import authority, leaf

LEAF = leaf(authority("root"), "a.example")
MAIL, IMPORTED = "ACM writes a mail", "it is imported"


@pytest.mark.parametrize(
    ("code", "names", "issuer", "renewed_by", "manual"),
    [
        (
            'resource "aws_acm_certificate" "x" { domain_name = "a.example"\n'
            'subject_alternative_names = ["*.a.example", "a.example"]\nvalidation_method = "DNS" }',
            ("a.example", "*.a.example"),
            "Amazon",
            "ACM",
            "",
        ),
        (
            'resource "aws_acm_certificate" "x" { domain_name = "a.example"\nvalidation_method = "EMAIL" }',
            ("a.example",),
            "Amazon",
            "",
            MAIL,
        ),
        (
            'resource "aws_acm_certificate" "x" { domain_name = "a.example"\n'
            'certificate_authority_arn = "arn:aws:acm-pca:x" }',
            ("a.example",),
            "AWS Private CA",
            "ACM",
            "",
        ),
        (
            'resource "google_certificate_manager_certificate" "x" { managed { domains = ["a.example"] } }',
            ("a.example",),
            "Google",
            "Certificate Manager",
            "",
        ),
        (
            'resource "azurerm_key_vault_certificate" "x" { certificate_policy {\n'
            'issuer_parameters { name = "DigiCert" }\nlifetime_action { action { action_type = "AutoRenew" } }\n'
            'x509_certificate_properties { subject_alternative_names { dns_names = ["a.example"] } } } }',
            ("a.example",),
            "DigiCert",
            "Key Vault",
            "",
        ),
        (
            'resource "azurerm_key_vault_certificate" "x" { certificate_policy {\n'
            'issuer_parameters { name = "Self" }\nlifetime_action { action { action_type = "EmailContacts" } } } }',
            (),
            "Self",
            "",
            "Key Vault writes a mail",
        ),
        (
            'resource "azurerm_key_vault_certificate" "x" { certificate { contents = "x" } }',
            (),
            "",
            "",
            IMPORTED,
        ),
    ],
)
def test_kinds(code: str, names: tuple[str, ...], issuer: str, renewed_by: str, manual: str, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(code)
    (one,), problems = read([tmp_path])
    assert problems == []
    assert (one.names, one.issuer, one.renewed_by) == (names, issuer, renewed_by)
    assert one.manual.startswith(manual) if manual else one.manual == ""
    assert one.address.endswith(".x")
    assert one.span.file.endswith("main.tf")


@pytest.mark.parametrize(
    "code",
    [
        'resource "aws_acm_certificate" "x" {{ private_key = "k"\ncertificate_body = <<E\n{pem}\nE\n}}',
        'resource "aws_iam_server_certificate" "x" {{ certificate_body = <<E\n{pem}\nE\n}}',
        'resource "google_certificate_manager_certificate" "x" {{\n'
        "self_managed {{ pem_certificate = <<E\n{pem}\nE\n}} }}",
    ],
)
def test_what_the_code_brings_is_read(code: str, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(code.format(pem=LEAF.pem.decode().strip()))
    (one,), problems = read([tmp_path])
    assert problems == []
    assert [each.der for each in one.certificates] == [LEAF.der]
    assert one.manual.startswith(IMPORTED)


def test_what_is_not_known_is_named(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        'variable "n" {}\nresource "aws_acm_certificate" "x" { domain_name = var.n\n'
        'subject_alternative_names = ["a.example", var.n] }\n'
        'resource "aws_acm_certificate" "y" { count = 2\ncertificate_body = file("x.pem") }\n'
    )
    found, problems = read([tmp_path])
    assert [one.address for one in found] == [
        "aws_acm_certificate.x",
        "aws_acm_certificate.y[0]",
        "aws_acm_certificate.y[1]",
    ]
    assert found[0].names == ("a.example",)
    assert any("domain_name" in what for what in found[0].unknown)
    assert found[1].unknown
    assert found[1].certificates == ()
    assert all(one.severity.value == "warning" for one in problems)


def test_who_serves_a_certificate(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        """
resource "aws_acm_certificate" "direct" { domain_name = "a.example" }
resource "aws_acm_certificate" "validated" { domain_name = "b.example" }
resource "aws_acm_certificate" "idle" { domain_name = "c.example" }
resource "aws_acm_certificate_validation" "v" { certificate_arn = aws_acm_certificate.validated.arn }
resource "aws_lb_listener" "https" { certificate_arn = aws_acm_certificate.direct.arn }
resource "aws_lb_listener_certificate" "more" {
  listener_arn    = aws_lb_listener.https.arn
  certificate_arn = aws_acm_certificate_validation.v.certificate_arn
}
resource "aws_cloudfront_distribution" "cdn" {
  viewer_certificate { acm_certificate_arn = aws_acm_certificate.direct.arn }
}
"""
    )
    found, problems = read([tmp_path])
    assert problems == []
    assert [one.used_by for one in found] == [
        ("aws_lb_listener.https", "aws_cloudfront_distribution.cdn"),
        ("aws_lb_listener_certificate.more",),
        (),
    ]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    kind=st.sampled_from(
        ["aws_acm_certificate", "google_certificate_manager_certificate", "azurerm_key_vault_certificate"]
    ),
    lines=st.lists(
        st.sampled_from(
            [
                "domain_name = 3",
                "subject_alternative_names = {a = 1}",
                "certificate_body = [1]",
                "managed { domains = 3 }",
                "managed = [3]",
                "self_managed { pem_certificate = null }",
                "certificate_policy { lifetime_action {} }",
                "certificate_policy = null",
                "validation_method = true",
            ]
        ),
        max_size=4,
    ),
)
def test_any_shape_is_read(kind: str, lines: list[str], tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(f'resource "{kind}" "x" {{\n' + "\n".join(lines) + "\n}\n")
    found, problems = read([tmp_path])
    assert len(found) == 1 or problems
