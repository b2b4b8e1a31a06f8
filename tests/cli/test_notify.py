"""Webhooks and mail, against servers on loopback that take them, refuse them, or are not there."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from ringfence.cli.notify import Mail, post, send
from tests.servers.processes import free_port


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[socketserver.BaseServer]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


@contextmanager
def hook(status: int, taken: list[tuple[str, bytes]]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            taken.append((self.headers["Content-Type"], self.rfile.read(length)))
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with serving(HTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield f"http://127.0.0.1:{server.server_address[1]}/hook"  # type: ignore[index]


@contextmanager
def mail_server(taken: list[str], refuse: bool = False) -> Iterator[str]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 ready")
            body = False
            while line := self.rfile.readline().decode():
                taken.append(line.rstrip("\r\n"))
                if body:
                    if line == ".\r\n":
                        body = False
                        self.say("250 taken")
                elif line.upper().startswith("DATA"):
                    body = True
                    self.say("354 go on")
                elif line.upper().startswith("QUIT"):
                    self.say("221 bye")
                    return
                else:
                    self.say("550 no" if refuse and line.upper().startswith("RCPT") else "250 ok")

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    with serving(socketserver.TCPServer(("127.0.0.1", 0), Handler)) as server:
        yield f"127.0.0.1:{server.server_address[1]}"  # type: ignore[index]


def test_a_webhook_takes_json() -> None:
    taken: list[tuple[str, bytes]] = []
    with hook(200, taken) as url:
        assert post([url, url], b'{"a": 1}') == []
    assert [(kind, json.loads(body)) for kind, body in taken] == [("application/json", {"a": 1})] * 2


def test_a_webhook_that_does_not() -> None:
    with hook(500, []) as url:
        (problem,) = post([url], b"{}")
    assert "500" in problem.message
    assert post([f"http://127.0.0.1:{free_port()}/"], b"{}")[0].message.startswith("the webhook did not take")
    assert "no http" in post(["file:///etc/passwd"], b"{}")[0].message
    assert post(["http://["], b"{}") != []


def test_mail_is_sent_with_its_subject_on_one_line() -> None:
    taken: list[str] = []
    with mail_server(taken) as address:
        assert send(Mail(("a@x.example", "b@x.example"), "r@x.example", address), "two\nlines", "text ü\n") == []
    assert [line for line in taken if line.lower().startswith("rcpt")] == [
        "rcpt TO:<a@x.example>",
        "rcpt TO:<b@x.example>",
    ]
    assert "Subject: two\\nlines" in taken


@pytest.mark.parametrize("refuse", [True, False])
def test_mail_that_is_not_taken(refuse: bool) -> None:
    with mail_server([], refuse=True) as address:
        where = address if refuse else f"127.0.0.1:{free_port()}"
        (problem,) = send(Mail(("a@x.example",), "r@x.example", where), "s", "t")
    assert problem.message.startswith("the mail was not taken")
    assert send(Mail(("a@x.example",), "r@x.example", "host:port"), "s", "t") != []
    assert send(Mail((), "r@x.example", where), "s", "t") == []
