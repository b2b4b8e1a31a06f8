data "aws_availability_zones" "available" {}

variable "open_ssh" {
  type    = bool
  default = false
}

variable "ports" {
  type = map(object({ port = number, world = optional(bool, false) }))
  default = {
    http  = { port = 80, world = true }
    https = { port = 443, world = true }
    admin = { port = 8443 }
  }
}

locals {
  name = "shop"
  tags = { System = local.name }
}

module "network" {
  source = "./modules/network"

  cidr            = "10.20.0.0/16"
  zones           = slice(data.aws_availability_zones.available.names, 0, 3)
  private_subnets = [for n in range(3) : cidrsubnet("10.20.0.0/16", 8, n + 10)]
  tags            = local.tags
}

resource "aws_security_group" "web" {
  name   = "web"
  vpc_id = module.network.vpc_id

  dynamic "ingress" {
    for_each = { for name, one in var.ports : name => one if one.world }
    content {
      description = ingress.key
      from_port   = ingress.value.port
      to_port     = ingress.value.port
      protocol    = "tcp"
      cidr_blocks = ["0.0.0.0/0"]
    }
  }
  dynamic "ingress" {
    for_each = [for one in var.ports : one.port if !one.world]
    iterator = port
    content {
      from_port   = port.value
      to_port     = port.value
      protocol    = "6"
      cidr_blocks = ["10.20.0.0/16", "192.168.0.0/24"]
      self        = true
    }
  }
  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "database" {
  name   = "database"
  vpc_id = module.network.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  security_group_id            = aws_security_group.database.id
  referenced_security_group_id = aws_security_group.web.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_security_group_rule" "ssh" {
  count             = var.open_ssh ? 1 : 0
  type              = "ingress"
  security_group_id = aws_security_group.database.id
  protocol          = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_blocks       = ["0.0.0.0/0"]
}

resource "aws_db_subnet_group" "main" {
  name       = "main"
  subnet_ids = [aws_subnet.data.id, aws_subnet.spare.id]
}

resource "aws_subnet" "data" {
  vpc_id     = module.network.vpc_id
  cidr_block = "10.20.100.0/24"
}

resource "aws_subnet" "spare" {
  vpc_id     = module.network.vpc_id
  cidr_block = "10.20.101.0/24"
}

resource "aws_db_instance" "main" {
  identifier             = "main"
  engine                 = "postgres"
  port                   = 5432
  db_subnet_group_name   = "main"
  vpc_security_group_ids = [aws_security_group.database.id]
}

resource "aws_network_acl" "data" {
  vpc_id     = module.network.vpc_id
  subnet_ids = [aws_subnet.data.id, aws_subnet.spare.id]

  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    from_port  = 5432
    to_port    = 5432
    cidr_block = "10.20.0.0/16"
  }
}

resource "aws_network_acl_rule" "outer" {
  network_acl_id = module.network.acl_id
  rule_number    = 200
  egress         = true
  protocol       = "icmp"
  icmp_type      = 3
  icmp_code      = -1
  rule_action    = "deny"
  cidr_block     = "0.0.0.0/0"
}

resource "aws_lb" "main" {
  name            = "main"
  internal        = false
  subnets         = module.network.private_subnets
  security_groups = [aws_security_group.web.id]
}

resource "aws_lb_target_group" "main" {
  port        = 8080
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = module.network.vpc_id
}

resource "aws_lb_listener" "main" {
  load_balancer_arn = aws_lb.main.arn
  port              = 443
  protocol          = "HTTPS"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.main.arn
  }
}

resource "aws_instance" "bastion" {
  ami                         = "ami-1"
  subnet_id                   = module.network.private_subnets[0]
  associate_public_ip_address = true
  vpc_security_group_ids      = [aws_security_group.web.id]
}

resource "aws_eip" "bastion" {
  instance = aws_instance.bastion.id
}
