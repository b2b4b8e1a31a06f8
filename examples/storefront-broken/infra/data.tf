# Four stores of data; each list and each group was written by someone else.
resource "aws_db_subnet_group" "ledger" {
  name       = "ledger"
  subnet_ids = [for key, one in local.places : aws_subnet.shop[key].id if one.tier == "ledger"]
}

resource "aws_db_instance" "ledger" {
  identifier             = "ledger"
  engine                 = "postgres"
  db_subnet_group_name   = aws_db_subnet_group.ledger.name
  vpc_security_group_ids = [aws_security_group.ledger.id]
}

resource "aws_security_group" "ledger" {
  name   = "ledger"
  vpc_id = aws_vpc.shop.id
  ingress {
    protocol        = "tcp"
    from_port       = 5432
    to_port         = 5432
    security_groups = [aws_security_group.nodes.id]
  }
  ingress { # planted: RF205
    description     = "the vendor's support"
    protocol        = "tcp"
    from_port       = 9000
    to_port         = 9000
    security_groups = [aws_security_group.bastion.id]
  }
}

# Written when there was one zone.
resource "aws_network_acl" "ledger" { # planted: intent ledger-from-every-zone
  vpc_id     = aws_vpc.shop.id
  subnet_ids = [for key, one in local.places : aws_subnet.shop[key].id if one.tier == "ledger"]
  ingress { # planted: RF202
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    cidr_block = local.places["private-a"].cidr
    from_port  = 5432
    to_port    = 5432
  }
  egress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    cidr_block = local.tiers.private
    from_port  = 1024
    to_port    = 65535
  }
}

resource "aws_elasticache_subnet_group" "cache" {
  name       = "cache"
  subnet_ids = [for key, one in local.places : aws_subnet.shop[key].id if one.tier == "cache"]
}

resource "aws_elasticache_cluster" "cache" {
  cluster_id         = "cache"
  engine             = "redis"
  subnet_group_name  = aws_elasticache_subnet_group.cache.name
  security_group_ids = [aws_security_group.cache.id]
}

resource "aws_security_group" "cache" {
  name   = "cache"
  vpc_id = aws_vpc.shop.id
  ingress {
    protocol        = "tcp"
    from_port       = 6379
    to_port         = 6379
    security_groups = [aws_security_group.nodes.id]
  }
}

# As if it were a group: what comes in is answered by itself.
resource "aws_network_acl" "cache" { # planted: RF202, intent cache-for-the-shop
  vpc_id     = aws_vpc.shop.id
  subnet_ids = [for key, one in local.places : aws_subnet.shop[key].id if one.tier == "cache"]
  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    cidr_block = local.tiers.private
    from_port  = 6379
    to_port    = 6379
  }
}

resource "aws_opensearch_domain" "search" {
  domain_name = "search"
  vpc_options {
    subnet_ids         = [for key, one in local.places : aws_subnet.shop[key].id if one.tier == "search"]
    security_group_ids = [aws_security_group.search.id]
  }
}

resource "aws_security_group" "search" {
  name   = "search"
  vpc_id = aws_vpc.shop.id
  ingress {
    protocol        = "tcp"
    from_port       = 443
    to_port         = 443
    security_groups = [aws_security_group.nodes.id]
  }
}

resource "aws_network_acl" "search" { # planted: intent search-for-the-shop
  vpc_id     = aws_vpc.shop.id
  subnet_ids = [for key, one in local.places : aws_subnet.shop[key].id if one.tier == "search"]
  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    cidr_block = local.tiers.private
    from_port  = 443
    to_port    = 443
  }
  # The ports that Windows takes for its clients; the nodes run Linux.
  egress { # planted: RF202
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    cidr_block = local.tiers.private
    from_port  = 49152
    to_port    = 65535
  }
}

resource "aws_db_subnet_group" "archive" {
  name       = "archive"
  subnet_ids = [for key, one in local.places : aws_subnet.shop[key].id if one.tier == "archive"]
}

resource "aws_db_instance" "archive" {
  identifier             = "archive"
  engine                 = "postgres"
  db_subnet_group_name   = aws_db_subnet_group.archive.name
  vpc_security_group_ids = [aws_security_group.archive.id]
}

resource "aws_security_group" "archive" {
  name   = "archive"
  vpc_id = aws_vpc.shop.id
  ingress {
    protocol        = "tcp"
    from_port       = 5432
    to_port         = 5432
    security_groups = [aws_security_group.nodes.id]
  }
  egress { # planted: intent archive-is-silent
    description = "an import, once"
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["0.0.0.0/0"]
  }
}
