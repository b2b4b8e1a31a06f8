"""The issuer of a certificate, from where the certificate says that it is to be had (RFC 5280, 4.2.2.1).

Browsers fetch it so where a server forgets to send it; most other clients do not. Here it happens only when the user
asks for it: the address was chosen by whoever made the certificate. It is http or https, the answer is short and comes
soon, and what it holds is told by its content (one certificate in DER, or a bundle); who it really issued is for the
caller to check.
"""

from __future__ import annotations

import http.client
import time
import urllib.request
from urllib.parse import urlsplit

from ringfence.model.diagnostics import Diagnostic, warning
from ringfence.model.spans import Span
from ringfence.resources.certificates import Encoded
from ringfence.sources.certificate_files import parse

LARGEST = 256 * 1024
"""Bytes of an answer. A certificate has 2 KiB, a bundle of all that an authority ever had some 50."""
CHUNK = 16 * 1024


def fetch(url: str, seconds: float = 10) -> tuple[list[Encoded], Diagnostic | None]:
    """The certificates there, in their order; none, and why not, where they cannot be had within the time."""
    deadline = time.monotonic() + seconds
    content = b""
    try:
        if urlsplit(url).scheme not in ("http", "https"):
            return [], _unavailable(url, "only http and https are asked")
        request = urllib.request.Request(url, headers={"User-Agent": "ringfence"})
        with _opener().open(request, timeout=seconds) as answer:
            while chunk := answer.read1(CHUNK):
                content += chunk
                if len(content) > LARGEST:
                    return [], _unavailable(url, f"it has more than {LARGEST} bytes")
                if time.monotonic() > deadline:
                    return [], _unavailable(url, f"it takes longer than {seconds:g} seconds")
    except (OSError, ValueError, http.client.HTTPException) as failure:
        return [], _unavailable(url, str(failure) or type(failure).__name__)
    found, problems = parse(content, url)
    if not found.certificates:
        return [], _unavailable(url, problems[0].message if problems else "it holds no certificate")
    return list(found.certificates), None


def _opener() -> urllib.request.OpenerDirector:
    """For http and https alone: a redirection leads nowhere else."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPRedirectHandler,
        urllib.request.HTTPErrorProcessor,
    ):
        opener.add_handler(handler())
    return opener


def _unavailable(url: str, why: str) -> Diagnostic:
    """A warning: what is served was seen all the same, and is judged as if nobody had asked."""
    return warning(f"the issuer cannot be had: {' '.join(why.split())}", Span(url if url.isprintable() else ascii(url)))
