# The nodes of the cluster, the host that administrators come by, and one that draws the reports.
locals {
  role = "arn:aws:iam::123456789012:role/shop"
}

resource "aws_launch_template" "nodes" {
  name                   = "nodes"
  vpc_security_group_ids = [aws_security_group.nodes.id]
}

resource "aws_eks_node_group" "shop" {
  cluster_name    = "shop" # it is made elsewhere
  node_group_name = "shop"
  node_role_arn   = local.role
  subnet_ids      = [for key, one in local.places : aws_subnet.shop[key].id if one.tier == "private"]
  launch_template {
    id      = aws_launch_template.nodes.id
    version = "1"
  }
  scaling_config {
    desired_size = 3
    min_size     = 3
    max_size     = 9
  }
}

resource "aws_instance" "bastion" {
  ami                         = "ami-0123456789abcdef0"
  instance_type               = "t4g.nano"
  subnet_id                   = aws_subnet.shop["public-a"].id
  associate_public_ip_address = true
  vpc_security_group_ids      = [aws_security_group.bastion.id]
}

resource "aws_instance" "reports" {
  ami                    = "ami-0123456789abcdef0"
  instance_type          = "m7g.large"
  subnet_id              = aws_subnet.shop["private-b"].id
  vpc_security_group_ids = [aws_security_group.reports.id]
}

resource "aws_security_group" "nodes" {
  name   = "nodes"
  vpc_id = aws_vpc.shop.id
  ingress {
    description = "each other"
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    self        = true
  }
  egress {
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "bastion" {
  name   = "bastion"
  vpc_id = aws_vpc.shop.id
  ingress { # planted: RF201, RF203, intent administrators-come-from-the-office
    description = "the office, until its address is fixed"
    protocol    = "tcp"
    from_port   = 22
    to_port     = 22
    cidr_blocks = ["0.0.0.0/0"]
  }
  egress {
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = ["10.0.0.0/16"]
  }
}

resource "aws_security_group" "reports" {
  name   = "reports"
  vpc_id = aws_vpc.shop.id
  ingress { # planted: RF204, intent reports-for-the-shop-alone
    description = "it is internal"
    protocol    = "tcp"
    from_port   = 8080
    to_port     = 8080
    cidr_blocks = ["10.0.0.0/8"]
  }
}

# What the first developers had.
resource "aws_security_group" "legacy" { # planted: RF207
  name   = "legacy"
  vpc_id = aws_vpc.shop.id
  ingress {
    protocol    = "tcp"
    from_port   = 3389
    to_port     = 3389
    cidr_blocks = ["198.51.100.7/32"]
  }
}
