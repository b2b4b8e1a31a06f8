"""An administrative or database port is open to the outside through an entry.

## What it does
Looks at every Ingress, Gateway route, NodePort, LoadBalancer, external address and host port, and asks whether a packet
from outside can come through it to a port on which systems are administered or data is kept. In a cloud, a node's port
counts where somebody outside gets to the node.

## Why it is bad
Such ports are the first that attackers try. A database that answers the internet is one guessed password away from a
breach, and what speaks a management protocol is often not patched for hostile clients. Where a load balancer lets in
only some source ranges and these do not hold the internet, the severity is low.

## Example
    kind: Service
    spec: {type: LoadBalancer, ports: [{port: 5432}], selector: {app: postgres}}

## Instead
Keep the Service of type ClusterIP, and let a NetworkPolicy admit the workloads that need it.
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.checks.cloud import kind, public
from ringfence.checks.entry_targets import ways
from ringfence.checks.finding import Check, Finding, Severity, View

CHECK = Check(
    "RF101",
    "exposed-port",
    "administrative or database port open to the outside",
    Severity.HIGH,
    "0.1",
    "make the Service ClusterIP, or admit only known sources with loadBalancerSourceRanges and a NetworkPolicy",
    ("https://kubernetes.io/docs/concepts/services-networking/service/#publishing-services-service-types",),
)

SENSITIVE = {
    ("tcp", 22): "SSH",
    ("tcp", 23): "Telnet",
    ("tcp", 445): "SMB",
    ("tcp", 1433): "Microsoft SQL Server",
    ("tcp", 1521): "Oracle",
    ("tcp", 2375): "Docker",
    ("tcp", 2376): "Docker",
    ("tcp", 2379): "etcd",
    ("tcp", 2380): "etcd",
    ("tcp", 3306): "MySQL",
    ("tcp", 3389): "Remote Desktop",
    ("tcp", 5432): "PostgreSQL",
    ("tcp", 5601): "Kibana",
    ("tcp", 5672): "AMQP",
    ("tcp", 5900): "VNC",
    ("tcp", 5984): "CouchDB",
    ("tcp", 5985): "WinRM",
    ("tcp", 5986): "WinRM",
    ("tcp", 6379): "Redis",
    ("tcp", 6443): "Kubernetes API",
    ("tcp", 7000): "Cassandra",
    ("tcp", 7199): "Cassandra JMX",
    ("tcp", 8086): "InfluxDB",
    ("tcp", 9042): "Cassandra",
    ("tcp", 9092): "Kafka",
    ("tcp", 9200): "Elasticsearch",
    ("tcp", 9300): "Elasticsearch",
    ("tcp", 10250): "kubelet",
    ("tcp", 11211): "Memcached",
    ("tcp", 15672): "RabbitMQ management",
    ("tcp", 26257): "CockroachDB",
    ("tcp", 27017): "MongoDB",
    ("tcp", 50000): "Db2 or Jenkins agent",
    ("udp", 161): "SNMP",
    ("udp", 11211): "Memcached",
}
"""Ports on which systems are administered or data is kept (IANA's registry and the products' defaults)."""


def run(view: View) -> Iterator[Finding]:
    """One finding for each entry, workload and port."""
    for way in ways(view):
        if any(kind(one) for one in way.field.targets):
            continue  # a balancer of the cloud, which RF201 follows to its targets
        what = SENSITIVE.get((way.target.protocol, way.target.port))
        what = what or SENSITIVE.get((way.target.protocol, way.entry.port))
        if what and way.may and way.led is not False:
            port = f"{way.target.protocol}/{way.target.port}"
            ranges = way.entry.source_ranges
            limited = ranges is not None and not public(ranges)
            verb = "is" if way.must else "may be"
            whom = str(ranges) if limited else "the outside"
            message = f"{what} of {way.workload} ({port}) {verb} open to {whom} through {way.entry.title}"
            witness = view.witnesses.passing(way.field, way.headers)
            yield Finding(CHECK, Severity.LOW if limited else CHECK.severity, message, way.entry.span, (), witness)
