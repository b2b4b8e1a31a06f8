"""Signed requests to an ACME authority: what the `acme` library's network does, with the patience that it lacks.

- A rejected nonce is answered with the next one, many times (RFC 8555, 6.5); the library stops after one.
- A Retry-After is kept, whatever the answer was.
- Every failure becomes `Refused` or `Unavailable`, by what the authority said (RFC 8555, 6.7).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import requests
from acme import errors, messages
from acme.client import ClientNetwork
from josepy.errors import Error as JoseError
from josepy.interfaces import JSONDeSerializable
from josepy.jwa import JWASignature
from josepy.jwk import JWK

from ringfence.certificates.issuers import IssuerError, Refused, Unavailable

NONCES = 12
"""How many nonces are tried: at 15% rejected, one request in eight thousand million is lost."""
PATIENCE = 30
"""Seconds for the authority to answer one request."""
TRANSIENT = {"badNonce", "rateLimited", "serverInternal", "accountDoesNotExist", "orderNotReady"}
"""Error types after which the same request may succeed later."""

UNREADABLE = (ValueError, LookupError, TypeError, AttributeError)
"""What taking an answer apart raises where it is not what RFC 8555 says."""

T = TypeVar("T")


class Body(JSONDeSerializable):
    """Plain data as the payload of a request."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self.content = content

    def to_partial_json(self) -> dict[str, Any]:
        """The data."""
        return dict(self.content)

    @classmethod
    def from_json(cls, jobj: Any) -> Body:
        """The payload of plain data."""
        return cls(jobj)


class Network(ClientNetwork):
    """The library's network, which signs and checks; `retry_after` is what the last answer asked for."""

    def __init__(self, key: JWK, algorithm: JWASignature, trust: str | None) -> None:
        super().__init__(key, alg=algorithm, user_agent="ringfence", timeout=PATIENCE)
        self.trust = trust
        self.retry_after: str | None = None
        self.status = 0

    def post(self, *args: Any, **kwargs: Any) -> requests.Response:
        """A signed request, with another nonce as often as the authority rejects one."""
        for _ in range(NONCES - 1):
            try:
                return self._post_once(*args, **kwargs)
            except messages.Error as failure:
                if failure.code != "badNonce":
                    raise
        return self._post_once(*args, **kwargs)

    def _send_request(self, method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:
        self.verify_ssl = self.trust or True  # type: ignore[assignment]
        answer = super()._send_request(method, url, *args, **kwargs)
        self.retry_after, self.status = answer.headers.get("Retry-After"), answer.status_code
        if method == "POST" and not answer.ok and self.REPLAY_NONCE_HEADER in answer.headers:
            self._add_nonce(answer)
        return answer


def asked(network: Network, now: datetime, call: Callable[[], T]) -> T:
    """The result of a call that talks to the authority; its failures as `Refused` or `Unavailable`."""
    network.retry_after = None
    try:
        return call()
    except messages.Error as failure:
        raise _translated(failure, network.status, patience(network, now)) from failure
    except errors.ConflictError as failure:
        raise Refused(f"the authority sees a conflict with {failure.location}") from failure
    except (errors.Error, JoseError) as failure:
        raise Unavailable(f"the authority's answer is not ACME: {_short(failure)}", patience(network, now)) from failure
    except (requests.RequestException, OSError) as failure:
        raise Unavailable(f"the authority does not answer: {_short(failure)}") from failure
    except UNREADABLE as failure:
        raise Unavailable(f"the authority's answer cannot be read: {failure!r}") from failure


@contextmanager
def readable() -> Iterator[None]:
    """For taking answers apart: a part that is missing or of another type is `Unavailable`, not our own error."""
    try:
        yield
    except UNREADABLE as failure:
        raise Unavailable(f"the authority's answer cannot be read: {failure!r}") from failure


def patience(network: Network, now: datetime) -> datetime | None:
    """When the last answer's Retry-After is over (seconds or a date); None without one that can be read."""
    if not network.retry_after:
        return None
    try:
        return now + timedelta(seconds=int(network.retry_after))
    except (ValueError, OverflowError):
        pass
    try:
        return parsedate_to_datetime(network.retry_after).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def problem(document: Any) -> str:
    """A problem document (RFC 7807) in one line, with what its parts say."""
    if not isinstance(document, dict):
        return "it gives no reason"
    kind = str(document.get("type", "")).rpartition(":")[2]
    parts = document.get("subproblems")
    details = [problem(part) for part in parts] if isinstance(parts, list) else []
    own = f"{document.get('detail', document.get('title', ''))} ({kind})" if kind else str(document.get("detail", ""))
    return "; ".join([own, *details])


def _translated(failure: messages.Error, status: int, not_before: datetime | None) -> IssuerError:
    """`Refused` only where the authority said so in ACME's own words; a broken server is merely `Unavailable`."""
    text = f"{failure.detail or failure.title or 'no detail'} ({failure.code or failure.typ})"
    parts = [f"{part.identifier.value if part.identifier else ''} {part.detail}" for part in failure.subproblems or ()]
    said = (failure.typ or "").startswith("urn:ietf:params:acme:error:") and status < 500
    kind = Refused if said and failure.code not in TRANSIENT else Unavailable
    return kind("; ".join([text, *parts]), not_before)


def _short(failure: BaseException) -> str:
    return (str(failure) or type(failure).__name__)[:300]
