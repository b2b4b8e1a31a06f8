"""Small answers of every describe call that is read."""

from __future__ import annotations

import json
from typing import Any

from ringfence.model.diagnostics import Diagnostic
from ringfence.resources.aws import AwsObjects
from ringfence.sources.aws_describe import read_files
from ringfence.sources.files import InputFile

INTERFACE = {
    "NetworkInterfaceId": "eni-1",
    "SubnetId": "subnet-1",
    "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.0.5"}],
    "Ipv6Addresses": [{"Ipv6Address": "2001:db8::5"}],
    "Groups": [{"GroupId": "sg-1"}],
    "Association": {"PublicIp": "203.0.113.5"},
    "SourceDestCheck": False,
    "InterfaceType": "interface",
    "Attachment": {"InstanceId": "i-1"},
    "TagSet": [{"Key": "Name", "Value": "eth0"}],
}
ANSWERS: dict[str, Any] = {
    "Vpcs": [
        {
            "VpcId": "vpc-1",
            "CidrBlock": "10.0.0.0/16",
            "CidrBlockAssociationSet": [
                {"CidrBlock": "10.0.0.0/16", "CidrBlockState": {"State": "associated"}},
                {"CidrBlock": "10.9.0.0/16", "CidrBlockState": {"State": "disassociated"}},
            ],
            "Tags": [{"Key": "Name", "Value": "main"}],
        }
    ],
    "Subnets": [
        {"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24", "AvailabilityZoneId": "use1-az1"}
    ],
    "InternetGateways": [{"InternetGatewayId": "igw-1", "Attachments": [{"VpcId": "vpc-1", "State": "available"}]}],
    "EgressOnlyInternetGateways": [
        {"EgressOnlyInternetGatewayId": "eigw-1", "Attachments": [{"VpcId": "vpc-1", "State": "attached"}]}
    ],
    "NatGateways": [
        {
            "NatGatewayId": "nat-1",
            "SubnetId": "subnet-1",
            "VpcId": "vpc-1",
            "State": "available",
            "NatGatewayAddresses": [{"AllocationId": "eipalloc-1", "PublicIp": "203.0.113.9", "PrivateIp": "10.0.0.9"}],
        },
        {"NatGatewayId": "nat-2", "State": "deleted"},
    ],
    "Addresses": [{"AllocationId": "eipalloc-1", "PublicIp": "203.0.113.9", "NetworkInterfaceId": "eni-9"}],
    "VpcEndpoints": [
        {"VpcEndpointId": "vpce-1", "VpcId": "vpc-1", "ServiceName": "s3", "RouteTableIds": ["rtb-1"],
         "State": "available"}
    ],
    "PrefixLists": [{"PrefixListId": "pl-1", "PrefixListName": "s3", "Cidrs": ["52.216.0.0/15"]}],
    "ManagedPrefixLists": [{"PrefixListId": "pl-2", "PrefixListName": "office"}],
    "RouteTables": [
        {
            "RouteTableId": "rtb-1",
            "VpcId": "vpc-1",
            "Routes": [
                {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"},
                {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"},
                {"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1"},
                {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"},
                {"DestinationCidrBlock": "172.16.0.0/12", "NatGatewayId": "nat-2", "State": "blackhole"},
                {"DestinationCidrBlock": "192.168.0.0/16", "GatewayId": "vgw-1", "Origin": "EnableVgwRoutePropagation"},
            ],
            "Associations": [{"Main": True}, {"SubnetId": "subnet-1", "Main": False}],
            "PropagatingVgws": [{"GatewayId": "vgw-1"}],
        }
    ],
    "NetworkAcls": [
        {
            "NetworkAclId": "acl-1",
            "VpcId": "vpc-1",
            "IsDefault": True,
            "Associations": [{"SubnetId": "subnet-1"}],
            "Entries": [
                {"RuleNumber": 100, "Egress": False, "Protocol": "6", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0",
                 "PortRange": {"From": 22, "To": 22}},
                {"RuleNumber": 101, "Egress": True, "Protocol": "1", "RuleAction": "deny", "Ipv6CidrBlock": "::/0",
                 "IcmpTypeCode": {"Type": 8, "Code": -1}},
                {"RuleNumber": 32767, "Egress": False, "Protocol": "-1", "RuleAction": "deny",
                 "CidrBlock": "0.0.0.0/0"},
            ],
        }
    ],
    "SecurityGroups": [
        {
            "GroupId": "sg-1",
            "VpcId": "vpc-1",
            "GroupName": "default",
            "IpPermissions": [
                {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}],
                 "Ipv6Ranges": [{"CidrIpv6": "::/0"}], "PrefixListIds": [{"PrefixListId": "pl-1"}],
                 "UserIdGroupPairs": [{"GroupId": "sg-2"}]},
            ],
            "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
        }
    ],
    "NetworkInterfaces": [INTERFACE],
    "Reservations": [
        {
            "Instances": [
                {"InstanceId": "i-1", "SubnetId": "subnet-1", "State": {"Name": "running"},
                 "NetworkInterfaces": [INTERFACE, {"NetworkInterfaceId": "eni-2", "SubnetId": "subnet-1",
                                                   "PrivateIpAddress": "10.0.0.6"}]},
                {"InstanceId": "i-2", "State": {"Name": "terminated"}},
            ]
        }
    ],
    "DBInstances": [
        {"DBInstanceIdentifier": "db-1", "DBSubnetGroup": {"Subnets": [{"SubnetIdentifier": "subnet-1"}]},
         "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1"}], "Endpoint": {"Port": 5432}, "PubliclyAccessible": True}
    ],
    "LoadBalancers": [
        {"LoadBalancerArn": "lb-1", "Type": "network", "Scheme": "internal",
         "AvailabilityZones": [{"SubnetId": "subnet-1"}], "SecurityGroups": ["sg-1"]}
    ],
    "LoadBalancerListeners": [
        {"LoadBalancerArn": "lb-1", "Listeners": [
            {"ListenerArn": "ls-1", "Port": 80, "Protocol": "TCP", "DefaultActions": [
                {"Type": "forward", "TargetGroupArn": "tg-1",
                 "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "tg-1"}, {"TargetGroupArn": "tg-2"}]}}]}]}
    ],
    "TargetGroups": [
        {"TargetGroupArn": "tg-1", "Port": 8080, "Protocol": "TCP", "TargetType": "ip", "VpcId": "vpc-1",
         "HealthCheckPort": "9090", "HealthCheckProtocol": "TCP"},
        {"TargetGroupArn": "tg-2", "Port": 80, "HealthCheckPort": "traffic-port"},
    ],
    "LoadBalancerTargetHealth": [
        {"TargetGroupArn": "tg-1", "TargetHealthDescriptions": [{"Target": {"Id": "10.0.0.5", "Port": 8081}}]}
    ],
    "VpcPeeringConnections": [{"VpcPeeringConnectionId": "pcx-1"}],
}  # fmt: skip


def read(answers: Any) -> tuple[AwsObjects, list[Diagnostic]]:
    """The objects of one document."""
    return read_files([InputFile("answers.json", json.dumps(answers))])
