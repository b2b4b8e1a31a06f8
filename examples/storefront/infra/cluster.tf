# The cluster of ../k8s: its control plane, seen from the inside alone, and its nodes.
resource "aws_eks_cluster" "shop" {
  name     = "shop"
  role_arn = "arn:aws:iam::123456789012:role/shop-cluster"
  vpc_config {
    subnet_ids              = [for subnet in aws_subnet.control : subnet.id]
    security_group_ids      = [aws_security_group.control_plane.id]
    endpoint_private_access = true
    endpoint_public_access  = false
  }
}

# Nodes of a template that names groups carry these alone, not the one that EKS makes.
resource "aws_launch_template" "nodes" {
  name                   = "nodes"
  vpc_security_group_ids = [aws_security_group.nodes.id]
  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }
}

resource "aws_eks_node_group" "shop" {
  cluster_name    = aws_eks_cluster.shop.name
  node_group_name = "shop"
  node_role_arn   = "arn:aws:iam::123456789012:role/shop-nodes"
  subnet_ids      = [for subnet in aws_subnet.private : subnet.id]
  launch_template {
    id      = aws_launch_template.nodes.id
    version = aws_launch_template.nodes.latest_version
  }
  scaling_config {
    desired_size = 6
    min_size     = 3
    max_size     = 12
  }
  tags = { tier = "private" }
}
