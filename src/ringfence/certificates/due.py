"""When an entry is due: the moment from which on it should be replaced, and the rule that says so.

What is renewed is due when its renewer says (cert-manager's `renewalTime`, `renewal.due` for what Ringfence issues:
ARI, renew-before, jitter). For everything else the usual rule stands, without jitter, because nobody acts on it by
himself: two thirds of the lifetime, half of it where that is under ten days. So a certificate of 90 days is due 30
days before its end, one of six days in the middle.

cert-manager's own rule (its API reference, `renewBefore`): `renewBefore` before the end, else that percentage of the
lifetime, else one third of the lifetime that is left.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ringfence.certificates.inventory import Entry, Renewal, Source
from ringfence.certificates.renewal import SHORT_LIVED

NOBODY = ""
"""`Renewal.by` of what nothing is known to renew."""


def due(entry: Entry) -> Renewal | None:
    """When the entry is due; None where there is no certificate yet, and for what is only trusted, never renewed."""
    if entry.renewal is not None:
        return entry.renewal
    leaf = entry.leaf
    if leaf is None or entry.source is Source.TRUST_BUNDLE:
        return None
    if leaf.lifetime < SHORT_LIVED:
        return Renewal(NOBODY, leaf.not_before + leaf.lifetime / 2, "half of its lifetime")
    return Renewal(NOBODY, leaf.not_before + leaf.lifetime * 2 / 3, "two thirds of its lifetime")


def cert_manager_due(
    not_before: datetime, not_after: datetime, renew_before: timedelta | None, percentage: int | None
) -> tuple[datetime, str]:
    """When cert-manager renews, and why. A renew-before that leaves nothing of the lifetime does not count there."""
    lifetime = not_after - not_before
    if renew_before is not None and timedelta() < renew_before < lifetime:
        return not_after - renew_before, "spec.renewBefore"
    if percentage is not None and 0 < percentage < 100:
        return not_after - lifetime * percentage / 100, "spec.renewBeforePercentage"
    return not_after - lifetime / 3, "a third of its lifetime is left"
