"""An AWS estate as endpoints, locations and links."""

from ringfence.topology.aws.build import AwsTopology, build

__all__ = ["AwsTopology", "build"]
