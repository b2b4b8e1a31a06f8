"""The API server of an EKS cluster answers the internet.

## What it does
Looks at the public endpoint of every EKS cluster: is it on (it is unless `endpoint_public_access` is false), and do its
`public_access_cidrs` name so much of the internet that they name nobody in particular (as they do where none are
given)? The endpoint has a public address of AWS's outside the VPC: no route, ACL or group of yours stands before it.
The severity is low where a value is not known.

## Why it is bad
Whoever has a stolen token, or a way around the login, has the cluster: its secrets, its pods, and through them what the
nodes may reach. Network addresses are the one lock that does not depend on tokens.

## Example
    vpc_config { subnet_ids = [...] }     # endpoint_public_access = true, public_access_cidrs = ["0.0.0.0/0"]

## Instead
    vpc_config {
      subnet_ids              = [...]
      endpoint_private_access = true
      endpoint_public_access  = false     # or public_access_cidrs = ["198.51.100.0/24"]
    }
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.checks.cloud import estate, public
from ringfence.checks.finding import Check, Finding, Severity, View
from ringfence.layers.aws_headers import blocks
from ringfence.topology.aws.estate import doubt, name

CHECK = Check(
    "RF209",
    "public-cluster-api",
    "the API server of an EKS cluster is open to the internet",
    Severity.MEDIUM,
    "0.1",
    "turn the public endpoint off, or admit known sources",
    ("https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html",),
)


def run(view: View) -> Iterator[Finding]:
    """One finding for each cluster."""
    found = estate(view)
    for cluster in found.objects.eks_clusters if found is not None else ():
        admitted = blocks(cluster.public_access_cidrs)
        if cluster.public_access is False or not public(admitted.may):
            continue
        certain = cluster.public_access is True and cluster.exists is None and public(admitted.must)
        verb = "is" if certain else "may be"
        message = f"the API server of {name(cluster)} (tcp/443) {verb} open to the internet"
        why = None if certain else doubt(cluster.exists, cluster.public_access, cluster.public_access_cidrs)
        because = ((why.because, cluster.span),) if why is not None else ()
        yield Finding(CHECK, CHECK.severity if certain else Severity.LOW, message, cluster.span, because)
