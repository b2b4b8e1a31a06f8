"""What of certbot's folder is in use: `live`, not `archive`.

certbot keeps every certificate that it ever got, and moves links:

    /etc/letsencrypt/archive/www.example.com/{cert,chain,fullchain,privkey}7.pem
    /etc/letsencrypt/live/www.example.com/fullchain.pem -> ../../archive/www.example.com/fullchain7.pem
    /etc/letsencrypt/accounts/...                          keys of accounts, as JSON

Searched like any other folder, the archive would come first: what was replaced long ago would be watched until it
expires, and a certificate would not stand beside its key, because the names carry numbers.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence


def leave_out_the_past(names: Sequence[str], searched: Iterable[str]) -> tuple[list[str], list[str]]:
    """The names without what lies in the archives and accounts of certbot's folders, and their `live` folders.

    A certbot's folder has `archive`, `live` and `renewal`. It counts where it was found by searching one of `searched`;
    an archive that is named itself is meant.
    """
    tops = [os.path.join(one, "") for one in searched]
    roots: dict[str, bool] = {}

    def past(name: str) -> bool:
        root = _root(name)
        if not root or not any(os.path.join(root, "").startswith(top) for top in tops):
            return False
        if root not in roots:
            roots[root] = all(os.path.isdir(os.path.join(root, part)) for part in ("archive", "live", "renewal"))
        return roots[root]

    kept = [name for name in names if not past(name)]
    return kept, [os.path.join(root, "live") for root, is_one in roots.items() if is_one]


def _root(name: str) -> str:
    """What may be the certbot's folder in whose past a file lies; empty where no folder has such a name."""
    folder = os.path.dirname(name)
    while folder and folder != os.path.dirname(folder):
        above, part = os.path.split(folder)
        if part in ("archive", "accounts"):
            return above or os.curdir
        folder = above
    return ""
