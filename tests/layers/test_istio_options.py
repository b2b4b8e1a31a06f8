"""Mesh-wide choices: what can be chosen is what the layers know."""

from __future__ import annotations

import pytest

from ringfence.layers.istio_options import NORMALIZATIONS, PROTOCOLS, Authorizer, IstioOptions
from ringfence.layers.istio_requests import normalized
from ringfence.topology.options import parse


@pytest.mark.parametrize("how", NORMALIZATIONS)
def test_every_normalization_is_one_that_requests_go_through(how: str):
    assert normalized("/a//b/../c", how) == {
        "NONE": "/a//b/../c", "BASE": "/a//c", "MERGE_SLASHES": "/a/c", "DECODE_AND_MERGE_SLASHES": "/a/c",
    }[how]  # fmt: skip


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_authorizer_may_leave_open_what_it_answers(protocol: str):
    options, wrong = parse({"istio_ext_authz": {"p": {"protocol": protocol}}})
    assert not wrong
    assert options.istio == IstioOptions(ext_authz=(("p", Authorizer(protocol)),))
    assert options.istio.ext_authz is not None
    assert options.istio.ext_authz[0][1].decision == ""
