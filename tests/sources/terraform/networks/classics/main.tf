resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_vpc_ipv4_cidr_block_association" "more" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "100.64.0.0/16"
}

resource "aws_subnet" "public" {
  for_each = { a = "10.0.0.0/24", b = "10.0.1.0/24" }

  vpc_id                  = aws_vpc.main.id
  cidr_block              = each.value
  availability_zone       = "eu-${each.key}"
  map_public_ip_on_launch = true
}

resource "aws_default_security_group" "default" {
  vpc_id = aws_vpc.main.id
}

resource "aws_default_network_acl" "default" {
  default_network_acl_id = aws_vpc.main.default_network_acl_id
  subnet_ids             = [aws_subnet.public["a"].id]

  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = -1
    from_port  = 0
    to_port    = 0
    cidr_block = "0.0.0.0/0"
  }
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_eip" "nat" {
  domain = "vpc"
}

resource "aws_nat_gateway" "main" {
  allocation_id = aws_eip.nat.id
  subnet_id     = aws_subnet.public["a"].id
}

resource "aws_default_route_table" "main" {
  default_route_table_id = aws_vpc.main.default_route_table_id

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.main.id
  }
}

resource "aws_route_table" "private" {
  vpc_id = aws_vpc.main.id
}

resource "aws_route" "out" {
  route_table_id         = aws_route_table.private.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.main.id
}

resource "aws_vpc_endpoint" "s3" {
  vpc_id          = aws_vpc.main.id
  service_name    = "com.amazonaws.eu-central-1.s3"
  route_table_ids = [aws_route_table.private.id]
}

resource "aws_security_group" "halves" {
  name   = "halves"
  vpc_id = aws_vpc.main.id

  ingress {
    from_port        = 22
    to_port          = 22
    protocol         = "tcp"
    cidr_blocks      = ["0.0.0.0/1", "128.0.0.0/1"]
    ipv6_cidr_blocks = ["::/0"]
    self             = true
  }
}

resource "aws_instance" "host" {
  ami       = "ami-1"
  subnet_id = aws_subnet.public["b"].id
}

resource "aws_launch_template" "nodes" {
  name                   = "nodes"
  vpc_security_group_ids = [aws_security_group.halves.id]
}

resource "aws_autoscaling_group" "nodes" {
  vpc_zone_identifier = [aws_subnet.public["a"].id, aws_subnet.public["b"].id]

  launch_template {
    id = aws_launch_template.nodes.id
  }
}

resource "aws_eks_cluster" "main" {
  name     = "main"
  role_arn = "arn:aws:iam::1:role/x"

  vpc_config {
    subnet_ids              = [aws_subnet.public["a"].id, aws_subnet.public["b"].id]
    endpoint_private_access = true
  }
}

resource "aws_eks_node_group" "main" {
  cluster_name  = aws_eks_cluster.main.name
  node_role_arn = "arn:aws:iam::1:role/x"
  subnet_ids    = [aws_subnet.public["a"].id]
}

resource "aws_lambda_function" "worker" {
  function_name = "worker"
  role          = "arn:aws:iam::1:role/x"

  vpc_config {
    subnet_ids         = [aws_subnet.public["b"].id]
    security_group_ids = [aws_security_group.halves.id]
  }
}
