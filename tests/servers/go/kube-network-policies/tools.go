//go:build tools

// Package tools names the program that scripts/build-tools builds from this module.
package tools

import (
	_ "sigs.k8s.io/kube-network-policies/cmd"
)
