"""Secrets by reference: the posture file names where one is, and here it is looked up at the moment of its use.

A file that others than its owner may read is refused: what it holds is no secret.
"""

from __future__ import annotations

import os
import stat

from ringfence.certificates import files
from ringfence.certificates.configuration import Secret
from ringfence.model.diagnostics import InputError, SourceError, error
from ringfence.model.spans import Span


def reveal(secret: Secret) -> bytes:
    """The secret without white space around it. InputError or SourceError, which never quote it."""
    if secret.file is None:
        value = os.environ.get(secret.variable, "")
        if not value:
            raise InputError(error(f"the environment variable {secret.variable} is not set", secret.span))
        return value.strip().encode()
    content = files.read(secret.file).strip()
    if secret.file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        message, remedy = "holds a secret, and others may read it", f"chmod 600 {secret.file}"
        raise SourceError(error(message, Span(str(secret.file)), remedy))
    if not content:
        raise SourceError(error("is empty and should hold a secret", Span(str(secret.file))))
    return content
