"""`ringfence connectivity`: edges, what limits them, and where they go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .shop import Run, run, shop

__all__ = ["run", "shop"]

TEXT = """\
shop/web[Deployment]
  -> shop/db[Deployment]   tcp 5432
  -> 0.0.0.0/0[External]   udp 53

198.18.0.0/24[External]
  -> shop/db[Deployment]   tcp 5432

assumed: no cloud configuration was given: security groups, network ACLs and routes around the cluster are open
assumed: nothing in the files speaks of IPv6: only IPv4 is considered
"""

WEB, DB = "shop/web[Deployment]", "shop/db[Deployment]"
WEB_DB, WEB_OUT, OUT_DB = (WEB, DB), (WEB, "0.0.0.0/0[External]"), ("198.18.0.0/24[External]", DB)


def test_the_text(shop: Path, run: Run):
    assert run("connectivity") == (0, TEXT, "")


@pytest.mark.parametrize(
    ("arguments", "edges"),
    [
        ([], [WEB_DB, WEB_OUT, OUT_DB]),
        (["--from", "shop/web"], [WEB_DB, WEB_OUT]),
        (["--to", "shop/db"], [WEB_DB, OUT_DB]),
        (["--from", "shop/web", "--to", "shop/db"], [WEB_DB]),
        (["--port", "udp/53"], [WEB_OUT]),
        (["--port", "tcp/1-9999"], [WEB_DB, OUT_DB]),
        (["--port", "tcp/80"], []),
        # The addresses that were asked for, not all that behave alike.
        (["--from", "198.18.0.7"], [("198.18.0.7[External]", DB)]),
        (["--from", "198.18.0.0/16"], [OUT_DB]),
        (["--from", "203.0.113.0/24"], []),
        (["--to", "8.8.8.8"], [(WEB, "8.8.8.8[External]")]),
        (["--grouped"], [WEB_DB, WEB_OUT, OUT_DB]),
    ],
)
def test_what_is_asked_for(shop: Path, run: Run, arguments: list[str], edges: list[tuple[str, str]]):
    code, out, err = run("connectivity", "-o", "json", *arguments)
    found = json.loads(out)
    assert (code, err, [(one["src"], one["dst"]) for one in found["edges"]]) == (0, "", edges)
    assert ("groups" in found) == ("--grouped" in arguments)


def test_details(shop: Path, run: Run):
    _, out, _ = run("connectivity", "--detail", "--to", "shop/db", "--from", "shop/web")
    assert out.partition("\nassumed")[0] == (
        "shop/web[Deployment]\n"
        "  -> shop/db[Deployment]   tcp 5432\n"
        "       tcp 5432\n"
        "         NetworkPolicy: shop/web egress[0]  (shop.yaml:41:7)\n"
        "         NetworkPolicy: shop/db ingress[0]  (shop.yaml:31:7)\n"
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--from", "shop/wbe"], "shop/wbe is nothing that this network knows (did you mean shop/web"),
        (["--to", "2001:db8::1"], "2001:db8::1: this network knows no addresses of that family"),
        (["--port", "http"], "'http' is not a port (write tcp/5432"),
        (["-o", "xml"], "unknown format 'xml'; known are text, json"),
        (["--option", "cni"], "--option cni: write NAME=VALUE"),
    ],
)
def test_what_means_nothing(shop: Path, run: Run, arguments: list[str], complaint: str):
    code, out, err = run("connectivity", *arguments)
    assert (code, out) == (2, "")
    assert complaint in err


def test_an_option_changes_the_answer(shop: Path, run: Run):
    _, out, _ = run(
        "connectivity", "--option", "network_policy_enforced=false", "--from", "shop/db", "--to", "shop/web"
    )
    assert out.startswith("shop/db[Deployment]\n  -> shop/web[Deployment]   all\n")
    code, _, err = run("connectivity", "--option", "hots_network=pod")
    assert (code, "did you mean host_network?" in err) == (2, True)
