"""What network ACLs take from a flow, on the way there and back."""

from __future__ import annotations

import pytest

from ringfence.checks.acl_losses import Losses
from ringfence.checks.admitted_pairs import pairs
from ringfence.checks.cloud import estate
from ringfence.engine.traffic import possible

from .terraform import ROUTES, VPC, acl, block, database, entry, group, instance, view

FROM_WEB = block("ingress", "tcp", 5432, security_groups="[aws_security_group.web.id]")
SHOP = VPC + ROUTES + group("web") + group("db", FROM_WEB) + instance("web", "private", "web")
DB = database("db", "db", "other")
OUT = entry("egress", 100, "allow")
PG = entry("ingress", 100, "allow", "10.0.0.0/16", (5432, 5432))
LATE = entry("egress", 100, "allow", "10.0.0.0/16", (49152, 65535))


@pytest.mark.parametrize(
    ("acls", "ahead", "back", "arrives", "passes"),
    [
        ("", "nothing", "nothing", "tcp 5432", "tcp 5432"),
        (acl("data", ("other",), PG, OUT), "nothing", "nothing", "tcp 5432", "tcp 5432"),
        (acl("data", ("other",), PG), "nothing", "tcp 5432", "tcp 5432", "nothing"),
        (acl("data", ("other",), PG, LATE), "nothing", "tcp 5432", "tcp 5432", "tcp 5432"),
        (acl("data", ("other",), OUT), "tcp 5432", "nothing", "nothing", "nothing"),
    ],
)
def test_what_is_lost(acls, ahead, back, arrives, passes):
    seen = view(SHOP, DB, acls)
    cloud = estate(seen)
    assert cloud is not None
    (pair,) = (one for one in pairs(seen, cloud) if one.target.workload == "aws_db_instance.db")
    lost = Losses(seen).of(pair)
    assert lost is not None
    found = [str(possible(one)) for one in (lost.ahead, lost.back, lost.arrives, lost.passes)]
    assert found == [ahead, back, arrives, passes]


@pytest.mark.parametrize(
    "acls",
    ["", acl("data", ("other",), PG), acl("data", ("other",), PG, LATE), acl("data", ("other",), OUT)],
)
def test_each_of_the_three_networks_lets_pass_at_least_what_the_one_before_does(acls):
    """What the check spares itself stands on this."""
    seen = view(SHOP, DB, acls)
    cloud = estate(seen)
    assert cloud is not None
    judge = Losses(seen)
    asked = list(pairs(seen, cloud))
    assert asked
    for pair in asked:
        networks = judge._real, judge._remembering, judge._without
        (real, _), (kept, _), (bare, _) = (one.bounds(pair) for one in networks)
        assert real <= kept <= bare
