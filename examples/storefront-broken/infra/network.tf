# The cloud of the broken shop: public subnets, nodes, and four kinds of data, each over three zones.
locals {
  zones = { a = 0, b = 1, c = 2 }
  tiers = {
    public  = "10.0.0.0/22"
    ledger  = "10.0.8.0/22"
    cache   = "10.0.16.0/22"
    search  = "10.0.20.0/22"
    archive = "10.0.24.0/22"
    private = "10.0.64.0/18"
  }
  places = merge([for tier, cidr in local.tiers : {
    for zone, number in local.zones : "${tier}-${zone}" => {
      tier = tier, zone = zone, cidr = cidrsubnet(cidr, 2, number)
    }
  }]...)
}

resource "aws_vpc" "shop" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_default_security_group" "unused" {
  vpc_id = aws_vpc.shop.id
}

resource "aws_subnet" "shop" {
  for_each          = local.places
  vpc_id            = aws_vpc.shop.id
  availability_zone = "eu-central-1${each.value.zone}"
  cidr_block        = each.value.cidr
  tags              = { Name = each.key, tier = each.value.tier }
}

resource "aws_internet_gateway" "shop" {
  vpc_id = aws_vpc.shop.id
}

resource "aws_eip" "nat" {
  domain = "vpc"
}

resource "aws_nat_gateway" "shop" {
  subnet_id     = aws_subnet.shop["public-a"].id
  allocation_id = aws_eip.nat.id
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.shop.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.shop.id
  }
}

resource "aws_route_table" "private" {
  vpc_id = aws_vpc.shop.id
  route { # planted: RF206
    cidr_block     = "0.0.0.0/0"
    nat_gateway_id = aws_nat_gateway.shop.id
  }
}

resource "aws_route_table" "inside" {
  vpc_id = aws_vpc.shop.id
}

locals {
  tables = {
    public  = aws_route_table.public.id
    private = aws_route_table.private.id
    archive = aws_route_table.private.id
    ledger  = aws_route_table.inside.id
    cache   = aws_route_table.inside.id
    search  = aws_route_table.inside.id
  }
}

resource "aws_route_table_association" "shop" {
  for_each       = local.places
  subnet_id      = aws_subnet.shop[each.key].id
  route_table_id = local.tables[each.value.tier]
}
