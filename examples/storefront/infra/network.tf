# One VPC over three zones. Public: what the internet may dial and what leaves for others. Private: the nodes, with a way
# out through NAT. Control plane: the interfaces of EKS, in small subnets of their own. Data: no way out at all.
locals {
  zones = { a = 0, b = 1, c = 2 }

  public_cidr  = "10.0.0.0/22"
  data_cidr    = "10.0.8.0/22"
  control_cidr = "10.0.12.0/26"
  private_cidr = "10.0.64.0/18"
}

resource "aws_vpc" "shop" {
  cidr_block           = "10.0.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = "shop" }
}

# Nothing uses them: without a rule they stay shut for whoever forgets to name a group or a list.
resource "aws_default_security_group" "unused" {
  vpc_id = aws_vpc.shop.id
}

resource "aws_subnet" "public" {
  for_each          = local.zones
  vpc_id            = aws_vpc.shop.id
  availability_zone = "eu-central-1${each.key}"
  cidr_block        = cidrsubnet(local.public_cidr, 2, each.value)
  tags              = { Name = "public-${each.key}", tier = "public" }
}

resource "aws_subnet" "private" {
  for_each          = local.zones
  vpc_id            = aws_vpc.shop.id
  availability_zone = "eu-central-1${each.key}"
  cidr_block        = cidrsubnet(local.private_cidr, 2, each.value)
  tags              = { Name = "private-${each.key}", tier = "private" }
}

resource "aws_subnet" "control" {
  for_each          = local.zones
  vpc_id            = aws_vpc.shop.id
  availability_zone = "eu-central-1${each.key}"
  cidr_block        = cidrsubnet(local.control_cidr, 2, each.value)
  tags              = { Name = "control-${each.key}", tier = "control" }
}

resource "aws_subnet" "data" {
  for_each          = local.zones
  vpc_id            = aws_vpc.shop.id
  availability_zone = "eu-central-1${each.key}"
  cidr_block        = cidrsubnet(local.data_cidr, 2, each.value)
  tags              = { Name = "data-${each.key}", tier = "data" }
}

resource "aws_internet_gateway" "shop" {
  vpc_id = aws_vpc.shop.id
}

resource "aws_eip" "nat" {
  for_each = local.zones
  domain   = "vpc"
}

resource "aws_nat_gateway" "shop" {
  for_each      = local.zones
  subnet_id     = aws_subnet.public[each.key].id
  allocation_id = aws_eip.nat[each.key].id
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.shop.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.shop.id
  }
}

resource "aws_route_table_association" "public" {
  for_each       = local.zones
  subnet_id      = aws_subnet.public[each.key].id
  route_table_id = aws_route_table.public.id
}

# A zone's nodes leave by their own zone's gateway, so that a zone falls alone.
resource "aws_route_table" "private" {
  for_each = local.zones
  vpc_id   = aws_vpc.shop.id
  route {
    cidr_block     = "0.0.0.0/0"
    nat_gateway_id = aws_nat_gateway.shop[each.key].id
  }
}

resource "aws_route_table_association" "private" {
  for_each       = local.zones
  subnet_id      = aws_subnet.private[each.key].id
  route_table_id = aws_route_table.private[each.key].id
}

# The local route alone.
resource "aws_route_table" "inside" {
  vpc_id = aws_vpc.shop.id
}

resource "aws_route_table_association" "control" {
  for_each       = local.zones
  subnet_id      = aws_subnet.control[each.key].id
  route_table_id = aws_route_table.inside.id
}

resource "aws_route_table_association" "data" {
  for_each       = local.zones
  subnet_id      = aws_subnet.data[each.key].id
  route_table_id = aws_route_table.inside.id
}

# Images and backups go to S3 without leaving AWS; so do the calls for the nodes' credentials.
resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.shop.id
  service_name      = "com.amazonaws.eu-central-1.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [for table in aws_route_table.private : table.id]
}

resource "aws_vpc_endpoint" "sts" {
  vpc_id              = aws_vpc.shop.id
  service_name        = "com.amazonaws.eu-central-1.sts"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for subnet in aws_subnet.private : subnet.id]
  security_group_ids  = [aws_security_group.endpoints.id]
}
