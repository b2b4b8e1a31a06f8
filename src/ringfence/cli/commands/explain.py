"""Say why a flow is allowed or denied: every hop, there and back, with the deciding rules.

SRC and DST are workloads (namespace/name[Kind]), nodes (NAME[Node]), addresses, blocks, ranges, internet or
{ingress-controller}; PORT is tcp/5432, udp/53, icmp ... With --batch, questions come as JSON lines and answers leave in
the same order.

  ringfence explain storefront/web storefront/db tcp/5432 --in k8s/
  ringfence explain internet storefront/web --in k8s/
  ringfence explain storefront/web orders/orders tcp/8080 --http 'POST /orders' --claim iss=https://issuer.example
  ringfence explain --batch questions.jsonl -o jsonl --in k8s/
"""

from __future__ import annotations

import re
from typing import Any, BinaryIO

import click

from ringfence.cli.inputs import paths_option, read, reading_options
from ringfence.cli.output import Output, exit_code, output_options, render_json
from ringfence.cli.text import help_text
from ringfence.network import Network
from ringfence.report import explain as report
from ringfence.report.style import Style

REQUEST = re.compile(r"(?=.)(?P<method>[A-Z]+(-[A-Z]+)*)?( *(?P<path>[/*]\S*))?")
"""Methods are told apart by case, and are written in capitals."""


@click.command(help=help_text(__doc__))
@click.argument("source", metavar="[SRC]", required=False)
@click.argument("target", metavar="[DST]", required=False)
@click.argument("port", metavar="[PORT]", default="any")
@paths_option
@reading_options
@click.option("--src-port", type=click.IntRange(0, 65535), help="The client's port, instead of any of its own.")
@click.option("--http", metavar="'METHOD PATH'", help="The application request; what is left out is not known.")
@click.option("--host", help="The host that the request names.")
@click.option("--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="One of its headers; repeatable.")
@click.option("--claim", "claims", multiple=True, metavar="NAME=VALUE", help="A claim of its token; repeatable.")
@click.option(
    "--client-tls", type=click.Choice(["mtls", "plaintext"]), help="What the client sends, whatever its mesh chooses."
)
@click.option("--batch", type=click.File("rb"), help="A file of questions, one JSON object a line.")
@output_options("text", "json", "jsonl")
def command(
    source: str | None,
    target: str | None,
    port: str,
    paths: tuple[str, ...],
    posture: str | None,
    options: tuple[str, ...],
    src_port: int | None,
    http: str | None,
    host: str | None,
    headers: tuple[str, ...],
    claims: tuple[str, ...],
    client_tls: str | None,
    batch: BinaryIO | None,
    output: Output,
) -> int:
    """Say why a flow is allowed or denied: every hop, there and back, with the deciding rules."""
    asked = source is not None and target is not None
    if (batch is None) != asked or (batch is not None and source is not None):
        raise click.UsageError("name SRC and DST, or give --batch")
    network = read(paths, posture, options, output)
    if batch is not None:
        return _batch(network, list(batch), output)
    assert source is not None
    assert target is not None
    request = _request(http, host, headers, claims)
    found = network.reach(source, target, port, request, src_port, client_tls).explain()
    question = f"{source} -> {target}" + ("" if port == "any" else f" {port}")
    output.write(
        {
            "text": lambda surface: report.text(question, found, Style(surface.colour)),
            "json": lambda _: render_json(report.document(found)),
            "jsonl": lambda _: report.line(report.document(found)),
        }
    )
    return exit_code(network.diagnostics, failed=False)


def _request(
    http: str | None, host: str | None, headers: tuple[str, ...], claims: tuple[str, ...]
) -> dict[str, Any] | None:
    """The request as the options say it; None where they say nothing."""
    found: dict[str, Any] = {}
    if http is not None:
        read = REQUEST.fullmatch(http.strip())
        if read is None:
            raise click.UsageError(f"{http!r} is no request: write 'METHOD PATH', such as 'GET /orders'")
        found |= {name: text for name, text in read.groupdict().items() if text}
    if host is not None:
        found["host"] = host
    for name, separator, texts in (("headers", ":", headers), ("claims", "=", claims)):
        for text in texts:
            key, found_one, value = text.partition(separator)
            if not found_one:
                raise click.UsageError(f"{text!r} is no {name[:-1]}: write NAME{separator}VALUE")
            found.setdefault(name, {}).setdefault(key.strip(), []).append(value.strip())
    return found or None


def _batch(network: Network, lines: list[bytes], output: Output) -> int:
    from ringfence.cli.batch import answer

    answers = [answer(network, line) for line in lines if line.strip()]
    failed = any("error" in one for one in answers)
    text = "".join(report.line(one) for one in answers)
    output.write({"text": lambda _: text, "json": lambda _: render_json(answers), "jsonl": lambda _: text})
    return 2 if failed else exit_code(network.diagnostics, failed=False)
