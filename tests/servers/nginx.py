"""nginx as people run it: a master that reloads its settings, with workers that finish what they began."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.processes import listens, running

MAIN = """\
daemon off; pid nginx.pid; error_log stderr; worker_processes 2; user root;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  include servers.conf;
}
"""
"""`user root` lets its workers read the tests' folders, which are their owner's; other users' nginx ignores it."""


@dataclass(frozen=True, slots=True)
class Nginx:
    """A running nginx."""

    folder: Path
    log: Path
    reload: tuple[str, ...]
    """The command that reloads it as its manual says. It reads the settings first, and fails where they are wrong."""

    @property
    def process(self) -> int:
        """The master's process id."""
        return int((self.folder / "nginx.pid").read_text())

    def configure(self, servers: str) -> None:
        """Writes other settings; they count from the next reload on."""
        (self.folder / "servers.conf").write_text(servers)


@contextmanager
def nginx(folder: Path, servers: str, port: int) -> Iterator[Nginx]:
    """Runs nginx with these `server` blocks until the block ends; it is ready when it listens on `port`."""
    settings = folder / "nginx.conf"
    settings.write_text(MAIN)
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    command = [program, "-p", str(folder), "-c", str(settings)]
    (folder / "servers.conf").write_text(servers)
    with running([*command], folder, lambda: listens(port)) as log:
        yield Nginx(folder, log, (*command, "-s", "reload"))
