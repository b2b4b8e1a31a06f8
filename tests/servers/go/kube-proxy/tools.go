//go:build tools

// Package tools names the program that scripts/build-tools builds from this module.
package tools

import _ "k8s.io/kubernetes/cmd/kube-proxy"
