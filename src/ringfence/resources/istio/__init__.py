"""Istio's own objects, as frozen values with Istio's own names in snake case (`istio.io/api`)."""
