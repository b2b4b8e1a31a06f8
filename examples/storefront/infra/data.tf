# The ledger: a PostgreSQL that AWS runs, beside the databases within the cluster.
resource "aws_db_subnet_group" "data" {
  name       = "data"
  subnet_ids = [for subnet in aws_subnet.data : subnet.id]
}

resource "aws_db_instance" "ledger" {
  identifier                  = "ledger"
  engine                      = "postgres"
  instance_class              = "db.m7g.large"
  allocated_storage           = 200
  multi_az                    = true
  storage_encrypted           = true
  username                    = "ledger"
  manage_master_user_password = true
  db_subnet_group_name        = aws_db_subnet_group.data.name
  vpc_security_group_ids      = [aws_security_group.ledger.id]
  publicly_accessible         = false
  tags                        = { tier = "data" }
}

# A second lock of another make: whatever happens to the groups, only the private subnets get in, and nothing gets out
# but answers. It knows no connections, so the way back has a rule of its own; clients' ports are 1024-65535.
resource "aws_network_acl" "data" {
  vpc_id     = aws_vpc.shop.id
  subnet_ids = [for subnet in aws_subnet.data : subnet.id]
  tags       = { Name = "data" }

  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    cidr_block = local.private_cidr
    from_port  = 5432
    to_port    = 5432
  }

  egress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    cidr_block = local.private_cidr
    from_port  = 1024
    to_port    = 65535
  }
}
