"""certbot, the client that most servers have, with its folders in one of ours."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.servers.acme import Pebble


@dataclass(frozen=True, slots=True)
class Certbot:
    """certbot with an account at one authority; it answers HTTP-01 itself."""

    folder: Path
    server: Pebble

    @property
    def config(self) -> Path:
        """What is `/etc/letsencrypt` elsewhere."""
        return self.folder / "letsencrypt"

    def obtain(self, *names: str, profile: str = "") -> None:
        """Gets a certificate; the first name is what certbot calls it by."""
        account = ["--server", self.server.directory, "--agree-tos", "--register-unsafely-without-email"]
        wanted = [part for name in names for part in ("-d", name)]
        asked = ["--required-profile", profile] if profile else []
        self._run("certonly", "--standalone", *account, *wanted, *asked)

    def renew(self) -> None:
        """Renews what it takes for due, as its timer does twice a day."""
        self._run("renew", "--no-random-sleep-on-renew")

    def _run(self, *arguments: str) -> None:
        places: list[str | Path] = [
            "--config-dir",
            self.config,
            "--work-dir",
            self.folder / "work",
            "--logs-dir",
            self.folder / "logs",
        ]
        listen = ["--http-01-address", "127.0.0.1", "--http-01-port", str(self.server.http_port)]
        command: list[str | Path] = [Path(sys.executable).parent / "certbot", *arguments]
        command += ["--non-interactive", *places, *listen]
        trust = {"REQUESTS_CA_BUNDLE": str(self.server.listener_certificate)}
        done = subprocess.run(command, capture_output=True, text=True, timeout=90, env={**os.environ, **trust})
        assert done.returncode == 0, done.stdout + done.stderr
