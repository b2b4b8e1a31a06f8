# What customers dial. It leads to the ports that the ingress controller's Service has on every node.
locals {
  node_ports = { http = 30080, https = 30443 }
}

resource "aws_lb" "front" {
  name               = "front"
  load_balancer_type = "network"
  internal           = false
  subnets            = [for subnet in aws_subnet.public : subnet.id]
  security_groups    = [aws_security_group.balancer.id]
  tags               = { tier = "public" }
}

resource "aws_lb_target_group" "controller" {
  for_each    = local.node_ports
  name        = "controller-${each.key}"
  vpc_id      = aws_vpc.shop.id
  target_type = "instance"
  protocol    = "TCP"
  port        = each.value
  health_check {
    protocol = "TCP"
    port     = each.value
  }
}

resource "aws_lb_listener" "front" {
  for_each          = { http = 80, https = 443 }
  load_balancer_arn = aws_lb.front.arn
  port              = each.value
  protocol          = "TCP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.controller[each.key].arn
  }
}

resource "aws_autoscaling_attachment" "nodes" {
  for_each               = local.node_ports
  autoscaling_group_name = aws_eks_node_group.shop.resources[0].autoscaling_groups[0].name
  lb_target_group_arn    = aws_lb_target_group.controller[each.key].arn
}
